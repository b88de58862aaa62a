import { RESERVED_LABELS } from '../reserved-labels.ts';
import { plainLabel } from '../slos.ts';

type Words = Readonly<Record<string, string>>;

/** One level of alerts as others declare it. */
export interface ForeignLevel {
  readonly disabled: boolean;
  readonly labels: Words;
  readonly annotations: Words;
}

/** How an SLO of others alerts, as far as they say. */
interface ForeignAlerting {
  readonly slo: string;
  readonly service: string;
  readonly name: string | null;
  readonly labels: Words;
  readonly annotations: Words;
  readonly page: ForeignLevel;
  readonly ticket: ForeignLevel;
  /** Null: nothing is said about series that are gone. */
  readonly noData: boolean | null;
}

interface Carried {
  /** A document of `sluice.dev/v1 Alerting`; null: nothing is said that differs from ours. */
  readonly value: object | null;
  /** What could not be carried over. */
  readonly notes: readonly string[];
}

/** Of an alert. */
const LONGEST_NAME = 120;

const some = (record: object): boolean => Object.keys(record).length > 0;

/**
 * Labels and annotations by names that Prometheus allows; those of ours are left out, lost where they say something
 * else, and `severity` is told apart.
 */
function words(
  all: Words,
  ours: Words,
): {
  readonly kept: Words;
  readonly severity: string | undefined;
  readonly lost: string[];
} {
  const named = Object.entries(all).map(([name, value]) => [plainLabel(name), value] as const);
  const { severity } = Object.fromEntries(named);
  const lost = named.filter(
    ([name, value]) => RESERVED_LABELS.has(name) && name !== 'severity' && ours[name] !== value,
  );
  return {
    kept: Object.fromEntries(named.filter(([name]) => !RESERVED_LABELS.has(name))),
    severity: severity || undefined,
    lost: lost.map(([name]) => name),
  };
}

const plainNames = (all: Words): Words =>
  Object.fromEntries(Object.entries(all).map(([name, value]) => [plainLabel(name), value]));

function levelOf(
  level: ForeignLevel,
  shared: string | undefined,
  ours: Words,
): { value: object; lost: readonly string[] } {
  const { kept, severity = shared, lost } = words(level.labels, ours);
  const annotations = plainNames(level.annotations);
  return {
    value: {
      ...(level.disabled ? { enabled: false } : {}),
      ...(severity ? { severity } : {}),
      ...(some(kept) ? { labels: kept } : {}),
      ...(some(annotations) ? { annotations } : {}),
    },
    lost,
  };
}

/** What others declare of alerts, as a document beside the SLO. */
export function carriedAlerting(foreign: ForeignAlerting): Carried {
  const ours: Words = { service: foreign.service, slo: foreign.slo };
  const { kept, severity, lost } = words(foreign.labels, ours);
  const [page, ticket] = [levelOf(foreign.page, severity, ours), levelOf(foreign.ticket, severity, ours)];
  const name = foreign.name?.trim().slice(0, LONGEST_NAME) || null;
  const annotations = plainNames(foreign.annotations);
  const spec = {
    ...(name ? { name } : {}),
    ...(some(kept) ? { labels: kept } : {}),
    ...(some(annotations) ? { annotations } : {}),
    ...(some(page.value) ? { page: page.value } : {}),
    ...(some(ticket.value) ? { ticket: ticket.value } : {}),
    ...(foreign.noData === false ? { noData: { enabled: false } } : {}),
  };
  const gone = [...new Set([...lost, ...page.lost, ...ticket.lost])];
  const notes = [
    ...(gone.length > 0
      ? [`label ${gone.join(', ')} of alerts is left out: Sluice's alerts have a label of this name`]
      : []),
  ];
  if (!some(spec)) return { value: null, notes };
  return {
    value: {
      apiVersion: 'sluice.dev/v1',
      kind: 'Alerting',
      metadata: { name: foreign.slo },
      spec: { slos: [foreign.slo], ...spec },
    },
    notes,
  };
}
