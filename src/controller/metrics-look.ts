import type { Environment, Guard, Platform } from '../declaration/platform.ts';
import type { Selector } from '../promql/parse.ts';
import { quote } from '../promql/scope.ts';
import { batchSelector } from '../runtime/counts.ts';
import type { MetricsPort, Series } from '../runtime/port.ts';
import {
  BAD_WINDOW,
  BUDGET_REMAINING,
  burnSeries,
  burnSeriesOf,
  COVERAGE,
  REQUESTS_WINDOW,
} from '../runtime/series.ts';
import { NO_READING, type SloReading } from '../runtime/slo-status.ts';

/** What one look at one Prometheus brought: for every release in flight, by a fixed number of queries. */
export interface MetricsLook {
  readonly at: number;
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly raw: readonly Series[];
  /** What is recorded of each SLO. */
  readonly slos: ReadonlyMap<string, SloReading>;
  /** What is scraped of each revision. */
  readonly targets: ReadonlyMap<string, readonly Target[]>;
  readonly guards: ReadonlyMap<string, readonly number[]>;
  readonly queries: readonly string[];
}

/** One scraped target, by its last scrape. */
export interface Target {
  /** The declared service that it says it is of; null: it names none of them. */
  readonly service: string | null;
  readonly up: boolean;
  /** When that scrape was, in milliseconds since the epoch. */
  readonly at: number;
}

export const NO_LOOK: MetricsLook = {
  at: 0,
  failure: null,
  raw: [],
  slos: new Map(),
  targets: new Map(),
  guards: new Map(),
  queries: [],
};

export interface LookRequest {
  readonly platform: Platform;
  readonly environment: Environment;
  readonly selectors: readonly Selector[];
  readonly rangeMs: number;
  readonly guards: readonly { readonly service: string; readonly guard: Guard }[];
  /** Labels that tell revisions apart, of the services that are looked at. */
  readonly revisionLabels: readonly string[];
}

export const recordedQuery = (environment: Environment): string =>
  `{__name__=~${quote([...burnNames(environment), BUDGET_REMAINING, COVERAGE, REQUESTS_WINDOW, BAD_WINDOW].join('|'))},environment=${quote(environment.name)}}`;

/** Series of the declared windows; where one window decides, the hour is shown beside it. */
export function burnNames(environment: Environment): [fast: string, slow: string] {
  const { fast, slow } = environment.burn;
  return [burnSeriesOf(fast.windowMs), slow ? burnSeriesOf(slow.windowMs) : burnSeries('1h')];
}

const guardQuery = (guards: LookRequest['guards']): string =>
  guards
    .map(
      ({ service, guard }) =>
        `label_replace((${guard.query}), "sluice_guard", ${quote(`${service}/${guard.name}`)}, "", "")`,
    )
    .join(' or ');

type Worse = (before: number | null, value: number) => number;
const higher: Worse = (before, value) => Math.max(before ?? Number.NEGATIVE_INFINITY, value);
const lower: Worse = (before, value) => Math.min(before ?? Number.POSITIVE_INFINITY, value);

/** Of two series of one name the worse one is believed: more bad ones, fewer requests, less that remains. */
const fieldsOf = ([fast, slow]: readonly [string, string]): Readonly<
  Record<string, readonly [keyof SloReading, Worse]>
> => ({
  [fast]: ['fast', higher],
  [slow]: ['slow', higher],
  [BUDGET_REMAINING]: ['left', lower],
  [REQUESTS_WINDOW]: ['requests', lower],
  [BAD_WINDOW]: ['bad', higher],
  [COVERAGE]: ['coverage', lower],
});

/** What is recorded of each SLO. A value that is no number says nothing. */
export function readRecorded(
  series: readonly Series[],
  burns: readonly [string, string],
): ReadonlyMap<string, SloReading> {
  const fields = fieldsOf(burns);
  const slos = new Map<string, SloReading>();
  for (const { labels, samples } of series) {
    const slo = labels['slo'];
    const value = samples[0]?.[1];
    const field = fields[labels['__name__'] ?? ''];
    if (slo === undefined || value === undefined || Number.isNaN(value) || !field) continue;
    const before = slos.get(slo) ?? NO_READING;
    const [name, worse] = field;
    slos.set(slo, { ...before, [name]: worse(before[name], value) });
  }
  return slos;
}

/** When each target was scraped last, in seconds; below zero where that scrape failed. */
const targetsQuery = (revisionLabels: readonly string[]): string =>
  revisionLabels.map((label) => `timestamp(up{${label}!=""}) * (2 * up{${label}!=""} - 1)`).join(' or ');

function readTargets(
  series: readonly Series[],
  revisionLabels: readonly string[],
  services: readonly string[],
): Map<string, readonly Target[]> {
  const targets = new Map<string, readonly Target[]>();
  for (const { labels, samples } of series) {
    const value = samples[0]?.[1];
    if (value === undefined) continue;
    const service = services.find((name) => name === labels['service']) ?? null;
    const target = { service, up: value > 0, at: Math.abs(value) * 1_000 };
    for (const revision of new Set(revisionLabels.flatMap((label) => labels[label] ?? [])))
      targets.set(revision, [...(targets.get(revision) ?? []), target]);
  }
  return targets;
}

function readGuards(series: readonly Series[]): Map<string, readonly number[]> {
  const guards = new Map<string, readonly number[]>();
  for (const { labels, samples } of series) {
    const name = labels['sluice_guard'] ?? '';
    guards.set(name, [...(guards.get(name) ?? []), ...samples.map(([, value]) => value)]);
  }
  return guards;
}

/** Looks once at one Prometheus, for all lanes of an environment. */
export async function lookAtMetrics(
  port: MetricsPort,
  request: LookRequest,
  now: number,
): Promise<MetricsLook> {
  const { platform, environment, selectors, rangeMs, guards, revisionLabels } = request;
  const recorded = recordedQuery(environment);
  const raw = selectors.length > 0 ? batchSelector(selectors) : null;
  const targets = targetsQuery(revisionLabels);
  const guard = guards.length > 0 ? guardQuery(guards) : null;
  const none = Promise.resolve({ ok: true as const, value: [] as readonly Series[] });
  const [recordedAnswer, rawAnswer, targetsAnswer, guardAnswer] = await Promise.all([
    port.instant(recorded, now),
    raw ? port.raw(raw, rangeMs, now) : none,
    raw ? port.instant(targets, now) : none,
    guard ? port.instant(guard, now) : none,
  ]);
  const queries = [recorded, ...(raw ? [`${raw}[${rangeMs}ms]`, targets] : []), ...(guard ? [guard] : [])];
  for (const one of [recordedAnswer, rawAnswer, targetsAnswer, guardAnswer])
    if (!one.ok) return { ...NO_LOOK, at: now, failure: one.error, queries };
  const values = [recordedAnswer, rawAnswer, targetsAnswer, guardAnswer].map((a) => (a.ok ? a.value : []));
  return {
    at: now,
    failure: null,
    raw: values[1]!,
    slos: readRecorded(values[0]!, burnNames(environment)),
    targets: readTargets(
      values[2]!,
      revisionLabels,
      platform.services.map((service) => service.name),
    ),
    guards: readGuards(values[3]!),
    queries,
  };
}

/** Since when each guard has been out of its bounds; kept by the loop between looks. */
export type Violations = Map<string, number>;

type GuardWord = 'ok' | 'failed' | 'no-data';

/** One number within its bounds. Two series where one is meant, NaN and infinities are no answer. */
function oneGuard(guard: Guard, name: string, look: MetricsLook, since: Violations): GuardWord {
  const values = look.guards.get(name) ?? [];
  const value = values.length === 1 ? values[0]! : Number.NaN;
  if (!Number.isFinite(value)) {
    since.delete(name);
    return ({ pass: 'ok', hold: 'no-data', fail: 'failed' } as const)[guard.noData];
  }
  const violated = (guard.min !== null && value < guard.min) || (guard.max !== null && value > guard.max);
  if (!violated) {
    since.delete(name);
    return 'ok';
  }
  const first = since.get(name) ?? look.at;
  since.set(name, first);
  return look.at - first >= guard.forMs ? 'failed' : 'no-data';
}

/** All guards of a service at one look: any failed → failed; any without an answer, or not yet long enough, holds. */
export function guardWord(
  guards: readonly Guard[],
  service: string,
  look: MetricsLook,
  since: Violations,
): GuardWord {
  const words = guards.map((guard) => oneGuard(guard, `${service}/${guard.name}`, look, since));
  if (words.includes('failed')) return 'failed';
  return words.includes('no-data') ? 'no-data' : 'ok';
}
