import { parser } from '@prometheus-io/lezer-promql';
import { fail, ok, type Result } from '../kit/result.ts';

/** Why an expression was refused; `at` is the offset in the text. */
export interface PromqlProblem {
  readonly code: 'PROMQL_SYNTAX' | 'PROMQL_NOT_A_SELECTOR' | 'PROMQL_TYPE' | 'PROMQL_VERSION';
  readonly message: string;
  readonly at: number;
}

/** A node of the concrete syntax tree. */
export interface Node {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly firstChild: Node | null;
  readonly nextSibling: Node | null;
  readonly type: { readonly isError: boolean };
}

/** Comments are nodes that lie wherever somebody wrote them: they are no part of an expression. */
export const childrenOf = (node: Node): Node[] => {
  const out: Node[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling)
    if (child.name !== 'LineComment') out.push(child);
  return out;
};

/** Every error node is a refusal: lezer recovers, Prometheus would not. */
function firstError(node: Node): Node | undefined {
  if (node.type.isError) return node;
  for (const child of childrenOf(node)) {
    const found = firstError(child);
    if (found) return found;
  }
  return undefined;
}

const isEmpty = (query: string): boolean => query.replace(/#[^\n]*/g, '').trim() === '';

/** The syntax tree of an expression, or where it stops being PromQL. */
export function parseTree(query: string): Result<Node, PromqlProblem> {
  if (isEmpty(query)) return fail({ code: 'PROMQL_SYNTAX', message: 'the query is empty', at: 0 });
  const root = parser.parse(query).topNode as unknown as Node;
  const error = firstError(root);
  if (error) {
    const near = query.slice(error.from, error.from + 20).trim();
    return fail({
      code: 'PROMQL_SYNTAX',
      message: near ? `does not parse at "${near}"` : 'ends too early',
      at: error.from,
    });
  }
  return ok(root);
}
