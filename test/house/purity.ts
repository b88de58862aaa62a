import { isPlanner, isPure, type Rule, reachedFrom } from './rules.ts';
import { boundBy, isBound, isReference, nameOf } from './scope.ts';
import {
  importsOf,
  isNode,
  keyName,
  memberName,
  type Node,
  type SourceFile,
  treeOf,
  walk,
} from './syntax.ts';

/** What the machine knows and a value does not: the clock, randomness, the environment, the network, a console. */
const IMPURE = new Set([
  'AbortSignal',
  'Atomics',
  'BroadcastChannel',
  'Buffer',
  'EventSource',
  'FinalizationRegistry',
  'Function',
  'Intl',
  'MessageChannel',
  'WeakRef',
  'WebSocket',
  'Worker',
  'XMLHttpRequest',
  'caches',
  'console',
  'crypto',
  'document',
  'eval',
  'fetch',
  'global',
  'globalThis',
  'indexedDB',
  'localStorage',
  'location',
  'navigator',
  'performance',
  'process',
  'queueMicrotask',
  'self',
  'sessionStorage',
  'setImmediate',
  'setInterval',
  'setTimeout',
  'window',
]);
/** Of `Date` and `Math`, what depends on nothing but its arguments. */
const DATE_BY_VALUE = new Set(['UTC', 'parse']);
/** Answers of these depend on the language or the time zone of the machine. */
const LOCAL =
  /^(toLocale|localeCompare$|toDateString$|toTimeString$|getTimezoneOffset$|[gs]et(Date|Day|FullYear|Hours|Milliseconds|Minutes|Month|Seconds|Year)$)/;

/** What stands for a global: where it is taken apart or handed on, nobody can tell which part is used. */
function impurityOf(node: Node, above: readonly Node[]): string | null {
  const parent = above.at(-1)!;
  const name = nameOf(node)!;
  const isMember = parent.type === 'MemberExpression' && parent['object'] === node;
  const member = isMember ? (memberName(parent) ?? '') : null;
  if (IMPURE.has(name)) return member ? `${name}.${member}` : name;
  if (name === 'Math' && (!member || member === 'random')) return 'Math.random';
  if (name !== 'Date') return null;
  if (parent.type === 'NewExpression' && parent['callee'] === node) return madeDate(parent);
  if (parent.type === 'BinaryExpression' && parent['operator'] === 'instanceof') return null;
  return member !== null && DATE_BY_VALUE.has(member) ? null : `Date${member ? `.${member}` : ''}`;
}

/** Without arguments it is now, with several it is in the time zone of the machine. */
function madeDate(node: Node): string | null {
  const given = node['arguments'] as Node[];
  if (given.length === 0) return 'new Date()';
  return given.length > 1 || given[0]!.type === 'SpreadElement' ? 'new Date(year, …)' : null;
}

/** What a name shows of the machine, whatever object it is asked of, as a member or taken out of it. */
function impureMember(node: Node, above: readonly Node[]): string | null {
  const isTaken = node.type === 'Property' && above.at(-1)?.type === 'ObjectPattern';
  const isImported = node.type === 'ImportSpecifier' || node.type === 'ExportSpecifier';
  const name =
    node.type === 'MemberExpression'
      ? memberName(node)
      : isTaken
        ? keyName(node)
        : isImported
          ? nameOf(node['imported'] ?? node['local'])
          : null;
  if (name === 'Now') return 'Temporal.Now';
  return name !== null && LOCAL.test(name) ? name : null;
}

/** By what names a file knows Temporal. */
function namesOfTemporal(tree: Node): Set<string> {
  const names = new Set(['Temporal']);
  walk(tree, (node) => {
    if (node.type === 'ImportSpecifier' && nameOf(node['imported']) === 'Temporal')
      boundBy(node['local'], names);
  });
  return names;
}

/** A member of Temporal whose name is made up. */
function hidesTemporal(node: Node, names: ReadonlySet<string>): boolean {
  if (node.type !== 'MemberExpression' || memberName(node) !== null) return false;
  const object = node['object'] as Node;
  return names.has(nameOf(object) ?? '') || memberName(object) === 'Temporal';
}

function usesOf(source: SourceFile): string[] {
  const uses = new Set<string>();
  const tree = treeOf(source);
  const temporal = namesOfTemporal(tree);
  walk(tree, (node, above) => {
    if (node.type === 'MetaProperty' && nameOf(node['meta']) === 'import') uses.add('import.meta');
    const member = impureMember(node, above);
    if (member) uses.add(member);
    if (hidesTemporal(node, temporal)) uses.add('Temporal by a computed name');
    const impurity = isReference(node, above) ? impurityOf(node, above) : null;
    if (impurity && !isBound(nameOf(node)!, above)) uses.add(impurity);
  });
  return [...uses];
}

const saidOf = (files: readonly SourceFile[]): string[] =>
  files.flatMap((source) => usesOf(source).map((use) => `${source.file} uses ${use}`));

/** HOUSE-9: no clock, environment, randomness, locale, timer or network in a place without IO. */
export const purity: Rule = (files) => saidOf(files.filter(({ file }) => isPure(file)));

/** HOUSE-21: planners of the controller and the files beside them that they use know nothing of the machine either. */
export const plannerPurity: Rule = (files) => {
  const planners = files.filter(({ file }) => isPlanner(file));
  const ours = reachedFrom(files, planners).filter(({ file }) => !isPure(file));
  return [
    ...saidOf(ours),
    ...ours.flatMap((source) =>
      importsOf(source)
        .filter(({ request, typeOnly }) => !typeOnly && !request?.startsWith('.'))
        .map(({ request }) => `${source.file} imports ${request ?? 'what is computed'}`),
    ),
  ];
};

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
