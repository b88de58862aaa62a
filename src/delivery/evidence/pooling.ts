import type { Counts, Interval } from './shared.ts';

/** Several short intervals as one. */
interface Pool {
  readonly interval: Interval;
  /** Index of the last interval in it. */
  readonly last: number;
}

/** An arm is missing from a pool only if it is missing from all of it: counters catch up later. */
const poolArm = (a: Counts | null, b: Counts | null): Counts | null =>
  a && b ? { total: a.total + b.total, bad: a.bad + b.bad } : (a ?? b);

/** Two intervals of one step as one: every request of both, by arm. */
export const poolTwo = (a: Interval, b: Interval): Interval => ({
  ...a,
  canary: poolArm(a.canary, b.canary),
  stable: poolArm(a.stable, b.stable),
});

const alike = (a: Interval, b: Interval): boolean =>
  a.step === b.step && (a.warmUp ?? false) === (b.warmUp ?? false);

/**
 * Pools intervals that are too short to be judged separately: a burst of some seconds would otherwise count as several
 * witnesses. A pool never spans the border of a step or of the warm-up; the rest there is a pool of its own.
 */
export function pooled(intervals: readonly Interval[], times: number): Pool[] {
  const pools: Pool[] = [];
  let held = 0;
  for (const [last, interval] of intervals.entries()) {
    const open = pools.at(-1);
    if (open && held < times && alike(open.interval, interval)) {
      pools[pools.length - 1] = { interval: poolTwo(open.interval, interval), last };
      held += 1;
    } else {
      pools.push({ interval, last });
      held = 1;
    }
  }
  return pools;
}
