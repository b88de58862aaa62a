import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pooled, poolTwo } from './pooling.ts';
import type { Interval } from './shared.ts';

const arm = fc.option(
  fc.tuple(fc.nat(500), fc.nat(500)).map(([good, bad]) => ({ total: good + bad, bad })),
  { nil: null },
);
const intervals = fc
  .array(fc.record({ canary: arm, stable: arm, next: fc.nat(9), warmUp: fc.boolean() }), { maxLength: 60 })
  .map((list): Interval[] => {
    let step = 0;
    return list.map(({ canary, stable, next, warmUp }) => {
      if (next === 0) step += 1;
      return { step, canary, stable, ...(step === 0 && warmUp ? { warmUp: true } : {}) };
    });
  });
const sums = (list: readonly Interval[]) =>
  (['canary', 'stable'] as const).map((name) =>
    list.reduce(
      (all, i) => ({ total: all.total + (i[name]?.total ?? 0), bad: all.bad + (i[name]?.bad ?? 0) }),
      { total: 0, bad: 0 },
    ),
  );

describe('pooling', () => {
  it('JUDGE-17: two intervals as one hold every request of both', () =>
    fc.assert(
      fc.property(arm, arm, arm, arm, (a, b, c, d) => {
        const [one, two] = [
          { step: 0, canary: a, stable: b },
          { step: 0, canary: c, stable: d },
        ];
        const both = poolTwo(one, two);
        expect(sums([both])).toEqual(sums([one, two]));
        expect(both.canary === null, 'missing only where it is missing from both').toBe(
          a === null && c === null,
        );
        expect(both.stable === null).toBe(b === null && d === null);
      }),
    ));

  it('JUDGE-17: pools lose no request of any step, of the warm-up or after it, and hold no more intervals than asked', () =>
    fc.assert(
      fc.property(intervals, fc.integer({ min: 1, max: 6 }), (list, times) => {
        const pools = pooled(list, times);
        for (const step of new Set(list.map((i) => i.step)))
          for (const warm of [true, false]) {
            const of = (all: readonly Interval[]) =>
              all.filter((i) => i.step === step && (i.warmUp ?? false) === warm);
            expect(sums(of(pools.map((p) => p.interval)))).toEqual(sums(of(list)));
          }
        let before = -1;
        for (const { last } of pools) {
          expect(last - before).toBeLessThanOrEqual(times);
          before = last;
        }
        expect(before).toBe(list.length - 1);
      }),
    ));

  it('JUDGE-17: one to a pool is what it was', () =>
    fc.assert(
      fc.property(intervals, (list) => {
        expect(pooled(list, 1).map((p) => p.interval)).toEqual(list);
      }),
    ));
});
