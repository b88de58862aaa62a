import type { Binary, Expr, Unary } from './expression.ts';

/** An operator between two expressions, with its modifiers. */
export type Operator = Pick<Binary, 'op' | 'bool' | 'matching' | 'at'>;
/** A chain of operators as it is written: signs, expressions, operators. */
export type Infix =
  | { readonly is: 'sign'; readonly op: Unary['op']; readonly at: number }
  | { readonly is: 'operand'; readonly expr: Expr }
  | { readonly is: 'operator'; readonly operator: Operator };

const PRECEDENCE: Readonly<Record<string, number>> = {
  or: 1,
  and: 2,
  unless: 2,
  '==': 3,
  '!=': 3,
  '<': 3,
  '<=': 3,
  '>': 3,
  '>=': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
  atan2: 5,
  '^': 6,
};
const POWER = PRECEDENCE['^']!;

/**
 * Binds a chain as Prometheus does: `^` to the right and before a sign, everything else to the left. `offset`, `@` and
 * ranges were bound to the expression right before them already.
 */
export function bindInfix(chain: readonly Infix[]): Expr {
  let next = 0;
  const operand = (): Expr => {
    const item = chain[next++];
    if (item?.is === 'operand') return item.expr;
    if (item?.is !== 'sign') throw new Error('broken invariant: a chain of operators has a hole');
    return { kind: 'unary', at: item.at, op: item.op, expr: climb(POWER) };
  };
  const climb = (least: number): Expr => {
    let left = operand();
    for (let item = chain[next]; item?.is === 'operator'; item = chain[next]) {
      const precedence = PRECEDENCE[item.operator.op] ?? 0;
      if (precedence < least) break;
      next++;
      const right = climb(precedence === POWER ? precedence : precedence + 1);
      left = { kind: 'binary', ...item.operator, at: left.at, left, right };
    }
    return left;
  };
  return climb(0);
}
