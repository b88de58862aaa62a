import { parser } from '@prometheus-io/lezer-promql';
import { fail, ok, type Result } from '../kit/result.ts';

export type MatchOp = '=' | '!=' | '=~' | '!~';

export interface Matcher {
  readonly label: string;
  readonly op: MatchOp;
  readonly value: string;
}

/** One vector selector: a metric and the label matchers that narrow it. */
export interface Selector {
  readonly metric: string;
  readonly matchers: readonly Matcher[];
}

/** Why an expression was refused; `at` is the offset in the text. */
export interface PromqlProblem {
  readonly code: 'PROMQL_SYNTAX' | 'PROMQL_NOT_A_SELECTOR';
  readonly message: string;
  readonly at: number;
}

interface Node {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly firstChild: Node | null;
  readonly nextSibling: Node | null;
  readonly type: { readonly isError: boolean };
}

const childrenOf = (node: Node): Node[] => {
  const out: Node[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) out.push(child);
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

/** The syntax tree of an expression, or where it stops being PromQL. */
export function parseTree(query: string): Result<Node, PromqlProblem> {
  if (query.trim() === '') return fail({ code: 'PROMQL_SYNTAX', message: 'the query is empty', at: 0 });
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

/** A Prometheus string literal's value; Go and JSON escapes agree on the ones in use. */
export function unquote(literal: string): string {
  const body = literal.slice(1, -1);
  if (literal.startsWith('`')) return body;
  return body.replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)/g, (_, c: string) => {
    if (c === 'n') return '\n';
    if (c === 't') return '\t';
    if (c === 'r') return '\r';
    if (/^[xu]./.test(c)) return String.fromCharCode(Number.parseInt(c.slice(1), 16));
    return c;
  });
}

function matcherOf(node: Node, query: string): Matcher {
  const [label, op, value] = childrenOf(node).map((child) => query.slice(child.from, child.to));
  return {
    label: label!.startsWith('"') ? unquote(label!) : label!,
    op: op as MatchOp,
    value: unquote(value!),
  };
}

function selectorOf(node: Node, query: string): Selector {
  let metric = '';
  const matchers: Matcher[] = [];
  const visit = (at: Node): void => {
    for (const child of childrenOf(at)) {
      const text = query.slice(child.from, child.to);
      if (child.name === 'Identifier') metric = text;
      else if (child.name === 'QuotedLabelName') metric = unquote(text);
      else if (/LabelMatcher$/.test(child.name)) matchers.push(matcherOf(child, query));
      else visit(child);
    }
  };
  visit(node);
  // {__name__="x"} is the same selector as x.
  const named = matchers.find((m) => m.label === '__name__' && m.op === '=');
  return metric === '' && named
    ? { metric: named.value, matchers: matchers.filter((m) => m !== named) }
    : { metric, matchers };
}

/**
 * Reads an SLI query: a counter selector, or a sum of selectors (`a + b`, `sum(a)`, parentheses).
 * Anything else (a rate, a subquery, an offset) is refused: the exact counts come from raw samples.
 */
export function parseSelectorSum(query: string): Result<readonly Selector[], PromqlProblem> {
  const tree = parseTree(query);
  if (!tree.ok) return tree;
  const selectors: Selector[] = [];
  const refuse = (node: Node): PromqlProblem => ({
    code: 'PROMQL_NOT_A_SELECTOR',
    message: `"${query.slice(node.from, node.to)}" is not a counter selector or a sum of selectors`,
    at: node.from,
  });
  const visit = (node: Node): PromqlProblem | undefined => {
    const children = childrenOf(node);
    if (node.name === 'VectorSelector') {
      const selector = selectorOf(node, query);
      if (selector.metric === '') return refuse(node);
      selectors.push(selector);
      return undefined;
    }
    if (node.name === 'PromQL' || node.name === 'ParenExpr' || node.name === 'FunctionCallBody')
      return children
        .filter((c) => /^[A-Z]/.test(c.name))
        .map(visit)
        .find(Boolean);
    if (node.name === 'BinaryExpr' && children[1]?.name === 'Add' && children.length === 3)
      return visit(children[0]!) ?? visit(children[2]!);
    if (node.name === 'AggregateExpr' && children[0]?.firstChild?.name === 'Sum' && children.length === 2)
      return visit(children[1]!);
    return refuse(node);
  };
  const problem = visit(tree.value);
  return problem ? fail(problem) : ok(selectors);
}

/** A native histogram in an SLI query: all its requests, or those between two bounds. */
export interface HistogramSli {
  readonly selector: Selector;
  /** Null for `histogram_count(x)`. Bounds as written, so that nothing is lost on the way. */
  readonly bounds: { readonly lower: string; readonly upper: string } | null;
}

/**
 * Reads `histogram_count(x)` and `histogram_fraction(lower, upper, x)` over a bare selector.
 * Null where the expression is neither: it may still be a counter.
 */
export function parseHistogramSli(query: string): HistogramSli | null {
  const tree = parseTree(query);
  if (!tree.ok) return null;
  const call = firstNamed(tree.value, 'FunctionCall');
  if (!call || call.from !== query.search(/\S/) || call.to !== query.trimEnd().length) return null;
  const fn = query.slice(call.firstChild!.from, call.firstChild!.to);
  const selector = firstNamed(call, 'VectorSelector');
  if (!selector || firstNamed(call, 'MatrixSelector')) return null;
  const args = query.slice(call.firstChild!.to, selector.from);
  if (fn === 'histogram_count' && /^\s*\(\s*$/.test(args))
    return { selector: selectorOf(selector, query), bounds: null };
  const bounds = /^\s*\(\s*(-?[\d.e+-]+|-?Inf)\s*,\s*([+-]?[\d.e+-]+|[+-]?Inf)\s*,\s*$/i.exec(args);
  if (fn !== 'histogram_fraction' || !bounds) return null;
  return { selector: selectorOf(selector, query), bounds: { lower: bounds[1]!, upper: bounds[2]! } };
}

function firstNamed(node: Node, name: string): Node | null {
  if (node.name === name) return node;
  for (const child of childrenOf(node)) {
    const found = firstNamed(child, name);
    if (found) return found;
  }
  return null;
}

/** `sum(rate(x[5m]))` → `sum(x)`: every rate or increase over a range becomes its selector. Null: does not parse. */
export function withoutRates(query: string): string | null {
  const tree = parseTree(query);
  if (!tree.ok) return null;
  const cuts: { from: number; to: number; text: string }[] = [];
  const visit = (node: Node): void => {
    const name = node.firstChild ? query.slice(node.firstChild.from, node.firstChild.to) : '';
    const range =
      node.name === 'FunctionCall' && /^(rate|increase)$/.test(name)
        ? firstNamed(node, 'MatrixSelector')
        : null;
    const selector = range && firstNamed(range, 'VectorSelector');
    if (selector) cuts.push({ from: node.from, to: node.to, text: query.slice(selector.from, selector.to) });
    else for (const child of childrenOf(node)) visit(child);
  };
  visit(tree.value);
  return cuts.reduceRight((text, cut) => text.slice(0, cut.from) + cut.text + text.slice(cut.to), query);
}
