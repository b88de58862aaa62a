import { setImmediate } from 'node:timers/promises';
import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { chunksOf, type History, singleFlight } from '../../history.ts';
import { createVerifier } from '../../record.ts';
import { foundBy, type SqlOfStore } from '../sql/conditions.ts';
import { AT } from './schema.ts';
import { unavailable } from './unavailable.ts';

const CONNECT_MS = 5_000;
/** A question about the past may take longer than an append may. */
const QUESTION_MS = 60_000;
const CONNECTIONS = 2;

/** The history of one ledger of a database, over connections of its own that are opened at the first question. */
export function postgresHistory(url: string, id: string, holder: string): History {
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: QUESTION_MS,
    query_timeout: QUESTION_MS,
    application_name: `sluice ${holder} (history)`,
  });
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  const store: SqlOfStore = {
    table: sql`sluice_records`,
    at: sql.raw(AT),
    own: [sql`ledger = ${id}`],
    startsWith: (prefix) => sql`starts_with(subject, ${prefix})`,
  };
  const history: History = {
    async page(query) {
      const order = query.after === undefined ? sql`DESC` : sql`ASC`;
      const found = foundBy(query, store);
      const asked = sql<{ text: string }>`WITH found AS (${found})
        SELECT text FROM sluice_records JOIN found USING (seq) WHERE ledger = ${id} ORDER BY seq ${order}`;
      try {
        return (await asked.execute(db)).rows.map((row) => row.text);
      } catch (thrown) {
        throw unavailable(thrown, 'the history of the ledger cannot be read');
      }
    },
    verify: singleFlight(async () => {
      const verifier = createVerifier();
      for await (const texts of chunksOf(history)) {
        for (const text of texts) verifier.take(text);
        await setImmediate();
      }
      return verifier.result();
    }),
    close: () => db.destroy(),
  };
  return history;
}
