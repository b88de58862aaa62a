import type { Platform } from '../declaration/platform.ts';
import type { Lane } from '../delivery/events.ts';
import { gitopsEntry, gitopsEvents } from '../gitops/events.ts';
import type { DesiredState } from '../gitops/port.ts';
import { type Sync, type SyncPort, type SyncWord, syncOf } from '../gitops/sync.ts';
import { type LedgerPort, readPages } from '../ledger/port.ts';
import type { LedgerRecord } from '../ledger/record.ts';

export interface SyncKeeper {
  look(now: number): Promise<void>;
  /** By lane, as last seen. */
  of(lane: string): Sync | null;
}

export interface SyncParts {
  readonly platform: Platform;
  readonly ledger: LedgerPort;
  readonly sync: SyncPort;
  lanes(): readonly Lane[];
  desired(): DesiredState | null;
}

/** What lasts shorter is no drift: a commit that the next look begins, a release that has just ended. */
const LASTS_MS = 5_000;

/** Compares what serves with what Git asks for, and records where they part and meet again. */
export async function openSync(parts: SyncParts): Promise<SyncKeeper> {
  const { platform, ledger, sync } = parts;
  const recorded = new Map<string, SyncWord>();
  const seen = new Map<string, Sync & { readonly since: number }>();
  let commit: string | null = null;
  const take = ({ type, subject, data }: LedgerRecord) => {
    if (type === 'sync.moved') recorded.set(subject, gitopsEvents['sync.moved'].parse(data).to);
  };
  for await (const page of readPages(ledger, { type: 'sync.moved' })) page.forEach(take);

  async function keep(lane: string, now: number): Promise<void> {
    const { word, why, since } = seen.get(lane)!;
    const before = recorded.get(lane) ?? 'Synced';
    if (word === before || (word !== 'OutOfSync' && word !== 'Synced') || now - since < LASTS_MS) return;
    const entry = gitopsEntry('sync.moved', lane, { to: word, why }, now);
    (await ledger.append([entry])).forEach(take);
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
