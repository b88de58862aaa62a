import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { selectors } from '../../../test/sli.ts';
import { anyBucketForm } from '../../promql/buckets.ts';
import type { Counter } from '../../promql/counters.ts';
import type { Sli } from '../counts.ts';
import type { Series } from '../port.ts';
import { distributionQuery, MOST_BUCKETS, readDistribution } from './distribution.ts';
import { type LatencySli, latencySliOf } from './latency-sli.ts';

const counters = (query: string): Counter[] => selectors(query).map(anyBucketForm);
const sli = (total: string, part: string, more: Partial<Sli> = {}): Sli => ({
  slo: 's',
  total: counters(total),
  part: counters(part),
  partIs: 'good',
  ...more,
});

describe('which SLIs are about latency', () => {
  it.each([
    [
      'a bucket of seconds',
      sli('a_seconds_count{x="y"}', 'a_seconds_bucket{x="y",le="0.3"}'),
      0.3,
      1_000,
      true,
    ],
    ['a whole bound', sli('a_seconds_count', 'a_seconds_bucket{le="2"}'), 2, 1_000, true],
    ['the bucket of all', sli('a_ms_bucket{le="+Inf"}', 'a_ms_bucket{le="250"}'), 250, 1, true],
    ['milliseconds', sli('r_milliseconds_count', 'r_milliseconds_bucket{le="5"}'), 5, 1, true],
    ['more than time', sli('a_seconds_count', 'a_seconds_bucket{le="0.3",code!~"5.."}'), 0.3, 1_000, false],
    ['another counter of all', sli('a_total', 'a_seconds_bucket{le="0.3"}'), 0.3, 1_000, false],
  ])('LATENCY-1: %s', (_, given, threshold, unitMs, timeAlone) =>
    expect(latencySliOf(given)).toMatchObject({ threshold, unitMs, timeAlone }),
  );

  it('LATENCY-1: bad ones that are all without those of a bucket', () => {
    const [all] = counters('a_seconds_count{x="y"}');
    const [fast] = counters('a_seconds_bucket{x="y",le="0.3"}');
    const part = [all!, { ...fast!, minus: true as const }];
    expect(latencySliOf({ slo: 's', total: [all!], part, partIs: 'bad' })).toMatchObject({
      threshold: 0.3,
      timeAlone: true,
    });
  });

  it.each([
    ['errors', sli('a_total', 'a_total{code!~"5.."}')],
    ['a histogram of sizes', sli('a_bytes_count', 'a_bytes_bucket{le="1024"}')],
    ['no unit', sli('request_duration_count', 'request_duration_bucket{le="0.3"}')],
    ['two bounds', sli('a_seconds_count', 'a_seconds_bucket{le=~"0.3|0.5"}')],
    ['fast ones are bad', sli('a_seconds_count', 'a_seconds_bucket{le="0.3"}', { partIs: 'bad' })],
    ['not all are counted', sli('a_seconds_bucket{le="5"}', 'a_seconds_bucket{le="0.3"}')],
  ])('LATENCY-1: not %s', (_, given) => expect(latencySliOf(given)).toBeNull());
});

const SLI: LatencySli = {
  buckets: { metric: 'a_seconds_bucket', matchers: [{ label: 'service', op: '=', value: 'checkout' }] },
  threshold: 0.3,
  unitMs: 1_000,
  timeAlone: true,
};
const ARMS = { label: 'revision', canary: 'c', stable: 's' };
const series = (revision: string, le: string, value: number): Series => ({
  labels: { revision, le },
  samples: [[1, value]],
});

describe('distributions', () => {
  it('LATENCY-2: one question for both versions', () => {
    expect(distributionQuery(SLI, { ...ARMS, canary: 'a.b' }, 60_000)).toBe(
      'sum by (le, revision) (increase(a_seconds_bucket{service="checkout",revision=~"a\\\\.b|s"}[60000ms]))',
    );
  });

  it('LATENCY-2: each request is in one bucket; only bounds that both versions have, and never more than fit', () => {
    const bound = fc.integer({ min: 1, max: 400 }).map((n) => n / 100);
    const arm = fc.uniqueArray(bound, { maxLength: 80 }).chain((bounds) =>
      fc
        .array(fc.double({ min: 0, max: 1e6, noNaN: true }), {
          minLength: bounds.length + 1,
          maxLength: bounds.length + 1,
        })
        .map((counts) => {
          const sorted = [...new Set([...bounds, 0.3])].sort((a, b) => a - b);
          let upTo = 0;
          return [...sorted, Number.POSITIVE_INFINITY].map((le, i) => {
            upTo += counts[i % counts.length]!;
            return { le: le === Number.POSITIVE_INFINITY ? '+Inf' : String(le), upTo };
          });
        }),
    );
    fc.assert(
      fc.property(arm, arm, (canary, stable) => {
        const given = [
          ...canary.map(({ le, upTo }) => series('c', le, upTo)),
          ...stable.map(({ le, upTo }) => series('s', le, upTo)),
        ];
        const read = readDistribution(given, SLI, ARMS);
        expect(read.bounds.length).toBeLessThanOrEqual(MOST_BUCKETS + 1);
        expect(read.bounds.at(-1)).toBeNull();
        expect(read.thresholdIsBound).toBe(true);
        const place = read.bounds.indexOf(300);
        for (const [counts, all] of [
          [read.canary!, canary],
          [read.stable!, stable],
        ] as const) {
          expect(counts).toHaveLength(read.bounds.length);
          for (const count of counts) expect(count).toBeGreaterThanOrEqual(0);
          const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
          const total = all.at(-1)!.upTo;
          expect(sum(counts)).toBeCloseTo(total, 3);
          // What is up to the threshold is what its bucket says, whatever was put together.
          expect(sum(counts.slice(0, place + 1))).toBeCloseTo(all.find((b) => b.le === '0.3')!.upTo, 3);
        }
      }),
    );
  });

  it('LATENCY-2: a bound is one, however it is written; a bucket that seems smaller than a lower one is not', () => {
    const given = [series('c', '1.0', 5), series('c', '1', 5), series('c', '2', 9), series('c', '+Inf', 12)];
    expect(readDistribution(given, SLI, { ...ARMS, stable: null })).toEqual({
      bounds: [1_000, 2_000, null],
      canary: [10, 0, 2],
      stable: null,
      thresholdIsBound: false,
    });
  });

  it.each([
    ['nothing', []],
    ['no number', [series('c', '1', Number.NaN), series('c', '+Inf', 3)]],
    ['no bound', [series('c', '', 3), series('c', '+Inf', 3)]],
    ['no count of all', [series('c', '1', 3)]],
  ])('LATENCY-2: %s is no histogram', (_, given) =>
    expect(readDistribution(given, SLI, ARMS)).toMatchObject({ canary: null, stable: null }),
  );
});
