import type { Revision } from '../delivery/events.ts';
import { compareText } from '../kit/order.ts';

/** One setting of the desired state that differs between two revisions; null: it is not there. */
export interface Difference {
  readonly path: string;
  readonly from: string | null;
  readonly to: string | null;
}

type Flat = Record<string, string>;

/** Every leaf of a value by its path, as text. */
function flat(value: unknown, path: string, into: Flat): Flat {
  if (typeof value === 'object' && value !== null && Object.keys(value).length > 0)
    for (const [key, inner] of Object.entries(value)) flat(inner, path === '' ? key : `${path}.${key}`, into);
  else if (path !== '') into[path] = typeof value === 'string' ? value : JSON.stringify(value);
  return into;
}

const leaves = (revision: Revision | null): Flat =>
  revision === null
    ? {}
    : {
        version: revision.version,
        digest: revision.digest,
        ...(revision.chart === undefined ? {} : { chart: revision.chart }),
        ...flat(revision.config, 'config', {}),
      };

/** What a release changes in the desired state, setting by setting. */
export function differencesOf(from: Revision | null, to: Revision): Difference[] {
  const [before, after] = [leaves(from), leaves(to)];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((path) => before[path] !== after[path])
    .sort(compareText)
    .map((path) => ({ path, from: before[path] ?? null, to: after[path] ?? null }));
}
