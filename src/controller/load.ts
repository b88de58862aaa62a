import type { Environment, Platform } from '../declaration/platform.ts';
import type { Event, Lane, LoadResult, Release } from '../delivery/events.ts';
import { isRelease } from '../delivery/moves.ts';
import { type LoadPort, type LoadRun, loadPlanOf } from '../gitops/load.ts';
import type { DesiredState } from '../gitops/port.ts';
import { messageOf } from '../kit/result.ts';

export interface LoadKeeper {
  /** Begins, follows and ends requests of our own, as the releases under way ask for them. */
  look(now: number): Promise<void>;
}

export interface LoadKeeperParts {
  readonly platform: Platform;
  readonly port: LoadPort;
  lanes(): readonly Lane[];
  desired(): DesiredState | null;
  record(lane: string, event: Event): Promise<void>;
  warn(details: object, message: string): void;
}

/** k6 that broke off so often for one release gives way to our own generator. */
const BROKEN_ENOUGH = 2;
/** A run that cannot even be started is tried again so much later. */
const RETRY_MS = 5_000;

const inFlight = (lane: Lane): boolean => isRelease(lane.state) && lane.state !== 'Promote';

/** What more requests would mend. */
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

/** Every service that Git asks for there serves: before that, callers would fail for want of whom they call. */
function isWhole(environment: Environment, lanes: readonly Lane[], desired: DesiredState | null): boolean {
  if (!desired) return false;
  const asked = lanes.filter((l) => l.lane.endsWith(`/${environment.name}`) && desired.lanes.has(l.lane));
  return asked.every(serves);
}

export function createLoadKeeper(parts: LoadKeeperParts): LoadKeeper {
  const { platform, port } = parts;
  const retryAt = new Map<string, number>();

  async function takeUp(run: LoadRun, seen: Omit<LoadResult, 'run' | 'startedAt'>): Promise<void> {
    for (const lane of parts.lanes()) {
      const release = lane.release;
      if (!release || !covered(run, lane) || release.loads.some((l) => l.run === run.id)) continue;
      const load: LoadResult = { ...seen, run: run.id, startedAt: run.startedAt };
      await parts.record(lane.lane, { type: 'release.loaded', data: { release: release.id, ...load } });
    }
    await port.clear(run);
  }

  async function begin(environment: Environment, wanting: readonly Lane[], now: number): Promise<void> {
    const plan = loadPlanOf(platform, environment)!;
    const releases = wanting.map((l) => l.release!);
    const broken = Math.max(...releases.map((r) => r.loads.filter((l) => l.outcome === 'broken').length));
    const own = broken >= BROKEN_ENOUGH ? `k6 broke off ${broken} times` : null;
    const run: LoadRun = {
      id: `${releases[0]!.id}.load${releases[0]!.loads.length + 1}`,
      covers: releases.map((r) => r.id),
      startedAt: now,
      plan,
    };
    await port.start(run, own);
  }

  async function lookAt(environment: Environment, now: number): Promise<void> {
    const lanes = asking(environment, parts.lanes());
    const run = await port.current(environment.name);
    if (!run) {
      const may = isWhole(environment, parts.lanes(), parts.desired());
      if (lanes.length > 0 && may && now >= (retryAt.get(environment.name) ?? 0))
        await begin(environment, lanes, now);
      return;
    }
    const seen = await port.observe(run);
    if (seen !== 'running') return takeUp(run, seen);
    // Nobody waits for it any more: what was asked for is over, or was stopped.
    const waiting = parts.lanes().filter((l) => inFlight(l) && covered(run, l));
    const over = run.plan.durationMs === null ? lanes.length === 0 : waiting.length === 0;
    if (over) await port.stop(run);
  }

  return {
    async look(now) {
      for (const environment of platform.environments) {
        if (!environment.load) continue;
        try {
          await lookAt(environment, now);
        } catch (thrown) {
          retryAt.set(environment.name, now + RETRY_MS);
          parts.warn(
            { environment: environment.name, error: messageOf(thrown) },
            'a load test cannot be run; it is tried again',
          );
        }
      }
    },
  };
}
