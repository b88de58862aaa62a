import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, sql } from 'kysely';
import type { HistoryQuery } from '../../history.ts';
import type { Range } from '../../ranges.ts';
import { createVerifier, type Walked, type WalkStart } from '../../record.ts';
import { foundBy, type SqlOfStore } from '../sql/conditions.ts';
import { AT, checkSchema, SPAN } from './schema.ts';
import { unavailable } from './unavailable.ts';

/** Reads a ledger beside its writer. Everything it does ends within one page. */
export interface Reader {
  page(query: HistoryQuery): readonly string[];
  /** Texts in order, after a seq, and up to another where one is given. */
  after(
    seq: number,
    until: number | null,
    limit: number,
  ): readonly { readonly seq: number; readonly text: string }[];
  /** The place of the last record; 0: there is none. */
  last(): number;
  close(): void;
}

const WALKED_AT_ONCE = 500;

/** Walks a part of the chain; whatever else is to be done comes between. */
export async function walk(reader: Reader, { after, until }: Range, start: WalkStart): Promise<Walked> {
  const verifier = createVerifier(start);
  for (let seq = after; ; ) {
    const rows = reader.after(seq, until, WALKED_AT_ONCE);
    for (const { text } of rows) verifier.take(text);
    const last = rows.at(-1);
    if (!last || rows.length < WALKED_AT_ONCE) return verifier.walked();
    seq = last.seq;
    await setImmediate();
  }
}

/** Above every character that a subject holds. */
const LAST = '\u{10ffff}';

const STORE: SqlOfStore = {
  table: sql`records`,
  at: sql.raw(AT),
  own: [],
  // Bytes are compared, so that the index on subjects holds all of them next to each other.
  startsWith: (prefix) => sql`subject >= ${prefix} AND subject < ${`${prefix}${LAST}`}`,
  spans: {
    table: sql`spans`,
    of: (seq) => sql`${Math.floor(seq / SPAN)}`,
    holds: sql.raw(`seq >= span * ${SPAN} AND seq < (span + 1) * ${SPAN}`),
  },
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
  const inOrder = database.prepare(
    'SELECT seq, text FROM records WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?',
  );
  const newest = database.prepare('SELECT coalesce(max(seq), 0) AS seq FROM records');
  return {
    page(query) {
      const order = query.after === undefined ? sql`DESC` : sql`ASC`;
      const found = foundBy(query, STORE);
      const compiled = sql`WITH found AS (${found})
        SELECT text FROM records JOIN found USING (seq) ORDER BY seq ${order}`.compile(db);
      const rows = database.prepare(compiled.sql).all(...(compiled.parameters as SQLInputValue[]));
      return rows.map((row) => row['text'] as string);
    },
    after: (seq, until, limit) =>
      inOrder.all(seq, until ?? Number.MAX_SAFE_INTEGER, limit) as { seq: number; text: string }[],
    last: () => Number(newest.get()!['seq']),
    close: () => database.close(),
  };
}
