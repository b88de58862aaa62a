import type { Transaction } from 'kysely';
import { LedgerUnavailable } from '../../port.ts';
import { type Entry, type Head, type LedgerRecord, seal } from '../../record.ts';
import type { Tables } from './schema.ts';
import { unavailable } from './unavailable.ts';
import { headIn, rowOf, type Writer } from './writer.ts';

/** Parameters of one statement are bounded by the protocol. */
const ROWS_A_STATEMENT = 500;

interface Sealed {
  readonly head: Head;
  readonly records: LedgerRecord[];
}

async function insert(
  tx: Transaction<Tables>,
  id: string,
  entries: readonly Entry[],
  from: Head,
): Promise<Sealed> {
  let head = from;
  const records: LedgerRecord[] = [];
  const rows: Tables['sluice_records'][] = [];
  for (const entry of entries) {
    const { record, text } = seal(id, head, entry);
    const { seq, type, subject, hash } = record;
    rows.push({ ledger: id, seq: String(seq), type, subject, hash, text });
    head = { seq, hash };
    records.push(record);
  }
  for (let at = 0; at < rows.length; at += ROWS_A_STATEMENT)
    await tx
      .insertInto('sluice_records')
      .values(rows.slice(at, at + ROWS_A_STATEMENT))
      .execute();
  return { head, records };
}

const isSame = (one: Head | null, other: Head): boolean =>
  one !== null && one.seq === other.seq && one.hash === other.hash;

/**
 * The head that is written on, if it may be: who does not lead, or does not know it, writes nothing. An append whose
 * answer was lost is known by the hash that it would have; what was decided without it is not written.
 */
function headToWriteOn(
  writer: Writer,
  row: { readonly seq: string; readonly hash: string; readonly epoch: string; readonly holder: string },
): Head {
  const { id, holder, epoch, known, doubted } = writer;
  if (epoch === null || row.epoch !== epoch)
    throw new LedgerUnavailable(
      'LEDGER_LOCKED',
      `${row.holder || 'nobody'} writes ledger ${id}, not ${holder}`,
    );
  const head = headIn(row);
  writer.doubted = null;
  if (known && isSame(doubted, head)) {
    writer.known = head;
    throw new LedgerUnavailable('LEDGER_UNSURE', `ledger ${id} was written although the answer was lost`);
  }
  if (known && !isSame(known, head))
    throw new LedgerUnavailable(
      'LEDGER_FAILED',
      `ledger ${id} holds records that this writer did not know of: it must start again`,
    );
  return head;
}

async function appendNow(writer: Writer, entries: readonly Entry[]): Promise<LedgerRecord[]> {
  const { db, id } = writer;
  try {
    const done = await db.transaction().execute(async (tx) => {
      const row = await rowOf(tx, id).forUpdate().executeTakeFirstOrThrow();
      const from = headToWriteOn(writer, row);
      writer.known = from;
      const made = await insert(tx, id, entries, from);
      // From here on it may be made although this one never hears of it.
      writer.doubted = made.head;
      await tx
        .updateTable('sluice_ledgers')
        .set({ seq: String(made.head.seq), hash: made.head.hash })
        .where('id', '=', id)
        .execute();
      return made;
    });
    writer.known = done.head;
    writer.doubted = null;
    return done.records;
  } catch (thrown) {
    throw unavailable(thrown, 'the ledger cannot be written');
  }
}

/** Appends wait for each other here: the row would make them wait there, and their order is that of asking. */
export function append(writer: Writer, entries: readonly Entry[]): Promise<LedgerRecord[]> {
  const work = () => appendNow(writer, entries);
  const next = writer.last.then(work, work);
  writer.last = next.catch(() => undefined);
  return next;
}
