import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NOW, releaseOf } from '../../../test/lane.ts';
import type { Release } from '../../delivery/lane.ts';
import type { LatencySli } from '../../runtime/latency/latency-sli.ts';
import {
  barsOf,
  type DistributionView,
  distributionText,
  shareText,
  thresholdPlace,
  timeText,
} from './bars.ts';
import { distributionView, latencyView } from './view.ts';

const SLI: LatencySli = {
  buckets: { metric: 'a_seconds_bucket', matchers: [] },
  threshold: 0.3,
  unitMs: 1_000,
  timeAlone: true,
};
const interval = (canary: [number, number] | null, stable: [number, number] | null) => ({
  step: 0,
  canary: canary && { total: canary[0], bad: canary[1] },
  stable: stable && { total: stable[0], bad: stable[1] },
});
const sentence = (release: Release, more: Partial<LatencySli> = {}, declaredNow = true) =>
  latencyView(release, { slo: 's', sli: { ...SLI, ...more }, declaredNow }).sentence;
const counted = (...intervals: ReturnType<typeof interval>[]) => releaseOf({ intervals: { s: intervals } });

describe('the sentence about latency', () => {
  const slow = counted(
    interval([600, 10], [2_000, 9]),
    interval([400, 21], [2_000, 27]),
    interval(null, null),
  );
  it('LATENCY-3: both versions, by what is recorded', () =>
    expect(sentence(slow)).toBe('3.1% of 1000 canary requests took longer than 300 ms, stable 0.9%.'));
  it.each([
    ['no requests yet', counted(), 'No canary request has been measured for s (300 ms).'],
    [
      'nothing of stable',
      counted(interval([10, 0], [0, 0])),
      '0% of 10 canary requests took longer than 300 ms, stable had no requests.',
    ],
    [
      'the first version',
      releaseOf({ from: null, intervals: { s: [interval([10, 10], null)] } }),
      '100% of 10 canary requests took longer than 300 ms, there is no stable version to compare with.',
    ],
  ])('LATENCY-3: %s', (_, release, words) => expect(sentence(release)).toBe(words));

  it('LATENCY-3: a request that is bad for something else is not called slow', () =>
    expect(sentence(slow, { timeAlone: false })).toBe(
      '3.1% of 1000 canary requests missed s (slower than 300 ms, or not counted as good), stable 0.9%.',
    ));

  it('LATENCY-3: a threshold that is declared since then is not claimed of what was counted before', () =>
    expect(sentence(slow, {}, false)).toBe(
      '3.1% of 1000 canary requests missed s, stable 0.9%. The threshold is 300 ms now; the declaration has changed since the release began.',
    ));

  it('LATENCY-3: its numbers are those of the data: rounded, never 0% of some and never 100% of not all', () => {
    const arm = fc
      .nat({ max: 1_000_000 })
      .chain((total) => fc.tuple(fc.constant(total), fc.nat({ max: total })));
    fc.assert(
      fc.property(fc.array(fc.tuple(arm, arm), { minLength: 1, maxLength: 6 }), (pairs) => {
        const release = counted(...pairs.map(([c, s]) => interval(c, s)));
        const said = sentence(release);
        const total = (side: 0 | 1, what: 0 | 1) => pairs.reduce((sum, pair) => sum + pair[side][what], 0);
        if (total(0, 0) === 0) {
          // What `expect` gives is not the answer to a property.
          expect(said).toMatch(/^No canary request/);
          return;
        }
        expect(said.startsWith(`${shareText(total(0, 1), total(0, 0))} of ${total(0, 0)} canary`)).toBe(true);
        if (total(1, 0) > 0) expect(said).toContain(`stable ${shareText(total(1, 1), total(1, 0))}.`);
      }),
      { examples: [[[[[0, 0] as [number, number], [0, 0] as [number, number]]]]] },
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e7 }), fc.nat({ max: 1e7 }), (whole, some) => {
        const part = Math.min(some, whole);
        const text = shareText(part, whole);
        expect(text === '0%').toBe(part === 0);
        expect(text === '100%').toBe(part === whole);
        const value = Number(/[\d.]+/.exec(text)![0]);
        const true_ = (100 * part) / whole;
        if (text.startsWith('less')) expect(true_).toBeLessThan(value);
        else if (text.startsWith('more')) expect(true_).toBeGreaterThan(value);
        else expect(Math.abs(value - true_)).toBeLessThanOrEqual(Math.max(0.05, true_ * 0.051));
      }),
    );
  });

  it.each([
    [0.5, '0.5 ms'],
    [300, '300 ms'],
    [70.00000000000001, '70 ms'],
    [2_500, '2.5 s'],
  ])('LATENCY-3: %d ms is %s', (ms, text) => expect(timeText(ms)).toBe(text));
});

const measured = (more: object = {}) => ({
  at: NOW - 5_000,
  spanMs: 60_000,
  distribution: {
    bounds: [100, 300, 1_000, null],
    canary: [50, 40, 10, 0],
    stable: [90, 10, 0, 0],
    thresholdIsBound: true,
    ...more,
  },
});
const about = { sli: SLI, compared: true, now: NOW };

describe('the state of a distribution', () => {
  it.each([
    ['ready', measured(), null, null],
    ['partial', measured({ canary: null }), null, /new version/],
    ['partial', measured({ stable: null }), null, /stable version/],
    ['partial', measured({ thresholdIsBound: false }), null, /no bucket of both versions ends at 300 ms/],
    ['stale', measured(), 'Prometheus gave no answer (down)', /down\); this is 5 s old/],
    ['missing', measured({ canary: null, stable: null }), null, /of either version/],
    ['missing', null, 'Prometheus gave no answer (down)', /down/],
    ['missing', null, null, /not asked yet/],
  ] as const)('LATENCY-4: %s', (state, answer, failure, why) => {
    const view = distributionView(answer, failure, about);
    expect(view.state).toBe(state);
    if (why === null) expect(view.why).toBeNull();
    else expect(view.why).toMatch(why);
  });

  it('LATENCY-4: a first version is compared with nothing, and nothing is missing of it', () =>
    expect(distributionView(measured({ stable: null }), null, { ...about, compared: false }).state).toBe(
      'ready',
    ));
});

describe('the drawing', () => {
  const drawn = (more: Partial<DistributionView> = {}) => ({
    ...distributionView(measured(), null, about),
    ...more,
  });

  it('LATENCY-2: shares of each version, the threshold between two bars', () => {
    const bars = barsOf(drawn(), 300);
    expect(bars.map((b) => [b.name, b.canary, b.stable, b.slow])).toEqual([
      ['≤ 100 ms', 0.5, 0.9, false],
      ['100 – 300 ms', 0.4, 0.1, false],
      ['300 ms – 1 s', 0.1, 0, true],
    ]);
    expect(thresholdPlace(bars)).toBe(2);
    expect(distributionText(drawn(), 300)).toBe('Slower than 300 ms: new version 10%, stable 0%');
  });

  it('LATENCY-2: whatever was counted, bars are all of it, and slow ones are what is over the threshold', () => {
    const counts = fc.array(fc.nat({ max: 1_000 }), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(counts, counts, fc.constantFrom(50, 100, 300, 1_000), (canary, stable, threshold) => {
        const view = drawn({ bounds: [50, 100, 300, 1_000, null], canary, stable });
        const bars = barsOf(view, threshold);
        const place = thresholdPlace(bars)!;
        for (const [name, all] of [
          ['canary', canary],
          ['stable', stable],
        ] as const) {
          const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
          const total = sum(all);
          const over = sum(all.slice(view.bounds.indexOf(threshold) + 1));
          expect(sum(bars.map((b) => b[name]!))).toBeCloseTo(total > 0 ? 1 : 0);
          expect(sum(bars.slice(place).map((b) => b[name]!))).toBeCloseTo(total > 0 ? over / total : 0);
        }
      }),
    );
  });

  it('LATENCY-2: where the threshold is no bound, no bar claims to be over it', () => {
    const bars = barsOf(drawn(), 250);
    expect(bars.some((b) => b.slow)).toBe(false);
    expect(thresholdPlace(bars)).toBeNull();
    expect(distributionText(drawn(), 250)).toMatch(/no bucket ends at 250 ms/);
  });

  it('LATENCY-4: a version that is not known has no bars, and one without requests has empty ones', () => {
    expect(barsOf(drawn({ stable: null }), 300).every((b) => b.stable === null)).toBe(true);
    const none = drawn({ canary: [0, 0, 0, 0] });
    expect(barsOf(none, 300).every((b) => b.canary === 0)).toBe(true);
    expect(distributionText(none, 300)).toBe('Slower than 300 ms: new version no requests, stable 0%');
  });
});
