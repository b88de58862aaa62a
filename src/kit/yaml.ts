import { CORE_SCHEMA, loadAll, YAMLException } from 'js-yaml';
import { type Document, isMap, isNode, LineCounter, parseAllDocuments } from 'yaml';
import { asJson, type Json, type JsonLimits } from './json.ts';
import { messageOf } from './result.ts';
import { type YamlPath, yamlValue } from './yaml-value.ts';

interface YamlDocument {
  readonly value: Json;
  /** The line of the deepest node that exists on a path. */
  lineOf(path: readonly PropertyKey[]): number;
}

export interface YamlProblem {
  readonly kind: 'syntax' | 'data' | 'limit';
  readonly line: number;
  readonly path: YamlPath;
  readonly message: string;
  /** What the document says it is, where that could be read: not checked in any way. */
  readonly of: YamlHead | null;
}

/** The fields by which a document says what it is. */
interface YamlHead {
  readonly apiVersion: unknown;
  readonly kind: unknown;
  readonly metadata: unknown;
}

/** How much of a text is read at all. */
export interface YamlLimits extends JsonLimits {
  /** Length of the text. */
  readonly characters: number;
  readonly documents: number;
}

export interface YamlText {
  /** Documents that are not empty and hold nothing but plain data. */
  readonly documents: readonly YamlDocument[];
  readonly problems: readonly YamlProblem[];
}

/** A longer text that is no YAML is told its first mistake only: to find all of them takes long. */
const CAREFUL_CHARACTERS = 32_768;
/** A document grows by its aliases at most so much: one that grows more is meant to exhaust its reader. */
const MAX_GROWTH = 50;
const SMALL = 4_096;
/** What is wrong beyond these is told once they are fixed. */
const MAX_PROBLEMS = 20;

/** The line of the deepest node that exists on the path. */
function lineFinder(document: Document, lines: LineCounter): YamlDocument['lineOf'] {
  return (path) => {
    for (let depth = path.length; depth >= 0; depth--) {
      const node =
        depth === 0 ? document.contents : document.getIn(path.slice(0, depth) as (string | number)[], true);
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
    }
    return 1;
  };
}

const OPTIONS = { prettyErrors: false, uniqueKeys: false, logLevel: 'silent' } as const;

/** Lines of a text that was read: found only once somebody asks, which is when something is wrong. */
function lazyLines(text: string): (document: number, path: readonly PropertyKey[]) => number {
  let finders: YamlDocument['lineOf'][] | null = null;
  return (document, path) => {
    finders ??= findersOf(text);
    return finders[document]?.(path) ?? 1;
  };
}

function findersOf(text: string): YamlDocument['lineOf'][] {
  try {
    const lines = new LineCounter();
    const parsed = parseAllDocuments(text, { ...OPTIONS, lineCounter: lines }) as Document[];
    return parsed.map((document) => lineFinder(document, lines));
  } catch {
    // The two readers disagree about a text that holds no known mistake: its first line stands for all.
    return [];
  }
}

const headOf = (value: unknown): YamlHead => {
  const { apiVersion, kind, metadata } = value as Partial<YamlHead>;
  return { apiVersion, kind, metadata };
};

/** By the reader that is quick and stops at the first mistake. */
function readQuickly(text: string, values: readonly unknown[], limits: YamlLimits): YamlText {
  const lineOf = lazyLines(text);
  const documents: YamlDocument[] = [];
  const problems: YamlProblem[] = [];
  for (const [i, value] of values.entries()) {
    if (value === null || value === undefined) continue;
    const read = asJson(value, limits);
    if (read.ok) documents.push({ value: read.value, lineOf: (path) => lineOf(i, path) });
    else {
      const { path, message } = read.error;
      problems.push({ kind: 'data', line: lineOf(i, path), path, message, of: headOf(value) });
    }
  }
  return { documents, problems };
}

function readDocument(
  document: Document,
  lines: LineCounter,
  limits: YamlLimits,
  tell: Tell,
): YamlDocument[] {
  // What comes behind the first mistake mostly follows from it.
  const [first] = [...document.errors].sort((a, b) => a.pos[0] - b.pos[0]);
  if (first) {
    const { message, pos } = first;
    tell({ kind: 'syntax', line: lines.linePos(pos[0]).line, path: [], message, of: null });
  }
  if (document.errors.length > 0 || document.contents === null) return [];
  const [apiVersion, kind] = ['apiVersion', 'kind'].map((key) =>
    isMap(document.contents) ? document.get(key) : null,
  );
  const of = { apiVersion, kind, metadata: null };
  const value = yamlValue(document, limits, (node, path, message) => {
    const line = node?.range ? lines.linePos(node.range[0]).line : 1;
    tell({ kind: 'data', line, path, message, of });
    return null;
  });
  return value === undefined || value === null ? [] : [{ value, lineOf: lineFinder(document, lines) }];
}

type Tell = (problem: YamlProblem) => void;

/** By the reader that goes on after a mistake, and says where each of them is. */
function readCarefully(text: string, limits: YamlLimits): YamlText {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { ...OPTIONS, lineCounter: lines }) as Document[];
  const problems: YamlProblem[] = [];
  const tell: Tell = (problem) => {
    if (problems.length < MAX_PROBLEMS) problems.push(problem);
  };
  return {
    documents: parsed.flatMap((document) => readDocument(document, lines, limits, tell)),
    problems,
  };
}

/**
 * Reads YAML as plain JSON data: no cycles, no unresolved aliases, no dates or binary, every key once, nothing that
 * JSON cannot say. Total: any text gives documents, or problems with their lines, in bounded time.
 */
export function readYaml(text: string, given: YamlLimits): YamlText {
  const limits = { ...given, size: Math.min(given.size, MAX_GROWTH * Math.max(text.length, SMALL)) };
  const refused = (kind: YamlProblem['kind'], message: string, line = 1): YamlText => ({
    documents: [],
    problems: [{ kind, line, path: [], message, of: null }],
  });
  const { characters } = limits;
  if (text.length > characters)
    return refused('limit', `it is longer than ${characters} characters (${text.length})`);
  if (text.includes('\0')) return refused('data', 'it is not a text file: it holds bytes that no text has');
  try {
    const values = loadAll(text, { schema: CORE_SCHEMA }) as unknown[];
    if (values.length <= limits.documents) return readQuickly(text, values, limits);
    return refused('limit', `it holds more than ${limits.documents} documents (${values.length})`);
  } catch (thrown) {
    const at = thrown instanceof YAMLException ? thrown : null;
    const line = (at?.mark?.line ?? 0) + 1;
    if (at?.reason?.startsWith('nesting exceeded'))
      return refused('data', `it is nested deeper than ${limits.depth} levels`, line);
    const first = refused('syntax', at?.reason ?? messageOf(thrown), line);
    if (text.length > CAREFUL_CHARACTERS) return first;
    try {
      const careful = readCarefully(text, limits);
      // Where one reader finds a mistake and the other does not, a third may read anything.
      return careful.problems.length > 0 ? careful : first;
    } catch {
      return first;
    }
  }
}
