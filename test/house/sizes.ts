import { posix } from 'node:path';
import { isNode, type Node, type SourceFile, treeOf, walk } from './syntax.ts';

/** What is too large or of no use, each with its size: a name that stays the same while the thing does. */
export type Findings = Readonly<Record<string, number>>;

const LINES_OF_A_FILE = 400;
const LINES_OF_A_FUNCTION = 70;
const FUNCTIONS = ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'];

/** Files above 400 lines. */
export const longFiles = (files: readonly SourceFile[]): Findings =>
  Object.fromEntries(
    files
      .map(({ file, text }) => [file, text.trimEnd().split('\n').length] as const)
      .filter(([, lines]) => lines > LINES_OF_A_FILE),
  );

const identifier = (node: unknown): string | null =>
  isNode(node) && node.type === 'Identifier' ? (node['name'] as string) : null;

/** A function's own name, or that of what holds it; a callback is called after the function it is handed to. */
function nameOf(node: Node, above: readonly Node[]): string {
  const own = identifier(node['id']);
  if (own) return own;
  const holder = above.at(-1);
  if (!holder) return 'anonymous';
  const key = identifier(holder['id']) ?? identifier(holder['key']);
  if (key) return key;
  const callee = holder['callee'] as Node | undefined;
  const called = callee && (identifier(callee) ?? identifier(callee['property']));
  return called ? `callback of ${called}` : 'anonymous';
}

/** Functions above 70 lines, by file and name. */
export function longFunctions(files: readonly SourceFile[]): Findings {
  const found: Record<string, number> = {};
  for (const source of files)
    walk(treeOf(source), (node, above) => {
      if (!FUNCTIONS.includes(node.type)) return;
      const lines = source.text.slice(node.start, node.end).split('\n').length;
      const name = `${source.file} ${nameOf(node, above)}`;
      if (lines > LINES_OF_A_FUNCTION) found[name] = Math.max(found[name] ?? 0, lines);
    });
  return found;
}

/** What a file's pattern binds: `x`, `{ a, b: c, ...d }`, `[e = 1]`. */
function bound(pattern: unknown): string[] {
  if (!isNode(pattern)) return [];
  const name = identifier(pattern);
  if (name) return [name];
  if (pattern.type === 'Property') return bound(pattern['value']);
  if (pattern.type === 'RestElement') return bound(pattern['argument']);
  if (pattern.type === 'AssignmentPattern') return bound(pattern['left']);
  return ((pattern['properties'] ?? pattern['elements'] ?? []) as unknown[]).flatMap(bound);
}

function declared(declaration: unknown): string[] {
  if (!isNode(declaration)) return [];
  const several = declaration['declarations'] as Node[] | undefined;
  return several ? several.flatMap((one) => bound(one['id'])) : bound(declaration['id']);
}

const textOf = (node: unknown): string => (isNode(node) ? String(node['name'] ?? node['value'] ?? '') : '');

/** Names that a file exports of its own: what it passes on from elsewhere is a use, and not counted. */
function exportsOf(source: SourceFile): string[] {
  const found: string[] = [];
  walk(treeOf(source), (node) => {
    if (node.type !== 'ExportNamedDeclaration' || isNode(node['source'])) return;
    found.push(...declared(node['declaration']));
    for (const specifier of node['specifiers'] as Node[]) found.push(textOf(specifier['exported']));
  });
  return found;
}

const ALL = '*';

/** What a file takes from others, as `file name`; a whole module, also one that is loaded while it runs, is `file *`. */
function usesOf(source: SourceFile): string[] {
  const from = (node: unknown, names: readonly string[]): string[] => {
    const request = textOf(node);
    if (!request.startsWith('.')) return [];
    const file = posix.join(posix.dirname(source.file), request);
    return names.map((name) => `${file} ${name}`);
  };
  const found: string[] = [];
  walk(treeOf(source), (node) => {
    if (node.type === 'ImportExpression') found.push(...from(node['source'], [ALL]));
    if (node.type === 'TSImportType')
      found.push(...from(node['source'] ?? node['argument'], [textOf(node['qualifier']) || ALL]));
    if (node.type === 'ExportAllDeclaration') found.push(...from(node['source'], [ALL]));
    if (node.type !== 'ImportDeclaration' && node.type !== 'ExportNamedDeclaration') return;
    for (const specifier of (node['specifiers'] ?? []) as Node[])
      found.push(...from(node['source'], [textOf(specifier['imported'] ?? specifier['local']) || ALL]));
    const wholes = ((node['specifiers'] ?? []) as Node[]).filter(
      (s) => s.type === 'ImportNamespaceSpecifier',
    );
    if (wholes.length > 0) found.push(...from(node['source'], [ALL]));
  });
  return found;
}

/** Exports of `files` that nothing in `everything`, tests included, imports. */
export function unusedExports(files: readonly SourceFile[], everything: readonly SourceFile[]): Findings {
  const uses = new Set(everything.flatMap(usesOf));
  const unused = files.flatMap((source) =>
    uses.has(`${source.file} ${ALL}`)
      ? []
      : exportsOf(source)
          .filter((name) => !uses.has(`${source.file} ${name}`))
          .map((name) => [`${source.file} ${name}`, 1] as const),
  );
  return Object.fromEntries(unused);
}

/** What is wrong with findings, measured by a kept list that may only shrink. */
export function against(kept: Findings, found: Findings): string[] {
  const grown = Object.entries(found).flatMap(([name, size]) => {
    const allowed = kept[name];
    if (allowed === undefined) return [`${name} (${size}) is new: make it smaller, or use it`];
    return size > allowed ? [`${name} has grown from ${allowed} to ${size}`] : [];
  });
  const gone = Object.entries(kept).flatMap(([name, size]) => {
    const now = found[name];
    if (now === undefined) return [`${name} is no longer among them: take it off the list`];
    return now < size ? [`${name} has shrunk from ${size} to ${now}: lower it in the list`] : [];
  });
  return [...grown, ...gone];
}
