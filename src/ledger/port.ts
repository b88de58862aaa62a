import type { History } from './history.ts';
import type { Entry, Head, LedgerRecord } from './record.ts';

export interface ReadOptions {
  /** Records after this seq. */
  readonly after?: number;
  readonly limit?: number;
  readonly subject?: string;
  readonly type?: string;
}

/** Where snapshots lie, beside the ledger: each is named by the record that it was taken after. */
export interface SnapshotStore {
  /** Null: there is none of that name. */
  read(seq: number): Promise<AsyncIterable<string> | null>;
  write(seq: number, lines: AsyncIterable<string>): Promise<void>;
  /** Drops every other one. */
  keepOnly(seq: number): Promise<void>;
}

/** An append-only chain of records with one writer. The append is the commit point of every decision. */
export interface LedgerPort {
  readonly id: string;
  head(): Promise<Head>;
  /** All entries or none; seq is given under the lock. Where it fails, reading says whether they were written. */
  append(entries: readonly Entry[]): Promise<readonly LedgerRecord[]>;
  read(options?: ReadOptions): Promise<readonly LedgerRecord[]>;
  /** The stored texts, exactly as written. */
  texts(options?: ReadOptions): Promise<readonly string[]>;
  /** What people ask of the past: over a way of its own, so that no question holds up an append. */
  readonly history: History;
  /** States of folds, so that a start need not read everything. */
  readonly snapshots: SnapshotStore;
  close(): Promise<void>;
}

/** A ledger that several servers share, and one at a time writes. */
export interface SharedLedger extends LedgerPort {
  /** Becomes the writer if there is none, or stays it. By the store's clock: nobody else's counts. */
  lead(): Promise<boolean>;
  /** Who writes now; null: nobody. */
  leader(): Promise<string | null>;
}

export const isShared = (ledger: LedgerPort): ledger is SharedLedger => 'lead' in ledger;

const PAGE = 5_000;

/** Every record that is asked for, page by page: a ledger may hold more than memory should. */
export async function* readPages(
  ledger: LedgerPort,
  options: Omit<ReadOptions, 'limit'> = {},
): AsyncGenerator<readonly LedgerRecord[]> {
  for (let after = options.after ?? 0; ; ) {
    const records = await ledger.read({ ...options, after, limit: PAGE });
    if (records.length > 0) yield records;
    if (records.length < PAGE) return;
    after = records.at(-1)!.seq;
  }
}

/** Why a ledger cannot be used, and what to do about each. */
const NEXT = {
  LEDGER_LOCKED: 'use the server that writes it (--server), stop that one, or choose another folder (--work)',
  LEDGER_FULL: 'free the disk; nothing was changed',
  LEDGER_READ_ONLY: 'make the folder and its files writable; nothing was changed',
  LEDGER_FAILED:
    'free the disk; if the file is damaged, restore it and compare it with an export: sluice ledger verify',
  LEDGER_UNSURE:
    'repeat the order with the same Idempotency-Key; decisions are made again from what is on record',
  LEDGER_DAMAGED:
    'see what else is damaged by sluice ledger verify, restore a copy of the ledger that verifies, and start again',
  LEDGER_BROKEN:
    'stop the server, list every break with sluice ledger verify, compare with an export that you trust, restore a copy that verifies, and start the server again; services keep running meanwhile',
  LEDGER_NEWER: 'run the newer version of Sluice that wrote to it',
} as const;
type LedgerCode = keyof typeof NEXT;

/** The store cannot take records: nothing may be decided until it can. */
export class LedgerUnavailable extends Error {
  readonly code: LedgerCode;
  constructor(code: LedgerUnavailable['code'], message: string) {
    super(message);
    this.name = 'LedgerUnavailable';
    this.code = code;
  }

  get next(): string {
    return NEXT[this.code];
  }
}
