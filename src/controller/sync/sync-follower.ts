import type { Platform } from '../../declaration/platform.ts';
import { syncFold } from '../../gitops/fold.ts';
import type { DesiredState } from '../../gitops/port.ts';
import type { Sync, SyncPort } from '../../gitops/sync.ts';
import { within } from '../../io/clock.ts';
import type { Backoff } from '../../kit/backoff.ts';
import type { Ms } from '../../kit/time.ts';
import type { Journal } from '../../ledger/journal.ts';
import { oneAfterAnother, openPlane } from '../flow/plane.ts';
import type { Runner } from '../flow/runner.ts';
import type { Handler } from '../flow/types.ts';
import { type LaneStates, lanesByEnvironment } from '../lanes/lane-states.ts';
import { planSync, REFRESH, type SyncPlan, type SyncSince, type SyncSituation } from './planner.ts';

export interface SyncFollower {
  tick(now: number): Promise<void>;
  /** By lane, as last seen. */
  of(lane: string): Sync | null;
  /** Asks the tool that applies Git to an environment to refresh at once, after a merge. */
  refresh(environment: string): void;
}

interface SyncParts {
  readonly platform: Platform;
  readonly journal: Journal;
  readonly sync: SyncPort;
  readonly lanes: LaneStates;
  desired(): DesiredState | null;
  warn(details: object, message: string): void;
  /** Sends refresh requests; by default the follower creates its own. */
  readonly runner?: Runner;
}

const TIMEOUT_MS = 30_000;
/** How long a tick waits for each environment; one that hangs continues in the background. */
const PATIENCE = { firstMs: 2_000, againMs: 500 };
const BACKOFF: Backoff = { firstMs: 2_000, longestMs: 60_000 };

/** The commit of the last refresh of an environment, and why another one is wanted. */
interface RefreshState {
  commit: string | null;
  wanted: string | null;
}
type RefreshStates = ReadonlyMap<string, RefreshState>;

const refreshHandler = (sync: SyncPort, asked: RefreshStates): Handler<string, null> => ({
  ...oneAfterAnother(TIMEOUT_MS, PATIENCE, BACKOFF),
  async apply({ target }) {
    await sync.refresh(target);
    return { done: null };
  },
  settled({ target, key }) {
    const of = asked.get(target)!;
    if (of.wanted !== null && key.endsWith(of.wanted)) of.wanted = null;
  },
});

/** Why a refresh is wanted now: a new commit need not wait for the next poll of the tool that applies Git. */
function refreshWanted(of: RefreshState, desired: DesiredState | null): string | null {
  if (desired && desired.commit !== of.commit) {
    if (of.commit !== null) of.wanted = desired.commit;
    of.commit = desired.commit;
  }
  return of.wanted;
}

/** Compares what serves with what Git asks for, environment by environment, and records what changed. */
export function createSyncFollower(parts: SyncParts): SyncFollower {
  const { platform, journal, sync } = parts;
  const seen = new Map<string, SyncSince>();
  const asked: RefreshStates = new Map(
    platform.environments.map((e) => [e.name, { commit: null, wanted: null }]),
  );
  const lanesIn = lanesByEnvironment(platform, parts.lanes);
  let merges = 0;

  async function situation(environment: string, now: Ms): Promise<SyncSituation> {
    const live = await within(sync.live(environment), TIMEOUT_MS, `what serves in ${environment}`);
    const desired = parts.desired();
    return Object.freeze({
      now,
      environment,
      lanes: lanesIn(environment),
      desired,
      live: live.ok ? live.value : null,
      before: seen,
      recorded: journal.state(syncFold).words,
      refresh: refreshWanted(asked.get(environment)!, desired),
    });
  }

  const plane = openPlane<SyncSituation, SyncPlan>({
    journal,
    runner: parts.runner,
    planner: { plan: planSync },
    situation,
    appended(_, plan) {
      for (const [lane, word] of plan.seen) seen.set(lane, word);
    },
    patienceMs: PATIENCE.firstMs,
    backoff: BACKOFF,
    warn: (environment, { message }) =>
      parts.warn({ environment, error: message }, 'drift cannot be checked; it is retried'),
    log: parts.warn,
  });
  plane.handle(REFRESH, refreshHandler(sync, asked));

  return {
    of: (lane) => seen.get(lane) ?? null,
    refresh(environment) {
      asked.get(environment)!.wanted = `merge ${++merges}`;
      plane.mark(environment);
    },
    tick: (now) => plane.tick(now, asked.keys()),
  };
}
