import { laneOfRelease, type PastRelease, releaseFrom, releasesOf } from '../controller/history.ts';
import { type Lanes, lanesFold } from '../delivery/fold.ts';
import { type ReleaseSummary, summaryOf } from '../delivery/summary.ts';
import { fromCanonical } from '../kit/canonical.ts';
import type { Journal } from '../ledger/journal.ts';
import type { LedgerRecord } from '../ledger/record.ts';

/** Releases that are over, and those under way: listed from what is known, told in full from their own records. */
export interface PastReleases {
  /** The newest ones, the latest last. */
  list(): ReleaseSummary[];
  /** How many older ones are not listed. */
  leftOut(): number;
  find(id: string): Promise<PastRelease | undefined>;
}

const AT_ONCE = 500;

async function recordsOf(
  { history }: Journal,
  lane: string,
  from: number,
  before: number | undefined,
): Promise<LedgerRecord[]> {
  const records: LedgerRecord[] = [];
  for (let after = from - 1; ; ) {
    const texts = await history.page({ subject: lane, after, before, limit: AT_ONCE });
    records.push(...texts.map((text) => fromCanonical(text) as LedgerRecord));
    if (texts.length < AT_ONCE) return records;
    after = records.at(-1)!.seq;
  }
}

/** What is under way is told as it is now. */
function current({ lanes }: Lanes, summary: ReleaseSummary): ReleaseSummary {
  const release = lanes.get(summary.lane)?.release;
  return release?.id === summary.id ? summaryOf(summary.lane, release, summary.seq) : summary;
}

export function pastReleases(journal: Journal): PastReleases {
  const state = () => journal.state(lanesFold);
  const list = () => [...state().releases.values()].map((summary) => current(state(), summary));

  /** Where the release after it begins, in the same lane. */
  const nextOf = ({ lane, seq }: ReleaseSummary): number | undefined =>
    list().find((other) => other.lane === lane && other.seq > seq)?.seq;

  return {
    list,
    leftOut: () => (state().counts.get('opened') ?? 0) - state().releases.size,
    async find(id) {
      const lane = laneOfRelease(id);
      if (!lane) return undefined;
      const summary = state().releases.get(id);
      if (summary) return releaseFrom(lane, await recordsOf(journal, lane, summary.seq, nextOf(summary)));
      // Older than those that are listed: somewhere in the whole history of its lane.
      return releasesOf(lane, await recordsOf(journal, lane, 1, undefined)).find((p) => p.release.id === id);
    },
  };
}
