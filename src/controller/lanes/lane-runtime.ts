import { lanesOf } from '../../declaration/layout.ts';
import type { Environment, Platform, Service } from '../../declaration/platform.ts';
import { type EvidenceBySlo, evidenceOf } from '../../delivery/assess.ts';
import type { Lane } from '../../delivery/lane.ts';
import type { LaneSettings } from '../../delivery/observation.ts';
import type { Delivery } from '../../delivery/port.ts';
import { isRelease } from '../../delivery/transitions.ts';
import { laneName } from '../../kit/lane.ts';
import type { Arms, Sli } from '../../runtime/counts.ts';
import type { Violations } from '../metrics-snapshot.ts';
import { laneSettings, slisOf } from '../settings.ts';

/** Consecutive evaluations in which the canary could not be reached, and the time of its last failed scrape. */
interface Unreachable {
  readonly looks: number;
  readonly scrapedAt: number;
}
export const REACHED: Unreachable = { looks: 0, scrapedAt: 0 };

/** One lane as the loop holds it: the fold of its records, and caches that can be rebuilt. */
export interface LaneRuntime {
  readonly service: Service;
  readonly environment: Environment;
  readonly settings: LaneSettings;
  readonly slis: readonly Sli[];
  /** The fold of its records, as it is now. */
  readonly state: Lane;
  evidence: EvidenceBySlo;
  evidenceFor: string | null;
  /** The snapshot that it was judged by last: each snapshot counts once. */
  judgedBy: object | null;
  delivery: Delivery | null;
  unreachable: Unreachable;
  readonly violations: Violations;
}

/** A release is in progress. */
export const inFlight = (lane: Lane): boolean => isRelease(lane.state);

/** The two revisions that a release compares. */
export function armsOf(runtime: LaneRuntime): Arms {
  const release = runtime.state.release;
  return {
    label: runtime.service.revisionLabel,
    canary: release?.target.revision ?? null,
    stable: release?.from?.revision ?? null,
  };
}

export type LaneRuntimes = ReadonlyMap<string, LaneRuntime>;

export function createLaneRuntimes(platform: Platform, stateOf: (lane: string) => Lane): LaneRuntimes {
  return new Map(
    lanesOf(platform).map(({ service, environment }): [string, LaneRuntime] => {
      const lane = laneName(service.name, environment.name);
      const runtime: LaneRuntime = {
        service,
        environment,
        settings: laneSettings(platform, service, environment),
        slis: slisOf(platform, service, environment),
        get state() {
          return stateOf(lane);
        },
        evidence: new Map(),
        evidenceFor: null,
        judgedBy: null,
        delivery: null,
        unreachable: REACHED,
        violations: new Map(),
      };
      return [lane, runtime];
    }),
  );
}

/** Lane runtimes by the name of their environment: what is declared does not change while a server runs. */
export const byEnvironment = (runtimes: LaneRuntimes): ReadonlyMap<string, readonly LaneRuntime[]> =>
  Map.groupBy(runtimes.values(), (runtime) => runtime.environment.name);

/** The evidence of a lane's release: kept between ticks, computed again after a restart. */
export function evidenceFor(runtime: LaneRuntime): EvidenceBySlo {
  const release = runtime.state.release;
  if (!release) return new Map();
  if (runtime.evidenceFor !== release.id) {
    runtime.evidence = evidenceOf(release);
    runtime.evidenceFor = release.id;
  }
  return runtime.evidence;
}
