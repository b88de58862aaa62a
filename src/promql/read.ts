import { fail, ok, type Result } from '../kit/result.ts';
import type { Aggregate, Expr, Matcher, Matching, MatchOp, Selector } from './expression.ts';
import { bindInfix, type Infix, type Operator } from './infix.ts';
import { readString } from './strings.ts';
import { childrenOf, type Node, type PromqlProblem, parseTree } from './tree.ts';

/** Stops reading: caught by `readExpression`, which makes a result of it. */
class Refused extends Error {
  readonly problem: PromqlProblem;
  constructor(node: Node, message: string, code: PromqlProblem['code'] = 'PROMQL_SYNTAX') {
    super(message);
    this.problem = { code, message, at: node.from };
  }
}

interface Source {
  readonly query: string;
}
const textOf = ({ query }: Source, node: Node): string => query.slice(node.from, node.to);

/** Named nodes only: brackets and commas are nodes too, of the name that they look like. */
const named = (node: Node): Node[] => childrenOf(node).filter((c) => /^[A-Z]/.test(c.name));

function stringOf(source: Source, node: Node): string {
  const value = readString(textOf(source, node));
  if (!value.ok) throw new Refused(node, value.error);
  return value.value;
}

const EXPERIMENTAL: Readonly<Record<string, string>> = {
  AnchoredExpr: 'anchored',
  SmoothedExpr: 'smoothed',
  FillModifier: 'fill()',
  TrimUpper: '</',
  TrimLower: '>/',
};

function refuseExperimental(node: Node): void {
  const what = EXPERIMENTAL[node.name];
  if (what)
    throw new Refused(
      node,
      `"${what}" is experimental, and off in a Prometheus by default`,
      'PROMQL_VERSION',
    );
}

function matcherOf(source: Source, node: Node): Matcher {
  const [label, op, value] = named(node);
  const name = label!.name === 'QuotedLabelName' ? stringOf(source, label!) : textOf(source, label!);
  return { label: name, op: textOf(source, op!) as MatchOp, value: stringOf(source, value!) };
}

function selectorOf(source: Source, node: Node): Selector {
  const names: string[] = [];
  const matchers: Matcher[] = [];
  for (const child of named(node)) {
    if (child.name === 'Identifier') names.push(textOf(source, child));
    else
      for (const inside of named(child))
        if (inside.name === 'QuotedLabelName') names.push(stringOf(source, inside));
        else matchers.push(matcherOf(source, inside));
  }
  // {__name__="x"} is the same selector as x. Beside a name Prometheus takes no other matcher of names, whatever it says.
  const more = matchers.filter((m) => m.label === '__name__');
  const equal = more.filter((m) => m.op === '=');
  if (names.length > 1 || equal.length > 1 || (names.length > 0 && more.length > 0))
    throw new Refused(node, 'names its metric twice');
  if (more.length > 1) return { metric: '', matchers };
  const metric = names[0] ?? equal[0]?.value ?? '';
  return { metric, matchers: matchers.filter((m) => m !== equal[0]) };
}

const labelsOf = (source: Source, node: Node): string[] =>
  named(node).map((l) => (l.name === 'QuotedLabelName' ? stringOf(source, l) : textOf(source, l)));

function matchingOf(source: Source, clause: Node): Matching {
  const parts = named(clause);
  const lists = parts.filter((p) => p.name === 'GroupingLabels').map((p) => labelsOf(source, p));
  const group = parts.find((p) => p.name === 'GroupLeft' || p.name === 'GroupRight');
  return {
    by: parts[0]!.name === 'On' ? 'on' : 'ignoring',
    labels: lists[0] ?? [],
    group: group
      ? { side: group.name === 'GroupLeft' ? 'group_left' : 'group_right', labels: lists[1] ?? [] }
      : null,
  };
}

function operatorOf(source: Source, node: Node): Operator {
  const children = named(node);
  for (const child of children) refuseExperimental(child);
  const clause = children.find((c) => c.name === 'MatchingModifierClause');
  return {
    at: node.from,
    op: textOf(source, children[1]!).toLowerCase(),
    bool: children.some((c) => c.name === 'BoolModifier'),
    matching: clause ? matchingOf(source, clause) : null,
  };
}

const POSTFIX = new Set(['OffsetExpr', 'StepInvariantExpr', 'MatrixSelector', 'SubqueryExpr']);

/**
 * The chain of operators that a node stands for, brackets being an end of it. The grammar of the editor lets `offset`,
 * `@` and ranges take hold of a whole chain before them; in Prometheus they belong to the last expression of it.
 */
function chainOf(source: Source, node: Node): Infix[] {
  const children = named(node);
  if (node.name === 'BinaryExpr')
    return [
      ...chainOf(source, children[0]!),
      { is: 'operator', operator: operatorOf(source, node) },
      ...chainOf(source, children.at(-1)!),
    ];
  if (node.name === 'UnaryExpr') {
    const op = textOf(source, children[0]!) as '+' | '-';
    return [{ is: 'sign', op, at: node.from }, ...chainOf(source, children[1]!)];
  }
  if (!POSTFIX.has(node.name)) return [{ is: 'operand', expr: primaryOf(source, node) }];
  const chain = chainOf(source, children[0]!);
  const last = chain.at(-1)!;
  if (last.is !== 'operand') return chain;
  return [...chain.slice(0, -1), { is: 'operand', expr: postfixOf(source, node, last.expr) }];
}

function aggregateOf(source: Source, node: Node): Aggregate {
  const [op, ...rest] = named(node);
  const modifier = rest.find((c) => c.name === 'AggregateModifier');
  const args = named(rest.find((c) => c.name === 'FunctionCallBody')!).map((a) => expressionOf(source, a));
  const name = textOf(source, op!).toLowerCase();
  if (args.length === 0 || args.length > 2)
    throw new Refused(node, `${name} takes one expression, got ${args.length}`, 'PROMQL_TYPE');
  const [which, labels] = modifier ? named(modifier) : [];
  return {
    kind: 'aggregate',
    at: node.from,
    op: name,
    grouping: which
      ? { kind: which.name === 'By' ? 'by' : 'without', labels: labelsOf(source, labels!) }
      : null,
    param: args.length === 2 ? args[0]! : null,
    expr: args.at(-1)!,
  };
}

/** A duration written out: arithmetic on durations is experimental. */
function durationOf(source: Source, node: Node): string {
  const text = textOf(source, node).trim();
  if (!/^[+-]?\s*(?:(?:\d+(?:ms|[smhdwy]))+|\d+(?:\.\d+)?)$/.test(text))
    throw new Refused(node, `"${text}" is not a plain duration such as 5m`, 'PROMQL_VERSION');
  return text.replace(/\s+/g, '').replace(/^\+/, '');
}

const expressionOf = (source: Source, node: Node): Expr => bindInfix(chainOf(source, node));

/** What stands behind an expression and belongs to it. */
function postfixOf(source: Source, node: Node, expr: Expr): Expr {
  const at = node.from;
  const children = named(node);
  switch (node.name) {
    case 'MatrixSelector':
      return { kind: 'range', at, expr, range: durationOf(source, children[1]!) };
    case 'SubqueryExpr': {
      const [, range, step] = children;
      return {
        kind: 'subquery',
        at,
        expr,
        range: durationOf(source, range!),
        step: step ? durationOf(source, step) : null,
      };
    }
    case 'OffsetExpr':
      return { kind: 'offset', at, expr, offset: durationOf(source, children.at(-1)!) };
    default: {
      const from = children.find((c) => c.name === 'At')!.to;
      const moment = source.query.slice(from, node.to).replace(/#[^\n]*|\s+/g, '');
      return { kind: 'at', at, expr, moment };
    }
  }
}

function primaryOf(source: Source, node: Node): Expr {
  refuseExperimental(node);
  const at = node.from;
  const children = named(node);
  switch (node.name) {
    case 'NumberDurationLiteral':
      return { kind: 'number', at, text: textOf(source, node).replace(/\s+/g, '') };
    case 'StringLiteral':
      return { kind: 'string', at, value: stringOf(source, node) };
    case 'VectorSelector':
      return { kind: 'selector', at, selector: selectorOf(source, node) };
    case 'ParenExpr':
      return { kind: 'paren', at, expr: expressionOf(source, children[0]!) };
    case 'AggregateExpr':
      return aggregateOf(source, node);
    case 'FunctionCall': {
      const [name, body] = children;
      const args = named(body!).map((a) => expressionOf(source, a));
      return { kind: 'call', at, fn: textOf(source, name!), args };
    }
    default:
      throw new Refused(node, `"${textOf(source, node).slice(0, 40)}" is not a supported expression`);
  }
}

/** An expression as data, or where it stops being one that Prometheus reads. Types: `checkTypes`. */
export function readExpression(query: string): Result<Expr, PromqlProblem> {
  const tree = parseTree(query);
  if (!tree.ok) return tree;
  const top = named(tree.value)[0];
  if (!top) return fail({ code: 'PROMQL_SYNTAX', message: 'the query is empty', at: 0 });
  try {
    return ok(expressionOf({ query }, top));
  } catch (thrown) {
    if (thrown instanceof Refused) return fail(thrown.problem);
    throw thrown;
  }
}
