import { fail, ok, type Result } from '../kit/result.ts';
import type { Aggregate, Binary, CallExpression, Expr, Selector } from './expression.ts';
import { durationMs, partsOf } from './expression.ts';
import { AGGREGATE_PARAMS, EXPERIMENTAL_AGGREGATES, FUNCTIONS, type ValueType } from './functions.ts';
import { isPlainLabel, isPlainMetric, printExpression } from './print.ts';
import type { PromqlProblem } from './tree.ts';

class Refused extends Error {
  readonly problem: PromqlProblem;
  constructor({ at }: { readonly at: number }, message: string, code: PromqlProblem['code'] = 'PROMQL_TYPE') {
    super(message);
    this.problem = { code, message, at };
  }
}

const COMPARISONS = new Set(['==', '!=', '<', '<=', '>', '>=']);
const SETS = new Set(['and', 'or', 'unless']);
const MAX_SHOWN = 60;

const shown = (expr: Expr): string => {
  const text = printExpression(expr);
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`;
};

function expect(expr: Expr, wanted: ValueType, where: string): void {
  const got = typeOf(expr);
  if (got !== wanted)
    throw new Refused(expr, `${where} takes ${article(wanted)}, got ${article(got)}: ${shown(expr)}`);
}

const article = (type: ValueType): string => (type === 'instant vector' ? `an ${type}` : `a ${type}`);

/** `=~".*"` and `!="x"` accept the absent label: a selector needs one matcher that does not. */
function selectsSomething({ metric, matchers }: Selector): boolean {
  if (metric !== '') return true;
  return matchers.some(({ op, value }) => {
    if (op === '=') return value !== '';
    if (op === '!=') return value === '';
    try {
      return new RegExp(`^(?:${value})$`, 'u').test('') === (op === '!~');
    } catch {
      return true;
    }
  });
}

function callType(call: CallExpression): ValueType {
  const signature = FUNCTIONS.get(call.fn);
  if (!signature) throw new Refused(call, `no function is named "${call.fn}"`);
  const { args, optional, variadic, returns } = signature;
  const least = args.length - optional;
  const count = call.args.length;
  if (count < least || (!variadic && count > args.length)) {
    const wanted = variadic
      ? `at least ${least}`
      : optional > 0
        ? `${least} to ${args.length}`
        : `${args.length}`;
    throw new Refused(call, `${call.fn} takes ${wanted} argument${wanted === '1' ? '' : 's'}, got ${count}`);
  }
  for (const [i, arg] of call.args.entries()) expect(arg, args[i] ?? args.at(-1)!, call.fn);
  return returns;
}

function aggregateType(expr: Aggregate): ValueType {
  const wanted = AGGREGATE_PARAMS[expr.op];
  if (wanted && !expr.param) throw new Refused(expr, `${expr.op} takes a parameter before the expression`);
  if (!wanted && expr.param) throw new Refused(expr, `${expr.op} takes one expression, got 2`);
  if (expr.param) expect(expr.param, wanted!, `the parameter of ${expr.op}`);
  expect(expr.expr, 'instant vector', expr.op);
  return 'instant vector';
}

function checkMatching(expr: Binary, vectors: boolean): void {
  const { matching, op } = expr;
  if (!matching) return;
  if (!vectors) throw new Refused(expr, `${matching.by}() is for two vectors: ${shown(expr)}`);
  if (!matching.group) return;
  if (SETS.has(op)) throw new Refused(expr, `${op} takes no ${matching.group.side}`);
  const both =
    matching.by === 'on' ? matching.labels.find((l) => matching.group!.labels.includes(l)) : undefined;
  if (both)
    throw new Refused(expr, `label "${both}" cannot be in on() and in ${matching.group.side}() at once`);
}

function binaryType(expr: Binary): ValueType {
  const [left, right] = [typeOf(expr.left), typeOf(expr.right)];
  const comparison = COMPARISONS.has(expr.op);
  if (expr.bool && !comparison) throw new Refused(expr, `bool belongs to a comparison, not to ${expr.op}`);
  for (const [side, type] of [
    [expr.left, left],
    [expr.right, right],
  ] as const)
    if (type === 'range vector' || type === 'string')
      throw new Refused(
        side,
        `${expr.op} takes scalars and instant vectors, got ${article(type)}: ${shown(side)}`,
      );
  const vectors = left === 'instant vector' && right === 'instant vector';
  checkMatching(expr, vectors);
  if (SETS.has(expr.op) && !vectors)
    throw new Refused(expr, `${expr.op} takes two instant vectors: ${shown(expr)}`);
  if (left === 'scalar' && right === 'scalar') {
    if (comparison && !expr.bool) throw new Refused(expr, `two scalars are compared with ${expr.op} bool`);
    return 'scalar';
  }
  return 'instant vector';
}

/** What a modifier may stand behind. */
const isTimed = (expr: Expr): boolean =>
  expr.kind === 'selector' ||
  expr.kind === 'range' ||
  expr.kind === 'subquery' ||
  ((expr.kind === 'offset' || expr.kind === 'at') && isTimed(expr.expr));

function modified(expr: Extract<Expr, { kind: 'offset' | 'at' }>): ValueType {
  const what = expr.kind === 'at' ? '@' : 'offset';
  if (!isTimed(expr.expr))
    throw new Refused(expr, `${what} must follow a selector or a subquery: ${shown(expr)}`);
  for (let inner = expr.expr; inner.kind === 'offset' || inner.kind === 'at'; inner = inner.expr)
    if (inner.kind === expr.kind) throw new Refused(expr, `${what} is written twice`);
  return typeOf(expr.expr);
}

function checkRange(expr: Extract<Expr, { kind: 'range' | 'subquery' }>): void {
  for (const text of [expr.range, ...(expr.kind === 'subquery' && expr.step !== null ? [expr.step] : [])])
    if (!(durationMs(text)! > 0)) throw new Refused(expr, `a range has to be longer than 0: [${text}]`);
}

/** The type of an expression, every expression below it checked. */
function typeOf(expr: Expr): ValueType {
  switch (expr.kind) {
    case 'number':
      return 'scalar';
    case 'string':
      return 'string';
    case 'selector':
      if (!selectsSomething(expr.selector))
        throw new Refused(expr, `a selector needs a matcher that does not fit everything: ${shown(expr)}`);
      return 'instant vector';
    case 'paren':
      return typeOf(expr.expr);
    case 'range':
      checkRange(expr);
      if (expr.expr.kind !== 'selector')
        throw new Refused(expr, `a range must follow a selector; for an expression write [${expr.range}:]`);
      typeOf(expr.expr);
      return 'range vector';
    case 'subquery':
      checkRange(expr);
      expect(expr.expr, 'instant vector', 'a subquery');
      return 'range vector';
    case 'offset':
    case 'at':
      return modified(expr);
    case 'unary': {
      const type = typeOf(expr.expr);
      if (type !== 'scalar' && type !== 'instant vector')
        throw new Refused(expr, `${expr.op} takes a scalar or an instant vector, got ${article(type)}`);
      return type;
    }
    case 'binary':
      return binaryType(expr);
    case 'call':
      return callType(expr);
    case 'aggregate':
      return aggregateType(expr);
  }
}

/** The type of an expression by the rules of Prometheus, or what it would refuse and where. */
export function checkTypes(expr: Expr): Result<ValueType, PromqlProblem> {
  try {
    return ok(typeOf(expr));
  } catch (thrown) {
    if (thrown instanceof Refused) return fail(thrown.problem);
    throw thrown;
  }
}

/** A number alone as one series without labels: rules and sums take vectors. */
export const asVector = (expr: Expr, type: ValueType): Expr =>
  type === 'scalar' ? { kind: 'call', fn: 'vector', args: [expr], at: expr.at } : expr;

const numbersOf = (version: string | null): [number, number] => {
  const [major = 0, minor = 0] = (version ?? '0.0').split('.').map(Number);
  return [major, minor];
};

/** Whether a version is another one or later; null is not known, and never is. */
export function isSince(version: string | null, since: string): boolean {
  const [major, minor] = numbersOf(version);
  const [wantedMajor, wantedMinor] = numbersOf(since);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

interface Need {
  readonly at: number;
  readonly what: string;
  readonly since: string | null;
  readonly until: string | null;
}

const NUMERIC = /^-?[\d.]+$/;

function needsOf(expr: Expr): Need[] {
  const utf8 = (what: string): Need => ({ at: expr.at, what: `the name ${what}`, since: '3.0', until: null });
  switch (expr.kind) {
    case 'selector': {
      const { metric, matchers } = expr.selector;
      return [
        ...(isPlainMetric(metric) ? [] : [utf8(`"${metric}"`)]),
        ...matchers.filter((m) => !isPlainLabel(m.label)).map((m) => utf8(`"${m.label}"`)),
      ];
    }
    case 'aggregate':
      return (expr.grouping?.labels ?? []).filter((l) => !isPlainLabel(l)).map((l) => utf8(`"${l}"`));
    case 'binary':
      return [...(expr.matching?.labels ?? []), ...(expr.matching?.group?.labels ?? [])]
        .filter((l) => !isPlainLabel(l))
        .map((l) => utf8(`"${l}"`));
    case 'call': {
      const { since, until } = FUNCTIONS.get(expr.fn)!;
      return since || until ? [{ at: expr.at, what: `${expr.fn}()`, since, until }] : [];
    }
    case 'number':
      return /[a-z]$/i.test(expr.text) && durationMs(expr.text.replace(/^[+-]/, '')) !== null
        ? [{ at: expr.at, what: `the duration ${expr.text} as a number`, since: '3.0', until: null }]
        : [];
    case 'range':
    case 'subquery':
    case 'offset': {
      const text = expr.kind === 'offset' ? expr.offset : expr.range;
      return NUMERIC.test(text)
        ? [{ at: expr.at, what: `the number ${text} as a duration`, since: '3.0', until: null }]
        : [];
    }
    default:
      return [];
  }
}

const experimental = (expr: Expr): string | null =>
  (expr.kind === 'call' && FUNCTIONS.get(expr.fn)?.experimental) ||
  (expr.kind === 'aggregate' && EXPERIMENTAL_AGGREGATES.has(expr.op))
    ? expr.kind === 'call'
      ? expr.fn
      : expr.op
    : null;

/** What a Prometheus of a declared version would refuse in a well-typed expression. Null version: none is declared. */
export function checkVersion(expr: Expr, version: string | null): PromqlProblem | null {
  const problem = (at: number, message: string): PromqlProblem => ({ code: 'PROMQL_VERSION', message, at });
  const flagged = experimental(expr);
  if (flagged) return problem(expr.at, `${flagged} is experimental, and off in a Prometheus by default`);
  const declared = version === null ? 'no version is declared' : `${version} is declared`;
  for (const { at, what, since, until } of needsOf(expr)) {
    if (since && !isSince(version, since))
      return problem(at, `${what} is known since Prometheus ${since}, and ${declared}`);
    if (until && version !== null && isSince(version, until))
      return problem(at, `${what} is not known since Prometheus ${until}, and ${declared}`);
  }
  for (const part of partsOf(expr)) {
    const found = checkVersion(part, version);
    if (found) return found;
  }
  return null;
}
