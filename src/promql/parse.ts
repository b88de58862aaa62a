import { fail, ok, type Result } from '../kit/result.ts';
import type { Expr, Selector } from './expression.ts';
import { printExpression } from './print.ts';
import { readExpression } from './read.ts';
import type { PromqlProblem } from './tree.ts';

export type { Matcher, MatchOp, Selector } from './expression.ts';
export type { PromqlProblem } from './tree.ts';

/**
 * Reads an SLI query: a counter selector, or a sum of selectors (`a + b`, `sum(a)`, parentheses).
 * Anything else (a rate, a subquery, an offset) is refused: the exact counts come from raw samples.
 */
export function parseSelectorSum(query: string): Result<readonly Selector[], PromqlProblem> {
  const read = readExpression(query);
  if (!read.ok) return read;
  const selectors: Selector[] = [];
  const refuse = (expr: Expr): PromqlProblem => ({
    code: 'PROMQL_NOT_A_SELECTOR',
    message: `"${printExpression(expr)}" is not a counter selector or a sum of selectors`,
    at: expr.at,
  });
  const visit = (expr: Expr): PromqlProblem | null => {
    if (expr.kind === 'selector' && expr.selector.metric !== '') {
      selectors.push(expr.selector);
      return null;
    }
    if (expr.kind === 'paren') return visit(expr.expr);
    if (expr.kind === 'binary' && expr.op === '+' && !expr.matching)
      return visit(expr.left) ?? visit(expr.right);
    if (expr.kind === 'aggregate' && expr.op === 'sum' && !expr.grouping && !expr.param)
      return visit(expr.expr);
    return refuse(expr);
  };
  const problem = visit(read.value);
  return problem ? fail(problem) : ok(selectors);
}
