import type { Platform } from '../declaration/platform.ts';
import type { Lane } from '../delivery/events.ts';
import { gitopsEntry } from '../gitops/events.ts';
import { syncFold } from '../gitops/fold.ts';
import type { DesiredState } from '../gitops/port.ts';
import { type Sync, type SyncPort, syncOf } from '../gitops/sync.ts';
import type { Journal } from '../ledger/journal.ts';

export interface SyncKeeper {
  look(now: number): Promise<void>;
  /** By lane, as last seen. */
  of(lane: string): Sync | null;
}

export interface SyncParts {
  readonly platform: Platform;
  readonly journal: Journal;
  readonly sync: SyncPort;
  lanes(): readonly Lane[];
  desired(): DesiredState | null;
}

/** What lasts shorter is no drift: a commit that the next look begins, a release that has just ended. */
const LASTS_MS = 5_000;

/** Compares what serves with what Git asks for, and records where they part and meet again. */
export function createSync(parts: SyncParts): SyncKeeper {
  const { platform, journal, sync } = parts;
  const seen = new Map<string, Sync & { readonly since: number }>();
  let commit: string | null = null;

  async function keep(lane: string, now: number): Promise<void> {
    const { word, why, since } = seen.get(lane)!;
    const before = journal.state(syncFold).words.get(lane) ?? 'Synced';
    if (word === before || (word !== 'OutOfSync' && word !== 'Synced') || now - since < LASTS_MS) return;
    const entry = gitopsEntry('sync.moved', lane, { to: word, why }, now);
    await journal.append([entry]);
  }

  return {
    of: (lane) => seen.get(lane) ?? null,
    async look(now) {
      const desired = parts.desired();
      if (desired && desired.commit !== commit) {
        // Whoever applies Git need not wait for its own next look at it.
        const known = commit !== null;
        commit = desired.commit;
        if (known) await Promise.allSettled(platform.environments.map((e) => sync.refresh(e.name)));
      }
      for (const { name } of platform.environments) {
        const live = await sync.live(name);
        for (const lane of parts.lanes().filter((l) => l.lane.endsWith(`/${name}`))) {
          const [service] = lane.lane.split('/') as [string];
          const at = (live.ok ? live.value.get(service) : undefined) ?? {
            revision: null,
            health: 'Unknown' as const,
          };
          const next = syncOf(lane, desired?.lanes.get(lane.lane) ?? null, at);
          const known = seen.get(lane.lane);
          const since = known?.word === next.word ? known.since : now;
          seen.set(lane.lane, { ...next, since });
          await keep(lane.lane, now);
        }
      }
    },
  };
}
