import type { Counter } from '../../promql/counters.ts';
import type { Matcher, Selector } from '../../promql/expression.ts';
import type { Sli } from '../counts.ts';

/** An SLI that counts requests by how long they took: by one bucket of a classic histogram. */
export interface LatencySli {
  /** All buckets of the histogram, for the requests that the SLI counts. */
  readonly buckets: Selector;
  /** Requests that take longer are bad: the bound of the bucket, in the unit of the histogram. */
  readonly threshold: number;
  /** Milliseconds in one unit of the histogram. */
  readonly unitMs: number;
  /** False: a request is also bad for something other than the time that it took. */
  readonly timeAlone: boolean;
}

/** Units by which Prometheus names histograms of times; what names none of them may count bytes. */
const UNITS: readonly (readonly [RegExp, number])[] = [
  [/(?:^|_)(?:milliseconds|millis|ms)(?:_|$)/, 1],
  [/(?:^|_)microseconds(?:_|$)/, 0.001],
  [/(?:^|_)seconds(?:_|$)/, 1_000],
];
const unitOf = (family: string): number | null => UNITS.find(([name]) => name.test(family))?.[1] ?? null;

/** `300`, and `300(\.0)?`, as a bound is written that both versions of Prometheus find. */
const BOUND = /^([0-9.]+(?:e[+-]?\d+)?)(?:\(\\\.0\)\?)?$/i;

function boundOf({ op, value }: Matcher): number | null {
  const text = op === '=' || op === '=~' ? BOUND.exec(value)?.[1] : undefined;
  const bound = Number(text);
  return text !== undefined && Number.isFinite(bound) ? bound : null;
}

const isAll = ({ op, value }: Matcher): boolean => op === '=' && value === '+Inf';
const FAMILY = /^(.+)_(?:bucket|count)$/;
const familyOf = ({ metric }: Selector): string | null => FAMILY.exec(metric)?.[1] ?? null;

/** What a selector asks for beside its bound, whatever the order. */
const conditionsOf = ({ matchers }: Selector): string =>
  matchers
    .filter((m) => m.label !== 'le')
    .map((m) => JSON.stringify([m.label, m.op, m.value]))
    .sort()
    .join();

/** The bucket within which a request is good, where the counters say so; null: they say something else. */
function goodBucket({ part, partIs }: Sli): Counter | null {
  const [one, other] = part;
  if (partIs === 'good') return part.length === 1 && one && !one.minus ? one : null;
  // Bad ones are all of them without those of the bucket.
  if (part.length !== 2 || !one || !other) return null;
  const [off, all] = one.minus ? [one, other] : [other, one];
  return off.minus && !all.minus && conditionsOf(off) === conditionsOf(all) ? off : null;
}

/** How an SLI counts by time; null: it is about something else, or its histogram names no unit. */
export function latencySliOf(sli: Sli): LatencySli | null {
  const bucket = goodBucket(sli);
  const [total] = sli.total;
  if (!bucket || !total || sli.total.length !== 1 || total.minus) return null;
  const family = familyOf(bucket);
  const bounds = bucket.matchers.filter((m) => m.label === 'le');
  const threshold = bounds.length === 1 ? boundOf(bounds[0]!) : null;
  const ofAll = total.matchers.filter((m) => m.label === 'le');
  const countsAll = total.metric.endsWith('_bucket') ? ofAll.some(isAll) : ofAll.length === 0;
  if (family === null || !bucket.metric.endsWith('_bucket') || threshold === null || !countsAll) return null;
  const unitMs = unitOf(family);
  if (unitMs === null) return null;
  const isOne = familyOf(total) === family;
  const { matchers } = isOne ? total : bucket;
  return {
    buckets: { metric: bucket.metric, matchers: matchers.filter((m) => m.label !== 'le') },
    threshold,
    unitMs,
    timeAlone: isOne && conditionsOf(bucket) === conditionsOf(total),
  };
}
