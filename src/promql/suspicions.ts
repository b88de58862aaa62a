import { boundOf } from './buckets.ts';
import type { Counter } from './counters.ts';
import type { Selector } from './expression.ts';
import type { IndicatorQuery } from './indicator.ts';
import { opposite, textOf } from './opposite.ts';
import { LEADING, ofSelectors, selectorsIn, toldOf, withoutBound } from './pitfalls.ts';
import { selectorText } from './print.ts';
import { type Suspicion, unlikeSides } from './unlike.ts';

/** What a query says, and probably does not mean. Pure. */

type Counted = Extract<IndicatorQuery, { kind: 'counters' }>;

/** A value that may be a variable of somebody's dashboard. */
function dollarIn(selectors: readonly Selector[]): string | null {
  const found = selectors.flatMap((c) => c.matchers).find(({ value }) => LEADING.test(value));
  return found ? `${textOf(found)} is taken for a value: if it is a variable, write its value` : null;
}

const everyBound = ({ part, total }: Counted): string | null =>
  [...part, ...total].every(withoutBound)
    ? 'buckets without le count a request once for every bucket: a fast request weighs more than a slow one'
    : null;

/** The one counter of each side; null: there are more, or some are taken off. */
function pairOf({ part, total }: Counted): { readonly some: Counter; readonly all: Counter } | null {
  const [some, more] = part;
  const [all, rest] = total;
  return some && all && !more && !rest && !some.minus && !all.minus ? { some, all } : null;
}

/** The bucket of the fast requests as the bad ones. */
function fastAsBad(query: Counted): string | null {
  const pair = pairOf(query);
  const [part, all] = pair ? [boundOf(pair.some), boundOf(pair.all)] : [];
  if (!pair || !part || !all) return null;
  if (query.partIs !== 'bad' || part.family !== all.family || !(part.le < all.le)) return null;
  return `requests that take at most ${part.le} are counted as bad: ${selectorText(pair.some)} holds the fast ones; if slow ones are meant, write the total less this bucket`;
}

/** Labels whose values are texts of every kind. */
const ROUTES = /(route|path|handler|uri|url|endpoint|pattern|resource|query)/i;

/** A pattern that is compared as a text: nothing has that text. */
function patternAsText(selectors: readonly Selector[]): string | null {
  const plain = selectors
    .flatMap((s) => s.matchers)
    .filter(({ label, op }) => !op.endsWith('~') && !ROUTES.test(label));
  const found = plain.find(({ value }) => /^[\w.-]+(\|[\w.-]+)+$/.test(value) || /\.[*+]/.test(value));
  const op = found?.op === '=' ? '=~' : '!~';
  return found ? `${textOf(found)} compares with this text: a pattern needs ${op}` : null;
}

/** How far back a recorded number looks, by the convention for names: `job:errors:rate5m`; null: it does not say. */
const recordedOver = (metric: string): string | null =>
  /:.*[a-z_]([0-9]+(?:ms|[smhdwy]))$/.exec(metric)?.[1] ?? null;

/** Recorded numbers of two windows, one over the other: neither is the share of either window. */
function unlikeWindows(query: IndicatorQuery): Suspicion | null {
  if (query.kind !== 'rates') return null;
  const [part, total] = [query.part, query.total].map((side) =>
    selectorsIn(side).filter(({ metric }) => recordedOver(metric) !== null),
  );
  const other = total!.find((all) =>
    part!.some((some) => recordedOver(some.metric) !== recordedOver(all.metric)),
  );
  const some = other && part!.find(({ metric }) => recordedOver(metric) !== recordedOver(other.metric));
  if (!other || !some) return null;
  return toldOf(
    'part',
    `${some.metric} is of ${recordedOver(some.metric)} and ${other.metric} of ${recordedOver(other.metric)}, by their names: one over the other is the share of neither window`,
  );
}

/** What is counted as written although something else is probably meant: each is told, with the side that says it. */
export function suspicionsOf(query: IndicatorQuery): readonly Suspicion[] {
  const counted =
    query.kind === 'counters'
      ? [
          ofSelectors(query, dollarIn),
          toldOf('total', everyBound(query)),
          toldOf('part', fastAsBad(query)),
          unlikeSides(query),
          toldOf('part', opposite(query)),
        ]
      : [];
  return [...counted, unlikeWindows(query), ofSelectors(query, patternAsText)].filter((one) => one !== null);
}
