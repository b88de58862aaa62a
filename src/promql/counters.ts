import { fail, ok, type Result } from '../kit/result.ts';
import type { Aggregate, Binary, CallExpression, Expr, Selector } from './expression.ts';
import { bare, durationMs, numberOf } from './expression.ts';
import { printExpression } from './print.ts';

/** One counter in a sum of counters. */
export interface Counter extends Selector {
  /** Present where it is taken off the sum. */
  readonly minus?: true;
  /** Present where the query looks back (or ahead): milliseconds. */
  readonly offsetMs?: number;
}

/** Which series an expression gives: one each, one of all, or one of each group. */
export type Grouping =
  | { readonly kind: 'each' }
  | { readonly kind: 'all' }
  | { readonly kind: 'by' | 'without'; readonly labels: readonly string[] };

/** A sum (or difference) of counters, whatever arithmetic they stand in. */
export interface CounterSum {
  readonly counters: readonly Counter[];
  /** What every counter is multiplied by. */
  readonly factor: number;
  readonly grouping: Grouping;
  /** How the query made numbers of them: as they are, per second, or how many in a window. */
  readonly unit: 'counter' | 'per-second' | 'count';
  /** What the query says and counting does not do: to be told. */
  readonly notes: readonly string[];
}

interface Term {
  readonly selector: Selector;
  readonly offsetMs: number;
  readonly weight: number;
  readonly unit: CounterSum['unit'];
}
interface Linear {
  readonly terms: readonly Term[];
  readonly grouping: Grouping;
  readonly notes: readonly string[];
  /** Labels that were written anew on the way: nothing can be grouped by them any more. */
  readonly relabelled: readonly string[];
}

type Read = Result<Linear, string>;
const EACH: Grouping = { kind: 'each' };
const ALL: Grouping = { kind: 'all' };
/** The window that stands for one of ours: nothing has to be said about it. */
const TILE_MS = 300_000;
const RATES: Readonly<Record<string, CounterSum['unit']>> = {
  rate: 'per-second',
  irate: 'per-second',
  increase: 'count',
};

export const sameGrouping = (a: Grouping, b: Grouping): boolean =>
  a.kind === b.kind &&
  (!('labels' in a) || !('labels' in b) || [...a.labels].sort().join() === [...b.labels].sort().join());

const show = (expr: Expr): string => {
  const text = printExpression(expr);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
};

/** A selector with its offset; `@` fixes a moment, which no window of ours can move along. */
function selected(expr: Expr): Result<{ selector: Selector; offsetMs: number }, string> {
  if (expr.kind === 'selector')
    return expr.selector.metric === ''
      ? fail(`${show(expr)} names no metric`)
      : ok({ selector: expr.selector, offsetMs: 0 });
  if (expr.kind === 'offset') {
    const inner = selected(expr.expr);
    return inner.ok ? ok({ ...inner.value, offsetMs: durationMs(expr.offset) ?? 0 }) : inner;
  }
  if (expr.kind === 'at') return fail(`${show(expr)} is fixed to one moment`);
  if (expr.kind === 'range') return selected(expr.expr);
  return fail(`${show(expr)} is not a counter`);
}

function leaf(expr: Expr, unit: CounterSum['unit'], notes: readonly string[]): Read {
  const found = selected(expr);
  if (!found.ok) return found;
  const { selector, offsetMs } = found.value;
  const offset =
    offsetMs === 0 ? [] : ['the query looks back by its offset, and so do burn rates and budget'];
  return ok({
    terms: [{ selector, offsetMs, weight: 1, unit }],
    grouping: EACH,
    notes: [...notes, ...offset],
    relabelled: [],
  });
}

const rangeOf = (expr: Expr): string | null =>
  expr.kind === 'range'
    ? expr.range
    : expr.kind === 'offset' || expr.kind === 'at'
      ? rangeOf(expr.expr)
      : null;

function rateOf(call: CallExpression): Read {
  const arg = bare(call.args[0]!);
  const range = rangeOf(arg);
  if (range === null) return fail(`${show(call)} is over a subquery`);
  const notes: string[] = [];
  if (call.fn === 'irate')
    notes.push('irate uses only the last two samples; Sluice counts every request of a window');
  else if (durationMs(range) !== TILE_MS)
    notes.push(
      `the window [${range}] of the query is not used: requests are counted over every window of the SLO`,
    );
  return leaf(arg, RATES[call.fn]!, notes);
}

const noted = (read: Read, note: string): Read =>
  read.ok ? ok({ ...read.value, notes: [...read.value.notes, note] }) : read;

/** Functions through which a counter is still one. */
function called(call: CallExpression): Read {
  if (call.fn in RATES) return rateOf(call);
  const first = call.args[0];
  const one = withoutScalar(call);
  if (one !== call) {
    const inner = linear(one);
    return inner.ok ? ok({ ...inner.value, grouping: ALL }) : inner;
  }
  switch (call.fn) {
    case 'sort':
    case 'sort_desc':
      return linear(first!);
    case 'abs': {
      const inner = linear(first!);
      // Which side is larger is not in the query: a difference turned round would count nothing.
      const mixed = inner.ok && new Set(inner.value.terms.map((t) => Math.sign(t.weight))).size > 1;
      return mixed ? fail(`${show(call)} is a difference without its sign`) : inner;
    }
    case 'clamp_min': {
      const least = numberOf(call.args[1]!);
      if (least === null || !(least >= 0)) break;
      const inner = linear(first!);
      return least === 0
        ? inner
        : noted(
            inner,
            `clamp_min(…, ${least}) is left out: without traffic there is no burn rate, and little of it counts as it is`,
          );
    }
    case 'label_replace':
    case 'label_join': {
      const label = bare(call.args[1]!);
      const inner = linear(first!);
      if (!inner.ok || label.kind !== 'string') return inner;
      return ok({ ...inner.value, relabelled: [...inner.value.relabelled, label.value] });
    }
  }
  return fail(`${call.fn}() makes something else of a counter`);
}

function groupedBy(outer: Aggregate['grouping'], inner: Grouping): Grouping {
  if (outer === null || (outer.kind === 'by' && outer.labels.length === 0) || inner.kind === 'all')
    return ALL;
  if (outer.kind === 'without')
    return inner.kind === 'by'
      ? { kind: 'by', labels: inner.labels.filter((l) => !outer.labels.includes(l)) }
      : { kind: 'without', labels: outer.labels };
  if (inner.kind !== 'by') return { kind: 'by', labels: outer.labels };
  const labels = outer.labels.filter((l) => inner.labels.includes(l));
  return labels.length === 0 ? ALL : { kind: 'by', labels };
}

function aggregated(expr: Aggregate): Read {
  if (expr.op !== 'sum') return fail(`${expr.op}() makes something else of a counter`);
  const inner = linear(expr.expr);
  if (!inner.ok) return inner;
  const grouping = groupedBy(expr.grouping, inner.value.grouping);
  const written = 'labels' in grouping && grouping.labels.find((l) => inner.value.relabelled.includes(l));
  if (written) return fail(`the query groups by "${written}", which it writes itself`);
  return ok({ ...inner.value, grouping });
}

/** `scalar(x)`, and the vector that is made of it again: the one series of `x`, without its labels. */
export function withoutScalar(expr: Expr): Expr {
  const inner = bare(expr);
  if (inner.kind !== 'call') return expr;
  if (inner.fn === 'scalar') return inner.args[0]!;
  const below = inner.fn === 'vector' ? withoutScalar(inner.args[0]!) : null;
  return below && below !== inner.args[0] ? below : expr;
}

/** What stands for "none": it says 0 where there is nothing, as counting does by itself. */
export function isZero(expr: Expr): boolean {
  const inner = bare(expr);
  if (numberOf(inner) === 0) return true;
  if (inner.kind === 'call') return inner.fn === 'vector' && numberOf(inner.args[0]!) === 0;
  if (inner.kind !== 'binary') return false;
  if (inner.op === '*') return isZero(inner.left) || isZero(inner.right);
  if (inner.op !== '-') return false;
  const left = bare(inner.left);
  const absent = left.kind === 'call' && left.fn === 'absent' && numberOf(inner.right) === 1;
  return absent || printExpression(left) === printExpression(bare(inner.right));
}

const scaled = (read: Read, by: number): Read =>
  read.ok && Number.isFinite(by) && by !== 0
    ? ok({ ...read.value, terms: read.value.terms.map((t) => ({ ...t, weight: t.weight * by })) })
    : read.ok
      ? fail('a counter is multiplied by nothing that is a number')
      : read;

function joined(expr: Binary, sign: 1 | -1): Read {
  const [left, right] = [linear(expr.left), scaled(linear(expr.right), sign)];
  if (isZero(expr.right)) return left;
  if (isZero(expr.left)) return right;
  if (!left.ok) return left;
  if (!right.ok) return right;
  if (!sameGrouping(left.value.grouping, right.value.grouping))
    return fail(`${show(expr)}: its two sides are grouped otherwise`);
  return ok({
    terms: [...left.value.terms, ...right.value.terms],
    grouping: left.value.grouping,
    notes: [...left.value.notes, ...right.value.notes],
    relabelled: [...left.value.relabelled, ...right.value.relabelled],
  });
}

/** `x > 0`, `x >= 0`, `x != 0`, `0 < x`: true of every counter that counts anything. */
function isAboveNone({ op, bool, left, right }: Binary): Expr | null {
  if (bool) return null;
  if (numberOf(right) === 0 && ['>', '>=', '!='].includes(op)) return left;
  return numberOf(left) === 0 && ['<', '<=', '!='].includes(op) ? right : null;
}

function combined(expr: Binary): Read {
  const { op, left, right, matching } = expr;
  if (matching?.group) return fail(`${show(expr)} joins many series with one`);
  const above = isAboveNone(expr);
  if (above) return linear(above);
  switch (op) {
    case '+':
      return joined(expr, 1);
    case '-':
      return joined(expr, -1);
    case 'or':
      return isZero(right) ? linear(left) : fail(`${show(expr)} takes one side or the other`);
    case '*': {
      const [a, b] = [numberOf(left), numberOf(right)];
      if (b !== null) return scaled(linear(left), b);
      return a !== null ? scaled(linear(right), a) : fail(`${show(expr)} multiplies two series`);
    }
    case '/': {
      const by = numberOf(right);
      return by !== null ? scaled(linear(left), 1 / by) : fail(`${show(expr)} divides two series`);
    }
    default:
      return fail(`${show(expr)} is not a sum of counters`);
  }
}

function linear(expr: Expr): Read {
  switch (expr.kind) {
    case 'paren':
      return linear(expr.expr);
    case 'selector':
    case 'offset':
    case 'at':
      return leaf(expr, 'counter', []);
    case 'unary':
      return scaled(linear(expr.expr), expr.op === '-' ? -1 : 1);
    case 'call':
      return called(expr);
    case 'aggregate':
      return aggregated(expr);
    case 'binary':
      return combined(expr);
    default:
      return fail(`${show(expr)} is not a counter`);
  }
}

const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));

/**
 * The counters that an expression sums up, found through brackets, sums and differences, `by`, `rate`, `irate`,
 * `increase`, `> 0`, `or vector(0)`, `clamp_min` and factors; or why it is something else.
 * Rates of counters over a window become the counters themselves: whoever counts takes windows of their own.
 */
export function readCounters(expr: Expr): Result<CounterSum, string> {
  const read = linear(expr);
  if (!read.ok) return read;
  const { terms, grouping, notes } = read.value;
  const unit = terms[0]!.unit;
  if (terms.some((t) => t.unit !== unit))
    return fail('it sums up rates and counts, which are of different units');
  if (terms.every((t) => t.weight < 0)) return fail('it is negative');
  const factor = Math.max(...terms.map((t) => Math.abs(t.weight)));
  if (terms.some((t) => !near(Math.abs(t.weight), factor))) return fail('its counters weigh differently');
  return ok({
    counters: terms.map(({ selector, offsetMs, weight }) => ({
      ...selector,
      ...(weight < 0 ? { minus: true as const } : {}),
      ...(offsetMs === 0 ? {} : { offsetMs }),
    })),
    factor,
    grouping,
    unit,
    notes: [...new Set(notes)],
  });
}
