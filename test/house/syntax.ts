import { parseSync } from 'oxc-parser';

/** A source file: its path below `src/`, and its text. */
export interface SourceFile {
  readonly file: string;
  readonly text: string;
}

/** A node of a syntax tree; its fields are whatever its type has. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

export const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';

/** Visits a node and everything below it, with the nodes above it, nearest last. */
export function walk(
  node: unknown,
  visit: (node: Node, above: readonly Node[]) => void,
  above: readonly Node[] = [],
): void {
  if (Array.isArray(node)) for (const one of node) walk(one, visit, above);
  if (!isNode(node)) return;
  visit(node, above);
  const path = [...above, node];
  for (const value of Object.values(node)) if (typeof value === 'object') walk(value, visit, path);
}

interface Parsed {
  readonly tree: Node;
  readonly comments: readonly Comment[];
}

interface Comment {
  readonly value: string;
  readonly start: number;
}

const trees = new WeakMap<SourceFile, Parsed>();

/** The syntax tree of a file, parsed once for all rules that ask. */
export const treeOf = (source: SourceFile): Node => parsed(source).tree;

export const commentsOf = (source: SourceFile): readonly Comment[] => parsed(source).comments;

function parsed(source: SourceFile): Parsed {
  const known = trees.get(source);
  if (known) return known;
  const { program, comments, errors } = parseSync(source.file, source.text);
  if (errors.length > 0) throw new Error(`${source.file} does not parse: ${errors[0]!.message}`);
  const file = { tree: program as unknown as Node, comments };
  trees.set(source, file);
  return file;
}

export interface Import {
  /** As it is written; null: it is computed, and cannot be told. */
  readonly request: string | null;
  readonly typeOnly: boolean;
}

/** The text of a literal, or of a template without values. */
export function textOf(node: unknown): string | null {
  if (!isNode(node)) return null;
  if (node.type === 'Literal') return typeof node['value'] === 'string' ? node['value'] : null;
  if (node.type !== 'TemplateLiteral' || (node['expressions'] as unknown[]).length > 0) return null;
  return ((node['quasis'] as { value: { cooked: string } }[])[0] as { value: { cooked: string } }).value
    .cooked;
}

/** How a member is called, `a` of `x.a`, `x['a']` and `x?.[\`a\`]`; null: it is no member, or its name is computed. */
export function memberName(node: unknown): string | null {
  if (!isNode(node) || node.type !== 'MemberExpression') return null;
  return node['computed'] ? textOf(node['property']) : String((node['property'] as Node)['name']);
}

/** How a key of an object or of a pattern is called; null: it is computed. */
export function keyName(property: Node): string | null {
  const key = property['key'];
  if (property['computed'] || !isNode(key) || key.type !== 'Identifier') return textOf(key);
  return String(key['name']);
}

const nameOf = (node: unknown): string | null =>
  isNode(node) && node.type === 'Identifier' ? (node['name'] as string) : null;

const isCreateRequire = (node: unknown): boolean =>
  isNode(node) && node.type === 'CallExpression' && nameOf(node['callee']) === 'createRequire';

/** Names by which a file requires: `require`, and what `createRequire` gave. */
function requirersIn(tree: Node): Set<string> {
  const names = new Set(['require']);
  walk(tree, (node) => {
    const name = node.type === 'VariableDeclarator' ? nameOf(node['id']) : null;
    if (name && isCreateRequire(node['init'])) names.add(name);
  });
  return names;
}

const isBuiltinGetter = (callee: Node): boolean =>
  callee.type === 'MemberExpression' && nameOf(callee['property']) === 'getBuiltinModule';

function allTypes(node: Node): boolean {
  if (node['importKind'] === 'type' || node['exportKind'] === 'type') return true;
  const specifiers = (node['specifiers'] ?? []) as Node[];
  return (
    specifiers.length > 0 && specifiers.every((s) => s['importKind'] === 'type' || s['exportKind'] === 'type')
  );
}

/** Everything that a file imports, however it does so: types, re-exports, at run time, by `require`. */
export function importsOf(source: SourceFile): Import[] {
  const tree = treeOf(source);
  const requirers = requirersIn(tree);
  const found: Import[] = [];
  walk(tree, (node) => {
    switch (node.type) {
      case 'ImportDeclaration':
      case 'ExportNamedDeclaration':
      case 'ExportAllDeclaration':
        if (isNode(node['source'])) found.push({ request: textOf(node['source']), typeOnly: allTypes(node) });
        return;
      case 'ImportExpression':
        found.push({ request: textOf(node['source']), typeOnly: false });
        return;
      case 'TSImportType':
        found.push({ request: textOf(node['source'] ?? node['argument']), typeOnly: true });
        return;
      case 'TSExternalModuleReference':
        found.push({ request: textOf(node['expression']), typeOnly: false });
        return;
      case 'CallExpression': {
        const callee = node['callee'] as Node;
        const requires =
          requirers.has(nameOf(callee) ?? '') || isCreateRequire(callee) || isBuiltinGetter(callee);
        if (requires) found.push({ request: textOf((node['arguments'] as Node[])[0]), typeOnly: false });
      }
    }
  });
  return found;
}

/** Whether an import, or what passes one on, may give a name: it names it, or takes everything. */
export function mayTake(node: Node, name: string): boolean {
  const specifiers = (node['specifiers'] ?? []) as Node[];
  if (node.type === 'ImportExpression' || node.type === 'ExportAllDeclaration') return true;
  return specifiers.some((one) => {
    const taken = one['imported'] ?? (one.type === 'ExportSpecifier' ? one['local'] : null);
    return taken === null || (nameOf(taken) ?? textOf(taken)) === name;
  });
}
