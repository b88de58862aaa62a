import { upcast } from '../delivery/event-versions.ts';
import { type Event, type EventData, type EventType, eventSchemas } from '../delivery/events.ts';
import { evolve } from '../delivery/evolve.ts';
import { emptyLane, type Lane, type Release } from '../delivery/lane.ts';
import type { LedgerRecord } from '../ledger/record.ts';

export interface PastRelease {
  readonly lane: Lane;
  readonly release: Release;
  /** Records of the lane from the opening to the end of the release. */
  readonly records: readonly LedgerRecord[];
}

const isEvent = (record: LedgerRecord): boolean => record.type in eventSchemas;

/** Folds a lane's records and hands out every release as it last stood. */
export const releasesOf = (laneName: string, records: readonly LedgerRecord[]): PastRelease[] =>
  releasesAfter(emptyLane(laneName), records);

/** One release, from its own records alone: where its lane stood before is told by the first of them. */
export function releaseFrom(laneName: string, records: readonly LedgerRecord[]): PastRelease | undefined {
  const opened = records.find((r) => r.type === 'release.opened')?.data as
    | EventData<'release.opened'>
    | undefined;
  const moved = records.find((r) => r.type === 'lane.moved')?.data as EventData<'lane.moved'> | undefined;
  if (!opened) return undefined;
  const before = { ...emptyLane(laneName), state: moved?.from ?? 'Idle', stable: opened.from };
  return releasesAfter(before, records).find((past) => past.release.id === opened.release);
}

function releasesAfter(before: Lane, records: readonly LedgerRecord[]): PastRelease[] {
  let lane = before;
  const found: { lane: Lane; release: Release; records: LedgerRecord[] }[] = [];
  for (const record of records.filter(isEvent)) {
    const event: Event = upcast(record.type as EventType, record.v, record.data);
    lane = evolve(lane, event, record.at);
    if (!lane.release) continue;
    const last = found.at(-1);
    if (last?.release.id === lane.release.id) {
      last.lane = lane;
      last.release = lane.release;
      last.records.push(record);
    } else found.push({ lane, release: lane.release, records: [record] });
  }
  return found;
}

export const findRelease = (
  laneName: string,
  records: readonly LedgerRecord[],
  id: string,
): PastRelease | undefined => releasesOf(laneName, records).find((past) => past.release.id === id);

/** `checkout.prod.3` → `checkout/prod`; names hold no dots. */
export function laneOfRelease(id: string): string | undefined {
  const match = /^([a-z0-9-]+)\.([a-z0-9-]+)\.\d+$/.exec(id);
  return match ? `${match[1]}/${match[2]}` : undefined;
}
