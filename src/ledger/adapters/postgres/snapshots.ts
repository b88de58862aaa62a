import type { Kysely } from 'kysely';
import type { SnapshotStore } from '../../port.ts';
import type { Tables } from './schema.ts';

/** Lines of one statement: as many as together have about so many characters. */
const CHUNK = 1 << 20;
const MOST_LINES = 1_000;

/** The snapshots of one ledger. */
interface Snapshots {
  readonly db: Kysely<Tables>;
  readonly ledger: string;
}

async function* linesOf({ db, ledger }: Snapshots, seq: number): AsyncGenerator<string> {
  for (let from = 0; ; from += MOST_LINES) {
    const rows = await db
      .selectFrom('sluice_snapshots')
      .select('text')
      .where('ledger', '=', ledger)
      .where('seq', '=', String(seq))
      .where('line', '>=', from)
      .where('line', '<', from + MOST_LINES)
      .orderBy('line')
      .execute();
    for (const { text } of rows) yield text;
    if (rows.length < MOST_LINES) return;
  }
}

async function isThere({ db, ledger }: Snapshots, seq: number): Promise<boolean> {
  const first = await db
    .selectFrom('sluice_snapshots')
    .select('line')
    .where('ledger', '=', ledger)
    .where('seq', '=', String(seq))
    .limit(1)
    .executeTakeFirst();
  return first !== undefined;
}

async function write({ db, ledger }: Snapshots, seq: number, lines: AsyncIterable<string>): Promise<void> {
  // What an attempt before left behind.
  await db
    .deleteFrom('sluice_snapshots')
    .where('ledger', '=', ledger)
    .where('seq', '=', String(seq))
    .execute();
  let rows: Tables['sluice_snapshots'][] = [];
  let size = 0;
  let line = 0;
  const flush = async () => {
    if (rows.length > 0) await db.insertInto('sluice_snapshots').values(rows).execute();
    rows = [];
    size = 0;
  };
  for await (const text of lines) {
    rows.push({ ledger, seq: String(seq), line: line++, text });
    size += text.length;
    if (size >= CHUNK || rows.length >= MOST_LINES) await flush();
  }
  await flush();
}

/** Snapshots as rows beside the records, a line a row. */
export function postgresSnapshots(db: Kysely<Tables>, ledger: string): SnapshotStore {
  const snapshots: Snapshots = { db, ledger };
  return {
    read: async (seq) => ((await isThere(snapshots, seq)) ? linesOf(snapshots, seq) : null),
    write: (seq, lines) => write(snapshots, seq, lines),
    async keepOnly(seq) {
      await db
        .deleteFrom('sluice_snapshots')
        .where('ledger', '=', ledger)
        .where('seq', '<>', String(seq))
        .execute();
    },
  };
}
