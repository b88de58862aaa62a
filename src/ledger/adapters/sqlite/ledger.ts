import { DatabaseSync } from 'node:sqlite';
import { Kysely, sql } from 'kysely';
import { fromCanonical } from '../../../kit/canonical.ts';
import { messageOf } from '../../../kit/result.ts';
import { type LedgerPort, LedgerUnavailable, type ReadOptions } from '../../port.ts';
import { EMPTY_HEAD, type Entry, type Head, type LedgerRecord, seal } from '../../record.ts';
import { nodeSqliteDialect } from './dialect.ts';

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

function codeOf(thrown: unknown): LedgerUnavailable['code'] {
  const text = messageOf(thrown);
  if (/locked|busy/i.test(text)) return 'LEDGER_LOCKED';
  if (/full/i.test(text)) return 'LEDGER_FULL';
  if (/readonly|read-only|unable to open/i.test(text)) return 'LEDGER_READ_ONLY';
  return 'LEDGER_FAILED';
}

const unavailable = (thrown: unknown, doing: string): LedgerUnavailable =>
  thrown instanceof LedgerUnavailable
    ? thrown
    : new LedgerUnavailable(codeOf(thrown), `${doing}: ${messageOf(thrown)}`);

/** Opens the file and takes the exclusive lock, which the kernel frees whenever this process ends. */
function openLocked(file: string, maxPages: number | undefined): DatabaseSync {
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    database.exec('PRAGMA journal_mode = WAL');
    database.exec('PRAGMA synchronous = FULL');
    database.exec(
      `CREATE TABLE IF NOT EXISTS records (seq INTEGER PRIMARY KEY, type TEXT NOT NULL, subject TEXT NOT NULL,
         hash TEXT NOT NULL, text TEXT NOT NULL) STRICT;
       CREATE INDEX IF NOT EXISTS records_subject ON records (subject, seq);
       CREATE INDEX IF NOT EXISTS records_type ON records (type, seq);
       CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
       BEGIN IMMEDIATE; COMMIT;`,
    );
    if (maxPages !== undefined) database.exec(`PRAGMA max_page_count = ${Math.floor(maxPages)}`);
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

/** The ledger in one SQLite file, held by one writer. */
export async function sqliteLedger(options: SqliteOptions): Promise<LedgerPort> {
  let database: DatabaseSync;
  try {
    database = openLocked(options.file, options.maxPages);
  } catch (thrown) {
    throw unavailable(thrown, `the ledger ${options.file} cannot be opened`);
  }
  const db = new Kysely<Tables>({ dialect: nodeSqliteDialect(database) });
  await db
    .insertInto('meta')
    .values({ name: 'ledger', value: options.id })
    .onConflict((c) => c.doNothing())
    .execute();
  const { value: id } = await db
    .selectFrom('meta')
    .select('value')
    .where('name', '=', 'ledger')
    .executeTakeFirstOrThrow();

  const headOf = async (on: Kysely<Tables>): Promise<Head> =>
    (await on
      .selectFrom('records')
      .select(['seq', 'hash'])
      .orderBy('seq', 'desc')
      .limit(1)
      .executeTakeFirst()) ?? EMPTY_HEAD;

  const append = async (entries: readonly Entry[]): Promise<LedgerRecord[]> => {
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
      throw unavailable(thrown, 'the ledger takes no record');
    }
  };

  const texts = async ({
    after = 0,
    limit = NO_LIMIT,
    subject,
    type,
  }: ReadOptions = {}): Promise<string[]> => {
    let query = db.selectFrom('records').select('text').where('seq', '>', after).orderBy('seq').limit(limit);
    if (subject !== undefined) query = query.where('subject', '=', subject);
    if (type !== undefined) query = query.where('type', '=', type);
    return (await query.execute()).map((row) => row.text);
  };

  return {
    id,
    head: () => headOf(db),
    append,
    texts,
    read: async (options) => (await texts(options)).map((text) => fromCanonical(text) as LedgerRecord),
    close: async () => {
      await sql`PRAGMA optimize`.execute(db).catch(() => undefined);
      await db.destroy();
    },
  };
}
