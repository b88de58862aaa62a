import type { LaneSample } from '../../delivery/assess.ts';
import { worstBurn } from '../../delivery/burn-rule.ts';
import type { RecordedBurn } from '../../delivery/events.ts';
import { weightNow } from '../../delivery/steps.ts';
import { type Arms, closeIntervals } from '../../runtime/counts.ts';
import type { Series } from '../../runtime/port.ts';
import { burnRuleOf, NO_READING } from '../../runtime/slo-status.ts';
import { guardWord, type MetricsSnapshot } from '../metrics-snapshot.ts';
import { armsOf, inFlight, type LaneRuntime, REACHED } from './lane-runtime.ts';

/** The burn of an SLO without requests. */
const NOTHING_BURNS: RecordedBurn = { fast: 0, slow: 0 };

/** All SLOs whose burn rates count for a service. */
const burningSlos = ({ service }: LaneRuntime): string[] => [...service.slos, ...service.burnSlos];

/** The burn that matters most among a service's SLOs. */
export const burnOf = (runtime: LaneRuntime, look: MetricsSnapshot): RecordedBurn =>
  worstBurn(
    burningSlos(runtime).map((slo) => {
      if (look.idle.has(slo)) return NOTHING_BURNS;
      const { fast, slow } = look.slos.get(slo) ?? NO_READING;
      return { fast, slow };
    }),
    burnRuleOf(runtime.environment),
  );

/** Samples by revision, for each label that identifies revisions: grouped once for all lanes. */
export function byRevision(all: readonly Series[]): (arms: Arms) => readonly Series[] {
  const sorted = new Map<string, ReadonlyMap<string | undefined, readonly Series[]>>();
  const by = (label: string) => {
    const found = sorted.get(label) ?? Map.groupBy(all, ({ labels }) => labels[label]);
    sorted.set(label, found);
    return found;
  };
  return ({ label, canary, stable }) => {
    const arms = [...new Set([canary, stable])].filter((revision) => revision !== null);
    return arms.flatMap((revision) => by(label).get(revision) ?? []);
  };
}

/** Intervals of several scrapes may close half a scrape early rather than a whole one late. */
const pooling = (intervalMs: number, scrapeMs: number) =>
  scrapeMs < intervalMs ? { intervalMs, scrapeMs, leastMs: intervalMs - scrapeMs / 2 } : { intervalMs };

/** This lane's part of an environment's snapshot; `series` are those that may belong to its two revisions. */
export function laneSnapshot(
  runtime: LaneRuntime,
  look: MetricsSnapshot,
  series: readonly Series[] = look.raw,
): LaneSample {
  const burn = burnOf(runtime, look);
  const release = runtime.state.release;
  const base = {
    burn,
    guard: guardWord(runtime.service.guards, runtime.service.name, look, runtime.violations),
    asked: look.asked,
    ...(burningSlos(runtime).every((slo) => look.idle.has(slo)) ? { idle: true as const } : {}),
  };
  if (look.failure) {
    const trouble = look.failure.code === 'PARTIAL' ? 'PARTIAL_DATA' : 'SOURCE_UNAVAILABLE';
    return { ...base, intervals: [], cursors: {}, trouble, said: look.failure.message };
  }
  if (!release || !inFlight(runtime.state)) return { ...base, intervals: [], cursors: {}, trouble: null };
  const weight = runtime.delivery?.weight ?? 0;
  // A late snapshot describes the time at which it was taken.
  const closed = closeIntervals({
    series,
    slis: runtime.slis,
    arms: armsOf(runtime),
    cursors: release.cursors,
    closedAt: release.lookTimes.at(-1) ?? release.openedAt,
    ...pooling(release.settings.intervalMs, runtime.environment.prometheus.scrapeIntervalMs),
    now: look.at,
    zero: {
      canary: release.confirmedAt[0] === undefined,
      stable: release.from === null || (weight === 100 && weightNow(release) === 100),
    },
  });
  return { ...base, intervals: closed.intervals, cursors: closed.cursors, trouble: closed.trouble };
}

const targetsOf = (look: MetricsSnapshot, service: string, revision: string) =>
  (look.targets.get(revision) ?? []).filter((t) => t.service === null || t.service === service);

/** A scrape that is older than this many intervals says nothing about the present. */
const FRESH_SCRAPES = 3;

/**
 * When the canary was scraped last, if no target of it answered then; null: one did, or none is known. A target of
 * the stable version must have answered at about that time: if none did, or none was scraped, the network is broken or
 * the machine is behind, and the canary is not at fault.
 */
export function unansweredAt(
  service: string,
  canary: string,
  stable: string | null,
  look: MetricsSnapshot,
  intervalMs: number,
): number | null {
  const fresh = (at: number) => look.at - at <= FRESH_SCRAPES * intervalMs;
  const mine = targetsOf(look, service, canary);
  if (mine.length === 0 || mine.some((t) => t.up)) return null;
  const scraped = Math.max(...mine.map((t) => t.at));
  if (!fresh(scraped)) return null;
  if (stable === null) return scraped;
  const beside = targetsOf(look, service, stable).some(
    (t) => t.up && fresh(t.at) && t.at >= scraped - intervalMs,
  );
  return beside ? scraped : null;
}

/** A canary that was ordered to stop, that cannot run for an outside cause, or that cannot be observed is not down. */
const isExcused = ({ delivery, settings }: LaneRuntime): boolean =>
  delivery?.aborted === true || delivery?.hindered !== undefined || (settings.followed && delivery === null);

/**
 * Counts consecutive evaluations in which a canary with traffic could not be reached. A pod that starts or ends next to
 * others that answer does not count, and one failed scrape counts once, however often it is evaluated.
 */
export function countUnreachable(runtime: LaneRuntime, look: MetricsSnapshot): void {
  const release = runtime.state.release;
  const judged = runtime.state.state === 'Canary' || runtime.state.state === 'Evaluating';
  if (!release || !judged) return;
  const stable = release.from?.revision ?? null;
  const scraped = look.failure
    ? null
    : unansweredAt(runtime.service.name, release.target.revision, stable, look, release.settings.intervalMs);
  const refused = runtime.delivery?.refused === true;
  if (isExcused(runtime)) {
    runtime.unreachable = REACHED;
    return;
  }
  const down = (scraped !== null || refused) && release.confirmedAt[release.step] !== undefined;
  if (!down) {
    runtime.unreachable = REACHED;
    return;
  }
  const { looks, scrapedAt } = runtime.unreachable;
  const another = refused || (scraped ?? 0) > scrapedAt;
  runtime.unreachable = { looks: looks + (another ? 1 : 0), scrapedAt: scraped ?? scrapedAt };
}
