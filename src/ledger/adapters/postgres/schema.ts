import { Kysely, PostgresDialect, sql, type Transaction } from 'kysely';
import pg from 'pg';
import { LedgerUnavailable } from '../../port.ts';

/** PostgreSQL gives BIGINT as text: here it is read as a number, which a seq never outgrows. */
export interface Tables {
  sluice_ledgers: { id: string; seq: string; hash: string; epoch: string; holder: string; until: Date };
  sluice_records: {
    ledger: string;
    seq: string;
    type: string;
    subject: string;
    hash: string;
    text: string;
  };
  sluice_snapshots: { ledger: string; seq: string; line: number; text: string };
}

/** The time of a record, read from its text: `at` follows the actor, and no string can hold its quoted name. */
export const AT = `(substring(text from '"at":(-?[0-9]+)'))::bigint`;

const MIGRATION_LOCK = 7_117_001;

/**
 * Every change of the schema there ever was, in order; the number of those that were made is kept. What follows the
 * first one adds indexes and snapshots alone: a server of before goes on writing correctly until it is asked to end.
 */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE sluice_ledgers (id TEXT PRIMARY KEY, seq BIGINT NOT NULL, hash TEXT NOT NULL,
     epoch BIGINT NOT NULL, holder TEXT NOT NULL, until TIMESTAMPTZ NOT NULL);
   CREATE TABLE sluice_records (ledger TEXT NOT NULL REFERENCES sluice_ledgers (id), seq BIGINT NOT NULL,
     type TEXT NOT NULL, subject TEXT NOT NULL, hash TEXT NOT NULL, text TEXT NOT NULL,
     PRIMARY KEY (ledger, seq));
   CREATE INDEX sluice_records_subject ON sluice_records (ledger, subject, seq);
   CREATE INDEX sluice_records_type ON sluice_records (ledger, type, seq);`,
  `CREATE INDEX sluice_records_search ON sluice_records (ledger, seq, type, subject);
   CREATE INDEX sluice_records_at ON sluice_records (ledger, (${AT}), seq);
   CREATE TABLE sluice_snapshots (ledger TEXT NOT NULL REFERENCES sluice_ledgers (id), seq BIGINT NOT NULL,
     line INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (ledger, seq, line));`,
];
export const SCHEMA = MIGRATIONS.length;

/** Throws where a newer version of Sluice has been here: what it changed may not be understood. */
export function checkSchema(version: number): void {
  if (version > SCHEMA)
    throw new LedgerUnavailable(
      'LEDGER_NEWER',
      `the database has schema ${version}, and this version of Sluice knows ${SCHEMA}: a newer one has written ` +
        'there; run that one',
    );
}

/** The number of migrations that were made; 0: none. */
export async function schemaOf(on: Kysely<Tables> | Transaction<Tables>): Promise<number> {
  const { rows } = await sql<{ version: number }>`SELECT version FROM sluice_schema`.execute(on);
  return rows[0]?.version ?? 0;
}

/** An index over years of records takes longer than any other statement may; somebody else may be making it. */
const MIGRATION_MS = 600_000;

/** Brings the schema up to date, once, whoever else tries at the same moment. A newer one is left alone, and refused. */
export async function migrate(url: string, connectMs: number): Promise<void> {
  const pool = new pg.Pool({
    connectionString: url,
    max: 1,
    connectionTimeoutMillis: connectMs,
    statement_timeout: MIGRATION_MS,
    query_timeout: MIGRATION_MS,
    application_name: 'sluice (schema)',
  });
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  try {
    await db.transaction().execute(async (tx) => {
      await sql`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`.execute(tx);
      await sql`CREATE TABLE IF NOT EXISTS sluice_schema (version INTEGER NOT NULL)`.execute(tx);
      const version = await schemaOf(tx);
      checkSchema(version);
      if (version === SCHEMA) return;
      for (const statement of MIGRATIONS.slice(version)) await sql.raw(statement).execute(tx);
      if (version === 0) await sql`INSERT INTO sluice_schema VALUES (${SCHEMA})`.execute(tx);
      else await sql`UPDATE sluice_schema SET version = ${SCHEMA}`.execute(tx);
    });
  } finally {
    await db.destroy();
  }
}
