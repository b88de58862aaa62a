import type { Counter } from './counters.ts';
import type { IndicatorQuery, Side } from './indicator.ts';
import { selectorText } from './print.ts';

/** What a query probably does not mean, and which of its sides says it. */
export interface Suspicion {
  readonly of: Side;
  readonly message: string;
}

/** A counter as a part of a histogram or summary: what of it, and of which; null: its name says of none. */
function shapeOf({
  metric,
}: Counter): { readonly what: 'sum' | 'count' | 'bucket'; readonly family: string } | null {
  const match = /^(.+)_(sum|count|bucket)$/.exec(metric);
  return match ? { family: match[1]!, what: match[2] as 'sum' | 'count' | 'bucket' } : null;
}

/** How far a bucket reaches; a counter without a bound holds all. Null: its bound is not a number. */
function reachOf({ metric, matchers }: Counter): number | null {
  if (!metric.endsWith('_bucket')) return Infinity;
  const le = matchers.filter(({ label }) => label === 'le');
  if (le.length !== 1 || le[0]!.op !== '=') return null;
  return le[0]!.value === '+Inf' ? Infinity : Number(le[0]!.value);
}

/** A sum of what was observed beside numbers of observations: seconds or bytes, and no requests. */
export function meanOf(part: readonly Counter[], total: readonly Counter[]): Suspicion | null {
  const of = (side: readonly Counter[], is: (what: string | undefined) => boolean) =>
    side.find((c) => is(shapeOf(c)?.what));
  const isCount = (what: string | undefined) => what === 'count' || what === 'bucket';
  for (const [side, sums, counts] of [
    ['part', part, total],
    ['total', total, part],
  ] as const) {
    const sum = of(sums, (what) => what === 'sum');
    const count = of(counts, isCount);
    if (sum && count && !of(counts, (what) => what === 'sum'))
      return {
        of: side,
        message: `${sum.metric} adds up observed values (seconds, bytes), and ${count.metric} counts requests: one over the other is a mean, not a share of requests. Count requests on both sides, such as those of a bucket`,
      };
  }
  return null;
}

const nameOf = (c: Counter): string => {
  const shape = shapeOf(c);
  return shape && shape.what !== 'sum' ? `${shape.family} *` : c.metric;
};

/** Whether a counter counts everything that another one counts, by what both select. */
function covers(wide: Counter, narrow: Counter): boolean {
  const [reach, far] = [reachOf(wide), reachOf(narrow)];
  if (nameOf(wide) !== nameOf(narrow) || (wide.offsetMs ?? 0) !== (narrow.offsetMs ?? 0)) return false;
  if (reach === null || far === null || reach < far) return false;
  return wide.matchers
    .filter(({ label }) => label !== 'le')
    .every((m) =>
      narrow.matchers.some(
        (other) => other.label === m.label && other.op === m.op && other.value === m.value,
      ),
    );
}

/** A part that holds all of the total and more: as a share it is never below one. */
function superset(
  part: readonly Counter[],
  total: readonly Counter[],
  partIs: 'good' | 'bad',
): Suspicion | null {
  if ([...part, ...total].some((c) => c.minus)) return null;
  const isWithin = (some: readonly Counter[], all: readonly Counter[]) =>
    some.every((narrow) => all.some((wide) => covers(wide, narrow)));
  if (!isWithin(total, part) || isWithin(part, total)) return null;
  const texts = (side: readonly Counter[]) => side.map((c) => selectorText(c)).join(' + ');
  return {
    of: 'part',
    message: `${texts(part)} counts all of ${texts(total)} and more: there are never fewer ${partIs} requests than requests`,
  };
}

/** Buckets of one histogram over the count of another: what is in one need not be in the other. */
function twoHistograms(part: readonly Counter[], total: readonly Counter[]): Suspicion | null {
  const familiesOf = (side: readonly Counter[]) => side.map((c) => shapeOf(c)?.family);
  const [some, all] = [familiesOf(part), familiesOf(total)];
  if ([...some, ...all].includes(undefined)) return null;
  const at = some.findIndex((family) => !all.includes(family));
  const counter = part[at];
  return counter
    ? {
        of: 'part',
        message: `${counter.metric} is of another histogram than ${total[0]!.metric}: a request that one of them counts need not be counted by the other`,
      }
    : null;
}

/** Sides of which each is counted as written, and that are probably no part and total of one thing; null: they may be. */
export function unlikeSides(query: IndicatorQuery): Suspicion | null {
  if (query.kind !== 'counters') return null;
  const { part, total, partIs } = query;
  return meanOf(part, total) ?? superset(part, total, partIs) ?? twoHistograms(part, total);
}
