import type { DistributionView } from '../api/latency/bars.ts';
import { distributionView, type LatencyView, latencyView, type Measured } from '../api/latency/view.ts';
import { slisOf } from '../controller/settings.ts';
import { lanesOf } from '../declaration/layout.ts';
import type { Platform } from '../declaration/platform.ts';
import type { Release } from '../delivery/lane.ts';
import { laneName } from '../kit/lane.ts';
import { fail, ok, type Result } from '../kit/result.ts';
import type { Arms } from '../runtime/counts.ts';
import { distributionQuery, readDistribution } from '../runtime/latency/distribution.ts';
import { type LatencySli, latencySliOf } from '../runtime/latency/latency-sli.ts';
import type { MetricsPort } from '../runtime/port.ts';

/** An SLO of a lane that is about time. */
interface TimedSlo {
  readonly slo: string;
  readonly sli: LatencySli;
  readonly label: string;
  readonly environment: string;
}

/** SLOs of a release that are about time, as they are declared now. */
function timedSlos(platform: Platform, lane: string, release: Release): TimedSlo[] {
  const found = lanesOf(platform).find((l) => laneName(l.service.name, l.environment.name) === lane);
  if (!found) return [];
  const { service, environment } = found;
  const judged = new Set(release.settings.slos.map(({ slo }) => slo));
  return slisOf(platform, service, environment).flatMap((counted) => {
    const sli = judged.has(counted.slo) ? latencySliOf(counted) : null;
    return sli
      ? [{ slo: counted.slo, sli, label: service.revisionLabel, environment: environment.name }]
      : [];
  });
}

/** What is recorded of how long requests of a release took. */
export const latencyViews = (platform: Platform, lane: string, release: Release): LatencyView[] =>
  timedSlos(platform, lane, release).map(({ slo, sli }) =>
    latencyView(release, { slo, sli, declaredNow: release.declaration === platform.digest }),
  );

interface ReaderParts {
  readonly platform: Platform;
  /** Left out: this server asks no Prometheus. */
  metricsOf?(environment: string): MetricsPort | undefined;
  now(): number;
}

/** An answer is good for so long, for every viewer: as often as a page asks for numbers. */
const FRESH_MS = 15_000;
/** The newest part of a release is counted, however long it took: a question stays as large as it is. */
const LONGEST_SPAN_MS = 3_600_000;
/** Samples of the last moments of a release are scraped after its end. */
const AFTER_END_MS = 30_000;
/** So many answers are kept; those that were asked for longest ago go first. */
const MOST_KEPT = 200;

interface Kept {
  readonly askedAt: number;
  /** The last answer; null: there was none. */
  readonly measured: Measured | null;
  readonly failure: string | null;
}

export interface LatencyReader {
  /** Distributions of a release, one of each SLO that is about time. */
  read(lane: string, release: Release): Promise<{ slo: string; distribution: DistributionView }[]>;
}

/** Asks Prometheus at most once in a while for each SLO of a release, however many people look at it. */
export function latencyReader({ platform, metricsOf, now }: ReaderParts): LatencyReader {
  const kept = new Map<string, Kept>();
  const asking = new Map<string, Promise<Kept>>();

  const measure = async (release: Release, timed: TimedSlo): Promise<Result<Measured, string>> => {
    const port = metricsOf?.(timed.environment);
    if (!port) return fail('this server does not read Prometheus');
    const arms: Arms = {
      label: timed.label,
      canary: release.target.revision,
      stable: release.from?.revision ?? null,
    };
    const at = Math.min(now(), release.endedAt === null ? now() : release.endedAt + AFTER_END_MS);
    const spanMs = Math.min(LONGEST_SPAN_MS, Math.max(1_000, at - release.openedAt));
    const answer = await port.instant(distributionQuery(timed.sli, arms, spanMs), at);
    if (!answer.ok) return fail(`Prometheus gave no answer (${answer.error.message})`);
    return ok({ at, spanMs, distribution: readDistribution(answer.value, timed.sli, arms) });
  };

  const ask = async (key: string, release: Release, timed: TimedSlo): Promise<Kept> => {
    const answer = await measure(release, timed);
    const next: Kept = {
      askedAt: now(),
      measured: answer.ok ? answer.value : (kept.get(key)?.measured ?? null),
      failure: answer.ok ? null : answer.error,
    };
    kept.delete(key);
    kept.set(key, next);
    for (const oldest of [...kept.keys()].slice(0, Math.max(0, kept.size - MOST_KEPT))) kept.delete(oldest);
    return next;
  };

  const isGood = ({ askedAt, measured, failure }: Kept, { endedAt }: Release): boolean =>
    now() - askedAt < FRESH_MS ||
    // What was counted after the end of a release stays as it is.
    (failure === null && endedAt !== null && (measured?.at ?? 0) >= endedAt + AFTER_END_MS);

  const answerOf = (release: Release, timed: TimedSlo): Promise<Kept> => {
    const key = `${release.id} ${timed.slo}`;
    const known = kept.get(key);
    if (known && isGood(known, release)) return Promise.resolve(known);
    const running = asking.get(key) ?? ask(key, release, timed).finally(() => asking.delete(key));
    asking.set(key, running);
    return running;
  };

  return {
    read: (lane, release) =>
      Promise.all(
        timedSlos(platform, lane, release).map(async (timed) => {
          const { measured, failure } = await answerOf(release, timed);
          const about = { sli: timed.sli, compared: release.from !== null, now: now() };
          return { slo: timed.slo, distribution: distributionView(measured, failure, about) };
        }),
      ),
  };
}
