import { PersistentMap } from '../kit/persistent-map.ts';
import type { LedgerRecord } from './record.ts';

/** What is known of a part of the ledger: the state that its records lead to, one after another. */
export interface Fold<S> {
  readonly name: string;
  /** Raised whenever the same records lead to another state, or the state is encoded otherwise. */
  readonly version: number;
  /** The types of records that it reads, each with the newest version that it understands. */
  readonly reads: Readonly<Record<string, number>>;
  readonly initial: S;
  /** Pure, and the same however often; only records of a type that it reads are handed to it. */
  apply(state: S, record: LedgerRecord): S;
  /** The state as JSON values, piece by piece: a large one is written without holding up anything else. */
  encode(state: S): Iterable<unknown>;
  decode(pieces: readonly unknown[]): S;
}

/** A fold of any state: what the journal holds of them. */
// biome-ignore lint/suspicious/noExplicitAny: a state goes in and comes out by the same fold
export type AnyFold = Fold<any>;

// biome-ignore lint/suspicious/noExplicitAny: keys and values are JSON, of any shape
type AnyMap = PersistentMap<any, any>;
/** A state that is made of maps alone: every change of it costs the same, however much there is. */
type MapsState<S> = { readonly [Name in keyof S]: AnyMap };

/** How a state of maps is encoded: an entry a piece. */
export function mapsCodec<S extends MapsState<S>>(
  initial: S,
): Pick<Fold<S>, 'initial' | 'encode' | 'decode'> {
  const names = Object.keys(initial) as (keyof S & string)[];
  return {
    initial,
    *encode(state) {
      for (const name of names) for (const [key, value] of state[name]) yield [name, key, value];
    },
    decode(pieces) {
      const entries = new Map(names.map((name) => [name, [] as [unknown, unknown][]]));
      for (const [name, key, value] of pieces as [keyof S & string, unknown, unknown][])
        entries.get(name)!.push([key, value]);
      return Object.fromEntries([...entries].map(([name, all]) => [name, new PersistentMap(all)])) as S;
    },
  };
}

/** Every one of these types, at one version. */
export const atVersion = (types: readonly string[], version: number): Readonly<Record<string, number>> =>
  Object.fromEntries(types.map((type) => [type, version]));
