import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, sql } from 'kysely';
import type { HistoryQuery } from '../../history.ts';
import { foundBy, type SqlOfStore } from '../sql/conditions.ts';
import { AT, checkSchema } from './schema.ts';
import { unavailable } from './unavailable.ts';

/** Reads a ledger beside its writer. Everything it does ends within one page. */
export interface Reader {
  page(query: HistoryQuery): readonly string[];
  /** Texts in order, after a seq. */
  after(seq: number, limit: number): readonly { readonly seq: number; readonly text: string }[];
  close(): void;
}

/** Above every character that a subject holds. */
const LAST = '\u{10ffff}';

const STORE: SqlOfStore = {
  table: sql`records`,
  at: sql.raw(AT),
  own: [],
  // Bytes are compared, so that the index on subjects holds all of them next to each other.
  startsWith: (prefix) => sql`subject >= ${prefix} AND subject < ${`${prefix}${LAST}`}`,
};

/** How long a writer that is just recovering the file is waited for. */
const BUSY_MS = 5_000;

/** Statements are compiled by Kysely and run here: nothing waits for anything within a page. */
const compiler = (): Kysely<unknown> =>
  new Kysely({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  });

function openToRead(file: string): DatabaseSync {
  const doing = `the ledger ${file} cannot be read`;
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(file, { readOnly: true, timeout: BUSY_MS });
  } catch (thrown) {
    throw unavailable(thrown, doing);
  }
  try {
    checkSchema(database, file);
    return database;
  } catch (thrown) {
    database.close();
    throw unavailable(thrown, doing);
  }
}

export function openReader(file: string): Reader {
  const database = openToRead(file);
  const db = compiler();
  const inOrder = database.prepare('SELECT seq, text FROM records WHERE seq > ? ORDER BY seq LIMIT ?');
  return {
    page(query) {
      const order = query.after === undefined ? sql`DESC` : sql`ASC`;
      const found = foundBy(query, STORE);
      const compiled = sql`WITH found AS (${found})
        SELECT text FROM records JOIN found USING (seq) ORDER BY seq ${order}`.compile(db);
      const rows = database.prepare(compiled.sql).all(...(compiled.parameters as SQLInputValue[]));
      return rows.map((row) => row['text'] as string);
    },
    after: (seq, limit) => inOrder.all(seq, limit) as { seq: number; text: string }[],
    close: () => database.close(),
  };
}
