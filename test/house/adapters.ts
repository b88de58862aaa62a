import { fileAt, isAdapter, type Rule, roomOf, targetsOf } from './rules.ts';
import { boundBy, nameOf } from './scope.ts';
import { isNode, type Node, type SourceFile, textOf, treeOf, walk } from './syntax.ts';

/** HOUSE-4: what stands in a room's `adapters/` is imported by that room's adapters and by `wiring/` alone. */
export const adapterChoice: Rule = (files) =>
  files
    .flatMap(targetsOf)
    .filter(({ to }) => isAdapter(to))
    .filter(({ from, to }) => !(isAdapter(from) && roomOf(from) === roomOf(to)) && roomOf(from) !== 'wiring')
    .map(({ from, to, typeOnly }) => `${from} → ${to}${typeOnly ? ', a type: it belongs to a port' : ''}`);

const requestsAdapter = (file: string, node: unknown): string | null => {
  const request = textOf(node);
  const to = request?.startsWith('.') ? fileAt(file, request) : null;
  return to !== null && isAdapter(to) ? to : null;
};

/** Local names of what a file imports from adapters, each with the adapter's file. */
function takenFrom(source: SourceFile, tree: Node): Map<string, string> {
  const taken = new Map<string, string>();
  for (const node of tree['body'] as Node[]) {
    const to = node.type === 'ImportDeclaration' ? requestsAdapter(source.file, node['source']) : null;
    const names = new Set<string>();
    if (to) for (const specifier of node['specifiers'] as Node[]) boundBy(specifier['local'], names);
    for (const name of names) taken.set(name, to!);
  }
  return taken;
}

/** The expression itself, without `as T`, `satisfies T`, `!`, parentheses and `await`. */
function bare(node: unknown): Node | null {
  if (!isNode(node)) return null;
  if (node.type === 'AwaitExpression') return bare(node['argument']);
  return /^(TS\w+Expression|ParenthesizedExpression|ChainExpression)$/.test(node.type)
    ? bare(node['expression'])
    : node;
}

/** What a function gives right away. */
function givenBy(fn: Node): Node | null {
  const body = bare(fn['body']);
  if (body?.type !== 'BlockStatement') return body;
  const statements = body['body'] as Node[];
  return statements.length === 1 && statements[0]!.type === 'ReturnStatement'
    ? bare(statements[0]!['argument'])
    : null;
}

/** The adapter that a value is, as a whole: an imported name, its module, or a function that loads it and no more. */
function adapterIn(file: string, value: unknown, taken: ReadonlyMap<string, string>): string | null {
  const node = bare(value);
  if (!node) return null;
  if (/Function/.test(node.type)) {
    const given = givenBy(node);
    return given?.type === 'ImportExpression' ? requestsAdapter(file, given['source']) : null;
  }
  if (node.type === 'ImportExpression') return requestsAdapter(file, node['source']);
  if (node.type === 'ObjectExpression')
    return (
      (node['properties'] as Node[])
        .map((one) => adapterIn(file, one['value'] ?? one['argument'], taken))
        .find((one) => one !== null) ?? null
    );
  return taken.get(nameOf(node) ?? '') ?? null;
}

/** The adapters that an export of a file passes on. */
function passedBy(source: SourceFile, node: Node, taken: ReadonlyMap<string, string>): (string | null)[] {
  const { file } = source;
  if (node.type === 'ExportDefaultDeclaration') return [adapterIn(file, node['declaration'], taken)];
  if (node.type !== 'ExportNamedDeclaration' && node.type !== 'ExportAllDeclaration') return [];
  if (isNode(node['source'])) return [requestsAdapter(file, node['source'])];
  const { declarations, type, typeAnnotation } = (node['declaration'] ?? {}) as Partial<Node> &
    Record<string, unknown>;
  if (type === 'TSTypeAliasDeclaration') {
    const named = typeAnnotation as Node;
    return [
      taken.get(nameOf(named['typeName']) ?? '') ??
        (named.type === 'TSImportType' ? requestsAdapter(file, named['source'] ?? named['argument']) : null),
    ];
  }
  if (type === 'FunctionDeclaration') return [adapterIn(file, node['declaration'], taken)];
  return [
    ...((declarations ?? []) as Node[]).map((one) => adapterIn(file, one['init'], taken)),
    ...((node['specifiers'] ?? []) as Node[]).map((one) => taken.get(nameOf(one['local']) ?? '') ?? null),
  ];
}

const NAMES_ADAPTERS = /(^|\/)adapters(\/|$)/;
const IMPORTS = /^(Import|Export)|^TSImportType$|^TSLiteralType$|^TSExternalModuleReference$/;

/** Texts, whole or in part, that name a folder of adapters: what is loaded by its path, as a thread or a process is. */
function namedIn(source: SourceFile, tree: Node): string[] {
  const named: string[] = [];
  walk(tree, (node, above) => {
    const text =
      node.type === 'TemplateElement' ? String((node['value'] as { raw: string }).raw) : textOf(node);
    const isImport = IMPORTS.test(above.at(-1)?.type ?? '');
    if (text === null || isImport || node.type === 'TemplateLiteral' || !NAMES_ADAPTERS.test(text)) return;
    named.push(`${source.file} names ${text}`);
  });
  return named;
}

/** HOUSE-19: wiring uses adapters and passes none on; nowhere else is the file of one named, to be loaded by its path. */
export const adapterWays: Rule = (files) =>
  files.flatMap((source) => {
    const tree = treeOf(source);
    if (roomOf(source.file) !== 'wiring') return isAdapter(source.file) ? [] : namedIn(source, tree);
    const taken = takenFrom(source, tree);
    return (tree['body'] as Node[])
      .flatMap((node) => passedBy(source, node, taken))
      .filter((to) => to !== null)
      .map((to) => `${source.file} passes on ${to}`);
  });
