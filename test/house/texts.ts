import { parse as parseYaml } from 'yaml';
import { isNode, type Node, type SourceFile, treeOf, walk } from './syntax.ts';

/** Something that a person reads, and where it is written. */
export interface Text {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

const lineAt = (text: string, at: number): number => text.slice(0, at).split('\n').length;
const plain = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** Names in code, commands and addresses within a sentence: they keep the names that they have. */
const withoutCode = (text: string): string =>
  text
    .replace(/`[^`]*`/g, '`…`')
    .replace(/\]\([^)]*\)/g, '](…)')
    .replace(/https?:\/\/\S+/g, 'https://…');

/** A text of a node with `{}` for each value; null: the node is no text. */
function textOf(node: Node): string | null {
  if (node.type === 'JSXText' || node.type === 'Literal')
    return typeof node['value'] === 'string' ? node['value'] : null;
  if (node.type !== 'TemplateLiteral') return null;
  return (node['quasis'] as { value: { cooked: string } }[]).map((q) => q.value.cooked).join('{}');
}

const isModule = (above: Node | undefined): boolean =>
  above !== undefined && /^(Import|Export.*)Declaration$|^ImportExpression$/.test(above.type);

/** The value of a JSX element before this text, so that ` % of` after `{share}` reads as `{} % of`. */
function afterValue(node: Node, parent: Node | undefined): string {
  if (node.type !== 'JSXText' || !isNode(parent)) return '';
  const children = (parent['children'] ?? []) as Node[];
  return children[children.indexOf(node) - 1]?.type === 'JSXExpressionContainer' ? '{}' : '';
}

/** Texts of TypeScript: strings, templates and JSX with more than one word; names that machines read have one. */
export function textsOfCode(source: SourceFile): Text[] {
  const found: Text[] = [];
  walk(treeOf(source), (node, above) => {
    const parent = above.at(-1);
    const text = isModule(parent) ? null : textOf(node);
    if (text === null) return;
    const whole = plain(afterValue(node, parent) + text);
    if (/\S \S/.test(whole) && /[a-z]/i.test(whole))
      found.push({ file: source.file, line: lineAt(source.text, node.start), text: withoutCode(whole) });
  });
  return found;
}

/** The comment of a line of YAML, a shell or Rego; null: it has none. */
const commentOf = (line: string): string | null => /(?:^|\s)#+ (.*)$/.exec(line)?.[1] ?? null;

/** Texts of Markdown: its prose, and comments within blocks of code. */
export function textsOfMarkdown({ file, text }: SourceFile): Text[] {
  let fenced = false;
  return text.split('\n').flatMap((line, index) => {
    if (/^\s*```/.test(line)) {
      fenced = !fenced;
      return [];
    }
    const said = fenced ? commentOf(line) : line;
    return said ? [{ file, line: index + 1, text: withoutCode(said) }] : [];
  });
}

/** Comments of YAML, which explain its values. */
export const textsOfComments = ({ file, text }: SourceFile): Text[] =>
  text.split('\n').flatMap((line, index) => {
    const said = commentOf(line);
    return said ? [{ file, line: index + 1, text: withoutCode(said) }] : [];
  });

/** Texts of Rego: its strings but for those of its tests, and the comments that docs/policy.md is made of. */
export function textsOfRego(source: SourceFile): Text[] {
  const strings = source.text.split('\n').flatMap((line, index) => {
    if (/^\s*#/.test(line)) return [];
    const texts = [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text]) => text!);
    return texts.map((text) => ({ file: source.file, line: index + 1, text }));
  });
  return [...strings.filter(({ text }) => /\S \S|^ \S+/.test(text)), ...textsOfComments(source)];
}

const DESCRIBES = new Set(['description', 'title', 'deprecationMessage']);

/** Descriptions of a JSON Schema, of an action, of a chart: whatever data describes itself. */
export function textsOfData({ file, text }: SourceFile): Text[] {
  const found: Text[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value))
      if (typeof inner === 'string' && DESCRIBES.has(key))
        found.push({ file, line: lineAt(text, Math.max(text.indexOf(inner), 0)), text: withoutCode(inner) });
      else visit(inner);
  };
  visit(parseYaml(text));
  return found;
}

/** A template of Helm or plain text: each line of it is read. */
export const textsOfPlain = ({ file, text }: SourceFile): Text[] =>
  text
    .split('\n')
    .map((line, index) => ({ file, line: index + 1, text: line.replace(/\{\{.*?\}\}/g, '{}') }));
