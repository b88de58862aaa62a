import type { z } from 'zod';
import { label as labelName, name } from '../../declaration/fields.ts';
import { CliError, EXIT } from '../io.ts';

/** What `init` can be told of a service. */
export interface ServiceWords {
  readonly service?: string | undefined;
  readonly prometheus?: string | undefined;
  readonly label?: string | undefined;
  readonly namespace?: string | undefined;
}

const refused = (code: string, message: string, next: string): CliError =>
  new CliError(EXIT.usage, { code, message, next });

/** `app` names a label, and `app=checkout` its value too. */
export function givenLabel(label: string | undefined): {
  readonly label: string | null;
  readonly value: string | null;
} {
  if (label === undefined) return { label: null, value: null };
  const at = label.indexOf('=');
  return at < 0 ? { label, value: null } : { label: label.slice(0, at), value: label.slice(at + 1) };
}

function refuse(option: string, schema: z.ZodType, value: string | null | undefined, next: string): void {
  const read = value === null || value === undefined ? null : schema.safeParse(value);
  if (read?.success !== false) return;
  throw refused('BAD_VALUE', `${option} "${value}": ${read.error.issues[0]!.message}`, next);
}

/** Refuses what no document could say, before a Prometheus is asked and before anything is written. */
export function refuseWords(o: ServiceWords & { readonly environment: string }): void {
  refuse('--label', labelName, givenLabel(o.label).label, 'write --label app, or --label app=checkout');
  refuse('--namespace', name, o.namespace, 'see kubectl get namespaces');
  refuse('--environment', name, o.environment, 'such as --environment prod');
}

/** A Platform names the Prometheus by which it judges: without one, none would be written. */
export const namespaceAlone = (): CliError =>
  refused(
    'NO_PROMETHEUS',
    '--namespace writes a Platform, which needs a Prometheus; nothing was written',
    'add --prometheus http://localhost:9090, or leave --namespace out',
  );

/** An example is written as it is: what is said of a service would have no effect. */
export function refuseBesideExample(o: ServiceWords): void {
  const given = (['service', 'prometheus', 'label', 'namespace'] as const).find(
    (key) => o[key] !== undefined,
  );
  if (given !== undefined)
    throw refused(
      'USAGE',
      `--${given} says nothing of an example, which is written as it is`,
      'leave out --example, or the other options',
    );
}
