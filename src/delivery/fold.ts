import { PersistentMap } from '../kit/persistent-map.ts';
import { messageOf } from '../kit/result.ts';
import { type Fold, mapsCodec } from '../ledger/fold.ts';
import type { LedgerRecord } from '../ledger/record.ts';
import { EVENT_VERSIONS, upcast } from './event-versions.ts';
import { evolve } from './evolve.ts';
import { emptyLane, type Lane } from './lane.ts';
import { type ReleaseSummary, summaryOf } from './summary.ts';

export interface Lanes {
  /** Every lane that ever existed, by name, including those that are no longer declared. */
  readonly lanes: PersistentMap<string, Lane>;
  /** Lanes whose records contradict each other, and how: they keep their last state, and nothing is decided. */
  readonly broken: PersistentMap<string, string>;
  /** The newest releases, the latest last. */
  readonly releases: PersistentMap<string, ReleaseSummary>;
  /** How many releases there ever were, under `opened`. */
  readonly counts: PersistentMap<string, number>;
}

/** Releases that are listed; older ones are found by their name alone. */
const MOST_RELEASES = 10_000;

/** Updates the summary of a release when it starts, ends or changes its outcome. */
function withSummary(state: Lanes, lane: Lane, { type, seq }: LedgerRecord): Lanes {
  const { release } = lane;
  if (!release || (type !== 'release.opened' && type !== 'lane.moved')) return state;
  if (type === 'release.opened') {
    const opened = (state.counts.get('opened') ?? 0) + 1;
    const releases = state.releases.asNewest(release.id, summaryOf(lane.lane, release, seq), MOST_RELEASES);
    return { ...state, releases, counts: state.counts.with('opened', opened) };
  }
  const known = state.releases.get(release.id);
  // After the end of a release only the lane moves.
  if (!known || known.endedAt !== null) return state;
  return { ...state, releases: state.releases.with(release.id, summaryOf(lane.lane, release, known.seq)) };
}

export const lanesFold: Fold<Lanes> = {
  name: 'lanes',
  version: 4,
  reads: EVENT_VERSIONS,
  ...mapsCodec<Lanes>({
    lanes: new PersistentMap(),
    broken: new PersistentMap(),
    releases: new PersistentMap(),
    counts: new PersistentMap(),
  }),
  apply(state, record) {
    const { type, v, subject, data, at, seq } = record;
    if (state.broken.has(subject)) return state;
    const before = state.lanes.get(subject) ?? emptyLane(subject);
    try {
      const lane = evolve(before, upcast(type, v, data), at);
      return withSummary({ ...state, lanes: state.lanes.with(subject, lane) }, lane, record);
    } catch (thrown) {
      return { ...state, broken: state.broken.with(subject, `record ${seq}: ${messageOf(thrown)}`) };
    }
  },
};
