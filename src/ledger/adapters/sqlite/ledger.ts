import { existsSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { Kysely, sql } from 'kysely';
import { type LedgerPort, LedgerUnavailable, type ReadOptions } from '../../port.ts';
import { EMPTY_HEAD, type Entry, type Head, type LedgerRecord, seal } from '../../record.ts';
import { storedRecord } from '../../stored.ts';
import { nodeSqliteDialect } from './dialect.ts';
import { sqliteHistory } from './history.ts';
import { takeLock } from './lock.ts';
import { migrate } from './schema.ts';
import { fileSnapshots, hasSnapshots } from './snapshots.ts';
import { unavailable } from './unavailable.ts';

interface Tables {
  records: { seq: number; type: string; subject: string; hash: string; text: string };
  meta: { name: string; value: string };
}

export interface SqliteOptions {
  readonly file: string;
  /** Name of a new ledger; an existing file keeps its own. */
  readonly id: string;
  /** Bound on the file's size in pages: a full disk, in tests. */
  readonly maxPages?: number;
}

/** SQLite's word for no limit: what is asked for without one is given whole. */
const NO_LIMIT = -1;

/** A writer of before locks the ledger itself, and a reader of ours may be recovering it: neither takes long. */
const BUSY_MS = 1_000;

/** Opens the file for the one writer, as readers beside it need it; the lock is held already. */
function openFile(file: string, maxPages: number | undefined): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: BUSY_MS });
  try {
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('PRAGMA synchronous = FULL');
    migrate(database, file);
    // A writer of before that comes now is refused: it wants the ledger for itself, and this connection has it open.
    database.exec('BEGIN IMMEDIATE; COMMIT;');
    if (maxPages !== undefined) database.exec(`PRAGMA max_page_count = ${Math.floor(maxPages)}`);
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

/** SQLite takes a file that was cut to nothing for a new one. Snapshots beside it say that there was more. */
function refuseEmptied(file: string): void {
  if (!existsSync(file) || statSync(file).size > 0 || !hasSnapshots(file)) return;
  throw new LedgerUnavailable(
    'LEDGER_DAMAGED',
    `${file} is empty, and beside it is a snapshot of its records`,
  );
}

function openLocked({ file, maxPages }: SqliteOptions) {
  const lock = takeLock(file);
  try {
    refuseEmptied(file);
    return { lock, database: openFile(file, maxPages) };
  } catch (thrown) {
    lock.release();
    throw thrown;
  }
}

/** The name of the ledger in a file; a new one is given this name. */
async function nameOf(db: Kysely<Tables>, name: string): Promise<string> {
  await db
    .insertInto('meta')
    .values({ name: 'ledger', value: name })
    .onConflict((c) => c.doNothing())
    .execute();
  const { value } = await db
    .selectFrom('meta')
    .select('value')
    .where('name', '=', 'ledger')
    .executeTakeFirstOrThrow();
  return value;
}

async function headOf(db: Kysely<Tables>): Promise<Head> {
  try {
    const newest = db.selectFrom('records').select(['seq', 'hash']).orderBy('seq', 'desc').limit(1);
    return (await newest.executeTakeFirst()) ?? EMPTY_HEAD;
  } catch (thrown) {
    throw unavailable(thrown, 'the ledger cannot be read');
  }
}

async function append(db: Kysely<Tables>, id: string, entries: readonly Entry[]): Promise<LedgerRecord[]> {
  try {
    return await db.transaction().execute(async (tx) => {
      let head = await headOf(tx);
      const records: LedgerRecord[] = [];
      for (const entry of entries) {
        const { record, text } = seal(id, head, entry);
        const { seq, type, subject, hash } = record;
        await tx.insertInto('records').values({ seq, type, subject, hash, text }).execute();
        head = { seq, hash };
        records.push(record);
      }
      return records;
    });
  } catch (thrown) {
    throw unavailable(thrown, 'the ledger cannot be written');
  }
}

async function rowsOf(
  db: Kysely<Tables>,
  { after = 0, limit = NO_LIMIT, subject, type }: ReadOptions = {},
): Promise<{ seq: number; text: string }[]> {
  let query = db
    .selectFrom('records')
    .select(['seq', 'text'])
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(limit);
  if (subject !== undefined) query = query.where('subject', '=', subject);
  if (type !== undefined) query = query.where('type', '=', type);
  try {
    return await query.execute();
  } catch (thrown) {
    throw unavailable(thrown, 'the ledger cannot be read');
  }
}

/** The ledger in one SQLite file, held by one writer. */
export async function sqliteLedger(options: SqliteOptions): Promise<LedgerPort> {
  let opened: ReturnType<typeof openLocked>;
  try {
    opened = openLocked(options);
  } catch (thrown) {
    throw unavailable(thrown, `the ledger ${options.file} cannot be opened`);
  }
  const { lock, database } = opened;
  const db = new Kysely<Tables>({ dialect: nodeSqliteDialect(database) });
  const id = await nameOf(db, options.id).catch(async (thrown: unknown) => {
    await db.destroy();
    lock.release();
    throw unavailable(thrown, `the ledger ${options.file} cannot be opened`);
  });
  const history = sqliteHistory(options.file);
  return {
    id,
    history,
    snapshots: fileSnapshots(options.file),
    head: () => headOf(db),
    append: (entries) => append(db, id, entries),
    texts: async (asked) => (await rowsOf(db, asked)).map(({ text }) => text),
    read: async (asked) =>
      (await rowsOf(db, asked)).map(({ seq, text }) => storedRecord(text, `the ledger ${options.file}`, seq)),
    close: async () => {
      await history.close();
      await sql`PRAGMA optimize`.execute(db).catch(() => undefined);
      await db.destroy();
      lock.release();
    },
  };
}
