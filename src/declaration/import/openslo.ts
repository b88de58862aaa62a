import { stringify } from 'yaml';
import { sha256 } from '../../kit/digest.ts';
import { ANNOTATIONS } from '../defaults.ts';
import { RESERVED_LABELS } from '../reserved-labels.ts';
import { plainLabel } from '../slos.ts';
import type { Sense } from './reading.ts';

/** What every importer writes: pieces of OpenSLO, under names that OpenSLO allows. */

const LONGEST_NAME = 63;
const MARK = 8;

/**
 * A name of theirs as one of ours: lower case, digits and dashes, at most 63 characters. A longer one is cut and marked
 * by its digest, so that two long names which begin alike stay two.
 */
export function nameOf(text: string): string {
  const plain = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  if (plain.length <= LONGEST_NAME) return plain;
  const head = plain.slice(0, LONGEST_NAME - MARK - 1).replace(/-+$/, '');
  return `${head}-${sha256(plain).slice(0, MARK)}`;
}

/** A query to Prometheus, where an indicator takes its counts from. */
export const source = (query: string) => ({ metricSource: { type: 'Prometheus', spec: { query } } });

/** Which Prometheus is asked, as OpenSLO says it. */
export const versionSource = (version: string): object => ({
  apiVersion: 'openslo/v1',
  kind: 'DataSource',
  metadata: { name: 'prometheus' },
  spec: { type: 'Prometheus', connectionDetails: { version } },
});

/** One file of one service, as OpenSLO. */
export const serviceText = (service: string, documents: Iterable<object>): string =>
  [{ apiVersion: 'openslo/v1', kind: 'Service', metadata: { name: service } }, ...documents]
    .map((d) => stringify(d, { lineWidth: 0 }))
    .join('---\n');

/** Everything that an SLO of theirs says, once it is understood. */
interface SloParts {
  readonly name: string;
  readonly service: string;
  readonly displayName?: string | undefined;
  readonly description?: string | undefined;
  /** Share of good ones, between 0 and 1. */
  readonly target: number;
  /** A duration, as `30d`. */
  readonly window: string;
  readonly sense: Extract<Sense, { ok: true }>;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

const some = <T extends object>(record: T): T | undefined =>
  Object.keys(record).length > 0 ? record : undefined;

const defined = (record: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined && value !== ''));

/** An OpenSLO v1 document that validates alone, beside a Service of its name. */
export function sloDocument(parts: SloParts): object {
  const { sense } = parts;
  const slices = sense.as === 'ratio';
  const grouped =
    sense.groupBy.length > 0 ? { [ANNOTATIONS.groupBy]: [...sense.groupBy].sort().join(',') } : {};
  return {
    apiVersion: 'openslo/v1',
    kind: 'SLO',
    metadata: defined({
      name: parts.name,
      displayName: parts.displayName,
      labels: some(parts.labels),
      annotations: some({ ...grouped, ...parts.annotations }),
    }),
    spec: defined({
      description: parts.description?.trim(),
      service: parts.service,
      indicator: { spec: sense.indicator },
      timeWindow: [{ duration: parts.window, isRolling: true }],
      budgetingMethod: slices ? 'RatioTimeslices' : 'Occurrences',
      objectives: [
        defined({ ...sense.good, target: parts.target, timeSliceWindow: slices ? '5m' : undefined }),
      ],
    }),
  };
}

/** 99.9 of a hundred as a share, without the noise of dividing. */
export const shareOf = (percent: number): number => Number((percent / 100).toPrecision(12));

/** Why an objective in per cent is none; null: it is one. */
export function wrongPercent(percent: number): string | null {
  if (percent > 0.5 && percent < 1)
    return `objective ${percent} is a percentage: ${Number((percent * 100).toPrecision(12))} is meant`;
  if (percent > 50 && percent < 100) return null;
  if (percent === 100) return 'objective 100 leaves no error budget';
  return `objective ${percent} is not read: expected a percentage above 50 and below 100`;
}

/** Labels as rules may carry them, and what is said of those that are ours. */
export function ownLabels(
  labels: Readonly<Record<string, string>>,
  ours: Readonly<Record<string, string>>,
): {
  readonly labels: Record<string, string>;
  readonly notes: readonly string[];
} {
  const taken = Object.keys(labels).filter((name) => RESERVED_LABELS.has(plainLabel(name)));
  const kept = Object.entries(labels).filter(([name]) => !taken.includes(name));
  const lost = taken.filter((name) => ours[plainLabel(name)] !== labels[name]);
  const said = lost.map((name) => `${name}="${labels[name]}"`).join(', ');
  return {
    labels: Object.fromEntries(kept),
    notes:
      lost.length > 0
        ? [
            `label ${said} is left out: Sluice's own rules and alerts carry ${lost.length > 1 ? 'labels of these names' : 'a label of this name'}`,
          ]
        : [],
  };
}

/** The runbook as an annotation of ours: a link, by the first of these names that holds one. Texts stay with the alerts. */
export function runbookOf(
  annotations: Readonly<Record<string, string>>,
  names: readonly string[],
): Record<string, string> {
  const link = names
    .map((name) => annotations[name]?.trim())
    .find((text) => /^https?:\/\/\S+$/.test(text ?? ''));
  return link === undefined ? {} : { 'sluice.dev/runbook': link };
}
