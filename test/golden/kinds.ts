import { query, sloText } from './slo-text.ts';

/** Kinds of indicators over one service, and what happens to it by the minute: for whatever evaluates rules. */
const ERRORS = 'r_total{code="500"}';
const counters = `{ ratioMetric: { counter: true, bad: ${query(ERRORS)}, total: ${query('r_total')} } }`;
/** Not a sum of counters, so used as they are: with NaN where nothing happens. */
const rates = `{ ratioMetric: { counter: false, bad: ${query(`max(sum(rate(${ERRORS}[5m])) / scalar(group(r_total)))`)}, total: ${query('max(sum(rate(r_total[5m])) / scalar(group(r_total)))')} } }`;
const share = `{ ratioMetric: { rawType: failure, raw: ${query(`max(sum(rate(${ERRORS}[5m])) / sum(rate(r_total[5m])))`)} } }`;
const quantile = `{ thresholdMetric: ${query('histogram_quantile(0.99, sum by (le) (rate(d_bucket[5m])))')} }`;
const buckets = `{ ratioMetric: { counter: true, good: ${query('d_bucket{le="0.5"}')}, total: ${query('d_count')} } }`;
const gauge = `{ thresholdMetric: ${query('depth')} }`;

const SLICES = '{ target: 0.99, timeSliceWindow: 1m, timeSliceTarget: 0.9 }';
const SHARES = '{ target: 0.99, timeSliceWindow: 5m }';
export const KINDS: readonly [kind: string, slo: string][] = [
  ['counters', sloText('s', counters)],
  [
    'counters by slices',
    sloText('s', counters, '{ target: 0.99, timeSliceWindow: 5m, timeSliceTarget: 0.9 }', 'Timeslices'),
  ],
  ['counters by shares of slices', sloText('s', counters, SHARES, 'RatioTimeslices')],
  ['rates', sloText('s', rates)],
  ['rates by slices', sloText('s', rates, SLICES, 'Timeslices')],
  ['a ratio by shares of slices', sloText('s', share, SHARES, 'RatioTimeslices')],
  ['a ratio by slices', sloText('s', share, SLICES, 'Timeslices')],
  ['a quantile', sloText('s', quantile, '{ target: 0.99, op: lte, value: 0.5 }')],
  [
    'a quantile by slices',
    sloText(
      's',
      quantile,
      '{ target: 0.99, op: lte, value: 0.5, timeSliceWindow: 1m, timeSliceTarget: 0.9 }',
      'Timeslices',
    ),
  ],
  ['buckets', sloText('s', buckets)],
  ['a gauge', sloText('s', gauge, '{ target: 0.99, op: lte, value: 5 }')],
];

const native = `{ ratioMetric: { counter: true, good: ${query('histogram_fraction(0, 0.5, n)')}, total: ${query('histogram_count(n)')} } }`;
const nativeQuantile = `{ thresholdMetric: ${query('histogram_quantile(0.99, sum(rate(n[5m])))')} }`;
/** Of native histograms, which the series of a test can have since Prometheus 3 (and late ones of 2). */
export const NATIVE_KINDS: readonly [kind: string, slo: string][] = [
  ['a native histogram', sloText('s', native)],
  [
    'a native histogram by slices',
    sloText('s', native, '{ target: 0.99, timeSliceWindow: 5m, timeSliceTarget: 0.9 }', 'Timeslices'),
  ],
  ['a native histogram by shares of slices', sloText('s', native, SHARES, 'RatioTimeslices')],
  [
    'a quantile of a native histogram',
    sloText('s', nativeQuantile, '{ target: 0.99, op: lte, value: 0.5 }'),
  ],
];

export interface Phase {
  readonly minutes: number;
  /** Requests a minute, and how many of them fail and are slow. */
  readonly good: number;
  readonly bad: number;
  /** Every process begins anew as it begins. */
  readonly restart?: boolean;
}

/** What is seen while nothing happens: counters that stand still and NaN where a number is ready-made, or nothing at all. */
export type Quiet = 'NaN' | 'absent';

const stepsOf = (phases: readonly Phase[]): Phase[] =>
  phases.flatMap((p) => Array.from({ length: p.minutes }, (_, i) => (i === 0 ? p : { ...p, restart: false })));

/** Sums of what comes by the minute, from 0 on and from every restart on; null where nothing is seen. */
function sums<T>(phases: readonly Phase[], quiet: Quiet, next: (sum: T | null, p: Phase) => T, none: T): (T | null)[] {
  let sum = none;
  const rest = stepsOf(phases).map((p) => {
    sum = next(p.restart ? none : sum, p);
    return quiet === 'absent' && p.good + p.bad === 0 ? null : sum;
  });
  return [none, ...rest];
}

/** Counters, buckets and a gauge that tell of the same service: what fails is slow, and fills the queue. */
export function seriesOf(phases: readonly Phase[], quiet: Quiet): Record<string, string> {
  const rising = (of: (p: Phase) => number) =>
    sums(phases, quiet, (sum, p) => (sum ?? 0) + of(p), 0)
      .map((value) => value ?? '_')
      .join(' ');
  const depth = stepsOf(phases).map((p) => (p.bad > 0 ? '9' : p.good > 0 ? '1' : quiet === 'NaN' ? 'NaN' : '_'));
  const all = rising((p) => p.good + p.bad);
  return {
    'r_total{code="200"}': rising((p) => p.good),
    'r_total{code="500"}': rising((p) => p.bad),
    'd_bucket{le="0.5"}': rising((p) => p.good),
    'd_bucket{le="1.0"}': all,
    'd_bucket{le="+Inf"}': all,
    d_count: all,
    depth: ['1', ...depth].join(' '),
  };
}

/** The same latency as one native histogram: good ones between 0.25 and 0.5 s, the others between 0.5 and 1. */
export function nativeSeriesOf(phases: readonly Phase[], quiet: Quiet): Record<string, string> {
  const values = sums(
    phases,
    quiet,
    (sum, p) => ({ good: (sum?.good ?? 0) + p.good, bad: (sum?.bad ?? 0) + p.bad }),
    { good: 0, bad: 0 },
  ).map((v) =>
    v === null
      ? '_'
      : `{{schema:0 count:${v.good + v.bad} sum:${(0.4 * v.good + 0.8 * v.bad).toFixed(1)} offset:-1 buckets:[${v.good} ${v.bad}]}}`,
  );
  return { n: values.join(' ') };
}

export const HEALTHY: Phase = { minutes: 30, good: 400, bad: 0 };
export const QUIET: Phase = { minutes: 30, good: 0, bad: 0 };
export const OUTAGE: Phase = { minutes: 10, good: 0, bad: 400 };
