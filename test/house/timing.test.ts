import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'oxc-parser';
import { describe, expect, it } from 'vitest';
import config from '../../vitest.config.ts';

const ROOT = join(import.meta.dirname, '../..');
/** The one place where tests wait. */
const WAITS = 'test/wait.ts';
const LEAST_TIMEOUT_MS = 600_000;
const TESTS_AND_HOOKS = ['it', 'test', 'beforeAll', 'beforeEach', 'afterAll', 'afterEach'];

interface Node {
  readonly type: string;
  readonly start: number;
  readonly [key: string]: unknown;
}
const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
/** A node and all below it. */
function below(node: Node, found: Node[] = []): Node[] {
  found.push(node);
  for (const value of Object.values(node))
    if (Array.isArray(value)) {
      for (const one of value) if (isNode(one)) below(one, found);
    } else if (isNode(value)) below(value, found);
  return found;
}
/** `a.b` of a name or a member, `a` of a call of it; what is not spelled out is empty. */
function spelled(node: unknown): string {
  if (!isNode(node)) return '';
  if (node.type === 'Identifier') return String(node['name']);
  if (node.type === 'CallExpression') return spelled(node['callee']);
  return node.type === 'MemberExpression' ? `${spelled(node['object'])}.${spelled(node['property'])}` : '';
}
const callsTo = (nodes: readonly Node[], ...names: string[]): Node[] =>
  nodes.filter((n) => n.type === 'CallExpression' && names.includes(spelled(n['callee'])));
const tellsTime = (node: Node): boolean => callsTo(below(node), 'performance.now', 'Date.now').length > 0;
const argumentsOf = (node: Node): Node[] => node['arguments'] as Node[];
const isFunction = (node: Node): boolean => /^(Arrow)?FunctionExpression$/.test(node.type);

/** Names of what is a span of real time in a file. */
const spansIn = (nodes: readonly Node[]): Set<string> =>
  new Set(
    nodes
      .filter((n) => n.type === 'VariableDeclarator' && isNode(n['init']) && tellsTime(n['init']))
      .filter((n) => below(n['init'] as Node).some((x) => x['operator'] === '-'))
      .map((n) => spelled(n['id'])),
  );

function expectsTime(nodes: readonly Node[]): Node[] {
  const spans = spansIn(nodes);
  const isSpan = (n: Node) => n.type === 'Identifier' && spans.has(String(n['name']));
  return callsTo(nodes, 'expect').filter((call) =>
    argumentsOf(call).some((a) => tellsTime(a) || below(a).some(isSpan)),
  );
}

const sleeps = (nodes: readonly Node[]): Node[] => [
  ...nodes
    .filter((n) => n.type === 'NewExpression' && spelled(n['callee']) === 'Promise')
    .filter((n) => callsTo(below(n), 'setTimeout').length > 0),
  ...nodes.filter(
    (n) => n.type === 'CallExpression' && /\.(sleep|waitForTimeout)$/.test(spelled(n['callee'])),
  ),
  ...nodes.filter(
    (n) =>
      n.type === 'ImportDeclaration' && String((n['source'] as Node)['value']).endsWith('timers/promises'),
  ),
];

const shortTimeouts = (nodes: readonly Node[]): Node[] => [
  ...nodes
    .filter(
      (n) => n.type === 'CallExpression' && TESTS_AND_HOOKS.includes(spelled(n['callee']).split('.')[0]!),
    )
    .filter((n) => argumentsOf(n).some(isFunction) && !isFunction(argumentsOf(n).at(-1)!)),
  ...nodes.filter(
    (n) =>
      n.type === 'Property' &&
      /^(timeout|testTimeout|hookTimeout|interruptAfterTimeLimit)$/.test(spelled(n['key'])) &&
      (n['value'] as Node).type === 'Literal',
  ),
  ...callsTo(nodes, 'AbortSignal.timeout'),
];

/** What in a file of tests would not hold on a machine that is ten times slower. */
function hurried(file: string, text: string): string[] {
  const nodes = below(parseSync(file, text).program as unknown as Node);
  const at = (what: string) => (node: Node) =>
    `${file}:${text.slice(0, node.start).split('\n').length}: ${what}`;
  return [
    ...sleeps(nodes).map(at('sleeps')),
    ...expectsTime(nodes).map(at('expects a time that goes by here')),
    ...shortTimeouts(nodes).map(at('has a limit of its own')),
  ];
}

describe('time in tests', () => {
  it('SUITE-3: no test sleeps, measures time against a bound, or has a limit of its own', () => {
    const files = globSync(['src/**/*.test.ts', 'shop/**/*.test.ts', 'test/**/*.ts'], { cwd: ROOT });
    expect(files.length).toBeGreaterThan(80);
    const found = files
      .filter((file) => file !== WAITS)
      .flatMap((file) => hurried(file, readFileSync(join(ROOT, file), 'utf8')));
    expect(found).toEqual([]);
  });

  it('SUITE-3: what a test may take at most is far more than any needs', () => {
    const { testTimeout, hookTimeout } = config.test!;
    for (const limit of [testTimeout, hookTimeout]) expect(limit).toBeGreaterThanOrEqual(LEAST_TIMEOUT_MS);
  });

  it.each([
    ['a sleep', 'await new Promise((r) => setTimeout(r, 5));'],
    ['a sleep by the clock', 'await systemClock.sleep(5);'],
    ['a sleep by the page', 'await page.waitForTimeout(5);'],
    ['a sleep by the library', "import { setTimeout as s } from 'node:timers/promises';"],
    ['a time in an expectation', 'expect(performance.now() - begun).toBeLessThan(5);'],
    ['a span in an expectation', 'const took = Date.now() - begun; expect(took).toBeLessThan(5);'],
    ['a limit of a test', "it('SUITE-3: x', async () => {}, 5_000);"],
    ['a limit of a table', "it.each([1])('SUITE-3: x', async () => {}, LIMIT);"],
    ['a limit of a hook', 'beforeAll(async () => {}, 5_000);'],
    ['a limit as an option', "it('SUITE-3: x', { timeout: 5_000 }, async () => {});"],
    ['a limit of a property', 'fc.assert(p, { interruptAfterTimeLimit: 5 });'],
    ['a limit of a call', 'fetch(url, { signal: AbortSignal.timeout(500) });'],
  ])('SUITE-3: %s would be found', (_, text) => expect(hurried('x.ts', text)).toHaveLength(1));

  it('SUITE-3: a condition, a clock that is told and a fallback are none of these', () => {
    const calm = `await until('it is there', 5_000, () => found);
      it('SUITE-3: x', async () => { setTimeout(() => child.kill(), 5_000); });
      expect(clock.now() - begun).toBeLessThan(5);
      const at = Date.now(); expect(anchors.some((a) => a.at > at)).toBe(true);`;
    expect(hurried('x.ts', calm)).toEqual([]);
  });
});
