import { isNode, type Node } from './syntax.ts';

const FUNCTION = /Function/;

export const nameOf = (node: unknown): string | null =>
  isNode(node) && node.type === 'Identifier' ? (node['name'] as string) : null;

/** Names that a pattern binds: `a`, `{ a, b: c }`, `[a, ...b]`, `a = 1`. */
export function boundBy(pattern: unknown, names: Set<string>): void {
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

export const isBound = (name: string, above: readonly Node[]): boolean =>
  above.some((node) => scopeOf(node).has(name));

/** Whether an identifier stands for a value: not a key, not a member's name, not a type. */
export function isReference(node: Node, above: readonly Node[]): boolean {
  const parent = above.at(-1);
  if (node.type !== 'Identifier' || !parent) return false;
  if (parent.type === 'MemberExpression') return parent['object'] === node || parent['computed'] === true;
  if (/^(Property|PropertyDefinition|MethodDefinition)$/.test(parent.type))
    return parent['value'] === node || parent['computed'] === true;
  return !/^TS(?!AsExpression|NonNull|Satisfies)|Specifier$|^LabeledStatement$/.test(parent.type);
}
