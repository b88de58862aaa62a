import { nameOf } from './scope.ts';
import {
  commentsOf,
  isNode,
  keyName,
  memberName,
  type Node,
  type SourceFile,
  textOf,
  treeOf,
  walk,
} from './syntax.ts';

const TESTS = ['it', 'test'];
const HOOKS = ['beforeAll', 'beforeEach', 'afterAll', 'afterEach'];
/** Less than what `patiently` gives at the least is little. */
const LITTLE_MS = 60_000;
/** Options that are limits of a test or of a call of its own: no number of them may be written out. */
const LIMITS = /^(timeout|testTimeout|hookTimeout|interruptAfterTimeLimit)$/;
/** Options of what is tested: those may not be little. */
const LIMITS_OF_PARTS =
  /^(timeoutMs|cpuMs|timeMs|(headers|body|connect|request|socket|keepAlive|navigation|command)Timeout)$/;
const LIMIT_OF_A_PROGRAM = /--(timeout|request-timeout|connect-timeout|max-time|wait-timeout)/;
/** A comment on the line, or on the one before it, that says why a limit changes no outcome on a slow machine. */
const EXEMPT = /\b(the limit is the point|no limit of the test)\b/i;

/** What would not hold on a machine that is ten times slower: where, and how. */
interface Hurry {
  readonly node: Node;
  readonly what: 'sleeps' | 'expects a time that goes by here' | 'has a limit of its own';
}

/** A node and all below it. */
function below(node: unknown): Node[] {
  const found: Node[] = [];
  walk(node, (one) => found.push(one));
  return found;
}

/** `a.b` of a name or a member, also in brackets, and of a call of it; what is not spelled out is empty. */
function spelled(node: unknown): string {
  if (!isNode(node)) return '';
  if (node.type === 'Identifier') return String(node['name']);
  if (node.type === 'CallExpression') return spelled(node['callee']);
  if (/^(ChainExpression|ParenthesizedExpression|TSNonNullExpression)$/.test(node.type))
    return spelled(node['expression']);
  return node.type === 'MemberExpression' ? `${spelled(node['object'])}.${memberName(node) ?? ''}` : '';
}

const isCall = (node: Node): boolean => node.type === 'CallExpression';
const callsTo = (nodes: readonly Node[], ...names: string[]): Node[] =>
  nodes.filter((n) => isCall(n) && names.includes(spelled(n['callee'])));
const callsLike = (nodes: readonly Node[], name: RegExp): Node[] =>
  nodes.filter((n) => isCall(n) && name.test(spelled(n['callee'])));
const argumentsOf = (node: Node): Node[] => (node['arguments'] ?? []) as Node[];
const isFunction = (node: Node): boolean => /^(Arrow)?FunctionExpression$/.test(node.type);
const isPatient = (node: unknown): boolean => callsTo(below(node), 'patiently').length > 0;

const CLOCKS =
  /^(globalThis\.)?(performance\.now|Date\.now|process\.hrtime(\.bigint)?|process\.uptime|hrtime(\.bigint)?)$/;
const tellsTime = (node: unknown): boolean => callsLike(below(node), CLOCKS).length > 0;

/** Names of what is a span of real time in a file. */
const spansIn = (nodes: readonly Node[]): Set<string> =>
  new Set(
    nodes
      .filter((n) => n.type === 'VariableDeclarator' && isNode(n['init']) && tellsTime(n['init']))
      // With an argument the clock gives a span.
      .filter((n) =>
        below(n['init']).some(
          (x) => x['operator'] === '-' || (/hrtime$/.test(spelled(x['callee'])) && argumentsOf(x).length > 0),
        ),
      )
      .map((n) => spelled(n['id'])),
  );

function expectsTime(nodes: readonly Node[]): Node[] {
  const spans = spansIn(nodes);
  const isSpan = (n: Node) => n.type === 'Identifier' && spans.has(String(n['name']));
  return callsTo(nodes, 'expect').filter((call) =>
    argumentsOf(call).some((a) => tellsTime(a) || below(a).some(isSpan)),
  );
}

/** What `Promise.withResolvers` gave in a file: the names of its parts, and of the whole. */
function resolversIn(nodes: readonly Node[]): (node: Node) => boolean {
  const parts = new Set<string>();
  const wholes = new Set<string>();
  for (const { id, init } of nodes.filter((n) => n.type === 'VariableDeclarator') as (Node &
    Record<string, Node>)[]) {
    if (!/\.withResolvers$/.test(spelled(init)) || !id) continue;
    if (id.type === 'Identifier') wholes.add(spelled(id));
    else for (const property of (id['properties'] ?? []) as Node[]) parts.add(spelled(property['value']));
  }
  return (node) => parts.has(nameOf(node) ?? '') || wholes.has(spelled(node['object']));
}

const isTimers = (node: Node): boolean =>
  /^(Import|Export)/.test(node.type) && /timers\/promises$/.test(textOf(node['source']) ?? '');

/** Ways to wait for time alone. */
function sleeps(nodes: readonly Node[]): Node[] {
  const isResolver = resolversIn(nodes);
  const taken = nodes.filter((n) => n.type === 'ObjectPattern').flatMap((n) => n['properties'] as Node[]);
  return [
    ...nodes
      .filter((n) => n.type === 'NewExpression' && spelled(n['callee']) === 'Promise')
      .filter((n) => callsLike(below(n), /(^|\.)setTimeout$/).length > 0),
    ...callsLike(nodes, /(^|\.)setTimeout$/).filter((n) => below(argumentsOf(n)[0]).some(isResolver)),
    ...callsLike(
      nodes,
      /(^|\.)(sleep|waitForTimeout|promisify\.custom)$|^(globalThis\.)?Atomics\.wait(Async)?$/,
    ),
    ...callsLike(nodes, /(^|\.)promisify$/).filter((n) =>
      /(^|\.)setTimeout$/.test(spelled(argumentsOf(n)[0])),
    ),
    ...callsLike(nodes, /(^|\.)(exec|spawn)(File)?Sync$/).filter((n) =>
      /^sleep( |$)/.test(textOf(argumentsOf(n)[0]) ?? ''),
    ),
    ...callsTo(nodes, 'require').filter((n) => /timers\/promises$/.test(textOf(argumentsOf(n)[0]) ?? '')),
    ...taken.filter((n) => n.type === 'Property' && /^(sleep|waitForTimeout)$/.test(keyName(n) ?? '')),
    ...nodes.filter(isTimers),
    ...nodes.filter((n) => /^(While|DoWhile|For)Statement$/.test(n.type)).filter((n) => tellsTime(n['test'])),
  ];
}

/** Limits of tests and of hooks, as their last argument: a number, or a name of one. */
function limitsOfTests(nodes: readonly Node[]): Node[] {
  return nodes.filter(isCall).filter((n) => {
    const [name, ...rest] = spelled(n['callee']).split('.');
    const isTable = isNode(n['callee']) && !isCall(n['callee']) && /^(each|for)$/.test(rest.at(-1) ?? '');
    if (isTable || !TESTS.concat(HOOKS).includes(name!)) return false;
    const given = argumentsOf(n);
    const last = given.at(-1);
    if (!last || isFunction(last)) return false;
    return given.some(isFunction) || given.length > (HOOKS.includes(name!) ? 1 : 2);
  });
}

/** Numbers that are written out: themselves, and by the constants of the file. */
function numbersOf(nodes: readonly Node[]): (node: unknown) => number | null {
  const constants = new Map<string, unknown>();
  for (const n of nodes)
    if (n.type === 'VariableDeclarator' && nameOf(n['id'])) constants.set(nameOf(n['id'])!, n['init']);
  const numberOf = (node: unknown, depth = 0): number | null => {
    if (!isNode(node) || depth > 5) return null;
    if (node.type === 'Literal') return typeof node['value'] === 'number' ? node['value'] : null;
    if (node.type === 'Identifier') return numberOf(constants.get(nameOf(node)!), depth + 1);
    if (node.type !== 'BinaryExpression') return null;
    const [left, right] = [numberOf(node['left'], depth), numberOf(node['right'], depth)];
    if (left === null || right === null) return null;
    return (
      { '*': left * right, '+': left + right, '/': left / right, '-': left - right }[
        String(node['operator'])
      ] ?? null
    );
  };
  return (node) => numberOf(node);
}

/** Options and assignments that are limits. */
function limitsAsOptions(nodes: readonly Node[]): Node[] {
  const numberOf = numbersOf(nodes);
  const isLimit = (name: string | null, value: unknown): boolean => {
    const number = numberOf(value);
    if (name === null || number === null) return false;
    return LIMITS.test(name) || (LIMITS_OF_PARTS.test(name) && number < LITTLE_MS);
  };
  return nodes.filter((n) => {
    if (n.type === 'Property') return isLimit(keyName(n), n['value']);
    return n.type === 'AssignmentExpression' && isLimit(memberName(n['left']), n['right']);
  });
}

/** `--timeout=30s` of a program, in one text or in two. */
function limitsOfPrograms(nodes: readonly Node[]): Node[] {
  const inText = (n: Node): string =>
    n.type === 'TemplateElement'
      ? (n['value'] as { raw: string }).raw
      : n.type === 'Literal'
        ? (textOf(n) ?? '')
        : '';
  const one = new RegExp(`${LIMIT_OF_A_PROGRAM.source}[= ]\\d`);
  const whole = new RegExp(`^${LIMIT_OF_A_PROGRAM.source}$`);
  const lists = nodes.map((n) => (n['elements'] ?? n['arguments'] ?? []) as unknown[]);
  return [
    ...nodes.filter((n) => one.test(inText(n))),
    ...lists.flatMap((list) =>
      list.filter(
        (n, i): n is Node => isNode(n) && whole.test(inText(n)) && /^\d/.test(textOf(list[i + 1]) ?? ''),
      ),
    ),
  ];
}

const ENDS = /(^|\.)(kill|reject|abort|destroy|terminate|exit)$/;

/** A timer that ends something in the middle of it. */
const limitsByTimers = (nodes: readonly Node[]): Node[] =>
  callsLike(nodes, /(^|\.)setTimeout$/)
    .filter((n) => !isPatient(argumentsOf(n)[1]))
    .filter((n) => {
      const [does] = argumentsOf(n);
      if (!does) return false;
      return (
        ENDS.test(spelled(does)) ||
        below(does).some((x) => x.type === 'ThrowStatement') ||
        callsLike(below(does), ENDS).length > 0
      );
    });

const limits = (nodes: readonly Node[]): Node[] => [
  ...limitsOfTests(nodes),
  ...limitsAsOptions(nodes),
  ...limitsOfPrograms(nodes),
  ...limitsByTimers(nodes),
  ...callsLike(nodes, /^AbortSignal\.timeout$/).filter((n) => !isPatient(n)),
  // Left to themselves they give up after a second.
  ...callsLike(nodes, /^(vi\.(waitFor|waitUntil)|expect\.poll)$/).filter(
    (n) => !isPatient(argumentsOf(n)[1]),
  ),
];

/** What in a file of tests would not hold on a machine that is ten times slower, and exemptions that exempt nothing. */
export function hurried(source: SourceFile): string[] {
  const nodes = below(treeOf(source));
  const lineOf = ({ start }: { start: number }): number => source.text.slice(0, start).split('\n').length;
  const exemptions = new Set(
    commentsOf(source)
      .filter(({ value }) => EXEMPT.test(value))
      .map(lineOf),
  );
  const found: Hurry[] = [
    ...sleeps(nodes).map((node) => ({ node, what: 'sleeps' as const })),
    ...expectsTime(nodes).map((node) => ({ node, what: 'expects a time that goes by here' as const })),
    ...limits(nodes).map((node) => ({ node, what: 'has a limit of its own' as const })),
  ];
  const used = new Set<number>();
  const wrong = found.flatMap(({ node, what }) => {
    const line = lineOf(node);
    const exemption = [line, line - 1].find((at) => exemptions.has(at));
    if (what !== 'has a limit of its own' || exemption === undefined)
      return [`${source.file}:${line}: ${what}`];
    used.add(exemption);
    return [];
  });
  const idle = [...exemptions]
    .filter((at) => !used.has(at))
    .map((at) => `${source.file}:${at}: exempts nothing`);
  return [...new Set([...wrong, ...idle])];
}
