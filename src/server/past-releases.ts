import { laneOfRelease, type PastRelease, releaseFrom } from '../controller/history.ts';
import { type Lanes, lanesFold } from '../delivery/fold.ts';
import { type ReleaseSummary, summaryOf } from '../delivery/summary.ts';
import type { Journal } from '../ledger/journal.ts';
import type { LedgerRecord } from '../ledger/record.ts';
import { lanePages, laneRecords } from './lane-records.ts';

/** Releases that are over, and those under way: listed from what is known, told in full from their own records. */
export interface PastReleases {
  /** The newest ones, the latest last. */
  list(): ReleaseSummary[];
  /** How many older ones are not listed. */
  leftOut(): number;
  find(id: string): Promise<PastRelease | undefined>;
}

const idOf = ({ data }: LedgerRecord): string => (data as { release: string }).release;

/** Where a release of a lane begins, and where the one after it does; by the records that open them alone. */
async function placeOf(
  journal: Journal,
  lane: string,
  id: string,
): Promise<{ from: number; before: number | undefined } | null> {
  let from: number | null = null;
  for await (const page of lanePages(journal.history, { subject: lane, type: 'release.opened' }))
    for (const record of page) {
      if (from !== null) return { from, before: record.seq };
      if (idOf(record) === id) from = record.seq;
    }
  return from === null ? null : { from, before: undefined };
}

/** What is under way is told as it is now. */
function current({ lanes }: Lanes, summary: ReleaseSummary): ReleaseSummary {
  const release = lanes.get(summary.lane)?.release;
  return release?.id === summary.id ? summaryOf(summary.lane, release, summary.seq) : summary;
}

export function pastReleases(journal: Journal): PastReleases {
  const state = () => journal.state(lanesFold);
  const read = (lane: string, from: number, before: number | undefined) =>
    laneRecords(journal.history, { subject: lane, before }, from);
  const list = () => [...state().releases.values()].map((summary) => current(state(), summary));

  /** Where the release after it begins, in the same lane. */
  const nextOf = ({ lane, seq }: ReleaseSummary): number | undefined =>
    [...state().releases.values()].find((other) => other.lane === lane && other.seq > seq)?.seq;

  return {
    list,
    leftOut: () => (state().counts.get('opened') ?? 0) - state().releases.size,
    async find(id) {
      const lane = laneOfRelease(id);
      if (!lane) return undefined;
      const summary = state().releases.get(id);
      if (summary) return releaseFrom(lane, await read(lane, summary.seq, nextOf(summary)));
      // Older than those that are listed: its place is not known.
      const place = await placeOf(journal, lane, id);
      return place ? releaseFrom(lane, await read(lane, place.from, place.before)) : undefined;
    },
  };
}
