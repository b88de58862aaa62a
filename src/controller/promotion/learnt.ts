import type { PullRequest } from '../../gitops/forge.ts';
import type { Ms } from '../../kit/time.ts';
import type { Comparison } from './planner.ts';

/** What was learnt of a pull request of ours. A cache: the forge can be asked again for all of it. */
export interface Learnt {
  /** As read in the tick at `readAt`; null: not read, or to be read again. */
  readonly read: PullRequest | null;
  readonly readAt: Ms;
  readonly compared: Comparison | null;
  /** Where its branch was when we last wrote or read it: the gate may know an older commit. */
  readonly head: string | null;
}

const UNKNOWN: Learnt = { read: null, readAt: 0, compared: null, head: null };

/** What was learnt of pull requests of ours, by number. */
export interface LearntPulls {
  of(number: number): Learnt;
  learn(number: number, more: Partial<Learnt>): void;
  forget(number: number): void;
}

export function createLearntPulls(): LearntPulls {
  const known = new Map<number, Learnt>();
  const of = (number: number) => known.get(number) ?? UNKNOWN;
  return {
    of,
    learn: (number, more) => void known.set(number, { ...of(number), ...more }),
    forget: (number) => void known.delete(number),
  };
}
