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
