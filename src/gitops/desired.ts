import { parseDocument, stringify } from 'yaml';
import { z } from 'zod';
import type { Revision } from '../delivery/events.ts';
import { DIGEST, VERSION, VERSION_EXPECTED } from '../delivery/version.ts';
import { canonicalText } from '../kit/canonical.ts';
import { sha256 } from '../kit/digest.ts';
import { faultsOf } from '../kit/faults.ts';
import type { Json } from '../kit/json.ts';
import { type Problem, pathText } from '../kit/problem.ts';
import { fail, ok, type Result } from '../kit/result.ts';
import { readYaml, type YamlLimits } from '../kit/yaml.ts';
import { differences, edited, type FileEdit } from './edit.ts';

/** One service in one environment: exactly what is to run there. `config` is another word for `values`. */
const desiredSchema = z
  .strictObject({
    service: z.string(),
    version: z.string().regex(VERSION, VERSION_EXPECTED),
    digest: z.string().regex(DIGEST, 'expected an exact digest: sha256: and 64 hex digits'),
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

/** The folder of every file of a lane. */
export const ENVIRONMENTS = 'environments';

export const desiredPath = (environment: string, service: string): string =>
  `${ENVIRONMENTS}/${environment}/${service}.yaml`;

/** What is wrong with the file of a service in an environment where it does not run. */
export const misplacedText = (service: string, environment: string): string =>
  `${service} does not run in ${environment}`;

/** A values file that is written by people stays far below; what is larger is no desired state. */
export const DESIRED_LIMITS: YamlLimits = { characters: 262_144, documents: 2, depth: 64, size: 1_048_576 };

const NEXT = 'write one document with service, version, digest and optionally values';

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
      faultsOf(parsed.error.issues, { schema: desiredSchema, value: document.value }).map(
        ({ path, message, next }) => ({
          ...problem(document.lineOf(path), path, message),
          ...(next ? { next } : {}),
        }),
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

/** What a lane's file is to say; what is left out stays as it is. Chart null: none is named. */
type Wanted = Pick<Desired, 'version' | 'digest'> & {
  readonly chart?: string | null | undefined;
  readonly config?: Record<string, unknown>;
};

/** So many places of a configuration are changed one by one; a larger change is written whole. */
const MAX_CHANGES = 500;

const mappingOf = (text: string): Record<string, Json> | null => {
  const value = readYaml(text, DESIRED_LIMITS).documents[0]?.value;
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, Json>)
    : null;
};

/** One change where it stands; where the text has no place for it, by its document, whose comments stay. */
function withChange(text: string, change: FileEdit): string {
  const inText = edited(text, change);
  if (inText !== null) return inText;
  const windows = text.includes('\r\n');
  const document = parseDocument(text.replaceAll('\r\n', '\n'));
  if (change.value === undefined) document.deleteIn(change.path);
  else document.setIn(change.path, document.createNode(change.value));
  const anew = document.toString({ lineWidth: 0 });
  return windows ? anew.replaceAll('\n', '\r\n') : anew;
}

/** The text with another configuration: only what differs is touched. */
function reconfigured(text: string, config: Record<string, unknown>): string | null {
  let now = text;
  for (let i = 0; i < MAX_CHANGES; i++) {
    const whole = mappingOf(now);
    if (whole === null) return null;
    const field = 'config' in whole ? 'config' : 'values';
    const [change] =
      field in whole
        ? differences(whole[field], config, [field])
        : Object.keys(config).length > 0
          ? [{ path: [field], value: config }]
          : [];
    if (!change) return now;
    now = withChange(now, change);
  }
  return null;
}

/** Whether a text that was read is what is wanted. */
function isWanted(read: Revision, { version, digest, chart, config }: Wanted): boolean {
  if (read.version !== version || read.digest !== digest) return false;
  if (chart !== undefined && (read.chart ?? null) !== chart) return false;
  return !config || canonicalText(read.config) === canonicalText(config);
}

/** The text edited in place; null: that cannot be done, or it would not mean what is wanted. */
function inPlace(text: string, service: string, wanted: Wanted): string | null {
  if (mappingOf(text) === null) return null;
  try {
    let now = text;
    for (const field of ['version', 'digest', 'chart'] as const) {
      const value = wanted[field];
      if (value !== undefined && (mappingOf(now)?.[field] ?? null) !== value)
        now = withChange(now, { path: [field], value: value ?? undefined });
    }
    const after = wanted.config === undefined ? now : reconfigured(now, wanted.config);
    const read = after === null ? null : parseDesired('', after, service);
    return read?.ok && isWanted(read.value, wanted) ? after : null;
  } catch {
    // An alias whose anchor stood in what was replaced, for one, cannot be written.
    return null;
  }
}

/**
 * The text of a lane's file with another artefact: every other byte of it stays, comments, order, anchors, quotes,
 * blocks and line ends included; of a configuration, only what differs is touched. A file that is not there
 * yet, or that cannot be edited in place, is written whole.
 */
export function withArtefact(text: string | null, service: string, wanted: Wanted): string {
  const kept = text === null ? null : inPlace(text, service, wanted);
  if (kept !== null) return kept;
  const read = text === null ? null : parseDesired('', text, service);
  const before = read?.ok ? read.value : null;
  const { version, digest } = wanted;
  const chart = wanted.chart === undefined ? before?.chart : wanted.chart;
  const values = wanted.config ?? before?.config ?? {};
  return stringify({ service, version, digest, ...(chart ? { chart } : {}), values });
}
