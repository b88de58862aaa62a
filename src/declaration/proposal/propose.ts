import { FAMILIES, type Family } from './families.ts';

/** What a Prometheus has of one service, of the metrics that are known. */
export interface SeenMetrics {
  /** Names of labels of each metric that is there. */
  readonly labels: ReadonlyMap<string, readonly string[]>;
  /** Bounds of each histogram that is there, by its name without `_bucket`, as they are written. */
  readonly bounds: ReadonlyMap<string, readonly string[]>;
}

/** Selects the series of one service. */
export interface ServiceMatcher {
  readonly label: string;
  readonly value: string;
}

/** An objective that could be set, before anybody has said how high. */
export interface Candidate {
  readonly kind: 'availability' | 'latency';
  readonly protocol: Family['protocol'];
  readonly from: string;
  readonly metric: string;
  readonly good: string;
  readonly total: string;
}

/** A histogram of durations whose bound is still to be chosen. */
export interface LatencyChoice extends Omit<Candidate, 'good'> {
  readonly kind: 'latency';
  readonly unit: Family['unit'];
  /** Finite bounds, the smallest first, as they are written. */
  readonly bounds: readonly string[];
  /** The series of its buckets. */
  readonly buckets: string;
  /** The good ones of a bound. */
  goodWithin(bound: string): string;
}

const quoted = (text: string): string => JSON.stringify(text);

const selector = (metric: string, matchers: readonly string[]): string => `${metric}{${matchers.join(',')}}`;

const ownMatchers = ({ only }: Family, { label, value }: ServiceMatcher): string[] => [
  `${label}=${quoted(value)}`,
  ...(only ? [only] : []),
];

/** Requests by how they ended; null: the family is not there, or does not say. */
function availabilityOf(family: Family, seen: SeenMetrics, service: ServiceMatcher): Candidate | null {
  const labels = seen.labels.get(family.requests);
  const status = family.status.find(({ label }) => labels?.includes(label));
  if (!status) return null;
  const own = ownMatchers(family, service);
  return {
    kind: 'availability',
    protocol: family.protocol,
    from: family.from,
    metric: family.requests,
    good: selector(family.requests, [...own, `${status.label}!~${quoted(status.bad)}`]),
    total: selector(family.requests, own),
  };
}

const finite = (bounds: readonly string[]): string[] =>
  bounds.filter((b) => Number.isFinite(Number(b)) && b.trim() !== '').sort((a, b) => Number(a) - Number(b));

/** Requests by how long they took; null: the family is not there, or has no buckets. */
function latencyOf(family: Family, seen: SeenMetrics, service: ServiceMatcher): LatencyChoice | null {
  const { durations, unit, protocol, from } = family;
  if (durations === null || !seen.labels.has(`${durations}_count`)) return null;
  const bounds = finite(seen.bounds.get(durations) ?? []);
  if (bounds.length === 0) return null;
  const own = ownMatchers(family, service);
  const metric = `${durations}_bucket`;
  return {
    kind: 'latency',
    protocol,
    from,
    metric,
    unit,
    bounds,
    total: selector(`${durations}_count`, own),
    buckets: selector(metric, own),
    goodWithin: (bound) => selector(metric, [...own, `le=${quoted(bound)}`]),
  };
}

const first = <T>(families: readonly Family[], of: (family: Family) => T | null): T[] => {
  for (const family of families) {
    const found = of(family);
    if (found !== null) return [found];
  }
  return [];
};

/** For each protocol that the service speaks: its best counter of requests, and its best histogram of durations. */
export function candidatesIn(seen: SeenMetrics, service: ServiceMatcher): (Candidate | LatencyChoice)[] {
  return (['HTTP', 'gRPC'] as const).flatMap((protocol) => {
    const families = FAMILIES.filter((family) => family.protocol === protocol);
    return [
      ...first(families, (family) => availabilityOf(family, seen, service)),
      ...first(families, (family) => latencyOf(family, seen, service)),
    ];
  });
}

/** Where nothing is known, half a second: what most people call slow. */
const USUAL_S = 0.5;
/** Nobody's users see more than that. */
const AVAILABILITY_TARGETS = [0.999, 0.995, 0.99, 0.95] as const;
const LATENCY_TARGETS = [0.99, 0.95] as const;

/** A bound of a histogram, and the share of requests that were within it; null: nothing was measured. */
interface ChosenBound {
  readonly bound: string;
  readonly share: number | null;
}

/** The smallest bound that 99% of requests kept lately; where nothing was measured, the one nearest to half a second. */
export function chooseBound(
  { bounds, unit }: Pick<LatencyChoice, 'bounds' | 'unit'>,
  shares: ReadonlyMap<string, number>,
): ChosenBound {
  const kept = bounds.find((bound) => (shares.get(bound) ?? 0) >= LATENCY_TARGETS[0]);
  const usual = USUAL_S * (unit === 'ms' ? 1_000 : 1);
  const far = (bound: string): number => Math.abs(Math.log(Number(bound) / usual));
  const nearest = bounds.filter((b) => Number(b) > 0).sort((a, b) => far(a) - far(b))[0];
  // Where no bound was kept by so many, the largest one is what the service can be held to.
  const bound = kept ?? (shares.size > 0 ? bounds.at(-1)! : (nearest ?? bounds.at(-1)!));
  return { bound, share: shares.get(bound) ?? null };
}

/** The highest usual target that was kept lately; the highest of all where nothing was measured. */
export function chooseTarget(kind: Candidate['kind'], share: number | null): number {
  const targets: readonly number[] = kind === 'availability' ? AVAILABILITY_TARGETS : LATENCY_TARGETS;
  return share === null ? targets[0]! : (targets.find((target) => share >= target) ?? targets.at(-1)!);
}
