import type { ForgeFailure } from '../gitops/forge.ts';
import { isForgeWide } from '../gitops/forge-backoff.ts';
import type { Backoff } from '../kit/backoff.ts';
import type { Result } from '../kit/result.ts';
import type { Ms } from '../kit/time.ts';
import { type CallRefusal, type Handler, type Patience, Refused } from './flow/types.ts';

/** How long one call to the forge may take, in real time. */
export interface ForgePatience extends Patience {
  /** After this it counts as failed, and a late answer is ignored. */
  readonly timeoutMs: Ms;
}

export const FORGE_PATIENCE: ForgePatience = { firstMs: 10_000, againMs: 1_000, timeoutMs: 60_000 };

/** How every call to the forge is carried out: one at a time; a call that hangs gives its place to others. */
export const forgeCall = (
  { timeoutMs, ...patience }: ForgePatience,
  backoff: (refusal: CallRefusal) => Backoff,
): Pick<Handler<never, never>, 'timeoutMs' | 'patience' | 'width' | 'yields' | 'backoff'> => ({
  timeoutMs,
  patience,
  width: 1,
  yields: true,
  backoff,
});

/**
 * Returns what the forge answers; throws `Refused` otherwise. A rate limit and a refused token hold up all calls to
 * the forge. A call without an answer does not: it may be this one request that the forge cannot answer, and that
 * delays only its own subject.
 */
export async function answered<T>(ask: () => Promise<Result<T, ForgeFailure>>): Promise<T> {
  const answer = await ask();
  if (answer.ok) return answer.value;
  throw new Refused(answer.error, isForgeWide(answer.error));
}
