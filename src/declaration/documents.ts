import type { z } from 'zod';
import { faultsOf } from '../kit/faults.ts';
import { nearest } from '../kit/nearest.ts';
import { type Problem, pathText } from '../kit/problem.ts';
import type { YamlLimits, YamlProblem } from '../kit/yaml.ts';
import { namesAround, readEach } from '../kit/yaml-pieces.ts';
import { LIMITS } from './defaults.ts';
import { type OpenSloForm, openSloForms } from './openslo-forms.ts';
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
  /** As written, in the shape of the kind. */
  readonly raw: unknown;
  /** A path of the shape as it stands in the file: older versions have other names for the same things. */
  pathOf(path: readonly PropertyKey[]): readonly PropertyKey[];
}

type Path = readonly PropertyKey[];

/** A key that people expect and that there is not, with what does its work. */
const insteadOf = (code: string, path: Path): { readonly next?: string } =>
  code === 'UNKNOWN_FIELD' && path.at(-3) === 'services' && path.at(-1) === 'rollouts'
    ? {
        next: 'a service is one Rollout, so that each is judged and stopped by itself: declare a service for each, with rollout and SLOs of its own',
      }
    : {};

/** Everything that is wrong with a value by its schema, each at its line. */
export const problemsOf = (
  error: z.ZodError,
  checked: { readonly schema: z.ZodType; readonly value: unknown },
  file: string,
  lineOf: (path: Path) => number,
  textOf: (path: Path) => string = pathText,
): Problem[] =>
  faultsOf(error.issues, checked, LIMITS.problems).map(({ path, ...fault }) => ({
    ...fault,
    ...insteadOf(fault.code, path),
    file,
    line: lineOf(path),
    path: textOf(path),
  }));

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
  const near =
    /^openslo/.test(name) && /ServiceLevelObjective/i.test(wordOf(kind))
      ? 'openslo/v1 SLO'
      : nearest(name.slice(0, 80), Object.keys(DOCUMENTS));
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

/** What is wrong is often before the place where it shows. */
const YAML_NEXT = 'check the quotes, brackets and indentation of this line and of those above it';
const SPLIT_NEXT = 'split it into several files';

/** What cannot be read of a file, at its line. */
export const yamlProblem = (file: string, { kind, line, path, message }: YamlProblem): Problem => ({
  code: CODES[kind],
  file,
  line,
  path: pathText(path),
  message: kind === 'syntax' ? `not YAML: ${message}` : message,
  ...(kind === 'syntax' ? { next: YAML_NEXT } : kind === 'limit' ? { next: SPLIT_NEXT } : {}),
});

export interface ParsedDocuments {
  readonly documents: readonly Parsed[];
  readonly problems: readonly Problem[];
  /** Names of documents that were understood but refused: what refers to them is not wrong for that. */
  readonly refused: ReadonlySet<string>;
}

const nameIn = (value: unknown): string[] => {
  const name = (value as { metadata?: { name?: unknown } | null } | null)?.metadata?.name;
  return typeof name === 'string' ? [name] : [];
};

const NOTHING: ParsedDocuments = { documents: [], problems: [], refused: new Set() };
type LineOf = (path: Path) => number;

function parseForm({ value, pathOf }: OpenSloForm, file: string, lineOf: LineOf): ParsedDocuments {
  const kind = kindOf(value);
  if (kind === 'foreign') return NOTHING;
  if ('wrong' in kind) {
    const { wrong: message, next } = kind;
    const line = lineOf(['kind']);
    const problems = [{ code: 'UNKNOWN_KIND', file, line, path: 'kind', message, next }];
    return { ...NOTHING, problems, refused: new Set(nameIn(value)) };
  }
  const schema: z.ZodType = DOCUMENTS[kind.kind];
  const parsed = schema.safeParse(value);
  if (parsed.success) {
    const document = { kind: kind.kind, value: parsed.data, raw: value, file, lineOf, pathOf };
    return { ...NOTHING, documents: [document] };
  }
  const problems = problemsOf(parsed.error, { schema, value }, file, lineOf, (path) =>
    pathText(pathOf(path)),
  );
  return { ...NOTHING, problems, refused: new Set(nameIn(value)) };
}

/** One document of a file, as it was read: itself, or the documents of v1 that an older version of OpenSLO becomes. */
export function parseValue(value: unknown, file: string, lineOf: LineOf): ParsedDocuments {
  const parsed = openSloForms(value).map((form) =>
    parseForm(form, file, (path) => lineOf(form.pathOf(path))),
  );
  if (parsed.length === 1) return parsed[0]!;
  return {
    documents: parsed.flatMap((p) => p.documents),
    problems: parsed.flatMap((p) => p.problems),
    refused: new Set(parsed.flatMap((p) => [...p.refused])),
  };
}

/** Reads every document of every file; all problems of all of them, or all documents. */
export function parseDocuments(files: readonly SourceFile[]): ParsedDocuments {
  const refused = new Set<string>();
  const documents: Parsed[] = [];
  const problems: Problem[] = [];
  const add = (value: unknown, file: string, lineOf: LineOf): void => {
    // What is wrong beyond these is told once they are fixed.
    if (problems.length >= LIMITS.problems) return;
    const parsed = parseValue(value, file, lineOf);
    documents.push(...parsed.documents);
    problems.push(...parsed.problems);
    for (const name of parsed.refused) refused.add(name);
  };
  for (const { file, text } of files) {
    const read = readEach(text, DECLARATION_LIMITS);
    for (const problem of read.problems) {
      // What is somebody else's is read by somebody else.
      if (problem.of && kindOf(problem.of) === 'foreign') continue;
      problems.push(yamlProblem(file, problem));
      const names = problem.kind === 'syntax' ? namesAround(text, problem.line) : nameIn(problem.of);
      for (const name of names) refused.add(name);
    }
    for (const { value, lineOf } of read.documents)
      if (!Array.isArray(value)) add(value, file, lineOf);
      else for (const [i, item] of value.entries()) add(item, file, (path) => lineOf([i, ...path]));
  }
  return { documents, problems, refused };
}
