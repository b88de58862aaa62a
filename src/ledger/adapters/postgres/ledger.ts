import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import type { ReadOptions, SharedLedger } from '../../port.ts';
import { EMPTY_HEAD } from '../../record.ts';
import { storedRecord } from '../../stored.ts';
import { append } from './append.ts';
import { postgresHistory } from './history.ts';
import { lead, release } from './lease.ts';
import { migrate, type Tables } from './schema.ts';
import { endWhenSilent } from './silent.ts';
import { postgresSnapshots } from './snapshots.ts';
import { unavailable } from './unavailable.ts';
import { headIn, rowOf, settle, type Writer } from './writer.ts';

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
const CONNECTIONS = 5;
const CONNECT_MS = 5_000;
const STATEMENT_MS = 10_000;
/**
 * A writer whose network is cut in the middle of an append leaves its transaction open there, with the row that
 * everybody waits for: the database ends it well before the lease is out.
 */
const OPEN_TRANSACTION_MS = 2_000;

function openPool({ url, holder }: PostgresOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    query_timeout: STATEMENT_MS,
    idle_in_transaction_session_timeout: OPEN_TRANSACTION_MS,
    application_name: `sluice ${holder}`,
  });
  // A connection that breaks is replaced at its next use, idle or not; without a listener it would end the process.
  pool.on('error', () => {});
  pool.on('connect', (client) => {
    client.on('error', () => {});
    endWhenSilent(client);
  });
  return pool;
}

/** Opens the database, with its schema and a row of this ledger. */
async function openDatabase(options: PostgresOptions): Promise<Kysely<Tables>> {
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: openPool(options) }) });
  try {
    await migrate(options.url, CONNECT_MS);
    await db
      .insertInto('sluice_ledgers')
      .values({ id: options.id, seq: '0', hash: EMPTY_HEAD.hash, epoch: '0', holder: '', until: new Date(0) })
      .onConflict((c) => c.doNothing())
      .execute();
    return db;
  } catch (thrown) {
    await db.destroy();
    throw unavailable(thrown, 'the ledger in PostgreSQL cannot be opened');
  }
}

async function rowsFrom(
  db: Kysely<Tables>,
  id: string,
  { after = 0, limit, subject, type }: ReadOptions = {},
): Promise<{ seq: string; text: string }[]> {
  let query = db
    .selectFrom('sluice_records')
    .select(['seq', 'text'])
    .where('ledger', '=', id)
    .where('seq', '>', String(after))
    .orderBy('seq');
  if (limit !== undefined) query = query.limit(limit);
  if (subject !== undefined) query = query.where('subject', '=', subject);
  if (type !== undefined) query = query.where('type', '=', type);
  try {
    return await query.execute();
  } catch (thrown) {
    throw unavailable(thrown, 'the ledger cannot be read');
  }
}

/** The ledger in PostgreSQL. Opened it reads; only who leads writes, by an epoch that every append compares. */
export async function postgresLedger(options: PostgresOptions): Promise<SharedLedger> {
  const { id, holder } = options;
  const db = await openDatabase(options);
  const writer: Writer = {
    db,
    id,
    holder,
    leaseMs: options.leaseMs ?? LEASE_MS,
    epoch: null,
    known: null,
    doubted: null,
    last: Promise.resolve(),
  };
  const history = postgresHistory(options.url, id, holder);
  return {
    id,
    history,
    snapshots: postgresSnapshots(db, id),
    lead: () =>
      lead(writer).catch((thrown: unknown) => {
        throw unavailable(thrown, 'the ledger cannot be led');
      }),
    async leader() {
      const row = await rowOf(db, id).where('until', '>', sql<Date>`clock_timestamp()`).executeTakeFirst();
      return row?.holder ?? null;
    },
    head: async () => headIn(await rowOf(db, id).executeTakeFirstOrThrow()),
    append: (entries) => append(writer, entries),
    texts: async (asked) => (await rowsFrom(db, id, asked)).map(({ text }) => text),
    async read(asked) {
      const records = (await rowsFrom(db, id, asked)).map(({ seq, text }) =>
        storedRecord(text, `ledger ${id} in PostgreSQL`, Number(seq)),
      );
      settle(writer, records);
      return records;
    },
    async close() {
      await writer.last;
      await release(writer);
      await history.close();
      await db.destroy();
    },
  };
}
