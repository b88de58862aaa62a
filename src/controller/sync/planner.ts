import type { Lane } from '../../delivery/lane.ts';
import { gitopsEntry } from '../../gitops/events.ts';
import type { DesiredState } from '../../gitops/port.ts';
import { type Live, type Sync, type SyncWord, syncOf } from '../../gitops/sync.ts';
import { partsOfLane } from '../../kit/lane.ts';
import type { Ms } from '../../kit/time.ts';
import type { Effect, Plan } from '../flow/types.ts';

/** An effect: the tool that applies Git to an environment refreshes at once. */
export const REFRESH = 'sync.refresh';

/** The sync state of a lane, and since when. */
export interface SyncSince extends Sync {
  readonly since: Ms;
}

/** One environment at one moment: what serves, and what Git asks for. */
export interface SyncSituation {
  readonly now: Ms;
  readonly environment: string;
  readonly lanes: readonly Lane[];
  readonly desired: DesiredState | null;
  /** By service; null: nobody can say. */
  readonly live: ReadonlyMap<string, Live> | null;
  /** As last seen, by lane. */
  readonly before: ReadonlyMap<string, SyncSince>;
  /** As recorded last, by lane. */
  readonly recorded: { get(lane: string): SyncWord | undefined };
  /** Why a refresh is needed; null: none is. */
  readonly refresh: string | null;
}

export interface SyncPlan extends Plan {
  readonly seen: ReadonlyMap<string, SyncSince>;
}

/** A shorter difference is not drift: a commit about to be released, a release that has just ended. */
const LASTS_MS = 5_000;
const UNSEEN: Live = { revision: null, health: 'Unknown' };

const refreshOf = (environment: string, why: string): Effect<string> => ({
  kind: REFRESH,
  subject: environment,
  generation: 0,
  key: `${REFRESH} ${environment} ${why}`,
  resource: `sync of ${environment}`,
  urgent: false,
  target: environment,
});

/** Compares what serves with what Git asks for, and records when they diverge and agree again. */
export function planSync(s: SyncSituation): SyncPlan {
  const seen = new Map<string, SyncSince>();
  const entries = s.lanes.flatMap((lane) => {
    const [service] = partsOfLane(lane.lane);
    const next = syncOf(lane, s.desired?.lanes.get(lane.lane) ?? null, s.live?.get(service) ?? UNSEEN);
    const known = s.before.get(lane.lane);
    const since = known?.word === next.word ? known.since : s.now;
    seen.set(lane.lane, { ...next, since });
    const { word, why } = next;
    const settled = (word === 'OutOfSync' || word === 'Synced') && s.now - since >= LASTS_MS;
    return settled && word !== (s.recorded.get(lane.lane) ?? 'Synced')
      ? [gitopsEntry('sync.moved', lane.lane, { to: word, why }, s.now)]
      : [];
  });
  const effects = s.refresh === null ? [] : [refreshOf(s.environment, s.refresh)];
  return { entries, effects, wants: [], wakeAt: null, seen };
}
