import { DatabaseSync } from 'node:sqlite';

/** Beside a ledger: whoever holds it writes. Nobody may open and close this file by other means. */
const lockFileOf = (file: string): string => `${file}.lock`;

/**
 * Takes the place of the one writer, which the kernel frees however this process ends. Node locks no file without a
 * native module, so the lock is an empty SQLite database with an exclusive transaction that is never written to
 * (docs/decisions/0012). Throws "database is locked" where another process holds it, or this one already.
 */
export function takeLock(file: string): { release(): void } {
  const lock = new DatabaseSync(lockFileOf(file));
  try {
    // Without a journal beside it, which would stay behind a process that is killed.
    lock.exec('PRAGMA journal_mode = MEMORY');
    lock.exec('BEGIN EXCLUSIVE');
  } catch (thrown) {
    lock.close();
    throw thrown;
  }
  return { release: () => lock.close() };
}
