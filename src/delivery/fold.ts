import { PersistentMap } from '../kit/persistent-map.ts';
import { messageOf } from '../kit/result.ts';
import { atVersion, type Fold, mapsCodec } from '../ledger/fold.ts';
import { EVENT_VERSION, emptyLane, eventSchemas, evolve, type Lane, upcast } from './events.ts';

export interface Lanes {
  /** Every lane that there ever was, by name: also one that is declared no more, and may be again. */
  readonly lanes: PersistentMap<string, Lane>;
  /** Lanes whose records contradict each other, and how: they stand where they stood before, and nothing is decided. */
  readonly broken: PersistentMap<string, string>;
}

export const lanesFold: Fold<Lanes> = {
  name: 'lanes',
  version: 1,
  reads: atVersion(Object.keys(eventSchemas), EVENT_VERSION),
  ...mapsCodec<Lanes>({ lanes: new PersistentMap(), broken: new PersistentMap() }),
  apply(state, { type, v, subject, data, at, seq }) {
    if (state.broken.has(subject)) return state;
    const before = state.lanes.get(subject) ?? emptyLane(subject);
    try {
      return { ...state, lanes: state.lanes.with(subject, evolve(before, upcast(type, v, data), at)) };
    } catch (thrown) {
      return { ...state, broken: state.broken.with(subject, `record ${seq}: ${messageOf(thrown)}`) };
    }
  },
};
