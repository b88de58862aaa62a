import { servicesIn } from '../declaration/layout.ts';
import type { Environment, Guard, Platform, Slo } from '../declaration/platform.ts';
import { ok, type Result } from '../kit/result.ts';
import type { Selector } from '../promql/parse.ts';
import { quote } from '../promql/scope.ts';
import { batchSelector } from '../runtime/counts.ts';
import { oncePerTarget } from '../runtime/duplicate-targets.ts';
import { countedSeries, presentQuery } from '../runtime/idle.ts';
import type { MetricsFailure, MetricsPort, Series } from '../runtime/port.ts';
import { queriesDigest } from '../runtime/queries.ts';
import {
  BAD_WINDOW,
  BUDGET_REMAINING,
  burnSeries,
  burnSeriesOf,
  COVERAGE,
  REQUESTS_WINDOW,
} from '../runtime/series.ts';
import { NO_READING, type SloReading } from '../runtime/slo-status.ts';

/** A snapshot of one Prometheus for every release in progress, by a fixed number of queries. */
export interface MetricsSnapshot {
  readonly at: number;
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly raw: readonly Series[];
  /** What is recorded of each SLO. */
  readonly slos: ReadonlyMap<string, SloReading>;
  /** What is scraped of each revision. */
  readonly targets: ReadonlyMap<string, readonly ScrapeTarget[]>;
  readonly guards: ReadonlyMap<string, readonly number[]>;
  /** SLOs of which nothing was asked for as long as the burn rule looks back, though their series were there. */
  readonly idle: ReadonlySet<string>;
  readonly queries: readonly string[];
  /** Their digest: made once, however many releases are looked at. */
  readonly asked: string;
}

/** One scraped target, by its last scrape. */
export interface ScrapeTarget {
  /** The declared service that it says it is of; null: it names none of them. */
  readonly service: string | null;
  readonly up: boolean;
  /** When that scrape was, in milliseconds since the epoch. */
  readonly at: number;
}

export const NO_SNAPSHOT: MetricsSnapshot = {
  at: 0,
  failure: null,
  raw: [],
  slos: new Map(),
  targets: new Map(),
  guards: new Map(),
  idle: new Set(),
  queries: [],
  asked: queriesDigest([]),
};

/** What a snapshot of one Prometheus asks. */
export interface MetricsRequest {
  readonly platform: Platform;
  readonly environment: Environment;
  readonly selectors: readonly Selector[];
  readonly rangeMs: number;
  readonly guards: readonly { readonly service: string; readonly guard: Guard }[];
  /** Labels that tell revisions apart, of the services that are looked at. */
  readonly revisionLabels: readonly string[];
  /** Of lanes that heal: whether anything is asked of them at all. */
  readonly healing: readonly Slo[];
}

export const recordedQuery = (environment: Environment): string =>
  `{__name__=~${quote([...burnNames(environment), BUDGET_REMAINING, COVERAGE, REQUESTS_WINDOW, BAD_WINDOW, countedSeries(environment)].join('|'))},environment=${quote(environment.name)}}`;

/** Series of the declared windows; where one window decides, the hour is shown beside it. */
export function burnNames(environment: Environment): [fast: string, slow: string] {
  const { fast, slow } = environment.burn;
  return [burnSeriesOf(fast.windowMs), slow ? burnSeriesOf(slow.windowMs) : burnSeries('1h')];
}

const guardQuery = (guards: MetricsRequest['guards']): string =>
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

/** What is recorded of each SLO. A value that is no finite number says nothing. */
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
    if (slo === undefined || value === undefined || !Number.isFinite(value) || !field) continue;
    const before = slos.get(slo) ?? NO_READING;
    const [name, worse] = field;
    slos.set(slo, { ...before, [name]: worse(before[name], value) });
  }
  return slos;
}

/** SLOs of which nothing was counted in the longest burn window. */
function uncounted(series: readonly Series[], name: string): ReadonlySet<string> {
  const mine = series.filter(({ labels }) => labels['__name__'] === name);
  const by = Map.groupBy(mine, ({ labels }) => labels['slo'] ?? '');
  return new Set(
    [...by].filter(([, list]) => list.every(({ samples }) => samples[0]?.[1] === 0)).map(([slo]) => slo),
  );
}

/** Those of the healing SLOs that nobody asked anything. Asked about only where nothing was counted. */
async function idleOf(
  port: MetricsPort,
  { environment, healing }: MetricsRequest,
  recorded: readonly Series[],
  now: number,
): Promise<Result<ReadonlySet<string>, MetricsFailure>> {
  const none = uncounted(recorded, countedSeries(environment));
  const asked = healing.filter(({ name }) => none.has(name));
  if (asked.length === 0) return ok(new Set());
  const present = await port.instant(presentQuery(asked, environment), now);
  return present.ok ? ok(new Set(present.value.flatMap(({ labels }) => labels['slo'] ?? []))) : present;
}

/** When each target was scraped last, in seconds; below zero where that scrape failed. */
const targetsQuery = (revisionLabels: readonly string[]): string =>
  revisionLabels.map((label) => `timestamp(up{${label}!=""}) * (2 * up{${label}!=""} - 1)`).join(' or ');

function readTargets(
  series: readonly Series[],
  revisionLabels: readonly string[],
  services: readonly string[],
): Map<string, readonly ScrapeTarget[]> {
  const targets = new Map<string, readonly ScrapeTarget[]>();
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

/** Queries one Prometheus once, for all lanes of an environment. */
export async function takeMetricsSnapshot(
  port: MetricsPort,
  request: MetricsRequest,
  now: number,
): Promise<MetricsSnapshot> {
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
  const asked = queriesDigest(queries);
  for (const one of [recordedAnswer, rawAnswer, targetsAnswer, guardAnswer])
    if (!one.ok) return { ...NO_SNAPSHOT, at: now, failure: one.error, queries, asked };
  const values = [recordedAnswer, rawAnswer, targetsAnswer, guardAnswer].map((a) => (a.ok ? a.value : []));
  const idle = await idleOf(port, request, values[0]!, now);
  if (!idle.ok) return { ...NO_SNAPSHOT, at: now, failure: idle.error, queries, asked };
  return {
    at: now,
    failure: null,
    raw: oncePerTarget(values[1]!).series,
    slos: readRecorded(values[0]!, burnNames(environment)),
    targets: readTargets(
      values[2]!,
      revisionLabels,
      servicesIn(platform, environment).map((service) => service.name),
    ),
    guards: readGuards(values[3]!),
    idle: idle.value,
    queries,
    asked,
  };
}

/** Since when each guard has been out of its bounds; kept between evaluations. */
export type Violations = Map<string, number>;

type GuardWord = 'ok' | 'failed' | 'no-data';

/** One number within its bounds. Two series where one is meant, NaN and infinities are no answer. */
function oneGuard(guard: Guard, name: string, look: MetricsSnapshot, since: Violations): GuardWord {
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

/** All guards of a service in one snapshot: any failed → failed; any without a result, or violated too briefly, holds. */
export function guardWord(
  guards: readonly Guard[],
  service: string,
  look: MetricsSnapshot,
  since: Violations,
): GuardWord {
  const words = guards.map((guard) => oneGuard(guard, `${service}/${guard.name}`, look, since));
  if (words.includes('failed')) return 'failed';
  return words.includes('no-data') ? 'no-data' : 'ok';
}
