import { boundOf } from './buckets.ts';
import type { Counter } from './counters.ts';
import type { Matcher, Selector } from './expression.ts';
import type { IndicatorQuery, PartIs } from './indicator.ts';
import { LEADING, ofSelectors, toldOf, withoutBound } from './pitfalls.ts';
import { selectorText } from './print.ts';
import { type Suspicion, unlikeSides } from './unlike.ts';

/** What a query says, and probably does not mean. Pure. */

type Counted = Extract<IndicatorQuery, { kind: 'counters' }>;

const textOf = ({ label, op, value }: Matcher): string => `${label}${op}"${value}"`;

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

const GOOD = /^(2(\.\.|xx|\d\d|\.\*|\.\+)|ok|success|successful|succeeded|passed)$/i;
const BAD = /^(5(\.\.|xx|\d\d|\.\*|\.\+)|error|errors|fail|failed|failure)$/i;
/** Labels that are true, or false, of what went well; and of what did not. */
const WENT_WELL = /^(ok|success|successful|succeeded|passed|accurate|healthy)$/i;
const WENT_WRONG = /^(error|failed|failure)$/i;

/** What a value of a label calls the requests that have it; null: it does not say. */
function calls(label: string, value: string): PartIs | null {
  const is = GOOD.test(value) ? 'good' : BAD.test(value) ? 'bad' : null;
  if (is !== null || !/^(true|false)$/i.test(value)) return is;
  const well = WENT_WELL.test(label) ? true : WENT_WRONG.test(label) ? false : null;
  if (well === null) return null;
  return well === /^true$/i.test(value) ? 'good' : 'bad';
}

/** What a matcher leaves, where all of its alternatives say the same. */
function leaves({ label, op, value }: Matcher): PartIs | null {
  const alternatives = value.replace(/^\((?:\?:)?([^()]*)\)$/, '$1').split('|');
  const said = new Set(alternatives.map((one) => calls(label, one)));
  const [is] = [...said];
  if (said.size !== 1 || !is || op === '!=' || op === '!~') return null;
  return is;
}

/** Bad ones that are called good, or good ones that are called bad. */
function opposite({ part, total, partIs }: Counted): string | null {
  const [some, more] = part;
  if (!some || more) return null;
  const everywhere = new Set(total.flatMap((c) => c.matchers).map(textOf));
  const own = some.matchers.filter((m) => !everywhere.has(textOf(m)));
  const said = own.filter((m) => leaves(m) !== null);
  if (said.length === 0 || said.some((m) => leaves(m) === partIs)) return null;
  const like = partIs === 'bad' ? 'those that went well' : 'those that failed';
  return `requests with ${said.map(textOf).join(', ')} are counted as ${partIs}: these read like ${like}`;
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
  return [...counted, ofSelectors(query, patternAsText)].filter((one) => one !== null);
}
