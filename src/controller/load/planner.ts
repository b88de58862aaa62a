import type { Environment, Platform } from '../../declaration/platform.ts';
import type { Event, LoadResult } from '../../delivery/events.ts';
import type { Lane, Release } from '../../delivery/lane.ts';
import { isRelease } from '../../delivery/transitions.ts';
import { type LoadRun, type LoadSeen, loadPlanOf } from '../../gitops/load.ts';
import type { DesiredState } from '../../gitops/port.ts';
import { SYSTEM } from '../../kit/actor.ts';
import type { Ms } from '../../kit/time.ts';
import type { Entry } from '../../ledger/record.ts';
import { type Effect, NOTHING, type Plan } from '../flow/types.ts';
import { laneEntries } from '../lanes/planner.ts';

/** Effects. */
export const START = 'load.start';
export const STOP = 'load.stop';
export const CLEAR = 'load.clear';

export interface LoadTarget {
  readonly run: LoadRun;
  /** Not k6, and why. */
  readonly own: string | null;
}

/** One environment at one moment, for planning load tests. */
export interface LoadSituation {
  readonly now: Ms;
  readonly platform: Platform;
  readonly environment: Environment;
  /** Of this environment. */
  readonly lanes: readonly Lane[];
  readonly desired: DesiredState | null;
  /** The current run there, and its observed state. */
  readonly run: LoadRun | null;
  readonly seen: LoadSeen | null;
}

/** After this many interrupted runs for one release, our own generator replaces k6. */
const BROKEN_ENOUGH = 2;

const inFlight = (lane: Lane): boolean => isRelease(lane.state) && lane.state !== 'Promote';

/** Reasons that more requests would resolve. */
const SHORT: readonly string[] = ['TOO_FEW_REQUESTS', 'NO_DATA', 'BURN_NO_DATA'];

/** A release that has its load test asks for another one only if a later look still lacked requests. */
function needsRun(release: Release): boolean {
  if (release.confirmedAt[0] === undefined) return false;
  const last = release.loads.filter((l) => l.outcome !== 'broken').at(-1);
  if (!last) return true;
  const looked = release.lookTimes.at(-1) ?? 0;
  return looked > last.endedAt && (release.verdict?.reasons ?? []).some((r) => SHORT.includes(r));
}

/** Load that lasts as long as a canary is for every release that was under way meanwhile. */
const covered = (run: LoadRun, lane: Lane): boolean => {
  const { release } = lane;
  if (!release) return false;
  if (run.covers.includes(release.id)) return true;
  const mine = lane.lane.endsWith(`/${run.plan.environment}`);
  return run.plan.durationMs === null && mine && (release.endedAt ?? run.startedAt) >= run.startedAt;
};

/** Releases under way in an environment that ask for requests now. */
function asking(environment: Environment, lanes: readonly Lane[]): Lane[] {
  const mine = lanes.filter((l) => l.lane.endsWith(`/${environment.name}`) && inFlight(l));
  // A load test is about what has traffic; where a canary is judged the stable version needs requests as well.
  return environment.validation === 'k6'
    ? mine.filter((l) => l.state !== 'Deploying' && needsRun(l.release!))
    : mine;
}

const serves = (lane: Lane): boolean => lane.stable !== null || lane.release?.confirmedAt[0] !== undefined;

/** Whether every desired service serves: before that, requests would fail because their dependencies are missing. */
function isWhole(environment: Environment, lanes: readonly Lane[], desired: DesiredState | null): boolean {
  if (!desired) return false;
  const asked = lanes.filter((l) => l.lane.endsWith(`/${environment.name}`) && desired.lanes.has(l.lane));
  return asked.every(serves);
}

const errand = (kind: string, run: LoadRun, own: string | null = null): Effect<LoadTarget> => ({
  kind,
  subject: run.plan.environment,
  generation: 0,
  key: `${kind} ${run.id}`,
  resource: `load of ${run.plan.environment}`,
  urgent: false,
  target: { run, own },
});

/** What a run that has ended says of every release that it covers, once. */
function loadedEntries(s: LoadSituation, run: LoadRun, seen: Omit<LoadResult, 'run' | 'startedAt'>): Entry[] {
  return s.lanes.flatMap((lane) => {
    const { release } = lane;
    if (!release || !covered(run, lane) || release.loads.some((l) => l.run === run.id)) return [];
    const load: LoadResult = { ...seen, run: run.id, startedAt: run.startedAt };
    const event: Event = { type: 'release.loaded', data: { release: release.id, ...load } };
    return laneEntries(lane.lane, [event], s.now, SYSTEM, null);
  });
}

/** The run that the releases under way ask for. */
function wantedRun(s: LoadSituation, wanting: readonly Lane[]): Effect<LoadTarget> {
  const releases = wanting.map((l) => l.release!);
  const broken = Math.max(...releases.map((r) => r.loads.filter((l) => l.outcome === 'broken').length));
  const own = broken >= BROKEN_ENOUGH ? `k6 was interrupted ${broken} times` : null;
  const run: LoadRun = {
    id: `${releases[0]!.id}.load${releases[0]!.loads.length + 1}`,
    covers: releases.map((r) => r.id),
    startedAt: s.now,
    plan: loadPlanOf(s.platform, s.environment)!,
  };
  return errand(START, run, own);
}

/** Requests of our own in one environment: begun, ended and taken up as the releases under way ask for them. */
export function planLoad(s: LoadSituation): Plan {
  const { environment, lanes, run, seen } = s;
  const wanting = asking(environment, lanes);
  if (!run) {
    const may = wanting.length > 0 && isWhole(environment, lanes, s.desired);
    return may ? { ...NOTHING, effects: [wantedRun(s, wanting)] } : NOTHING;
  }
  if (seen !== null && seen !== 'running')
    return { ...NOTHING, entries: loadedEntries(s, run, seen), effects: [errand(CLEAR, run)] };
  // It is no longer needed: its release is over, or was stopped.
  const waiting = lanes.filter((l) => inFlight(l) && covered(run, l));
  const over = run.plan.durationMs === null ? wanting.length === 0 : waiting.length === 0;
  return over ? { ...NOTHING, effects: [errand(STOP, run)] } : NOTHING;
}
