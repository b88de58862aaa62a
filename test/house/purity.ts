import { isPure, type Rule } from './rules.ts';
import { isNode, type Node, type SourceFile, treeOf, walk } from './syntax.ts';

/** What the machine knows and a value does not: the clock, randomness, the environment, the network, a console. */
const IMPURE = new Set([
  'AbortSignal',
  'Buffer',
  'Intl',
  'console',
  'crypto',
  'fetch',
  'global',
  'globalThis',
  'performance',
  'process',
  'queueMicrotask',
  'setImmediate',
  'setInterval',
  'setTimeout',
]);
/** Of `Date` and `Math`, what depends on nothing but its arguments. */
const DATE_BY_VALUE = new Set(['UTC', 'parse']);
/** Answers of these depend on the language or the time zone of the machine. */
const LOCAL =
  /^(toLocale|localeCompare$|getTimezoneOffset$|get(Date|Day|FullYear|Hours|Minutes|Month|Seconds)$)/;

const FUNCTION = /Function/;
const nameOf = (node: unknown): string | null =>
  isNode(node) && node.type === 'Identifier' ? (node['name'] as string) : null;

/** Names that a pattern binds: `a`, `{ a, b: c }`, `[a, ...b]`, `a = 1`. */
function boundBy(pattern: unknown, names: Set<string>): void {
  if (Array.isArray(pattern)) for (const one of pattern) boundBy(one, names);
  if (!isNode(pattern)) return;
  const name = nameOf(pattern);
  if (name) names.add(name);
  if (pattern.type === 'ObjectPattern')
    for (const property of pattern['properties'] as Node[])
      boundBy(property['value'] ?? property['argument'], names);
  if (pattern.type === 'ArrayPattern') boundBy(pattern['elements'], names);
  if (pattern.type === 'AssignmentPattern') boundBy(pattern['left'], names);
  if (pattern.type === 'RestElement') boundBy(pattern['argument'], names);
  if (pattern.type === 'TSParameterProperty') boundBy(pattern['parameter'], names);
}

/** Names that are declared right in a list of statements. */
function declaredIn(statements: readonly Node[], names: Set<string>): void {
  for (const statement of statements) {
    const node = isNode(statement['declaration']) ? statement['declaration'] : statement;
    if (node.type === 'VariableDeclaration')
      for (const { id } of node['declarations'] as (Node & { id: unknown })[]) boundBy(id, names);
    if (/^(Function|Class)Declaration$/.test(node.type)) boundBy(node['id'], names);
    if (node.type === 'ImportDeclaration')
      for (const { local } of node['specifiers'] as (Node & { local: unknown })[]) boundBy(local, names);
  }
}

/** Names that a node brings into being for what stands below it. */
function scopeOf(node: Node): Set<string> {
  const names = new Set<string>();
  if (FUNCTION.test(node.type)) {
    boundBy(node['params'], names);
    boundBy((node['params'] as Node | undefined)?.['items'], names);
    if (node.type === 'FunctionExpression') boundBy(node['id'], names);
  }
  if (node.type === 'Program' || node.type === 'BlockStatement') declaredIn(node['body'] as Node[], names);
  if (node.type === 'CatchClause') boundBy(node['param'], names);
  for (const head of [node['init'], node['left']])
    if (/^For/.test(node.type) && isNode(head)) declaredIn([head], names);
  return names;
}

const isBound = (name: string, above: readonly Node[]): boolean =>
  above.some((node) => scopeOf(node).has(name));

/** Whether an identifier stands for a value: not a key, not a member's name, not a type. */
function isReference(node: Node, above: readonly Node[]): boolean {
  const parent = above.at(-1);
  if (node.type !== 'Identifier' || !parent) return false;
  if (parent.type === 'MemberExpression') return parent['object'] === node || parent['computed'] === true;
  if (/^(Property|PropertyDefinition|MethodDefinition)$/.test(parent.type))
    return parent['value'] === node || parent['computed'] === true;
  return !/^TS(?!AsExpression|NonNull|Satisfies)|Specifier$|^LabeledStatement$/.test(parent.type);
}

/** What a reference to a global shows of the machine; null: nothing. */
function impurityOf(node: Node, above: readonly Node[]): string | null {
  const parent = above.at(-1)!;
  const name = nameOf(node)!;
  const member = parent.type === 'MemberExpression' ? (nameOf(parent['property']) ?? '') : null;
  if (IMPURE.has(name)) return member ? `${name}.${member}` : name;
  if (name === 'Math' && (member === null || member === 'random')) return 'Math.random';
  if (name === 'Temporal' && member === 'Now') return 'Temporal.Now';
  if (name !== 'Date') return null;
  if (parent.type === 'NewExpression')
    return (parent['arguments'] as Node[]).length === 0 ? 'new Date()' : null;
  if (parent.type === 'BinaryExpression' && parent['operator'] === 'instanceof') return null;
  return member !== null && DATE_BY_VALUE.has(member) ? null : `Date${member ? `.${member}` : ''}`;
}

/** HOUSE-9: no clock, environment, randomness, locale, timer or network in a place without IO. */
export const purity: Rule = (files) =>
  files
    .filter(({ file }) => isPure(file))
    .flatMap((source) => {
      const uses = new Set<string>();
      walk(treeOf(source), (node, above) => {
        if (node.type === 'MetaProperty' && nameOf(node['meta']) === 'import') uses.add('import.meta');
        const member = node.type === 'MemberExpression' ? nameOf(node['property']) : null;
        if (member && LOCAL.test(member)) uses.add(member);
        const impurity = isReference(node, above) ? impurityOf(node, above) : null;
        const name = nameOf(node) ?? '';
        // What is imported as Temporal is the clock's as well.
        if (impurity && (name === 'Temporal' || !isBound(name, above))) uses.add(impurity);
      });
      return [...uses].map((use) => `${source.file} uses ${use}`);
    });

const MUTATORS = new Set([
  'add',
  'clear',
  'copyWithin',
  'delete',
  'fill',
  'pop',
  'push',
  'reverse',
  'set',
  'shift',
  'sort',
  'splice',
  'unshift',
]);
const CONTAINERS = new Set(['Array', 'Map', 'Set', 'WeakMap', 'WeakSet']);

/** The expression itself, without `as const`, `satisfies T`, `!` and parentheses. */
function bare(node: unknown): Node | null {
  if (!isNode(node)) return null;
  return /^(TS\w+Expression|ParenthesizedExpression)$/.test(node.type) ? bare(node['expression']) : node;
}

function isContainer(init: unknown): boolean {
  const node = bare(init);
  if (!node) return false;
  if (node.type === 'ArrayExpression' || node.type === 'ObjectExpression') return true;
  return node.type === 'NewExpression' && CONTAINERS.has(nameOf(node['callee']) ?? '');
}

/** What an expression goes out from: `a` of `a.b[c].d`. */
function rootOf(node: unknown): string | null {
  const at = bare(node);
  return at?.type === 'MemberExpression' ? rootOf(at['object']) : nameOf(at);
}

/** The name of what a node changes in place, if it changes anything. */
function changedBy(node: Node): string | null {
  const left = node.type === 'AssignmentExpression' ? node['left'] : null;
  if (isNode(left) && left.type === 'MemberExpression') return rootOf(left);
  const argument = node['argument'];
  const inPlace =
    node.type === 'UpdateExpression' || (node.type === 'UnaryExpression' && node['operator'] === 'delete');
  if (inPlace && isNode(argument) && argument.type === 'MemberExpression') return rootOf(argument);
  if (node.type !== 'CallExpression') return null;
  const callee = node['callee'] as Node;
  if (callee.type !== 'MemberExpression') return null;
  const method = nameOf(callee['property']) ?? '';
  if (rootOf(callee['object']) === 'Object' && /^(assign|defineProperty|setPrototypeOf)$/.test(method))
    return rootOf((node['arguments'] as Node[])[0]);
  return MUTATORS.has(method) ? rootOf(callee['object']) : null;
}

const declarationsIn = (tree: Node): Node[] =>
  (tree['body'] as Node[])
    .map((statement) => (isNode(statement['declaration']) ? statement['declaration'] : statement))
    .filter((node) => node.type === 'VariableDeclaration');

function stateOf(source: SourceFile): string[] {
  const tree = treeOf(source);
  const wrong: string[] = [];
  const containers = new Set<string>();
  for (const declaration of declarationsIn(tree))
    for (const { id, init } of declaration['declarations'] as (Node & { id: unknown; init: unknown })[]) {
      const names = new Set<string>();
      boundBy(id, names);
      if (declaration['kind'] === 'const' && isContainer(init))
        for (const name of names) containers.add(name);
      if (declaration['kind'] !== 'const')
        for (const name of names) wrong.push(`${source.file}: ${name} may change`);
    }
  const changed = new Set<string>();
  walk(tree, (node, above) => {
    const name = changedBy(node);
    if (name && containers.has(name) && !isBound(name, above.slice(1))) changed.add(name);
    if (node.type === 'PropertyDefinition' && node['static'] && !node['readonly'])
      changed.add(nameOf(node['key']) ?? 'a static field');
  });
  return [...wrong, ...[...changed].map((name) => `${source.file}: ${name} is changed in place`)];
}

/** HOUSE-3: nothing at module level changes: it would be shared by everybody, and outlive every test. */
export const moduleState: Rule = (files) => files.flatMap(stateOf);
