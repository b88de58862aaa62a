import { Kysely, PostgresDialect, sql, type Transaction } from 'kysely';
import pg from 'pg';
import { fromCanonical } from '../../../kit/canonical.ts';
import { messageOf } from '../../../kit/result.ts';
import { LedgerUnavailable, type ReadOptions, type SharedLedger } from '../../port.ts';
import { EMPTY_HEAD, type Entry, type Head, type LedgerRecord, seal } from '../../record.ts';

/** PostgreSQL gives BIGINT as text: here it is read as a number, which a seq never outgrows. */
interface Tables {
  sluice_ledgers: { id: string; seq: string; hash: string; epoch: string; holder: string; until: Date };
  sluice_records: {
    ledger: string;
    seq: string;
    type: string;
    subject: string;
    hash: string;
    text: string;
  };
}

export interface PostgresOptions {
  readonly url: string;
  /** Name of the ledger: several may share one database. */
  readonly id: string;
  /** Who asks to be the writer, for people to read. */
  readonly holder: string;
  /** How long a writer that says nothing more is waited for. */
  readonly leaseMs?: number;
}

const LEASE_MS = 6_000;
const CONNECT_MS = 5_000;
const STATEMENT_MS = 10_000;
/**
 * A writer whose network is cut in the middle of an append leaves its transaction open there, with the row that
 * everybody waits for: the database ends it well before the lease is out.
 */
const OPEN_TRANSACTION_MS = 2_000;
/** Parameters of one statement are bounded by the protocol. */
const ROWS_A_STATEMENT = 500;
const MIGRATION_LOCK = 7_117_001;

/** Every change of the schema there ever was, in order; the number of those that were made is kept. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE sluice_ledgers (id TEXT PRIMARY KEY, seq BIGINT NOT NULL, hash TEXT NOT NULL,
     epoch BIGINT NOT NULL, holder TEXT NOT NULL, until TIMESTAMPTZ NOT NULL);
   CREATE TABLE sluice_records (ledger TEXT NOT NULL REFERENCES sluice_ledgers (id), seq BIGINT NOT NULL,
     type TEXT NOT NULL, subject TEXT NOT NULL, hash TEXT NOT NULL, text TEXT NOT NULL,
     PRIMARY KEY (ledger, seq));
   CREATE INDEX sluice_records_subject ON sluice_records (ledger, subject, seq);
   CREATE INDEX sluice_records_type ON sluice_records (ledger, type, seq);`,
];

const unavailable = (thrown: unknown, doing: string): LedgerUnavailable =>
  thrown instanceof LedgerUnavailable
    ? thrown
    : new LedgerUnavailable(codeOf(thrown), `${doing}: ${messageOf(thrown)}`);

function codeOf(thrown: unknown): LedgerUnavailable['code'] {
  const { code } = thrown as { code?: string };
  // Disk full, and out of memory or connections.
  if (code?.startsWith('53')) return 'LEDGER_FULL';
  // Read-only transactions: a standby, or a database that is being moved.
  return code === '25006' ? 'LEDGER_READ_ONLY' : 'LEDGER_FAILED';
}

/** Brings the schema up to date, once, whoever else tries at the same moment. A newer one is left alone, and refused. */
async function migrate(db: Kysely<Tables>): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await sql`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute(tx);
    await sql`CREATE TABLE IF NOT EXISTS sluice_schema (version INTEGER NOT NULL)`.execute(tx);
    const { rows } = await sql<{ version: number }>`SELECT version FROM sluice_schema`.execute(tx);
    const version = rows[0]?.version ?? 0;
    if (version > MIGRATIONS.length)
      throw new LedgerUnavailable(
        'LEDGER_FAILED',
        `the database has schema ${version}, and this version knows ${MIGRATIONS.length}: run a newer one`,
      );
    for (const statement of MIGRATIONS.slice(version)) await sql.raw(statement).execute(tx);
    if (rows.length === 0) await sql`INSERT INTO sluice_schema VALUES (${MIGRATIONS.length})`.execute(tx);
    else await sql`UPDATE sluice_schema SET version = ${MIGRATIONS.length}`.execute(tx);
  });
}

/** The ledger in PostgreSQL. Opened it reads; only who leads writes, by an epoch that every append compares. */
export async function postgresLedger(options: PostgresOptions): Promise<SharedLedger> {
  const { id, holder } = options;
  const lease = `${options.leaseMs ?? LEASE_MS} milliseconds`;
  const pool = new pg.Pool({
    connectionString: options.url,
    max: 5,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    query_timeout: STATEMENT_MS,
    idle_in_transaction_session_timeout: OPEN_TRANSACTION_MS,
    application_name: `sluice ${holder}`,
  });
  // A connection that breaks is replaced at its next use, idle or not; without a listener it would end the process.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  /** Null: not the writer. */
  let epoch: string | null = null;
  /** The head as this writer knows it: records of its own that it never heard of would show here. */
  let known: Head | null = null;
  try {
    await migrate(db);
    await db
      .insertInto('sluice_ledgers')
      .values({ id, seq: '0', hash: EMPTY_HEAD.hash, epoch: '0', holder: '', until: new Date(0) })
      .onConflict((c) => c.doNothing())
      .execute();
  } catch (thrown) {
    await db.destroy();
    throw unavailable(thrown, 'the ledger in PostgreSQL cannot be opened');
  }

  const rowOf = (on: Kysely<Tables>) => on.selectFrom('sluice_ledgers').selectAll().where('id', '=', id);
  const headIn = (row: { seq: string; hash: string }): Head => ({ seq: Number(row.seq), hash: row.hash });

  async function insert(tx: Transaction<Tables>, entries: readonly Entry[], from: Head) {
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

  /** Appends wait for each other here: the row would make them wait there, and their order is that of asking. */
  let last: Promise<unknown> = Promise.resolve();
  const inOrder = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work);
    last = next.catch(() => undefined);
    return next;
  };

  const append = async (entries: readonly Entry[]): Promise<LedgerRecord[]> => {
    try {
      const done = await db.transaction().execute(async (tx) => {
        const row = await rowOf(tx).forUpdate().executeTakeFirstOrThrow();
        if (epoch === null || row.epoch !== epoch)
          throw new LedgerUnavailable(
            'LEDGER_LOCKED',
            `${row.holder || 'nobody'} writes ledger ${id}, not ${holder}`,
          );
        const head = headIn(row);
        if (known && (known.seq !== head.seq || known.hash !== head.hash))
          throw new LedgerUnavailable(
            'LEDGER_FAILED',
            `ledger ${id} holds records that this writer never heard to be written: it has to begin anew`,
          );
        const made = await insert(tx, entries, head);
        await tx
          .updateTable('sluice_ledgers')
          .set({ seq: String(made.head.seq), hash: made.head.hash })
          .where('id', '=', id)
          .execute();
        return made;
      });
      known = done.head;
      return done.records;
    } catch (thrown) {
      throw unavailable(thrown, 'the ledger takes no record');
    }
  };

  const texts = async ({ after = 0, limit, subject, type }: ReadOptions = {}): Promise<string[]> => {
    let query = db
      .selectFrom('sluice_records')
      .select('text')
      .where('ledger', '=', id)
      .where('seq', '>', String(after))
      .orderBy('seq');
    if (limit !== undefined) query = query.limit(limit);
    if (subject !== undefined) query = query.where('subject', '=', subject);
    if (type !== undefined) query = query.where('type', '=', type);
    try {
      return (await query.execute()).map((row) => row.text);
    } catch (thrown) {
      throw unavailable(thrown, 'the ledger cannot be read');
    }
  };

  async function lead(): Promise<boolean> {
    // One statement: who already leads prolongs its epoch, anybody else begins one where the lease ran out.
    const { rows } = await sql<{ epoch: string; seq: string; hash: string }>`
      UPDATE sluice_ledgers SET
        epoch = CASE WHEN epoch = ${epoch ?? '-1'}::bigint THEN epoch ELSE epoch + 1 END,
        holder = ${holder}, until = clock_timestamp() + ${lease}::interval
      WHERE id = ${id} AND (epoch = ${epoch ?? '-1'}::bigint OR until < clock_timestamp())
      RETURNING epoch, seq, hash`.execute(db);
    const [row] = rows;
    if (!row) {
      epoch = null;
      return false;
    }
    if (row.epoch !== epoch) known = headIn(row);
    epoch = row.epoch;
    return true;
  }

  return {
    id,
    lead: () =>
      lead().catch((thrown: unknown) => {
        throw unavailable(thrown, 'the ledger cannot be led');
      }),
    async leader() {
      const row = await rowOf(db).where('until', '>', sql<Date>`clock_timestamp()`).executeTakeFirst();
      return row?.holder ?? null;
    },
    async head() {
      return headIn(await rowOf(db).executeTakeFirstOrThrow());
    },
    append: (entries) => inOrder(() => append(entries)),
    texts,
    read: async (options) => (await texts(options)).map((text) => fromCanonical(text) as LedgerRecord),
    async close() {
      await last;
      // Given back, so that the next one need not wait; killed, its lease runs out.
      if (epoch !== null)
        await db
          .updateTable('sluice_ledgers')
          .set({ until: new Date(0) })
          .where('id', '=', id)
          .where('epoch', '=', epoch)
          .execute()
          .catch(() => undefined);
      epoch = null;
      await db.destroy();
    },
  };
}
