import type { DatabaseSync } from 'node:sqlite';
import { LedgerUnavailable } from '../../port.ts';

/** The time of a record, read from its text: `at` follows the actor, and no string can hold its quoted name. */
const AT_OF = (text: string): string => `CAST(substr(${text}, instr(${text}, '"at":') + 5, 20) AS INTEGER)`;
export const AT = AT_OF('text');

/** So many records one after another share a span. */
export const SPAN = 1_024;
const SPAN_OF = (seq: string): string => `${seq} / ${SPAN}`;

/**
 * Every change of the schema there ever was, in order. The first one is what ledgers without a version hold. Later
 * ones add indexes alone: a server of before goes on writing correctly.
 */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS records (seq INTEGER PRIMARY KEY, type TEXT NOT NULL, subject TEXT NOT NULL,
     hash TEXT NOT NULL, text TEXT NOT NULL) STRICT;
   CREATE INDEX IF NOT EXISTS records_subject ON records (subject, seq);
   CREATE INDEX IF NOT EXISTS records_type ON records (type, seq);
   CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;`,
  // A search reads this one instead of the records, which are thirty times as large.
  `CREATE INDEX records_search ON records (seq, type, subject, ${AT});
   CREATE INDEX records_at ON records (${AT}, seq);`,
  // The times of records are nearly in their order, and a clock may be set back: what is asked of a time goes through
  // the spans that hold it, in order. The index by time alone finds it in another order.
  `DROP INDEX records_at;
   CREATE TABLE spans (span INTEGER PRIMARY KEY, earliest INTEGER NOT NULL, latest INTEGER NOT NULL) STRICT;
   INSERT INTO spans SELECT ${SPAN_OF('seq')}, min(${AT}), max(${AT}) FROM records GROUP BY 1;
   CREATE TRIGGER records_span AFTER INSERT ON records BEGIN
     INSERT INTO spans VALUES (${SPAN_OF('new.seq')}, ${AT_OF('new.text')}, ${AT_OF('new.text')})
       ON CONFLICT (span) DO UPDATE SET
         earliest = min(earliest, excluded.earliest), latest = max(latest, excluded.latest);
   END;`,
];
export const SCHEMA = MIGRATIONS.length;

const versionOf = (database: DatabaseSync): number =>
  database.prepare('PRAGMA user_version').get()!['user_version'] as number;

/** Throws where a newer version of Sluice has been here: what it changed may not be understood. */
export function checkSchema(database: DatabaseSync, file: string): number {
  const version = versionOf(database);
  if (version > SCHEMA)
    throw new LedgerUnavailable(
      'LEDGER_NEWER',
      `the ledger ${file} has schema ${version}, and this version of Sluice knows ${SCHEMA}: a newer one has ` +
        'written here; run that one',
    );
  return version;
}

/** Brings the schema up to date, whole or not at all. */
export function migrate(database: DatabaseSync, file: string): void {
  const version = checkSchema(database, file);
  if (version === SCHEMA) return;
  database.exec(
    `BEGIN IMMEDIATE; ${MIGRATIONS.slice(version).join('\n')} PRAGMA user_version = ${SCHEMA}; COMMIT;`,
  );
}
