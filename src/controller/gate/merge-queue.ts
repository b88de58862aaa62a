import type { ForgeFailure, ForgeHint, ForgePort, PullRequest } from '../../gitops/forge.ts';
import type { Decision } from '../../governance/decision.ts';
import type { Facts } from '../../governance/facts.ts';
import { type Backoff, backoffMs } from '../../kit/backoff.ts';
import { fail, messageOf, ok, type Result } from '../../kit/result.ts';
import { isFatal } from '../acting.ts';

export interface Decided {
  readonly decision: Decision;
  readonly facts: Facts;
}

export interface MergeQueueParts {
  readonly forge: ForgePort;
  decide(group: PullRequest): Promise<Result<Decided, ForgeFailure>>;
  post(group: PullRequest, decided: Decided): Promise<Result<unknown, ForgeFailure>>;
  warn(details: object, message: string): void;
}

/** A merge group that the forge told of, until its commit has been answered. */
interface Waiting {
  readonly hint: ForgeHint;
  readonly since: number;
  failures: number;
  retryAt: number;
  /** What was decided and could not be posted yet: posted again, not decided again. */
  decided: { readonly group: PullRequest; readonly answer: Decided } | null;
}

export interface MergeQueue {
  add(hint: ForgeHint, now: number): void;
  /** Answers the groups that are due, each by itself. */
  look(now: number): Promise<void>;
}

const BACKOFF: Backoff = { firstMs: 5_000, longestMs: 300_000 };
/** A group that could not be answered for so long was given up by its forge. */
const GIVEN_UP_MS = 3_600_000;
const MAX_WAITING = 200;

/** What would be merged together is judged as its pull request, at the group's own commit. */
export function createMergeQueue({ forge, decide, post, warn }: MergeQueueParts): MergeQueue {
  const waiting = new Map<string, Waiting>();

  async function decidedOf(one: Waiting, now: number): Promise<Result<Waiting['decided'], ForgeFailure>> {
    const { pull, headSha, baseSha } = one.hint;
    if (one.decided && now < one.decided.answer.decision.validUntil) return ok(one.decided);
    if (pull === null || !headSha || !baseSha) return ok(null);
    const found = await forge.pull(pull);
    if (!found.ok) return found;
    const { base, head } = found.value;
    const group = { ...found.value, base: { ...base, sha: baseSha }, head: { ...head, sha: headSha } };
    const answer = await decide(group);
    return answer.ok ? ok({ group, answer: answer.value }) : answer;
  }

  async function answer(one: Waiting, now: number): Promise<Result<unknown, ForgeFailure>> {
    try {
      const decided = await decidedOf(one, now);
      if (!decided.ok) return decided;
      one.decided = decided.value;
      return decided.value ? await post(decided.value.group, decided.value.answer) : ok(null);
    } catch (thrown) {
      if (isFatal(thrown)) throw thrown;
      return fail({ code: 'UNAVAILABLE', message: `it could not be evaluated: ${messageOf(thrown)}` });
    }
  }

  return {
    add(hint, now) {
      if (!hint.headSha || waiting.has(hint.headSha) || waiting.size >= MAX_WAITING) return;
      waiting.set(hint.headSha, { hint, since: now, failures: 0, retryAt: 0, decided: null });
    },
    async look(now) {
      for (const [sha, one] of [...waiting]) {
        if (now < one.retryAt) continue;
        const done = await answer(one, now);
        if (done.ok || done.error.code === 'NOT_FOUND' || now - one.since > GIVEN_UP_MS) waiting.delete(sha);
        if (done.ok) continue;
        one.failures++;
        one.retryAt = now + Math.max(backoffMs(BACKOFF, one.failures), done.error.retryAfterMs ?? 0);
        warn({ pull: one.hint.pull, ...done.error }, 'a merge group could not be answered');
      }
    },
  };
}
