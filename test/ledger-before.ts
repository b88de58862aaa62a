import { DatabaseSync } from 'node:sqlite';

/** How a server before docs/decisions/0012 opened the ledger: it locked the database itself. */
export function openAsBefore(file: string): DatabaseSync {
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
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}
