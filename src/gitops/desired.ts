import { LineCounter, parseDocument, stringify } from 'yaml';
import { z } from 'zod';
import type { Revision } from '../delivery/events.ts';
import { canonicalText } from '../kit/canonical.ts';
import { sha256 } from '../kit/digest.ts';
import { type Problem, pathText } from '../kit/problem.ts';
import { fail, ok, type Result } from '../kit/result.ts';

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

/** Reads one desired-state file; what is wrong with it names the line. */
export function parseDesired(file: string, text: string, service: string): Result<Revision, Problem[]> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const problem = (line: number, path: string, message: string): Problem => ({
    code: 'DESIRED_STATE',
    file,
    line,
    path,
    message,
  });
  if (document.errors.length > 0)
    return fail(
      document.errors.map((e) => problem(lines.linePos(e.pos[0]).line, '', `not YAML: ${e.message}`)),
    );
  const parsed = desiredSchema.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (!parsed.success)
    return fail(
      parsed.error.issues.map((issue) => {
        const node = document.getIn(issue.path as (string | number)[], true) as
          | { range?: [number] }
          | undefined;
        return problem(
          node?.range ? lines.linePos(node.range[0]).line : 1,
          pathText(issue.path),
          issue.message,
        );
      }),
    );
  if (parsed.data.service !== service)
    return fail([problem(1, 'service', `says "${parsed.data.service}", but the file is ${service}'s`)]);
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

/**
 * The text of a lane's file with another artefact: every other byte of it stays, comments, order, anchors and
 * line ends included. A configuration is written anew only where another is wanted. A file that is not there
 * yet is written whole.
 */
export function withArtefact(text: string | null, service: string, wanted: Wanted): string {
  const { version, digest, config } = wanted;
  if (text === null) return stringify({ service, version, digest, values: config ?? {} });
  const document = parseDocument(text);
  const fields = (['version', 'digest', 'chart'] as const).filter((f) => wanted[f] !== undefined);
  const edits = fields.flatMap((field) => {
    const range = (document.get(field, true) as { range?: [number, number, number] } | undefined)?.range;
    return range ? [{ from: range[0], to: range[1], value: wanted[field]! }] : [];
  });
  const changed = edits
    .sort((a, b) => b.from - a.from)
    .reduce(
      (t, { from, to, value }) => t.slice(0, from) + quotedAs(t.slice(from, to), value) + t.slice(to),
      text,
    );
  const whole = document.toJS({ maxAliasCount: 100 }) as { config?: unknown; values?: unknown };
  const field = 'config' in whole ? 'config' : 'values';
  const there = whole[field] ?? {};
  if (config === undefined || canonicalText(there) === canonicalText(config)) return changed;
  const windows = changed.includes('\r\n');
  const rewritten = parseDocument(changed.replaceAll('\r\n', '\n'));
  rewritten.set(field, rewritten.createNode(config));
  const anew = rewritten.toString({ lineWidth: 0 });
  return windows ? anew.replaceAll('\n', '\r\n') : anew;
}
