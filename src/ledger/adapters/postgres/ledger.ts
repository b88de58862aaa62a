import { Kysely, PostgresDialect, sql, type Transaction } from 'kysely';
import pg from 'pg';
import { fromCanonical } from '../../../kit/canonical.ts';
import { LedgerUnavailable, type ReadOptions, type SharedLedger } from '../../port.ts';
import { EMPTY_HEAD, type Entry, type Head, type LedgerRecord, seal } from '../../record.ts';
import { postgresHistory } from './history.ts';
import { checkSchema, migrate, schemaOf, type Tables } from './schema.ts';
import { postgresSnapshots } from './snapshots.ts';
import { unavailable } from './unavailable.ts';

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
    await migrate(options.url, CONNECT_MS);
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
    // A newer version may have come while this one led: what it will write cannot be decided on here.
    checkSchema(await schemaOf(db));
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

  const history = postgresHistory(options.url, id, holder);

  return {
    id,
    history,
    snapshots: postgresSnapshots(db, id),
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
      await history.close();
      await db.destroy();
    },
  };
}
