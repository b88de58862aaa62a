import type { Revision } from '../../delivery/events.ts';
import type { Baseline } from '../../delivery/observation.ts';
import { startable } from '../../delivery/transitions.ts';
import { type Arms, armSelectors, baselineCounts, batchSelector } from '../../runtime/counts.ts';
import { oncePerTarget } from '../../runtime/duplicate-targets.ts';
import type { MetricsPort, Series } from '../../runtime/port.ts';
import type { MetricsSnapshot } from '../metrics-snapshot.ts';
import { inFlight, type LaneRuntime } from './lane-runtime.ts';
import { burnOf, byRevision } from './lane-snapshot.ts';

/** The length of a baseline. */
const HISTORY_MS = 3_600_000;

const baselineArms = ({ service, state }: LaneRuntime, wanted: Revision | null): Arms => ({
  label: service.revisionLabel,
  canary: wanted?.revision ?? null,
  stable: state.stable?.revision ?? null,
});

/** Requests per version of a lane, scrape by scrape; a target that is scraped twice counts once. */
function countsIn(all: readonly Series[]) {
  const seriesOf = byRevision(oncePerTarget(all).series);
  return (runtime: LaneRuntime, arms: Arms) => ({
    ...baselineCounts(seriesOf(arms), runtime.slis, arms, runtime.settings.release.intervalMs),
    target: arms.canary ?? '',
  });
}

/** Baselines of the lanes that would start a release now, by lane; empty if Prometheus does not answer. */
export async function readBaselines(
  port: MetricsPort,
  runtimes: readonly LaneRuntime[],
  wantedIn: (runtime: LaneRuntime) => Revision | null,
  metrics: MetricsSnapshot,
  now: number,
): Promise<ReadonlyMap<string, Baseline>> {
  const starting = runtimes
    .filter(({ state }) => !inFlight(state))
    .flatMap((runtime) => {
      const wanted = wantedIn(runtime);
      return startable(runtime.state, wanted) ? [{ runtime, arms: baselineArms(runtime, wanted) }] : [];
    });
  if (starting.length === 0 || metrics.at === 0 || metrics.failure) return new Map();
  const selectors = starting.flatMap(({ runtime, arms }) => armSelectors(runtime.slis, arms));
  const answer = await port.raw(batchSelector(selectors), HISTORY_MS, now);
  if (!answer.ok) return new Map();
  const counts = countsIn(answer.value);
  return new Map(
    starting.map(({ runtime, arms }) => [
      runtime.state.lane,
      { ...counts(runtime, arms), burn: burnOf(runtime, metrics) },
    ]),
  );
}
