import { packageOf, type Rule } from './rules.ts';
import { isBound, isReference, nameOf } from './scope.ts';
import {
  importsOf,
  isNode,
  keyName,
  memberName,
  type Node,
  type SourceFile,
  textOf,
  treeOf,
  walk,
} from './syntax.ts';

/** What of `node:module` is imported, and where; it also gives what loads any file under any name. */
const OF_MODULE: Readonly<Record<string, readonly string[]>> = {
  'io/compile-cache.ts': ['enableCompileCache'],
};
/** What loads modules besides `import`, as a member of anything, or taken out of it. */
const LOADING = /^(createRequire|getBuiltinModule|require|_load|dlopen)$/;
/** What runs a text as a program. */
const RUNNING = ['eval', 'Function'];

const isModule = (request: unknown): boolean => packageOf(textOf(request) ?? '') === 'node:module';

/** Names of `node:module` that an import takes; `*` is all of it. */
function takenOfModule(node: Node): string[] {
  const all = ['*'];
  if (node.type !== 'ImportDeclaration') return all;
  const specifiers = (node['specifiers'] ?? []) as Node[];
  if (specifiers.length === 0) return [];
  return specifiers.flatMap((one) =>
    one.type === 'ImportSpecifier' ? [nameOf(one['imported']) ?? textOf(one['imported']) ?? '*'] : all,
  );
}

function loaderAt(source: SourceFile, node: Node, above: readonly Node[]): string[] {
  if (/^(Import|Export)/.test(node.type) && isNode(node['source']) && isModule(node['source'])) {
    const allowed = OF_MODULE[source.file] ?? [];
    return takenOfModule(node)
      .filter((name) => !allowed.includes(name))
      .map((name) => `${name} of node:module`);
  }
  const taken = node.type === 'Property' && above.at(-1)?.type === 'ObjectPattern' ? keyName(node) : null;
  const member = memberName(node) ?? taken;
  if (member !== null && LOADING.test(member)) return [member];
  const name = nameOf(node) ?? '';
  const isGlobal = isReference(node, above) && !isBound(name, above);
  return isGlobal && (name === 'require' || RUNNING.includes(name)) ? [name] : [];
}

/** HOUSE-20: files are loaded by `import` alone, of what is written there. */
export const loaders: Rule = (files) =>
  files.flatMap((source) => {
    const found = new Set<string>();
    walk(treeOf(source), (node, above) => {
      for (const loader of loaderAt(source, node, above)) found.add(loader);
    });
    const computed = importsOf(source).some(({ request }) => request === null);
    return [
      ...[...found].map((loader) => `${source.file} loads by ${loader}`),
      ...(computed ? [`${source.file} loads what is computed`] : []),
    ];
  });
