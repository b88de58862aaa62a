import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { FILES, type KeptLedger, readBytes, type StoredRow } from './files.ts';
import { type LedgerPort, openPostgres, openSqlite, type SharedLedger } from './folds.ts';
import { databaseOf, rowsAt } from './rows.ts';

/** A copy of a kept ledger in a store of its kind: what was kept is never touched. */
export interface Copy {
  /** Opens it as a server does that may write. */
  open(): Promise<LedgerPort>;
  /** Everything that is stored, past every adapter, but for what opening it changes. */
  stored(): Promise<unknown>;
  /** Replaces the text of a record in the store itself. */
  rewrite(seq: number, text: string): Promise<void>;
  /** A work folder that holds it, where the store is a file. */
  readonly work: string | null;
}

function sqliteCopy({ folder }: KeptLedger, work: string): Copy {
  mkdirSync(work, { recursive: true });
  const file = join(work, 'ledger.sqlite');
  writeFileSync(file, readBytes(join(folder, FILES.sqlite)));
  const on = <T>(use: (database: DatabaseSync) => T): T => {
    const database = new DatabaseSync(file);
    try {
      return use(database);
    } finally {
      database.close();
    }
  };
  return {
    work,
    open: () => openSqlite(file),
    stored: async () =>
      on((database) => [
        database.prepare('SELECT * FROM records ORDER BY seq').all(),
        database.prepare('SELECT * FROM meta ORDER BY name').all(),
      ]),
    rewrite: async (seq, text) =>
      on((database) => void database.prepare('UPDATE records SET text = ? WHERE seq = ?').run(text, seq)),
  };
}

/** What opening a ledger changes: who writes, in which epoch, and how many migrations were made. */
const OPENING: Partial<Record<StoredRow['table'], readonly string[]>> = {
  sluice_ledgers: ['epoch', 'holder', 'until'],
  sluice_schema: ['version'],
};
const asKept = ({ table, row }: StoredRow): StoredRow => ({
  table,
  row: Object.fromEntries(Object.entries(row).filter(([name]) => !OPENING[table]?.includes(name))),
});

async function postgresCopy({ folder, about }: KeptLedger, server: string): Promise<Copy> {
  const url = await databaseOf(server, folder);
  return {
    work: null,
    async open() {
      const ledger: SharedLedger = await openPostgres(url, about.ledger);
      if (!(await ledger.lead())) throw new Error(`${await ledger.leader()} writes a kept ledger`);
      return ledger;
    },
    stored: async () => (await rowsAt(url)).map(asKept),
    async rewrite(seq, text) {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query('UPDATE sluice_records SET text = $1 WHERE seq = $2', [text, seq]);
      await client.end();
    },
  };
}

/** A fresh copy: in a folder, or in a database of a running PostgreSQL. */
export const copyOf = async (kept: KeptLedger, folder: string, postgres: string | null): Promise<Copy> =>
  kept.about.store === 'sqlite' ? sqliteCopy(kept, folder) : postgresCopy(kept, postgres!);
