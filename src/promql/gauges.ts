import { type Counter, type Grouping, readCounters, sameGrouping } from './counters.ts';
import type { Expr, Selector } from './expression.ts';
import { bare, durationMs, mapCalls, partsOf } from './expression.ts';
import { printExpression } from './print.ts';

/** How an expression counts the samples of a gauge that is 0 or 1. */
interface GaugeCount {
  /** All samples, the sum of them (how many were 1), or what is left (how many were 0). */
  readonly what: 'all' | 'ones' | 'zeros';
  readonly gauge: Expr;
  readonly grouping: Grouping;
}

const EACH: Grouping = { kind: 'each' };

/** The gauge within `x[5m]` or `(x)[5m:1m]`; null where it is fixed to another time. */
const gaugeOf = (expr: Expr): Expr | null =>
  expr.kind === 'range' || expr.kind === 'subquery' ? bare(expr.expr) : null;

const COMPARES = /^(==|!=|<|<=|>|>=)$/;
/** Names by which exporters tell yes from no. */
const YES_OR_NO = /(^|_)(up|success|ready|healthy|available|online|reachable|alive|connected)$/;

/** Whether a gauge is known to be 0 or 1: a comparison that says so, or a name that nobody gives to anything else. */
function isYesOrNo(gauge: Expr): boolean {
  const inner = bare(gauge);
  if (inner.kind === 'selector') return YES_OR_NO.test(inner.selector.metric);
  return inner.kind === 'binary' && inner.bool && COMPARES.test(inner.op);
}

const OVER_TIME: Readonly<Record<string, GaugeCount['what']>> = {
  count_over_time: 'all',
  sum_over_time: 'ones',
};

function aggregateGrouping(expr: Extract<Expr, { kind: 'aggregate' }>): Grouping {
  const { grouping } = expr;
  return grouping === null || (grouping.kind === 'by' && grouping.labels.length === 0)
    ? { kind: 'all' }
    : { kind: grouping.kind, labels: grouping.labels };
}

/** Reads `sum(sum_over_time(up[5m]))`, `sum(count_over_time(up[5m]))` and their difference; null: anything else. */
export function readGaugeCount(expr: Expr): GaugeCount | null {
  const inner = bare(expr);
  if (inner.kind === 'call') {
    const what = OVER_TIME[inner.fn];
    const gauge = what && gaugeOf(inner.args[0]!);
    // The sum of anything else says nothing of how many of its samples were good.
    return what && gauge && isYesOrNo(gauge) ? { what, gauge, grouping: EACH } : null;
  }
  if (inner.kind === 'aggregate' && inner.op === 'sum') {
    const below = readGaugeCount(inner.expr);
    return below && { ...below, grouping: aggregateGrouping(inner) };
  }
  if (inner.kind !== 'binary' || inner.op !== '-' || inner.matching?.group) return null;
  const [all, ones] = [readGaugeCount(inner.left), readGaugeCount(inner.right)];
  if (all?.what !== 'all' || ones?.what !== 'ones' || !sameGauge(all, ones)) return null;
  return sameGrouping(all.grouping, ones.grouping) ? { ...all, what: 'zeros' } : null;
}

export const sameGauge = (a: GaugeCount, b: GaugeCount): boolean =>
  printExpression(a.gauge) === printExpression(b.gauge);

/** `avg_over_time(up[5m])`, averaged over series or not: the share of samples that are 1. */
export function readGaugeShare(expr: Expr): { gauge: Expr; grouping: Grouping } | null {
  const inner = bare(expr);
  if (inner.kind === 'call' && inner.fn === 'avg_over_time') {
    const gauge = gaugeOf(inner.args[0]!);
    return gauge && isYesOrNo(gauge) ? { gauge, grouping: EACH } : null;
  }
  if (inner.kind !== 'aggregate' || inner.op !== 'avg') return null;
  const below = readGaugeShare(inner.expr);
  return below && { ...below, grouping: aggregateGrouping(inner) };
}

/** Requests of a native histogram: all of them, or those between two bounds. */
interface HistogramRead {
  readonly selector: Selector;
  readonly grouping: Grouping;
  /** Null for all; bounds as written, so that nothing is lost on the way. */
  readonly bounds: { readonly lower: string; readonly upper: string } | null;
}

const boundOf = (expr: Expr): string | null => {
  const inner = bare(expr);
  if (inner.kind === 'number') return inner.text;
  return inner.kind === 'unary' && inner.expr.kind === 'number' ? `${inner.op}${inner.expr.text}` : null;
};

/** The one histogram that is summed up, as it is or by its rate. */
function histogramOf(expr: Expr): Omit<HistogramRead, 'bounds'> | null {
  const sum = readCounters(expr);
  if (!sum.ok || sum.value.counters.length !== 1) return null;
  const [{ metric, matchers, offsetMs, minus }] = sum.value.counters as [Counter];
  return offsetMs === undefined && !minus && sum.value.factor === 1
    ? { selector: { metric, matchers }, grouping: sum.value.grouping }
    : null;
}

const same = (a: HistogramRead, b: HistogramRead): boolean =>
  JSON.stringify([a.selector, a.grouping]) === JSON.stringify([b.selector, b.grouping]);

/** Reads `histogram_count(x)`, `histogram_fraction(lower, upper, x)` and the product of the two; null: anything else. */
export function readHistogram(expr: Expr): (HistogramRead & { readonly share: boolean }) | null {
  const inner = bare(expr);
  if (inner.kind === 'binary' && inner.op === '*') {
    const [a, b] = [readHistogram(inner.left), readHistogram(inner.right)];
    const [share, count] = a?.bounds ? [a, b] : [b, a];
    return share?.bounds && count && !count.bounds && same(share, count) ? { ...share, share: false } : null;
  }
  if (inner.kind !== 'call') return null;
  const last = inner.args.at(-1);
  const found = last && /^histogram_(count|fraction)$/.test(inner.fn) ? histogramOf(last) : null;
  if (!found) return null;
  if (inner.fn === 'histogram_count') return { ...found, bounds: null, share: false };
  const [lower, upper] = [boundOf(inner.args[0]!), boundOf(inner.args[1]!)];
  return lower !== null && upper !== null ? { ...found, bounds: { lower, upper }, share: true } : null;
}

export const sameHistogram = same;

/** How often a number comes: so many a second, or so many in a window of so many milliseconds; null: nothing says so. */
export type Pace = { readonly kind: 'per-second' } | { readonly kind: 'per-window'; readonly ms: number };

const PER_SECOND = new Set(['rate', 'irate', 'deriv']);
const PER_WINDOW = new Set(['increase', 'delta', 'count_over_time', 'sum_over_time', 'changes', 'resets']);

function rangeMs(expr: Expr): number | null {
  const inner = bare(expr);
  if (inner.kind === 'range' || inner.kind === 'subquery') return durationMs(inner.range);
  return inner.kind === 'offset' || inner.kind === 'at' ? rangeMs(inner.expr) : null;
}

/** Every pace that an expression is made of, each once. */
export function pacesOf(expr: Expr): Pace[] {
  const found = new Map<string, Pace>();
  const visit = (at: Expr): void => {
    if (at.kind === 'call' && PER_SECOND.has(at.fn)) found.set('s', { kind: 'per-second' });
    else if (at.kind === 'call' && PER_WINDOW.has(at.fn)) {
      const ms = rangeMs(at.args[0]!);
      if (ms !== null) found.set(String(ms), { kind: 'per-window', ms });
    } else for (const part of partsOf(at)) visit(part);
  };
  visit(expr);
  return [...found.values()];
}

/** Which series an expression of any kind gives, as far as its outermost aggregation says. */
export function groupingOf(expr: Expr): Grouping {
  switch (expr.kind) {
    case 'paren':
    case 'unary':
      return groupingOf(expr.expr);
    case 'aggregate':
      return aggregateGrouping(expr);
    case 'binary': {
      const [left, right] = [groupingOf(expr.left), groupingOf(expr.right)];
      if (isConstant(expr.right) || sameGrouping(left, right)) return left;
      return isConstant(expr.left) || expr.matching?.group?.side === 'group_right' ? right : left;
    }
    case 'call': {
      const below = expr.args.find((a) => !isConstant(a) && a.kind !== 'string');
      if (!below) return { kind: 'all' };
      const grouping = groupingOf(below);
      if (!/^histogram_quantile/.test(expr.fn) || grouping.kind !== 'by') return grouping;
      const labels = grouping.labels.filter((l) => l !== 'le');
      return labels.length === 0 ? { kind: 'all' } : { kind: 'by', labels };
    }
    default:
      return EACH;
  }
}

/** Numbers, and vectors without labels such as `vector(0)`: they say nothing of groups. */
function isConstant(expr: Expr): boolean {
  const inner = bare(expr);
  if (inner.kind === 'number' || inner.kind === 'string') return true;
  if (inner.kind === 'call') return /^(vector|scalar|time|pi)$/.test(inner.fn);
  if (inner.kind === 'unary') return isConstant(inner.expr);
  return inner.kind === 'binary' && isConstant(inner.left) && isConstant(inner.right);
}

/** A hair less than a tile: Prometheus 2 counts the sample at the left edge, too, and so would the tile before. */
const TILE = { ms: 300_000, range: '299999ms' };
const SAMPLES = /^(sum|count|avg)_over_time$/;

/** The same expression, of which sums and averages of samples over five minutes join without a seam. */
export function joiningTiles(expr: Expr): Expr {
  const within = (at: Expr): Expr => {
    if (at.kind === 'range' && durationMs(at.range) === TILE.ms) return { ...at, range: TILE.range };
    return at.kind === 'offset' || at.kind === 'at' || at.kind === 'paren'
      ? { ...at, expr: within(at.expr) }
      : at;
  };
  return mapCalls(expr, (call) => (SAMPLES.test(call.fn) ? { ...call, args: call.args.map(within) } : call));
}
