import { type Backoff, backoffMs } from '../kit/backoff.ts';
import { fail } from '../kit/result.ts';
import type { ForgeFailure, ForgePort, ForgeResult } from './forge.ts';

/** Delays for a forge that does not answer, so that its return is noticed soon; and for refusals, which are retried ever less often. */
const AWAY: Backoff = { firstMs: 5_000, longestMs: 60_000 };
const REFUSED: Backoff = { firstMs: 5_000, longestMs: 10 * 60_000 };
/** The longest delay that is accepted from a forge. */
const LONGEST_MS = 3_600_000;

type Failure = Pick<ForgeFailure, 'code' | 'retryAfterMs'>;

/**
 * Whether a failure is certainly of the whole forge, so that asking it for anything else fails as well: a limit, or a
 * token that it does not take. No answer may be the fault of one request alone.
 */
export const isForgeWide = ({ code }: Pick<Failure, 'code'>): boolean =>
  code === 'RATE_LIMITED' || code === 'UNAUTHORISED';

/** How soon and how seldom something is tried again, by why it failed. */
export const backoffOf = (error: Pick<Failure, 'code'>): Backoff =>
  isForgeWide(error) || error.code === 'UNAVAILABLE' ? AWAY : REFUSED;

/** How long to wait before the next try, after so many failures in a row; never sooner than the forge said. */
export const retryInMs = (failures: number, error: Failure): number =>
  Math.max(backoffMs(backoffOf(error), failures), Math.min(LONGEST_MS, error.retryAfterMs ?? 0));

/**
 * Respects the delay that a forge asks for, for all callers: until it is over, each call fails at once with the
 * remaining time. Callers decide themselves when to try again.
 */
export function heedingLimits(forge: ForgePort, now: () => number): ForgePort {
  let until = Number.NEGATIVE_INFINITY;
  const heed = (error: ForgeFailure | null) => {
    if (error?.retryAfterMs !== undefined)
      until = Math.max(until, now() + Math.min(LONGEST_MS, error.retryAfterMs));
  };
  const guarded =
    <A extends unknown[], T>(
      call: (...args: A) => ForgeResult<T>,
      also?: (value: T) => ForgeFailure | null,
    ) =>
    async (...args: A): ForgeResult<T> => {
      const left = until - now();
      // A clock that was set back does not extend the delay.
      if (left > 0 && left <= LONGEST_MS)
        return fail({
          code: 'RATE_LIMITED',
          message: `the forge asked to be left alone for ${Math.ceil(left / 1_000)} s more`,
          retryAfterMs: left,
        });
      const answer = await call(...args);
      heed(answer.ok ? (also?.(answer.value) ?? null) : answer.error);
      return answer;
    };
  return {
    kind: forge.kind,
    hint: (headers, body) => forge.hint(headers, body),
    pull: guarded((number) => forge.pull(number)),
    openPulls: guarded(() => forge.openPulls()),
    files: guarded((pull) => forge.files(pull)),
    text: guarded((sha, path) => forge.text(sha, path)),
    list: guarded((sha, folder) => forge.list(sha, folder)),
    links: guarded((sha, paths) => forge.links(sha, paths)),
    report: guarded(
      (pull, report) => forge.report(pull, report),
      ({ untold }) => untold,
    ),
    comment: guarded((pull, mark, text) => forge.comment(pull, mark, text)),
    open: guarded((wanted) => forge.open(wanted)),
    propose: guarded((change) => forge.propose(change)),
    withdraw: guarded((pull, why) => forge.withdraw(pull, why)),
    merge: guarded((pull) => forge.merge(pull)),
  };
}
