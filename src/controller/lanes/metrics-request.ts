import { type Environment, oursIn, type Platform, type Slo, sloOf } from '../../declaration/platform.ts';
import type { Ms } from '../../kit/time.ts';
import { armSelectors } from '../../runtime/counts.ts';
import type { MetricsRequest } from '../metrics-snapshot.ts';
import { armsOf, inFlight, type LaneRuntime } from './lane-runtime.ts';

const MAX_RANGE_MS = 3_600_000;

/** How far back samples are needed that some release has not counted yet. */
const rangeOf = (active: readonly LaneRuntime[], now: number): number => {
  const oldest = active.flatMap((runtime) => {
    const release = runtime.state.release;
    if (!release) return [];
    const times = Object.values(release.cursors).map(([at]) => at);
    return [times.length > 0 ? Math.max(...times) : release.openedAt];
  });
  const interval = Math.max(...active.map((runtime) => runtime.settings.release.intervalMs), 1);
  // In coarse steps: the same query is asked again and again, and stored once.
  const step = 3 * interval;
  const span = Math.max(0, ...oldest.map((at) => now - at)) + step;
  return Math.min(MAX_RANGE_MS, Math.ceil(span / step) * step);
};

/** Lanes that continue once nothing burns: those that recover, and those that synthetic requests may carry on. */
const asksForSilence = ({ state, service, environment }: LaneRuntime): boolean =>
  state.state === 'Degraded' ||
  state.state === 'Recovery' ||
  (inFlight(state) && oursIn(service, environment) !== null);

/** SLOs of such lanes. */
function healingSlos(platform: Platform, runtimes: readonly LaneRuntime[]): Slo[] {
  const names = runtimes
    .filter(asksForSilence)
    .flatMap(({ service }) => [...service.slos, ...service.burnSlos]);
  return [...new Set(names)].map((name) => sloOf(platform, name));
}

/** What is asked of the Prometheus of one environment: of releases in progress, and of lanes that heal. */
export function metricsRequest(
  platform: Platform,
  environment: Environment,
  runtimes: readonly LaneRuntime[],
  now: Ms,
): MetricsRequest {
  const active = runtimes.filter((runtime) => inFlight(runtime.state));
  return {
    platform,
    environment,
    selectors: active.flatMap((runtime) => armSelectors(runtime.slis, armsOf(runtime))),
    rangeMs: rangeOf(active, now),
    guards: active.flatMap(({ service }) =>
      service.guards.map((guard) => ({ service: service.name, guard })),
    ),
    revisionLabels: [...new Set(active.map((runtime) => runtime.service.revisionLabel))],
    healing: healingSlos(platform, runtimes),
  };
}
