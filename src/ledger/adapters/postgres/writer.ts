import type { Kysely } from 'kysely';
import type { Head, LedgerRecord } from '../../record.ts';
import type { Tables } from './schema.ts';

/** A process that reads a ledger, and writes it while it leads. */
export interface Writer {
  readonly db: Kysely<Tables>;
  /** Name of the ledger. */
  readonly id: string;
  /** Who this is, for people to read. */
  readonly holder: string;
  readonly leaseMs: number;
  /** Null: not the writer. */
  epoch: string | null;
  /** The head as this writer knows it: records of its own that it never heard of would show here. */
  known: Head | null;
  /** The head after an append whose answer was lost: it was made, or it was not. */
  doubted: Head | null;
  /** The last append: the next one waits for it. */
  last: Promise<unknown>;
}

/** What is read of an append whose answer was lost settles that it was made. */
export function settle(writer: Writer, records: readonly LedgerRecord[]): void {
  const { doubted } = writer;
  if (!records.some(({ seq, hash }) => seq === doubted?.seq && hash === doubted.hash)) return;
  writer.known = doubted;
  writer.doubted = null;
}

/** The row of a ledger: its head, who writes it, and until when. */
export const rowOf = (on: Kysely<Tables>, id: string) =>
  on.selectFrom('sluice_ledgers').selectAll().where('id', '=', id);

export const headIn = (row: { readonly seq: string; readonly hash: string }): Head => ({
  seq: Number(row.seq),
  hash: row.hash,
});
