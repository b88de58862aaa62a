import { stringify } from 'yaml';

/** What every importer writes: pieces of OpenSLO, under names that OpenSLO allows. */

/** A name of theirs as one of ours: lower case, digits and dashes, at most 63 characters. */
export const nameOf = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 63);

/** A query to Prometheus, where an indicator takes its counts from. */
export const source = (query: string) => ({ metricSource: { type: 'Prometheus', spec: { query } } });

/** One file of one service, as OpenSLO. */
export const serviceText = (service: string, documents: Iterable<object>): string =>
  [{ apiVersion: 'openslo/v1', kind: 'Service', metadata: { name: service } }, ...documents]
    .map((d) => stringify(d, { lineWidth: 0 }))
    .join('---\n');
