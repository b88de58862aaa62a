import type { z } from 'zod';
import { nearest } from '../kit/nearest.ts';
import { type Problem, pathText } from '../kit/problem.ts';
import { readYaml, type YamlLimits, type YamlProblem } from '../kit/yaml.ts';
import { LIMITS } from './defaults.ts';
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
  return error.issues.slice(0, LIMITS.problems).flatMap((issue): Problem[] => {
    if (issue.code === 'unrecognized_keys')
      return issue.keys.slice(0, LIMITS.problems).map((key) => {
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

/**
 * Whether a file may hold a document of ours: it names an apiVersion or kind, or no field at all at the beginning of a
 * line. The gate and whoever starts a server go by the same. Linear in its length.
 */
export const mayDeclare = (text: string): boolean =>
  /^[ \t]*(- )?(apiVersion|kind)[ \t]*:/m.test(text) || !/^[\w.-]+:/m.test(text);

/** A fleet declares thousands of objectives in one file; nobody writes more than this by hand or by template. */
export const DECLARATION_LIMITS: YamlLimits = {
  characters: 16_777_216,
  documents: 50_000,
  depth: 64,
  size: 4_194_304,
};

/** Documents of others may lie in the same folder: what is like nothing of ours is theirs. */
const isForeign = (apiVersion: unknown, near: string | undefined): boolean =>
  (typeof apiVersion === 'number' || typeof apiVersion === 'string') &&
  near === undefined &&
  !/openslo|sluice/i.test(String(apiVersion));

const wordOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '?';

function kindOf(value: unknown): { kind: DocumentKind } | { wrong: string; next: string } | 'foreign' {
  const { apiVersion, kind } = (value ?? {}) as { apiVersion?: unknown; kind?: unknown };
  const name = `${wordOf(apiVersion)} ${wordOf(kind)}`;
  if (Object.hasOwn(DOCUMENTS, name)) return { kind: name as DocumentKind };
  const near = nearest(name.slice(0, 80), Object.keys(DOCUMENTS));
  if (isForeign(apiVersion, near)) return 'foreign';
  return {
    wrong: `unknown document "${name.slice(0, 80)}"`,
    next: near
      ? `did you mean apiVersion and kind "${near}"?`
      : `expected one of: ${Object.keys(DOCUMENTS).join('; ')}`,
  };
}

const CODES = { syntax: 'YAML_SYNTAX', data: 'YAML_DATA', limit: 'TOO_LARGE' } as const satisfies Record<
  YamlProblem['kind'],
  string
>;

const yamlProblem = (file: string, { kind, line, path, message }: YamlProblem): Problem => ({
  code: CODES[kind],
  file,
  line,
  path: pathText(path),
  message: kind === 'syntax' ? `not YAML: ${message}` : message,
});

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
  const refuse = (value: unknown): void => {
    const name = (value as { metadata?: { name?: unknown } | null } | null)?.metadata?.name;
    if (typeof name === 'string') refused.add(name);
  };
  const readOne = (value: unknown, file: string, lineOf: (path: Path) => number): void => {
    // What is wrong beyond these is told once they are fixed.
    if (problems.length >= LIMITS.problems) return;
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
    refuse(value);
  };
  for (const { file, text } of files) {
    const read = readYaml(text, DECLARATION_LIMITS);
    for (const problem of read.problems) {
      // What is somebody else's is read by somebody else.
      if (problem.of && kindOf(problem.of) === 'foreign') continue;
      problems.push(yamlProblem(file, problem));
      refuse(problem.of);
    }
    for (const { value, lineOf } of read.documents)
      if (!Array.isArray(value)) readOne(value, file, lineOf);
      else for (const [i, item] of value.entries()) readOne(item, file, (path) => lineOf([i, ...path]));
  }
  return { documents, problems, refused };
}
