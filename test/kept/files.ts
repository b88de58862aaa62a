import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, constants, gunzipSync, gzipSync } from 'node:zlib';
import type { Json, LedgerRecord, States } from './folds.ts';

/** Everything that was kept, a folder for each version. */
export const KEPT = import.meta.dirname;

/** What is known of a kept ledger beside its files. */
export interface About {
  readonly schema: 'sluice.dev/kept/v1';
  readonly version: string;
  readonly commit: string;
  /** What the ledger tells. */
  readonly story: string;
  readonly store: 'sqlite' | 'postgres';
  /** Its name. */
  readonly ledger: string;
  /** The clock of every answer that was kept, in milliseconds. */
  readonly at: number;
  readonly head: { readonly seq: number; readonly hash: string };
  /** A token that was made in it, and what it may: a ledger is what tokens are known by. */
  readonly token: { readonly secret: string; readonly actor: Json } | null;
  /** The command that made it. */
  readonly made: string;
}

/** The states of all folds up to a record. */
export interface Place {
  readonly seq: number;
  readonly at: number;
  readonly states: States;
}

/** Answers of an API by path. */
export type Answers = Readonly<Record<string, { readonly status: number; readonly body: Json }>>;

/** A row of a table in PostgreSQL, as `row_to_json` gives it. */
export interface StoredRow {
  readonly table: 'sluice_schema' | 'sluice_ledgers' | 'sluice_records';
  readonly row: Readonly<Record<string, string | number>>;
}

/** Files of one kept ledger, by what they hold. */
export const FILES = {
  about: 'about.json',
  declaration: 'declaration',
  sqlite: 'ledger.sqlite.gz',
  rows: 'ledger.postgres.jsonl.gz',
  schema: 'ledger.postgres.sql',
  jsonl: 'export.jsonl.gz',
  cloudevents: 'export.cloudevents.jsonl.gz',
  states: 'states.json.br',
  explanations: 'explanations.json.gz',
  replay: 'replay.json.gz',
  answers: 'answers.json.gz',
  live: 'live.json.gz',
} as const;

/** What is known of a version, beside its ledgers. */
export interface Version {
  readonly schema: 'sluice.dev/kept-version/v1';
  readonly version: string;
  readonly commit: string;
  /** Every type of record that it writes, and which of its kept ledgers hold one. */
  readonly types: Readonly<Record<string, readonly string[]>>;
}
export const VERSION = 'version.json';

/** The description of a version's API, beside its ledgers. */
export const OPENAPI = 'openapi.json.gz';

/** Each packs the same text into the same file. Brotli sees what repeats far apart, as states do. */
const PACKERS = [
  {
    ending: '.gz',
    pack: (content: string | Uint8Array) => gzipSync(content, { level: constants.Z_BEST_COMPRESSION }),
    unpack: gunzipSync,
  },
  {
    ending: '.br',
    pack: (content: string | Uint8Array) =>
      brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_LGWIN]: 24 } }),
    unpack: brotliDecompressSync,
  },
] as const;
const packerOf = (file: string) => PACKERS.find(({ ending }) => file.endsWith(ending));

export const readBytes = (file: string): Buffer => {
  const bytes = readFileSync(file);
  return packerOf(file)?.unpack(bytes) ?? bytes;
};
export const readText = (file: string): string => readBytes(file).toString('utf8');
export const readJson = <T>(file: string): T => JSON.parse(readText(file)) as T;

export function write(file: string, content: string | Uint8Array): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, packerOf(file)?.pack(content) ?? content);
}
export const writeJson = (file: string, value: unknown): void =>
  write(file, packerOf(file) ? JSON.stringify(value) : `${JSON.stringify(value, null, 2)}\n`);

const foldersIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();

export interface KeptLedger {
  readonly name: string;
  readonly folder: string;
  readonly about: About;
}

/** Versions of which something was kept: found by looking, so that the next one is added by adding its folder. */
export const keptVersions = (root = KEPT): string[] => foldersIn(root);

export const keptLedgers = (root = KEPT): KeptLedger[] =>
  keptVersions(root).flatMap((version) =>
    foldersIn(join(root, version))
      .map((story) => ({ name: `${version}/${story}`, folder: join(root, version, story) }))
      .filter(({ folder }) => existsSync(join(folder, FILES.about)))
      .map((kept) => ({ ...kept, about: readJson<About>(join(kept.folder, FILES.about)) })),
  );

/** The records of a kept ledger, by its export. */
export const recordsOf = ({ folder }: Pick<KeptLedger, 'folder'>): LedgerRecord[] =>
  linesOf(readText(join(folder, FILES.jsonl))).map((line) => JSON.parse(line) as LedgerRecord);

/** The edition of the evidence rule was the first where none was declared (docs/migrations.md). */
const byFirstEdition = (text: string): string =>
  text.includes('kind: Platform') && !text.includes('\n  evidence:')
    ? text.replace('\n  strategy:', '\n  evidence: { edition: 1 }\n  strategy:')
    : text;

/** The declaration that a ledger was written under, with the defaults of that time. */
export const declarationOf = (folder: string): { file: string; text: string }[] =>
  readdirSync(join(folder, FILES.declaration))
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((file) => ({
      file,
      text: byFirstEdition(readFileSync(join(folder, FILES.declaration, file), 'utf8')),
    }));

export const linesOf = (text: string): string[] => text.split('\n').filter(Boolean);
