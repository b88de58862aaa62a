import { UNIT_MS } from '../kit/time.ts';

/** An expression of PromQL as data. Comments and blanks are gone; brackets stay, so that it prints as it was meant. */
export type MatchOp = '=' | '!=' | '=~' | '!~';

export interface Matcher {
  readonly label: string;
  readonly op: MatchOp;
  readonly value: string;
}

/** One vector selector: a metric (empty where only labels select) and the label matchers that narrow it. */
export interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
}

/** `at` is the offset in the text that was read: where a problem is told. */
interface Placed {
  readonly at: number;
}

interface NumberLiteral extends Placed {
  readonly kind: 'number';
  /** As written: a number, `Inf`, `NaN`, or a duration (seconds, since Prometheus 3). */
  readonly text: string;
}
interface StringLiteral extends Placed {
  readonly kind: 'string';
  readonly value: string;
}
interface VectorSelector extends Placed {
  readonly kind: 'selector';
  readonly selector: Selector;
}
interface RangeSelector extends Placed {
  readonly kind: 'range';
  readonly expr: Expr;
  /** A duration such as `5m`. */
  readonly range: string;
}
interface Subquery extends Placed {
  readonly kind: 'subquery';
  readonly expr: Expr;
  readonly range: string;
  /** Null: the default interval of evaluation. */
  readonly step: string | null;
}
interface Offset extends Placed {
  readonly kind: 'offset';
  readonly expr: Expr;
  /** A duration, with a minus where it looks ahead. */
  readonly offset: string;
}
interface AtModifier extends Placed {
  readonly kind: 'at';
  readonly expr: Expr;
  /** Unix seconds, `start()` or `end()`. */
  readonly moment: string;
}
export interface Unary extends Placed {
  readonly kind: 'unary';
  readonly op: '+' | '-';
  readonly expr: Expr;
}
interface Paren extends Placed {
  readonly kind: 'paren';
  readonly expr: Expr;
}
/** How the series of two sides find each other. */
export interface Matching {
  readonly by: 'on' | 'ignoring';
  readonly labels: readonly string[];
  readonly group: { readonly side: 'group_left' | 'group_right'; readonly labels: readonly string[] } | null;
}
export interface Binary extends Placed {
  readonly kind: 'binary';
  readonly op: string;
  readonly bool: boolean;
  readonly matching: Matching | null;
  readonly left: Expr;
  readonly right: Expr;
}
export interface CallExpression extends Placed {
  readonly kind: 'call';
  readonly fn: string;
  readonly args: readonly Expr[];
}
export interface Aggregate extends Placed {
  readonly kind: 'aggregate';
  readonly op: string;
  readonly grouping: { readonly kind: 'by' | 'without'; readonly labels: readonly string[] } | null;
  /** Of topk, quantile and count_values. */
  readonly param: Expr | null;
  readonly expr: Expr;
}

export type Expr =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | RangeSelector
  | Subquery
  | Offset
  | AtModifier
  | Unary
  | Paren
  | Binary
  | CallExpression
  | Aggregate;

/** The expressions directly below one, in the order written. */
export function partsOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'number':
    case 'string':
    case 'selector':
      return [];
    case 'binary':
      return [expr.left, expr.right];
    case 'call':
      return expr.args;
    case 'aggregate':
      return expr.param ? [expr.param, expr.expr] : [expr.expr];
    default:
      return [expr.expr];
  }
}

/** An expression without the brackets around it. */
export const bare = (expr: Expr): Expr => (expr.kind === 'paren' ? bare(expr.expr) : expr);

/** PromQL has years as well. */
const UNITS: Readonly<Record<string, number>> = { ...UNIT_MS, y: 31_536_000_000 };

/** Milliseconds of a duration such as `1h30m`, or of a number of seconds; null where it is neither. */
export function durationMs(text: string): number | null {
  if (/^[+-]/.test(text)) {
    const inner = durationMs(text.slice(1).trim());
    return inner === null ? null : text.startsWith('-') ? -inner : inner;
  }
  if (/^[\d.]+(e[+-]?\d+)?$/i.test(text)) return Number(text) * 1_000;
  if (!/^(?:\d+(?:ms|[smhdwy]))+$/.test(text)) return null;
  let ms = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[smhdwy])/g)) ms += Number(count) * UNITS[unit!]!;
  return ms;
}

/** The value of a number literal; a duration counts as its seconds. */
export function numberOf(expr: Expr): number | null {
  const inner = bare(expr);
  if (inner.kind === 'unary') {
    const value = numberOf(inner.expr);
    return value === null ? null : inner.op === '-' ? -value : value;
  }
  if (inner.kind !== 'number') return null;
  const text = inner.text.replaceAll('_', '').toLowerCase();
  const sign = text.startsWith('-') ? -1 : 1;
  const size = text.replace(/^[+-]/, '');
  if (size === 'inf' || size === 'infinity') return sign * Number.POSITIVE_INFINITY;
  if (size === 'nan') return Number.NaN;
  const ms = /[a-wyz]$/.test(size) && !size.startsWith('0x') ? durationMs(size) : null;
  const value = ms === null ? Number(size) : ms / 1_000;
  return Number.isNaN(value) ? null : sign * value;
}

/** The same expression with other ones directly below it. */
function mapParts(expr: Expr, change: (part: Expr) => Expr): Expr {
  switch (expr.kind) {
    case 'number':
    case 'string':
    case 'selector':
      return expr;
    case 'binary':
      return { ...expr, left: change(expr.left), right: change(expr.right) };
    case 'call':
      return { ...expr, args: expr.args.map(change) };
    case 'aggregate':
      return { ...expr, param: expr.param && change(expr.param), expr: change(expr.expr) };
    default:
      return { ...expr, expr: change(expr.expr) };
  }
}

/** The same expression with other selectors. */
export const mapSelectors = (expr: Expr, change: (selector: Selector) => Selector): Expr =>
  expr.kind === 'selector'
    ? { ...expr, selector: change(expr.selector) }
    : mapParts(expr, (part) => mapSelectors(part, change));

/** The same expression with other calls of functions. */
export function mapCalls(expr: Expr, change: (call: CallExpression) => CallExpression): Expr {
  const mapped = mapParts(expr, (part) => mapCalls(part, change));
  return mapped.kind === 'call' ? change(mapped) : mapped;
}
