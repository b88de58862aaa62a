import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  parseDocument,
  stringify,
} from 'yaml';

/** What a value in a document is to become; undefined: it goes. */
export interface FileEdit {
  readonly path: readonly (string | number)[];
  readonly value: unknown;
}

interface Span {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

type Ranged = Node & { readonly range: readonly [number, number, number] };

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A value as it is written in flow: on one line, quoted where it has to be. */
const inFlow = (value: unknown): string => stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim();

/**
 * The line ends that a text ends with. Of its end no pattern is asked: one tries anew at every line end, or blank, that
 * stands anywhere in it, and a file of nothing but those would hold everything up.
 */
function lineEnds(text: string): string {
  let from = text.length;
  while (text[from - 1] === '\n') from--;
  return text.slice(from);
}

/** A text in the block that stood there: its header, its indentation, its line end. */
function inBlock(before: string, value: string): string | null {
  const [header = '', first = ''] = before.split('\n');
  const indent = /^\s*/.exec(first)![0];
  if (indent === '' || /[\r\n]/.test(value)) return null;
  return `${header}\n${indent}${value}${lineEnds(before)}`;
}

/** A scalar in the form that stood there before: its quotes, or its block. */
function asBefore(node: Ranged, before: string, value: unknown): string | null {
  if (isScalar(node) && typeof value === 'string') {
    if (node.type === 'BLOCK_FOLDED' || node.type === 'BLOCK_LITERAL') return inBlock(before, value);
    if (node.type === 'QUOTE_DOUBLE') return JSON.stringify(value);
    if (node.type === 'QUOTE_SINGLE' && !/[\r\n]/.test(value)) return `'${value.replaceAll("'", "''")}'`;
  }
  return inFlow(value);
}

/** A value put in place of another; null: its place in the text is not one that can be written into. */
function replaced(node: Ranged | undefined, text: string, value: unknown): Span | null {
  if (!node?.range) return null;
  const [from, end] = node.range;
  const to = isScalar(node) || isAlias(node) ? end : from + text.slice(from, end).trimEnd().length;
  const written = asBefore(node, text.slice(from, to), value);
  return written === null ? null : { from, to, text: written };
}

const lineStart = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1;

/** The lines of a pair of a block map go; in a flow map nothing can be cut that simply. */
function removed(document: Document, path: FileEdit['path'], text: string): Span | null {
  const map = document.getIn(path.slice(0, -1), true);
  if (!isMap(map) || map.flow) return null;
  const at = map.items.findIndex(
    (pair) => isPair(pair) && isScalar(pair.key) && pair.key.value === path.at(-1),
  );
  const key = map.items[at]?.key as Ranged | undefined;
  if (!key || map.items.length === 1) return null;
  const next = map.items[at + 1]?.key as Ranged | undefined;
  const from = lineStart(text, key.range[0]);
  const value = map.items[at]!.value as Ranged | null;
  const end = value?.range?.[1] ?? key.range[1];
  const newline = text.indexOf('\n', Math.max(from, end - 1));
  const to = next
    ? Math.min(lineStart(text, next.range[0]), newline < 0 ? text.length : newline + 1)
    : newline < 0
      ? text.length
      : newline + 1;
  return { from, to, text: '' };
}

/** A pair after the last one of a block map, at the same indentation. */
function added(document: Document, path: FileEdit['path'], value: unknown, text: string): Span | null {
  const map = document.getIn(path.slice(0, -1), true);
  if (!isMap(map) || map.flow || map.items.length === 0) return null;
  const key = map.items[0]!.key as Ranged;
  const indent = ' '.repeat(key.range[0] - lineStart(text, key.range[0]));
  const last = map.items.at(-1)!;
  const end = ((last.value as Ranged | null)?.range ?? (last.key as Ranged).range)[1];
  const newline = text.indexOf('\n', Math.max(end - 1, 0));
  const at = newline < 0 ? text.length : newline + 1;
  const before = newline < 0 ? '\n' : '';
  const lines = stringify({ [String(path.at(-1))]: value }, { lineWidth: 0 })
    .trimEnd()
    .split('\n')
    .map((line) => `${indent}${line}\n`);
  return { from: at, to: at, text: before + lines.join('') };
}

/** Where two values differ, as deep as both are of one shape. */
export function differences(before: unknown, after: unknown, path: FileEdit['path'] = []): FileEdit[] {
  if (Object.is(before, after)) return [];
  if (isRecord(before) && isRecord(after))
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((key) =>
      differences(before[key], after[key], [...path, key]),
    );
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length)
    return before.flatMap((one, i) => differences(one, after[i], [...path, i]));
  return [{ path, value: after }];
}

/** The node itself, without following an alias: what the text of this very place is. */
function nodeAt(document: Document, path: FileEdit['path']): Ranged | undefined {
  let at: unknown = document.contents;
  for (const part of path) {
    if (isAlias(at)) return undefined;
    at = isMap(at) ? at.get(part, true) : isSeq(at) ? at.get(Number(part), true) : undefined;
  }
  return at as Ranged | undefined;
}

/**
 * One change made in the text itself: comments, order, anchors, quotes and blocks around it stay. Null: the text
 * has no place for it that can be written into. Line ends of the text are kept.
 */
export function edited(text: string, { path, value }: FileEdit): string | null {
  const windows = text.includes('\r\n');
  const plain = windows ? text.replaceAll('\r\n', '\n') : text;
  const document = parseDocument(plain, { merge: true });
  if (document.errors.length > 0) return null;
  const node = nodeAt(document, path);
  const span =
    value === undefined
      ? removed(document, path, plain)
      : node === undefined
        ? added(document, path, value, plain)
        : replaced(node, plain, value);
  if (!span) return null;
  const changed = plain.slice(0, span.from) + span.text + plain.slice(span.to);
  return windows ? changed.replaceAll('\n', '\r\n') : changed;
}
