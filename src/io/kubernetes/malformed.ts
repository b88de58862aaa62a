import { z } from 'zod';
import { messageOf } from '../../kit/result.ts';

/** An object that cannot be read: why not, and the labels by which it is told whose it is. */
export interface Malformed {
  readonly why: string;
  readonly labels: Readonly<Record<string, string>>;
}

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null ? (value as Fields) : {};

const metadataOf = (object: unknown): Fields => fieldsOf(fieldsOf(object)['metadata']);

/** No object of Kubernetes can be named so. */
const NAMELESS = '(without a name)';

/** The name of an object that need not be as documented. */
export function nameIn(object: unknown): string {
  const { name } = metadataOf(object) as { name?: unknown };
  return typeof name === 'string' && name !== '' ? name : NAMELESS;
}

/** The version of such an object; null: it has none. */
export function versionIn(object: unknown): string | null {
  const { resourceVersion } = metadataOf(object) as { resourceVersion?: unknown };
  return typeof resourceVersion === 'string' ? resourceVersion : null;
}

/** Those of its labels that are texts. */
export const labelsIn = (object: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(fieldsOf(metadataOf(object)['labels'])).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );

/** Why an object cannot be read, by the first thing that is wrong with it. */
export function whyUnreadable(thrown: unknown): string {
  const issue = thrown instanceof z.ZodError ? thrown.issues[0] : undefined;
  return issue ? `${issue.path.join('.')}: ${issue.message}` : messageOf(thrown);
}
