import { type Backoff, backoffMs } from '../kit/backoff.ts';
import { fail } from '../kit/result.ts';
import type { ForgeFailure, ForgePort, ForgeResult } from './forge.ts';

/** A forge that does not answer is found soon once it does; a refusal is asked about ever more rarely. */
const AWAY: Backoff = { firstMs: 5_000, longestMs: 60_000 };
const REFUSED: Backoff = { firstMs: 5_000, longestMs: 10 * 60_000 };
/** No forge is believed that wants to be left alone for longer. */
const LONGEST_MS = 3_600_000;

type Failure = Pick<ForgeFailure, 'code' | 'retryAfterMs'>;

/** Whether a failure is of the whole forge, so that asking it for anything else fails as well. */
export const isForgeWide = ({ code }: Failure): boolean =>
  code === 'RATE_LIMITED' || code === 'UNAVAILABLE' || code === 'UNAUTHORISED';

/** How long to wait before the next try, after so many failures in a row; never sooner than the forge said. */
export const retryInMs = (failures: number, error: Failure): number =>
  Math.max(
    backoffMs(isForgeWide(error) ? AWAY : REFUSED, failures),
    Math.min(LONGEST_MS, error.retryAfterMs ?? 0),
  );

/** Failures in a row of something that is tried again, as data: since when, and when next. */
export interface Retrying {
  readonly failures: number;
  readonly retryAt: number;
}

/** Whether its time has not come yet. A clock that was set back makes no longer wait of it. */
export const waits = ({ retryAt }: Retrying, now: number): boolean =>
  now < retryAt && retryAt - now <= LONGEST_MS;

export const failedAgain = (before: Retrying | undefined, error: Failure, now: number): Retrying => {
  const failures = (before?.failures ?? 0) + 1;
  return { failures, retryAt: now + retryInMs(failures, error) };
};

/**
 * A forge that says how long to wait is left alone for so long, by everybody who asks through this: until then each
 * call is answered at once, with what is left of the time. Each of those who ask still decides when to ask again.
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
      // A clock that was set back makes no longer wait of it.
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
