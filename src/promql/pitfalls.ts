import { boundOf } from './buckets.ts';
import { type Counter, readCounters } from './counters.ts';
import {
  type Aggregate,
  bare,
  type Expr,
  type Matcher,
  numberOf,
  partsOf,
  type Selector,
} from './expression.ts';
import type { IndicatorQuery, Side } from './indicator.ts';
import { COMPARISONS, keptValue, measuredShare } from './measured.ts';
import { selectorText, shown } from './print.ts';
import type { Suspicion } from './unlike.ts';

/**
 * Queries that Prometheus takes, and that cannot mean what they say: their number would be wrong, and nobody would be
 * told. For every reader of queries alike. Pure.
 */

const drops = ({ grouping }: Aggregate, label: string): boolean =>
  grouping === null ? true : grouping.labels.includes(label) !== (grouping.kind === 'by');

/** The bucket counter below an expression that keeps its labels; null: there is none. */
function bucketBelow(expr: Expr): string | null {
  if (expr.kind === 'selector') return expr.selector.metric.endsWith('_bucket') ? expr.selector.metric : null;
  for (const part of partsOf(expr)) {
    const found = bucketBelow(part);
    if (found) return found;
  }
  return null;
}

/** A quantile of buckets whose bounds an aggregation has dropped: it gives no series at all, so never an error. */
export function emptyQuantile(expr: Expr): string | null {
  if (expr.kind === 'call' && expr.fn === 'histogram_quantile') {
    const over = expr.args[1] && bare(expr.args[1]);
    const bucket = over?.kind === 'aggregate' && drops(over, 'le') ? bucketBelow(over.expr) : null;
    if (bucket)
      return `histogram_quantile() gives nothing here: the aggregation drops the label le of ${bucket}`;
  }
  for (const part of partsOf(expr)) {
    const found = emptyQuantile(part);
    if (found) return found;
  }
  return null;
}

/** A place in a template that nobody has filled in (shell, Helm, Jsonnet), or what Helm writes for nothing. */
const PLACEHOLDER = /\$\{[\w.:-]+\}|\{\{[^}]*\}\}|%\(\w+\)s|^<no value>$/;
/** A variable of Grafana in a regex: nothing can stand behind the end of a text. */
const VARIABLE = /(^|[^\\])\$[A-Za-z_]\w*/;
/** A plain value that begins with one: routes have theirs behind a slash. */
export const LEADING = /^\$([A-Za-z_]\w*)/;

const letters = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** `zone="$zone"`: a variable named after its label. Under other names such values exist: the route `$default`. */
function isNamesake({ label, value }: Matcher): boolean {
  const variable = LEADING.exec(value)?.[1];
  if (variable === undefined) return false;
  const [one, other] = [letters(label), letters(variable)];
  return one.includes(other) || other.includes(one);
}

const isPlaceholder = (matcher: Matcher): boolean =>
  PLACEHOLDER.test(matcher.value) ||
  isNamesake(matcher) ||
  (matcher.op.endsWith('~') && VARIABLE.test(matcher.value));

/** Whether a query that cannot be read was a template: a place for a window, or for a part of the expression. */
export const isTemplate = (query: string): boolean => /\{\{|\$\{|\[\s*\$\w+|%\(\w+\)s/.test(query);

/** A label value or metric that is still a template; null: there is none. */
export function placeholderIn(expr: Expr): string | null {
  if (expr.kind === 'selector') {
    const { matchers } = expr.selector;
    const found = matchers.find(isPlaceholder);
    return found ? `${found.label}${found.op}"${found.value}" is a place in a template, not a value` : null;
  }
  for (const part of partsOf(expr)) {
    const found = placeholderIn(part);
    if (found) return found;
  }
  return null;
}

/** What is told to do about `placeholderIn`. */
export const FILL_IN = 'fill in the template first (envsubst, kustomize, helm template)';

/** What is told to do about `emptyQuantile`. */
export const KEEP_LE = 'add le to the labels of by (…)';

const selects = (expr: Expr): boolean => expr.kind === 'selector' || partsOf(expr).some(selects);

/** Numbers alone, as `vector(0)`: no series can change them; null: something is read. */
export const readsNothing = (...queries: readonly Expr[]): string | null =>
  queries.some(selects) ? null : `${queries.map(shown).join(' and ')} reads no series: it never changes`;

const COUNTER_NAME = /_(total|count|bucket|sum)$/;
/** A counter as it is, since the beginning of its process: no number of it says anything about now. */
function bareCounter(expr: Expr): string | null {
  const sum = readCounters(expr);
  if (!sum.ok || sum.value.unit !== 'counter') return null;
  return sum.value.counters.find((c) => COUNTER_NAME.test(c.metric))?.metric ?? null;
}

/** Buckets hold all that is below them: a smaller one less a larger one is never above zero. */
function neverPositive(part: readonly Counter[]): string | null {
  const [plus, minus, third] = [...part].sort((a, b) => Number(a.minus ?? false) - Number(b.minus ?? false));
  if (!plus || !minus?.minus || plus.minus || third) return null;
  const [small, large] = [boundOf(plus), boundOf(minus)];
  if (!small || !large || small.family !== large.family || !(small.le < large.le)) return null;
  return `${selectorText(plus)} less ${selectorText(minus)} is never above zero: the operands are swapped`;
}

/** The bounds that a matcher names, as numbers; null: it is none that is known. */
function boundsIn({ op, value }: Matcher): ReadonlySet<number> | null {
  if (op !== '=~') return null;
  const numbers = value
    .replace(/^\((?:\?:)?(.*)\)$/, '$1')
    .split('|')
    .map((one) =>
      one === '+Inf' || one === '\\+Inf' ? Infinity : Number(one.replaceAll('\\.', '.') || 'none'),
    );
  return numbers.some(Number.isNaN) ? null : new Set(numbers);
}

/** Whether a matcher leaves buckets of several bounds. */
const leavesSeveral = (m: Matcher): boolean =>
  m.op === '!=' || m.op === '!~' || m.value === '.*' || m.value === '.+' || (boundsIn(m)?.size ?? 1) > 1;

export const withoutBound = ({ metric, matchers }: Counter): boolean =>
  metric.endsWith('_bucket') && matchers.filter(({ label }) => label === 'le').every(leavesSeveral);

/** Buckets hold each other: all of them together count a request once for every bound that it is within. */
function everyBucket(part: readonly Counter[], total: readonly Counter[]): string | null {
  const all = [...part, ...total];
  const open = all.filter(withoutBound);
  if (open.length === 0 || open.length === all.length) return null;
  const [{ metric, matchers }] = open as [Counter];
  const how = matchers.some(({ label }) => label === 'le') ? 'with several bounds' : 'without le';
  return `${metric} ${how} counts a request once for every bucket: write ${metric.replace(/_bucket$/, '_count')}, or the bound that is meant`;
}

const sumOf = (counters: readonly Counter[]): string =>
  counters
    .map((c) => JSON.stringify([selectorText(c), c.minus ?? false, c.offsetMs ?? 0]))
    .sort()
    .join();

/** A part that is all of the total: the share never changes, whatever happens; null: it is not. */
export function sameSides(query: IndicatorQuery): string | null {
  if (query.kind !== 'counters') return null;
  const { part, total, partIs } = query;
  if (sumOf(part) !== sumOf(total)) return null;
  const share = partIs === 'bad' ? 'every request is bad' : 'no request is ever bad';
  return `both sides are the same (${total.map((c) => selectorText(c)).join(' + ')}): ${share}`;
}

/** Every selector of an expression. */
export const selectorsIn = (expr: Expr): readonly Selector[] =>
  expr.kind === 'selector' ? [expr.selector] : partsOf(expr).flatMap(selectorsIn);

/** Every selector of a query, whatever it was understood as. */
function selectorsOf(query: IndicatorQuery): readonly Selector[] {
  switch (query.kind) {
    case 'counters':
      return [...query.part, ...query.total];
    case 'histogram':
      return [query.selector];
    case 'gauge':
      return selectorsIn(query.gauge);
    case 'rates':
      return [query.part, query.total].flatMap(selectorsIn);
    case 'ratio':
      return selectorsIn(query.share);
  }
}

/** `code!="5.."`: a pattern of status codes that is compared as a text. No code is that text. */
const STATUS_PATTERN = /^[1-5](\.\.|\.\*|\.\+)$/;
function statusAsText(selectors: readonly Selector[]): string | null {
  const found = selectors
    .flatMap((s) => s.matchers)
    .find(({ op, value }) => !op.endsWith('~') && STATUS_PATTERN.test(value));
  if (!found) return null;
  const { label, op, value } = found;
  const all = op === '=' ? 'nothing is that text' : 'everything differs from that text';
  return `${label}${op}"${value}" compares with the text ${value}, and ${all}: write ${label}${op === '=' ? '=~' : '!~'}"${value}"`;
}

/** Why a number alone, as a guard has it, cannot mean what it says; null: it can. */
export const numberPitfall = (expr: Expr): string | null => statusAsText(selectorsIn(expr));

const SUMS = /^(sum|avg|max|min)$/;
/** Whether it is zero wherever it is anything: a filter keeps the value that it compares, here a zero. */
function onlyZeros(expr: Expr): boolean {
  const inner = bare(expr);
  if (inner.kind === 'aggregate') return SUMS.test(inner.op) && onlyZeros(inner.expr);
  if (inner.kind !== 'binary') return false;
  const { op, left, right, bool } = inner;
  if (op === '==') return !bool && (numberOf(left) === 0 || numberOf(right) === 0);
  if (op === 'or') return onlyZeros(left) && (onlyZeros(right) || !selects(right));
  return op === '/' && onlyZeros(left);
}
const zeros = (expr: Expr): string | null =>
  onlyZeros(expr)
    ? `${shown(expr)} is never anything but zero: a filter keeps the value that it compares; write count(… == 0)`
    : null;

/** A part without a unit (yes or no, or a share already) over a total that counts requests. */
function shareOverRequests(part: Expr, total: Expr): string | null {
  const counts = readCounters(total);
  if (!counts.ok || counts.value.unit === 'counter') return null;
  const inner = bare(part);
  const within = inner.kind === 'aggregate' && SUMS.test(inner.op) ? bare(inner.expr) : inner;
  if (within.kind !== 'binary') return null;
  const yesOrNo = within.bool && COMPARISONS.test(within.op);
  const share =
    within.op === '/' && [within.left, within.right].every((side) => readCounters(side).ok && selects(side));
  if (!yesOrNo && !share) return null;
  const is = yesOrNo ? '1 or 0' : 'a ratio already';
  return `${shown(part)} is ${is}, not a number of requests: divided by ${shown(total)} it is not a share; ${yesOrNo ? 'use vector(1), or the count of its series, as the total' : 'write it as one ratio'}`;
}

export const toldOf = (of: Side, message: string | null): Suspicion | null =>
  message === null ? null : { of, message };

/** What is said of the selectors of a query, with the side that has the selector. */
export function ofSelectors(
  query: IndicatorQuery,
  say: (selectors: readonly Selector[]) => string | null,
): Suspicion | null {
  if (query.kind === 'counters') return toldOf('part', say(query.part)) ?? toldOf('total', say(query.total));
  if (query.kind === 'rates')
    return toldOf('part', say(selectorsIn(query.part))) ?? toldOf('total', say(selectorsIn(query.total)));
  return toldOf('total', say(selectorsOf(query)));
}

/** Ready-made numbers. */
function readyPitfall({ part, total }: Extract<IndicatorQuery, { kind: 'rates' }>): Suspicion | null {
  const nothing = readsNothing(part, total);
  if (nothing !== null) return toldOf('total', nothing);
  const asItIs = (expr: Expr) => {
    const counter = bareCounter(expr);
    return (
      counter &&
      `${counter} is a counter by its name, and is used as it is: write its rate, as sum(rate(${counter}[5m]))`
    );
  };
  return (
    toldOf('part', asItIs(part)) ??
    toldOf('total', asItIs(total)) ??
    toldOf('part', keptValue(part, total) ?? zeros(part)) ??
    toldOf('total', zeros(total)) ??
    toldOf('part', shareOverRequests(part, total))
  );
}

/** Why a query cannot mean what it says, and which of its sides says it; null: it can. */
export function pitfallOf(query: IndicatorQuery): Suspicion | null {
  const text = ofSelectors(query, statusAsText);
  if (text !== null) return text;
  switch (query.kind) {
    case 'counters': {
      const open = query.part.some(withoutBound) ? 'part' : 'total';
      return toldOf('part', neverPositive(query.part)) ?? toldOf(open, everyBucket(query.part, query.total));
    }
    case 'ratio':
      return toldOf('total', readsNothing(query.share) ?? zeros(query.share) ?? measuredShare(query.share));
    case 'rates':
      return readyPitfall(query);
    default:
      return null;
  }
}
