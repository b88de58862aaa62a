import { parseDocument, stringify } from 'yaml';
import { z } from 'zod';
import type { Revision } from '../delivery/events.ts';
import { canonicalText } from '../kit/canonical.ts';
import { sha256 } from '../kit/digest.ts';
import type { Json } from '../kit/json.ts';
import { type Problem, pathText } from '../kit/problem.ts';
import { fail, ok, type Result } from '../kit/result.ts';
import { readYaml, type YamlLimits } from '../kit/yaml.ts';

/** One service in one environment: exactly what is to run there. `config` is another word for `values`. */
export const desiredSchema = z
  .strictObject({
    service: z.string(),
    version: z.string().min(1),
    digest: z.string().regex(/^sha256:[0-9a-f]{64}$/, 'expected an exact digest: sha256: and 64 hex digits'),
    /** The Helm chart that it is installed by, exactly. */
    chart: z
      .string()
      .regex(/^[\w./-]+@\d+\.\d+\.\d+[\w.+-]*$/, 'expected name@version, such as service@1.2.0')
      .optional(),
    values: z.record(z.string(), z.unknown()).optional(),
    config: z.record(z.string(), z.unknown()).optional(),
  })
  .refine((d) => d.values === undefined || d.config === undefined, 'expected one of values and config');
export type Desired = z.infer<typeof desiredSchema>;

/** Arms are told apart by revision, so that a change of configuration or chart alone is judged too. */
export function revisionOf(desired: Omit<Desired, 'service'>): Revision {
  const { version, digest, chart } = desired;
  const config = desired.values ?? desired.config ?? {};
  const whole = { version, digest, config, ...(chart ? { chart } : {}) };
  return { revision: sha256(canonicalText(whole)).slice(0, 10), ...whole };
}

export const desiredPath = (environment: string, service: string): string =>
  `environments/${environment}/${service}.yaml`;

/** A values file that is written by people stays far below; what is larger is no desired state. */
export const DESIRED_LIMITS: YamlLimits = { characters: 262_144, documents: 2, depth: 64, size: 1_048_576 };

const NEXT = 'write one document with service, version, digest and, where there are any, values';

/** Reads one desired-state file; what is wrong with it names the line. Total: any text gives one or the other. */
export function parseDesired(file: string, text: string, service: string): Result<Revision, Problem[]> {
  const problem = (line: number, path: readonly PropertyKey[], message: string): Problem => ({
    code: 'DESIRED_STATE',
    file,
    line,
    path: pathText(path),
    message,
    next: NEXT,
  });
  const { documents, problems } = readYaml(text, DESIRED_LIMITS);
  if (problems.length > 0)
    return fail(
      problems.map(({ kind, line, path, message }) =>
        problem(line, path, kind === 'syntax' ? `not YAML: ${message}` : message),
      ),
    );
  const [document, second] = documents;
  if (!document) return fail([problem(1, [], 'the file holds no document')]);
  if (second)
    return fail([problem(second.lineOf([]), [], 'expected one document, and this is a second one')]);
  const parsed = desiredSchema.safeParse(document.value);
  if (!parsed.success)
    return fail(
      parsed.error.issues.map((issue) =>
        problem(document.lineOf(issue.path), issue.path, issue.message.replace(/^Invalid input: /, '')),
      ),
    );
  if (parsed.data.service !== service)
    return fail([
      problem(
        document.lineOf(['service']),
        ['service'],
        `says "${parsed.data.service}", but the file is ${service}'s`,
      ),
    ]);
  return ok(revisionOf(parsed.data));
}

type Wanted = Pick<Desired, 'version' | 'digest' | 'chart'> & { readonly config?: Record<string, unknown> };

/** A value in the quotes that stood there before. */
const quotedAs = (before: string, value: string): string =>
  before.startsWith('"')
    ? JSON.stringify(value)
    : before.startsWith("'")
      ? `'${value}'`
      : stringify(value).trim();

/** The text with other values in place of the artefact's fields: every other byte of it stays. */
function edited(text: string, wanted: Wanted): string {
  const document = parseDocument(text);
  const fields = (['version', 'digest', 'chart'] as const).filter((f) => wanted[f] !== undefined);
  const edits = fields.flatMap((field) => {
    const range = (document.get(field, true) as { range?: [number, number, number] } | undefined)?.range;
    return range ? [{ from: range[0], to: range[1], value: wanted[field]! }] : [];
  });
  return edits
    .sort((a, b) => b.from - a.from)
    .reduce(
      (t, { from, to, value }) => t.slice(0, from) + quotedAs(t.slice(from, to), value) + t.slice(to),
      text,
    );
}

/** The text with another configuration, written anew: the rest of the document stays. */
function reconfigured(text: string, before: Json, config: Record<string, unknown>): string {
  const whole = before as { readonly config?: Json; readonly values?: Json };
  const field = 'config' in whole ? 'config' : 'values';
  if (canonicalText(whole[field] ?? {}) === canonicalText(config)) return text;
  const windows = text.includes('\r\n');
  const rewritten = parseDocument(text.replaceAll('\r\n', '\n'));
  rewritten.set(field, rewritten.createNode(config));
  const anew = rewritten.toString({ lineWidth: 0 });
  return windows ? anew.replaceAll('\n', '\r\n') : anew;
}

/** The text edited in place; null: that cannot be done, or it would not mean what is wanted. */
function inPlace(text: string, service: string, wanted: Wanted): string | null {
  const before = readYaml(text, DESIRED_LIMITS).documents[0]?.value;
  if (before === undefined) return null;
  try {
    const changed = edited(text, wanted);
    const { config } = wanted;
    const after = config === undefined ? changed : reconfigured(changed, before, config);
    const read = parseDesired('', after, service);
    return read.ok && read.value.version === wanted.version && read.value.digest === wanted.digest
      ? after
      : null;
  } catch {
    // An alias whose anchor stood in what was replaced, for one, cannot be written.
    return null;
  }
}

/**
 * The text of a lane's file with another artefact: every other byte of it stays, comments, order, anchors and
 * line ends included. A configuration is written anew only where another is wanted. A file that is not there
 * yet, or that cannot be edited in place, is written whole.
 */
export function withArtefact(text: string | null, service: string, wanted: Wanted): string {
  const kept = text === null ? null : inPlace(text, service, wanted);
  if (kept !== null) return kept;
  const read = text === null ? null : parseDesired('', text, service);
  const before = read?.ok ? read.value : null;
  const { version, digest } = wanted;
  const chart = wanted.chart ?? before?.chart;
  const values = wanted.config ?? before?.config ?? {};
  return stringify({ service, version, digest, ...(chart ? { chart } : {}), values });
}
