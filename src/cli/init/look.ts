import type { LiveSource } from '../../controller/live-check.ts';
import {
  FAMILIES,
  KNOWN_METRICS,
  REVISION_LABELS,
  SERVICE_LABELS,
} from '../../declaration/proposal/families.ts';
import {
  type Candidate,
  candidatesIn,
  chooseBound,
  chooseTarget,
  type LatencyChoice,
  type SeenMetrics,
  type ServiceMatcher,
} from '../../declaration/proposal/propose.ts';
import type { ProposedSlo } from '../../declaration/proposal/text.ts';
import { nearest } from '../../kit/nearest.ts';
import type { Result } from '../../kit/result.ts';
import type { MetricsFailure } from '../../runtime/port.ts';
import { CliError, EXIT } from '../io.ts';

/** What a Prometheus has, as far as it is asked here. It is only read. */
type Source = Pick<LiveSource, 'labelNames' | 'labelValues' | 'instant'>;

const KNOWN = `{__name__=~${JSON.stringify(KNOWN_METRICS.join('|'))}}`;

function answered<T>(result: Result<T, MetricsFailure>): T {
  if (result.ok) return result.value;
  throw new CliError(EXIT.unreachable, {
    ...result.error,
    next: 'check the address, or run sluice init without --prometheus',
  });
}

/** Which labels of known metrics name services, and how: a label each with its values. */
type Named = ReadonlyMap<string, readonly string[]>;

/** The services of every label that may name them; only of the one that was given, where one was. */
export async function namedServices(source: Source, label: string | null, at: number): Promise<Named> {
  const labels = label === null ? SERVICE_LABELS : [label];
  const values = await Promise.all(labels.map((one) => source.labelValues(one, KNOWN, at)));
  return new Map(
    labels.map((one, i) => [one, answered(values[i]!)] as const).filter(([, v]) => v.length > 0),
  );
}

/** Whether a value names a service within a longer name: `shop/checkout`, `shop-checkout-80@kubernetes`. */
const namesWithin = (value: string, service: string): boolean =>
  value.split(/[^a-z0-9-]+/i).includes(service) || `-${value.split('@')[0]}-`.includes(`-${service}-`);

/** The label and value that select a service: those that are its name exactly go first. */
export function matcherOf(named: Named, service: string): ServiceMatcher | null {
  for (const [label, values] of named) if (values.includes(service)) return { label, value: service };
  for (const [label, values] of named) {
    const within = values.filter((value) => namesWithin(value, service));
    if (within.length === 1) return { label, value: within[0]! };
  }
  return null;
}

/** Every name that some label gives. */
export const serviceNames = (named: Named): string[] => [...new Set([...named.values()].flat())].sort();

/** What to say of a service that no label names. */
export function unknownService(named: Named, service: string): CliError {
  const names = serviceNames(named);
  const near = nearest(service, names);
  const known = names.slice(0, 8).join(', ');
  return new CliError(EXIT.no, {
    code: 'UNKNOWN_SERVICE',
    message: `no request metric that is known has a label with the value "${service}"`,
    next: near
      ? `did you mean "${near}"?`
      : names.length > 0
        ? `known: ${known}; or name the label: --label app=${service}`
        : 'run sluice init without --prometheus, and write the metrics yourself',
  });
}

/** Metrics of one service that are known, with their labels and bounds. */
async function seenMetrics(
  source: Source,
  { label, value }: ServiceMatcher,
  at: number,
): Promise<SeenMetrics> {
  const own = `${label}=${JSON.stringify(value)}`;
  const all = await source.labelValues(
    '__name__',
    `{__name__=~${JSON.stringify(KNOWN_METRICS.join('|'))},${own}}`,
    at,
  );
  const there = new Set(answered(all));
  const labels = new Map<string, readonly string[]>();
  const bounds = new Map<string, readonly string[]>();
  for (const { requests, durations } of FAMILIES)
    for (const metric of [requests, `${durations}_count`])
      if (there.has(metric) && !labels.has(metric))
        labels.set(metric, answered(await source.labelNames(`${metric}{${own}}`, at)));
  for (const { durations } of FAMILIES)
    if (durations !== null && there.has(`${durations}_bucket`) && !bounds.has(durations))
      bounds.set(durations, answered(await source.labelValues('le', `${durations}_bucket{${own}}`, at)));
  return { labels, bounds };
}

/** One number; null: there is none. */
async function number(source: Source, query: string, at: number): Promise<number | null> {
  const value = answered(await source.instant(query, at))[0]?.samples[0]?.[1];
  return value === undefined || !Number.isFinite(value) ? null : value;
}

const shareOf = (source: Source, good: string, total: string, at: number): Promise<number | null> =>
  number(source, `sum(increase(${good}[1h])) / sum(increase(${total}[1h]))`, at);

/** The share of requests within each bound, in the last hour. */
async function sharesOf(source: Source, choice: LatencyChoice, at: number): Promise<Map<string, number>> {
  const all = await number(source, `sum(increase(${choice.total}[1h]))`, at);
  const counts = answered(await source.instant(`sum by (le) (increase(${choice.buckets}[1h]))`, at));
  const shares = new Map<string, number>();
  if (all === null || all <= 0) return shares;
  for (const { labels, samples } of counts) shares.set(labels['le'] ?? '', (samples[0]?.[1] ?? 0) / all);
  return shares;
}

async function latencySlo(source: Source, choice: LatencyChoice, at: number): Promise<ProposedSlo> {
  const { bound, share } = chooseBound(choice, await sharesOf(source, choice, at));
  return {
    ...choice,
    good: choice.goodWithin(bound),
    target: chooseTarget('latency', share),
    share,
    within: `${Number(bound)} ${choice.unit}`,
  };
}

async function availabilitySlo(source: Source, candidate: Candidate, at: number): Promise<ProposedSlo> {
  const share = await shareOf(source, candidate.good, candidate.total, at);
  return { ...candidate, target: chooseTarget('availability', share), share, within: null };
}

/** What a Prometheus says of a service. */
interface Proposal {
  readonly slos: readonly ProposedSlo[];
  /** The label that tells its versions apart; null: there is none that is known. */
  readonly revisionLabel: string | null;
}

/** Objectives for a service, from the metrics that are there and what they were in the last hour. */
export async function proposalFor(source: Source, service: ServiceMatcher, at: number): Promise<Proposal> {
  const seen = await seenMetrics(source, service, at);
  const slos = await Promise.all(
    candidatesIn(seen, service).map((one) =>
      'goodWithin' in one ? latencySlo(source, one, at) : availabilitySlo(source, one, at),
    ),
  );
  const labels = new Set([...seen.labels.values()].flat());
  return { slos, revisionLabel: REVISION_LABELS.find((label) => labels.has(label)) ?? null };
}
