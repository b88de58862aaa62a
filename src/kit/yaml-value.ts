import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  type Node,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { type Json, type JsonLimits, wrongKey, wrongScalar } from './json.ts';

/** Where in a document. */
export type YamlPath = readonly (string | number)[];

/** A node's value, and what each alias of it adds: size as in JsonLimits, and levels. */
interface Read {
  readonly value: Json;
  readonly size: number;
  readonly depth: number;
}

/** Tells one thing that is wrong; reading goes on, and what was refused reads as null. */
type Refuse = (node: Node | null, path: YamlPath, message: string) => null;

interface Reading {
  readonly limits: JsonLimits;
  readonly refuse: Refuse;
  /** The node that an anchor names at this point of the document. */
  readonly anchors: Map<string, Node>;
  /** Nodes that were read; one that is being read has no entry. */
  readonly done: Map<Node, Read | null>;
  /** How much was read so far, aliases expanded; infinite once it was too much. */
  size: number;
}

/** Anything of another tag (dates, binary, sets, code) is not data that every reader reads the same. */
const TAGS = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`),
);
const NOTHING: Read = { value: null, size: 1, depth: 0 };

const isFull = (reading: Reading): boolean => reading.size === Number.POSITIVE_INFINITY;

/** Counts what was read; false where that is more than the limit, which is said once. */
function counted(reading: Reading, by: number, node: Node, path: YamlPath): boolean {
  if (isFull(reading)) return false;
  reading.size += by;
  if (reading.size <= reading.limits.size) return true;
  reading.size = Number.POSITIVE_INFINITY;
  const most = `${reading.limits.size} values and characters`;
  reading.refuse(node, path, `it is larger than ${most}, aliases included`);
  return false;
}

const tooDeep = ({ refuse, limits }: Reading, node: Node, path: YamlPath): null =>
  refuse(node, path, `it is nested deeper than ${limits.depth} levels`);

function readAlias(reading: Reading, node: Node, source: string, path: YamlPath, level: number): Read | null {
  const { anchors, done, refuse, limits } = reading;
  const target = anchors.get(source);
  const name = source.toWellFormed();
  if (!target) return refuse(node, path, `no anchor &${name} is defined before the alias *${name}`);
  const read = done.get(target);
  if (read === undefined) return refuse(node, path, `the alias *${source} is used inside its own anchor`);
  if (read === null || !counted(reading, read.size, node, path)) return null;
  return level + read.depth > limits.depth ? tooDeep(reading, node, path) : read;
}

function readScalar(reading: Reading, node: Node, value: unknown, path: YamlPath): Read | null {
  const wrong = wrongScalar(value);
  if (wrong !== null) return reading.refuse(node, path, wrong);
  const size = 1 + (typeof value === 'string' ? value.length : 0);
  return counted(reading, size, node, path) ? { value: value as Json, size, depth: 0 } : null;
}

/** A key as the text that it becomes; null: it was refused. */
function readKey(
  reading: Reading,
  map: YAMLMap,
  node: unknown,
  path: YamlPath,
  level: number,
): string | null {
  const { refuse } = reading;
  if (!isNode(node)) return refuse(map, path, 'a key is missing');
  const read = readNode(reading, node, path, level);
  if (read === null) return null;
  if (typeof read.value === 'object') return refuse(node, path, 'expected a text as key');
  const wrong = wrongKey(String(read.value));
  return wrong === null ? String(read.value) : refuse(node, path, wrong);
}

function readMap(reading: Reading, node: YAMLMap, path: YamlPath, level: number): Read | null {
  const before = reading.size;
  const value: Record<string, Json> = {};
  let [depth, whole] = [0, counted(reading, 1, node, path)];
  for (const pair of node.items) {
    if (isFull(reading)) return null;
    const key = readKey(reading, node, pair.key, path, level + 1);
    const at = [...path, key ?? ''];
    const twice = key !== null && Object.hasOwn(value, key);
    if (twice) reading.refuse(pair.key as Node, at, `the key "${key}" is given twice`);
    const inner = isNode(pair.value) ? readNode(reading, pair.value, at, level + 1) : NOTHING;
    whole = whole && key !== null && !twice && inner !== null;
    if (key !== null) value[key] = inner?.value ?? null;
    depth = Math.max(depth, inner?.depth ?? 0);
  }
  return whole ? { value, size: reading.size - before, depth: depth + 1 } : null;
}

function readSeq(reading: Reading, node: YAMLSeq, path: YamlPath, level: number): Read | null {
  const before = reading.size;
  const value: Json[] = [];
  let [depth, whole] = [0, counted(reading, 1, node, path)];
  for (const [i, item] of node.items.entries()) {
    if (isFull(reading)) return null;
    const inner = isNode(item) ? readNode(reading, item, [...path, i], level + 1) : NOTHING;
    whole = whole && inner !== null;
    value.push(inner?.value ?? null);
    depth = Math.max(depth, inner?.depth ?? 0);
  }
  return whole ? { value, size: reading.size - before, depth: depth + 1 } : null;
}

function readNode(reading: Reading, node: Node, path: YamlPath, level: number): Read | null {
  if (level > reading.limits.depth) return tooDeep(reading, node, path);
  if (isAlias(node)) return readAlias(reading, node, node.source, path, level);
  if (node.tag !== undefined && !TAGS.has(node.tag))
    return reading.refuse(node, path, `the tag ${node.tag.slice(0, 80)} is not read: write plain data`);
  if ('anchor' in node && typeof node.anchor === 'string') reading.anchors.set(node.anchor, node);
  const read = isMap(node)
    ? readMap(reading, node, path, level)
    : isSeq(node)
      ? readSeq(reading, node, path, level)
      : readScalar(reading, node, isScalar(node) ? node.value : undefined, path);
  reading.done.set(node, read);
  return read;
}

/**
 * The plain data of a parsed document. Everything in it that is not JSON is refused at its node; aliases are expanded
 * within the limits, and the work is bounded by the document's own length. Undefined: something was refused.
 */
export function yamlValue(document: Document, limits: JsonLimits, refuse: Refuse): Json | undefined {
  const reading: Reading = { limits, refuse, anchors: new Map(), done: new Map(), size: 0 };
  const { contents } = document;
  const read = isNode(contents) ? readNode(reading, contents, [], 1) : NOTHING;
  return read === null ? undefined : read.value;
}
