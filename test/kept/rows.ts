import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { program } from '../postgres.ts';
import { FILES, linesOf, readText, type StoredRow } from './files.ts';
import { type LedgerRecord, openPostgres } from './folds.ts';

const TABLES = ['sluice_schema', 'sluice_ledgers', 'sluice_records'] as const;
const ORDER = { sluice_schema: 'version', sluice_ledgers: 'id', sluice_records: 'ledger, seq' } as const;

type Query = (text: string) => Promise<Record<string, unknown>[]>;

async function connected<T>(url: string, work: (query: Query) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(async (text) => (await client.query(text)).rows as Record<string, unknown>[]);
  } finally {
    await client.end();
  }
}

/** Every row of a ledger's tables as it is stored, schema and epoch included. */
export async function storedRows(query: Query): Promise<StoredRow[]> {
  const rows: StoredRow[] = [];
  for (const table of TABLES) {
    const found = await query(`SELECT row_to_json(t)::text AS row FROM ${table} t ORDER BY ${ORDER[table]}`);
    rows.push(...found.map(({ row }) => ({ table, row: JSON.parse(String(row)) as StoredRow['row'] })));
  }
  return rows;
}

/** The records among stored rows, by seq. */
export const recordsIn = (rows: readonly StoredRow[]): LedgerRecord[] =>
  rows
    .filter(({ table }) => table === 'sluice_records')
    .map(({ row }) => JSON.parse(String(row['text'])) as LedgerRecord);

/** Statements of a dump that make something: settings of its session are its own. */
const isDefinition = (statement: string): boolean => /^(CREATE|ALTER TABLE)/.test(statement);

/** The tables as this version makes them in an empty database. */
export async function emptySchema(url: string): Promise<string> {
  await (await openPostgres(url, 'empty')).close();
  const dump = execFileSync(program('pg_dump'), ['--schema-only', '--no-owner', '--no-privileges', url], {
    encoding: 'utf8',
  });
  const statements = dump
    .replaceAll(/^(--|\\).*$/gm, '')
    .split(/;\s*\n/)
    .map((statement) => statement.trim())
    .filter(isDefinition);
  return `${statements.join(';\n\n')};\n`;
}

const rowsIn = (folder: string): StoredRow[] =>
  linesOf(readText(join(folder, FILES.rows))).map((line) => JSON.parse(line) as StoredRow);

/** The name of the one ledger that was kept with its rows. */
export const ledgerIn = (folder: string): string =>
  String(rowsIn(folder).find(({ table }) => table === 'sluice_ledgers')!.row['id']);

let databases = 0;

/** A database of its own in a running PostgreSQL, with the tables and the rows that were kept; its address. */
export async function databaseOf(server: string, folder: string): Promise<string> {
  const name = `kept_${++databases}`;
  await connected(server, (query) => query(`CREATE DATABASE ${name}`));
  const address = new URL(server);
  address.pathname = `/${name}`;
  const rows = rowsIn(folder);
  await connected(address.href, async (query) => {
    await query(readFileSync(join(folder, FILES.schema), 'utf8'));
    for (const table of TABLES) {
      const mine = JSON.stringify(rows.filter((r) => r.table === table).map((r) => r.row));
      await query(
        `INSERT INTO ${table} SELECT * FROM json_populate_recordset(null::public.${table}, $kept$${mine}$kept$)`,
      );
    }
  });
  return address.href;
}

/** What is stored in a database now, as it was kept. */
export const rowsAt = (url: string): Promise<StoredRow[]> => connected(url, storedRows);
