import type { z } from 'zod';
import { type Problem, pathText } from '../../kit/problem.ts';
import { problemsOf } from '../documents.ts';
import type { Path } from '../report.ts';
import type { ForeignDocument } from './documents.ts';

/** What an SLO became: how it is counted here. `null`: it is refused. */
type BroughtAs = 'counters' | 'rates' | 'ratio' | 'threshold' | 'histogram';

/** What queries of somebody else count, as an indicator of OpenSLO v1; or why that cannot be told. */
export type Sense =
  | {
      readonly ok: true;
      readonly as: BroughtAs;
      /** `spec.indicator.spec` of an OpenSLO document. */
      readonly indicator: object;
      readonly notes: readonly string[];
      readonly groupBy: readonly string[];
      /** Of a threshold metric: which samples are good. */
      readonly good?: { readonly op: 'lt' | 'lte' | 'gt' | 'gte'; readonly value: number };
    }
  | {
      readonly ok: false;
      readonly why: string;
      /** Which query it is, where there are two. */
      readonly of?: 'part' | 'total';
    };

/** What became of one SLO of one document. */
export interface Outcome {
  readonly file: string;
  readonly line: number;
  /** The document it stands in, as its own tool calls it: `PrometheusServiceLevel ledgerd`. */
  readonly document: string;
  /** Its name here; where it is refused, the name it would have had. */
  readonly slo: string;
  readonly as: BroughtAs | null;
  /** What is different here, or left out; where it is refused, why. */
  readonly notes: readonly string[];
}

/** An SLO that can be brought over: one OpenSLO document of one service. */
export interface Brought extends Outcome {
  readonly service: string;
  readonly value: object;
  /** How it alerts, where its tool says so; null: as everything here. */
  readonly alerting: object | null;
}

/** A document that is not this tool's, or holds nothing for us: left where it is. */
export interface Skipped {
  readonly file: string;
  readonly line: number;
  readonly document: string;
  readonly why: string;
}

/** What an importer makes of files: nothing of them is lost, each SLO and document is in one of the three lists. */
export interface Reading {
  readonly brought: readonly Brought[];
  /** SLOs that are refused: `as` is null, and every reason is a problem below. */
  readonly refused: readonly Outcome[];
  readonly problems: readonly Problem[];
  readonly skipped: readonly Skipped[];
}

export const joinReadings = (readings: readonly Reading[]): Reading => ({
  brought: readings.flatMap((r) => r.brought),
  refused: readings.flatMap((r) => r.refused),
  problems: readings.flatMap((r) => r.problems),
  skipped: readings.flatMap((r) => r.skipped),
});

export const NOTHING: Reading = { brought: [], refused: [], problems: [], skipped: [] };

const text = (value: unknown): string | null =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : null;

/** `PrometheusServiceLevel ledgerd`, as far as a document says so. */
export function titleOf({ value }: ForeignDocument): string {
  const { kind, apiVersion, version, service, metadata } = value;
  const name = text((metadata as { name?: unknown } | null | undefined)?.name) ?? text(service) ?? '';
  return `${text(kind) ?? text(apiVersion) ?? text(version) ?? 'document'} ${name}`.trim();
}

export const skip = (document: ForeignDocument, why: string): Skipped => ({
  file: document.file,
  line: document.line,
  document: titleOf(document),
  why,
});

/** How a value is told what is wrong with it: in the words and at the line of whoever wrote it. */
export interface SourcePlace {
  readonly document: ForeignDocument;
  /** The path of our shape as it stands in the file. */
  pathOf(path: Path): Path;
}

export const problemAt = (
  place: SourcePlace,
  path: Path,
  code: string,
  message: string,
  next?: string,
): Problem => {
  const there = place.pathOf(path);
  const { file, lineOf } = place.document;
  return { code, file, line: lineOf(there), path: pathText(there), message, ...(next ? { next } : {}) };
};

type Read<T> =
  | { readonly ok: true; readonly value: T; readonly notes: readonly string[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

type Plain = Record<PropertyKey, unknown>;

function without(value: unknown, path: Path): unknown {
  const [key, ...rest] = path;
  if (key === undefined || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((one, i) => (i === key ? without(one, rest) : one));
  const copy: Plain = { ...value };
  if (rest.length === 0) delete copy[key];
  else copy[key] = without(copy[key], rest);
  return copy;
}

/**
 * Reads a value by its shape. Fields that its own tool does not know either are left out with a note that names the
 * nearest one; everything else that is wrong is told at once, at the lines of the file.
 */
export function readShape<T>(
  schema: z.ZodType<T>,
  value: unknown,
  place: SourcePlace,
  base: Path = [],
): Read<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data, notes: [] };
  const { file, lineOf } = place.document;
  const told = problemsOf(
    parsed.error,
    { schema, value },
    file,
    (path) => lineOf(place.pathOf([...base, ...path])),
    (path) => pathText(place.pathOf([...base, ...path])),
  );
  const wrong = told.filter((p) => p.code !== 'UNKNOWN_FIELD');
  if (wrong.length > 0) return { ok: false, problems: told };
  const unknown = parsed.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [],
  );
  const rest = readShape(schema, unknown.reduce<unknown>(without, value), place, base);
  const notes = told.map((p) => `${p.path}: ${p.message} is left out${p.next ? `; ${p.next}` : ''}`);
  // A value that is wrong without its unknown field lacks what that field was meant to be.
  return rest.ok ? { ...rest, notes: [...notes, ...rest.notes] } : { ok: false, problems: told };
}

/** An import has no Platform to declare the version in. */
export const GIVE_VERSION =
  'give the version of your Prometheus with --prometheus-version, or rewrite the query';

/** What is refused, and where it stands. */
export interface ImportRefusal {
  readonly place: SourcePlace;
  readonly at: Path;
  readonly slo: string;
}

/** A fault of a field says nothing without its name. */
const noteOf = ({ code, path, message, next }: Problem): string => {
  const field = /^(MISSING_FIELD|UNKNOWN_FIELD|INVALID_VALUE)$/.test(code) && path ? `${path}: ` : '';
  return `${field}${message}${next ? `; ${next}` : ''}`;
};

/** An SLO that is refused for these reasons. */
export const refusing = ({ place, at, slo }: ImportRefusal, problems: readonly Problem[]): Reading => ({
  ...NOTHING,
  refused: [
    {
      file: place.document.file,
      line: place.document.lineOf(place.pathOf(at)),
      document: titleOf(place.document),
      slo,
      as: null,
      notes: problems.map(noteOf),
    },
  ],
  problems,
});
