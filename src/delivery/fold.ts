import { PersistentMap } from '../kit/persistent-map.ts';
import { atVersion, type Fold, mapsCodec } from '../ledger/fold.ts';
import { EVENT_VERSION, emptyLane, eventSchemas, evolve, type Lane, upcast } from './events.ts';

/** Every lane that there ever was, by name: also one that is declared no more, and may be again. */
export interface Lanes {
  readonly lanes: PersistentMap<string, Lane>;
}

export const lanesFold: Fold<Lanes> = {
  name: 'lanes',
  version: 1,
  reads: atVersion(Object.keys(eventSchemas), EVENT_VERSION),
  ...mapsCodec<Lanes>({ lanes: new PersistentMap() }),
  apply({ lanes }, { type, v, subject, data, at }) {
    const before = lanes.get(subject) ?? emptyLane(subject);
    return { lanes: lanes.with(subject, evolve(before, upcast(type, v, data), at)) };
  },
};
