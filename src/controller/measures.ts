import type { Platform } from '../declaration/platform.ts';
import type { EventData } from '../delivery/events.ts';
import { isNewHere } from '../gitops/commits.ts';
import { type GitopsData, gitopsEvents } from '../gitops/events.ts';
import type { LedgerRecord } from '../ledger/record.ts';

/** Something that went well or badly for users, at the end of a promotion order. Times in milliseconds. */
type Outcome =
  | {
      readonly kind: 'deployed';
      readonly service: string;
      readonly at: number;
      /** From the first commit that named the artefact to all traffic; null: that was before us. */
      readonly leadMs: number | null;
    }
  | {
      readonly kind: 'failed';
      readonly service: string;
      readonly at: number;
      /** Until traffic was restored, or the service came back; null: not yet. */
      readonly restoredMs: number | null;
    };

/** DORA's four over a span of time. Rates are shares; no deployment, no rate. */
export interface Measures {
  readonly deployments: number;
  readonly perDay: number;
  readonly leadTimeMs: number | null;
  readonly failures: number;
  readonly changeFailureRate: number | null;
  readonly timeToRestoreMs: number | null;
}

interface Opened {
  readonly digest: string;
  readonly firstRequestAt: number | null;
}

/** What the four are made of: a fold of the ledger, whatever wrote it. */
export interface MeasuresFold {
  take(record: LedgerRecord): void;
  of(service: string | null, now: number, spanMs: number): Measures;
}

const MAX_OUTCOMES = 20_000;

const median = (values: readonly number[]): number | null => {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/** The four are shown over thirty days. */
export const MEASURED_MS = 30 * 86_400_000;

/** Environments after which nothing comes: where users are. */
export const lastEnvironments = (platform: Platform): string[] =>
  platform.environments
    .filter((e) => !platform.environments.some((other) => other.after.includes(e.name)))
    .map((e) => e.name);

export function createMeasures(platform: Platform): MeasuresFold {
  const last = new Set(lastEnvironments(platform));
  const writtenAt = new Map<string, number>();
  const releases = new Map<string, Opened>();
  const burning = new Set<string>();
  let outcomes: Outcome[] = [];

  const add = (outcome: Outcome) => {
    outcomes.push(outcome);
    if (outcomes.length > MAX_OUTCOMES) outcomes.shift();
  };
  const written = ({ authoredAt, changes }: GitopsData<'desired.changed'>) => {
    for (const { lane, kind, to } of changes) {
      if (!to || !isNewHere(kind)) continue;
      const key = `${lane.split('/')[0]}@${to.digest}`;
      writtenAt.set(key, Math.min(writtenAt.get(key) ?? authoredAt, authoredAt));
    }
  };
  /** The same failure again is none: the one that stands is restored. */
  const restored = (service: string, at: number) => {
    outcomes = outcomes.map((o) =>
      o.kind === 'failed' && o.service === service && o.restoredMs === null
        ? { ...o, restoredMs: Math.max(0, at - o.at) }
        : o,
    );
  };

  function moved(record: LedgerRecord, service: string): void {
    const { to, from, reason, release, blamed } = record.data as EventData<'lane.moved'>;
    const opened = release ? releases.get(release) : undefined;
    if (from === 'Promote' && to === 'Stable' && opened) {
      const since = writtenAt.get(`${service}@${opened.digest}`);
      const leadMs = since === undefined ? null : Math.max(0, record.at - since);
      add({ kind: 'deployed', service, at: record.at, leadMs });
    }
    if (to === 'Abort' && blamed)
      add({ kind: 'failed', service, at: opened?.firstRequestAt ?? record.at, restoredMs: null });
    // Traffic is back on what was good: users are well again, whatever the windows still remember.
    if (reason === 'TRAFFIC_RESTORED') restored(service, record.at);
    if (reason === 'BURNING') {
      burning.add(record.subject);
      add({ kind: 'failed', service, at: record.at, restoredMs: null });
    }
    if (to === 'Stable' && burning.delete(record.subject)) restored(service, record.at);
  }

  return {
    take(record) {
      if (record.type === 'desired.changed') written(gitopsEvents['desired.changed'].parse(record.data));
      const [service, environment] = record.subject.split('/') as [string, string?];
      if (!environment || !last.has(environment)) return;
      if (record.type === 'release.opened') {
        const { release, target } = record.data as EventData<'release.opened'>;
        releases.set(release, { digest: target.digest, firstRequestAt: null });
      } else if (record.type === 'release.confirmed') {
        const { release, step } = record.data as EventData<'release.confirmed'>;
        const opened = releases.get(release);
        if (opened && step === 0) releases.set(release, { ...opened, firstRequestAt: record.at });
      } else if (record.type === 'lane.moved') moved(record, service);
    },
    of(service, now, spanMs) {
      const mine = outcomes.filter((o) => o.at > now - spanMs && (service === null || o.service === service));
      const deployed = mine.filter((o) => o.kind === 'deployed');
      const failed = mine.filter((o) => o.kind === 'failed');
      const all = deployed.length + failed.length;
      return {
        deployments: deployed.length,
        perDay: deployed.length / (spanMs / 86_400_000),
        leadTimeMs: median(deployed.flatMap((d) => d.leadMs ?? [])),
        failures: failed.length,
        changeFailureRate: all === 0 ? null : failed.length / all,
        timeToRestoreMs: median(failed.flatMap((f) => f.restoredMs ?? [])),
      };
    },
  };
}
