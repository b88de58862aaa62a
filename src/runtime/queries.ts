import { z } from 'zod';
import { digestOf, sha256 } from '../kit/digest.ts';
import { PersistentMap } from '../kit/persistent-map.ts';
import { type Fold, mapsCodec } from '../ledger/fold.ts';
import type { Entry } from '../ledger/record.ts';

/** The queries of one look at one Prometheus: every release that it is about names them by their digest. */
export const QUERIES_TYPE = 'queries.kept';
const QUERIES_VERSION = 1;
const queriesSchema = z.object({ digest: z.string(), queries: z.array(z.string()) });

/** `sha256:…` of the RFC 8785 text of the list. */
export const queriesDigest = (queries: readonly string[]): string => digestOf(queries);

/** What a kept list is found by: records are indexed by their subject. */
const queriesSubject = (digest: string): string => `queries:${sha256(digest).slice(0, 16)}`;

/** Texts in the order in which they were kept: one that is not asked any more makes place. */
const MOST_KEPT = 1_000;

export interface Queries {
  /** Digests whose texts are on record, to the number of that record. */
  readonly kept: PersistentMap<string, number>;
}

export const queriesFold: Fold<Queries> = {
  name: 'queries',
  version: 1,
  reads: { [QUERIES_TYPE]: QUERIES_VERSION },
  ...mapsCodec<Queries>({ kept: new PersistentMap() }),
  apply: (state, { data, seq }) => ({
    kept: state.kept.asNewest(queriesSchema.parse(data).digest, seq, MOST_KEPT),
  }),
};

/** What puts a list on record; null: it is there already. */
export function queriesEntry(
  { kept }: Queries,
  { asked: digest, queries }: { readonly asked: string; readonly queries: readonly string[] },
  at: number,
): Entry | null {
  if (kept.has(digest)) return null;
  return {
    at,
    type: QUERIES_TYPE,
    v: QUERIES_VERSION,
    subject: queriesSubject(digest),
    actor: { id: 'sluice', kind: 'system' },
    cause: null,
    data: { digest, queries },
  };
}
