import { ok, type Result } from '../kit/result.ts';
import { type Expr, type MatchOp, mapSelectors, partsOf, type Selector } from './expression.ts';
import { printExpression } from './print.ts';
import { readExpression } from './read.ts';
import type { PromqlProblem } from './tree.ts';

export { selectorText } from './print.ts';
export { quote } from './strings.ts';

/** A literal inside a regular expression (RE2 and JavaScript agree on these). */
export const escapeRegex = (value: string): string => value.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');

export const withMatcher = (selector: Selector, label: string, op: MatchOp, value: string): Selector => ({
  metric: selector.metric,
  matchers: [...selector.matchers, { label, op, value }],
});

/**
 * Inserts a matcher into every vector selector of an expression, by its syntax tree:
 * `sum(rate(a{x="1"}[5m])) / b` with revision="r" → `sum(rate(a{x="1",revision="r"}[5m])) / b{revision="r"}`.
 */
export function scopeQuery(
  query: string,
  label: string,
  op: MatchOp,
  value: string,
): Result<string, PromqlProblem> {
  const read = readExpression(query);
  if (!read.ok) return read;
  return ok(printExpression(mapSelectors(read.value, (selector) => withMatcher(selector, label, op, value))));
}

/** More operators beside each other are too deep a tree for readers that know a limit. */
const BESIDE = 100;

/** The first of these that gives anything, however many they are. */
export function anyOf(parts: readonly string[]): string {
  if (parts.length <= BESIDE) return parts.join('\nor ');
  const rows = Array.from({ length: Math.ceil(parts.length / BESIDE) }, (_, i) =>
    parts.slice(i * BESIDE, (i + 1) * BESIDE),
  );
  return anyOf(rows.map((row) => `(${row.join('\nor ')})`));
}

const RELABELS = /^label_(replace|join)$/;
const relabels = (expr: Expr): boolean =>
  (expr.kind === 'call' && RELABELS.test(expr.fn)) || partsOf(expr).some(relabels);
const selectorsOf = (expr: Expr): readonly Selector[] =>
  expr.kind === 'selector' ? [expr.selector] : partsOf(expr).flatMap(selectorsOf);

/** Whether every selector asks for the same one value of a label: its groups are one, the whole. */
export function isFixed(label: string, exprs: readonly Expr[]): boolean {
  if (exprs.some(relabels)) return false;
  const values = exprs
    .flatMap(selectorsOf)
    .map(({ matchers }) => matchers.find((m) => m.label === label && m.op === '=')?.value);
  return values[0] !== undefined && values.every((value) => value === values[0]);
}
