import { CORE_SCHEMA, loadAll } from 'js-yaml';
import { type Document, isNode, LineCounter, parseAllDocuments } from 'yaml';
import type { z } from 'zod';
import { nearest } from '../kit/nearest.ts';
import { type Problem, pathText } from '../kit/problem.ts';
import { DOCUMENTS, type DocumentKind } from './schema.ts';

export interface SourceFile {
  readonly file: string;
  readonly text: string;
}

/** A document that has its declared shape, and the way back to its lines. */
export interface Parsed<T = unknown> {
  readonly kind: DocumentKind;
  readonly value: T;
  readonly file: string;
  lineOf(path: readonly PropertyKey[]): number;
}

type Path = readonly PropertyKey[];

/** The line of the deepest node that exists on the path. */
function lineFinder(document: Document, lines: LineCounter): (path: Path) => number {
  return (path) => {
    for (let depth = path.length; depth >= 0; depth--) {
      const node =
        depth === 0 ? document.contents : document.getIn(path.slice(0, depth) as (string | number)[], true);
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
    }
    return 1;
  };
}

const keysAt = (schema: z.ZodType, path: Path): string[] => {
  let at: unknown = schema;
  for (const part of path) {
    const def = unwrap(at);
    if (typeof part === 'number') at = (def as { element?: unknown })?.element;
    else at = (def as { shape?: Record<string, unknown> })?.shape?.[String(part)];
  }
  const shape = (unwrap(at) as { shape?: Record<string, unknown> } | undefined)?.shape;
  return shape ? Object.keys(shape) : [];
};

function unwrap(schema: unknown): unknown {
  let at = schema as { def?: { innerType?: unknown; in?: unknown } } | undefined;
  while (at?.def && (at.def.innerType || at.def.in)) at = (at.def.innerType ?? at.def.in) as typeof at;
  return at;
}

function problemsOf(
  error: z.ZodError,
  schema: z.ZodType,
  file: string,
  lineOf: (path: Path) => number,
): Problem[] {
  return error.issues.flatMap((issue): Problem[] => {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => {
        const near = nearest(key, keysAt(schema, issue.path));
        const known = keysAt(schema, issue.path).join(', ');
        return {
          code: 'UNKNOWN_FIELD',
          file,
          line: lineOf([...issue.path, key]),
          path: pathText([...issue.path, key]),
          message: `unknown field "${key}"`,
          ...(near ? { next: `did you mean "${near}"?` } : known ? { next: `expected one of ${known}` } : {}),
        };
      });
    const missing = issue.code === 'invalid_type' && /received undefined/.test(issue.message);
    return [
      {
        code: missing ? 'MISSING_FIELD' : 'INVALID_VALUE',
        file,
        line: lineOf(issue.path),
        path: pathText(issue.path),
        message: missing
          ? `missing; ${issue.message.replace(/^Invalid input: /, '').replace(', received undefined', '')}`
          : issue.message.replace(/^Invalid input: /, ''),
      },
    ];
  });
}

/** What only the careful reader may decide: anchors, aliases, tags, merges, directives, lists of documents. */
const CAREFUL = /(^|[\s,[{:-])[&*!](?=[^\s=~])|<<|^%|^- /m;

/**
 * Values of plain documents, by a reader that is quick and keeps no positions; a fleet has thousands of
 * them. Null: read it with care instead, which also finds what is wrong, and where.
 */
function quickly(text: string): unknown[] | null {
  if (CAREFUL.test(text)) return null;
  try {
    return loadAll(text, { schema: CORE_SCHEMA }) as unknown[];
  } catch {
    return null;
  }
}

/** Lines of a text that was read quickly: found only once somebody asks, which is when something is wrong. */
function lazyPlaces(text: string): (document: number, path: Path) => number {
  let finders: ((path: Path) => number)[] | null = null;
  return (document, path) => {
    if (!finders) {
      const lines = new LineCounter();
      const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false }) as Document[];
      finders = parsed.map((d) => lineFinder(d, lines));
    }
    return finders[document]?.(path) ?? 1;
  };
}

/** Documents of others may lie in the same folder: what is like nothing of ours is theirs. */
const isForeign = (apiVersion: unknown, near: string | undefined): boolean =>
  (typeof apiVersion === 'number' || typeof apiVersion === 'string') &&
  near === undefined &&
  !/openslo|sluice/i.test(String(apiVersion));

function kindOf(value: unknown): { kind: DocumentKind } | { wrong: string; next: string } | 'foreign' {
  const { apiVersion, kind } = (value ?? {}) as { apiVersion?: unknown; kind?: unknown };
  const name = `${apiVersion} ${kind}`;
  if (name in DOCUMENTS) return { kind: name as DocumentKind };
  const near = nearest(name, Object.keys(DOCUMENTS));
  if (isForeign(apiVersion, near)) return 'foreign';
  return {
    wrong: `unknown document "${apiVersion ?? '?'} ${kind ?? '?'}"`,
    next: near
      ? `did you mean apiVersion and kind "${near}"?`
      : `expected one of: ${Object.keys(DOCUMENTS).join('; ')}`,
  };
}

export interface ParsedDocuments {
  readonly documents: Parsed[];
  readonly problems: Problem[];
  /** Names of documents that were understood but refused: what refers to them is not wrong for that. */
  readonly refused: ReadonlySet<string>;
}

/** Reads every document of every file; all problems of all of them, or all documents. */
export function parseDocuments(files: readonly SourceFile[]): ParsedDocuments {
  const refused = new Set<string>();
  const documents: Parsed[] = [];
  const problems: Problem[] = [];
  const readOne = (value: unknown, file: string, lineOf: (path: Path) => number): void => {
    const kind = kindOf(value);
    if (kind === 'foreign') return;
    if ('wrong' in kind) {
      problems.push({
        code: 'UNKNOWN_KIND',
        file,
        line: lineOf(['kind']),
        path: 'kind',
        message: kind.wrong,
        next: kind.next,
      });
      return;
    }
    const schema: z.ZodType = DOCUMENTS[kind.kind];
    const parsed = schema.safeParse(value);
    if (parsed.success) {
      documents.push({ kind: kind.kind, value: parsed.data, file, lineOf });
      return;
    }
    problems.push(...problemsOf(parsed.error, schema, file, lineOf));
    const name = (value as { metadata?: { name?: unknown } }).metadata?.name;
    if (typeof name === 'string') refused.add(name);
  };
  for (const { file, text } of files) {
    const values = quickly(text);
    const places = values && lazyPlaces(text);
    if (values) {
      for (const [i, value] of values.entries())
        if (value !== null && value !== undefined) readOne(value, file, (path) => places!(i, path));
      continue;
    }
    const lines = new LineCounter();
    for (const document of parseAllDocuments(text, {
      lineCounter: lines,
      prettyErrors: false,
    }) as Document[]) {
      if (document.errors.length > 0) {
        for (const error of document.errors)
          problems.push({
            code: 'YAML_SYNTAX',
            file,
            line: lines.linePos(error.pos[0]).line,
            path: '',
            message: `not YAML: ${error.message}`,
          });
        continue;
      }
      if (document.contents === null) continue;
      const lineOf = lineFinder(document, lines);
      let value: unknown;
      try {
        value = document.toJS({ maxAliasCount: 100 });
      } catch (thrown) {
        problems.push({
          code: 'YAML_ALIASES',
          file,
          line: lineOf([]),
          path: '',
          message: (thrown as Error).message,
        });
        continue;
      }
      if (Array.isArray(value))
        for (const [i, item] of value.entries()) readOne(item, file, (path) => lineOf([i, ...path]));
      else readOne(value, file, lineOf);
    }
  }
  return { documents, problems, refused };
}
