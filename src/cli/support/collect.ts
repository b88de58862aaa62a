import { readFileSync } from 'node:fs';
import { compile } from '../../controller/compile.ts';
import type { SourceFile } from '../../declaration/documents.ts';
import { messageOf } from '../../kit/result.ts';
import type { LedgerRecord } from '../../ledger/record.ts';
import type { PlainPath } from '../api.ts';
import { clientOf, runningServer, serverAt } from '../client.ts';
import { readDeclarations } from '../files.ts';
import type { Io } from '../io.ts';
import type { CommandParts } from '../parts.ts';
import { type Past, withPast } from '../past.ts';
import type { ServerAddress } from '../server-address.ts';
import { redactor, secretsOf, withoutTokenHash, withoutValues } from './redact.ts';

export type SupportParts = Pick<CommandParts, 'openExistingHistory' | 'locateProgram' | 'checkPrograms'>;

interface SupportRequest {
  readonly io: Io;
  /** Folder of the declaration. */
  readonly where: string;
  readonly place: ServerAddress;
  /** So many of the newest records. */
  readonly records: number;
  readonly version: string;
  readonly now: number;
  readonly parts: SupportParts;
}

/** Files by their path in the bundle. What could not be had is a file as well, and says why. */
type SupportFiles = ReadonlyMap<string, string>;

const PROGRAMS = ['git', 'nginx', 'prometheus', 'promtool', 'prometheus-alertmanager', 'node'];
const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Where a server tells of itself. */
const PAGES: readonly (readonly [path: PlainPath, file: string])[] = [
  ['/readyz', 'server/readyz.txt'],
  ['/api/v1/overview', 'server/overview.json'],
  ['/api/v1/pipeline', 'server/pipeline.json'],
  ['/metrics', 'server/metrics.txt'],
];

/** Names of variables and files that a declaration refers to for its secrets. */
function referencesIn(files: readonly SourceFile[]): { env: Set<string>; paths: string[] } {
  const all = files.map(({ text }) => text).join('\n');
  const found = (pattern: RegExp): string[] => [...all.matchAll(pattern)].map(([, name]) => name!);
  return {
    env: new Set(found(/\benv:\s*["']?([A-Za-z_]\w*)/g)),
    paths: found(/\bfile:\s*["']?([^\s"',}]+)/g),
  };
}

/** A file that somebody may not read keeps nothing secret from them here. */
function textOf(path: string): string[] {
  try {
    return [readFileSync(path, 'utf8')];
  } catch {
    return [];
  }
}

/** Everything that is known to be a secret here: it is taken out wherever it stands. */
function knownSecrets({ io, place }: SupportRequest, files: readonly SourceFile[]): string[] {
  const { env, paths } = referencesIn(files);
  const tokens = [runningServer(place.work)?.token, serverAt(place)?.token].filter((t) => t != null);
  return [...secretsOf(io.env, env), ...paths.flatMap(textOf), ...tokens];
}

function declarationFiles(files: readonly SourceFile[]): [string, string][] {
  const compiled = compile(files, { platform: 'optional' });
  const problems = compiled.ok ? [] : compiled.error;
  return [
    ...files.map(({ file, text }): [string, string] => [
      `declaration/${file.replace(/^\/+/, '').replaceAll('..', '_')}`,
      text,
    ]),
    ['declaration/problems.json', json(problems)],
  ];
}

async function machineFiles({ io, version, now, parts }: SupportRequest): Promise<[string, string][]> {
  const programs = await Promise.all(
    PROGRAMS.map(async (name) => [name, await parts.locateProgram(name, io.env)] as const),
  );
  const checked = await parts.checkPrograms(io.env);
  const about = {
    schema: 'sluice.dev/support/v1',
    sluice: version,
    node: process.version,
    system: `${process.platform} ${process.arch}`,
    at: new Date(now).toISOString(),
    programs: Object.fromEntries(programs),
    missing: checked.ok ? null : checked.error,
  };
  return [['about.json', json(about)]];
}

async function serverFiles({ place }: SupportRequest): Promise<[string, string][]> {
  const server = serverAt(place);
  if (!server) return [['server/not-asked.txt', 'No server runs in this work folder, and none was named.\n']];
  const client = clientOf(server);
  return Promise.all(
    PAGES.map(async ([path, file]): Promise<[string, string]> => {
      try {
        return [file, await client.text(path)];
      } catch (thrown) {
        return [file, `not answered: ${messageOf(thrown)}\n`];
      }
    }),
  );
}

const recordLine = (record: LedgerRecord): string =>
  JSON.stringify({ ...record, data: withoutValues(withoutTokenHash(record.type, record.data)) });

async function ledgerFiles({ place, records, parts }: SupportRequest): Promise<[string, string][]> {
  const newest = await withPast(parts, place, (past: Past) => past.newest({}, records));
  return [['ledger/records.jsonl', newest.map((record) => `${recordLine(record)}\n`).join('')]];
}

/** Collects what helps somebody else to understand a fault. Each part stands alone: one that fails stops no other. */
export async function collect(request: SupportRequest): Promise<SupportFiles> {
  const files = new Map<string, string>();
  const take = async (part: string, collecting: () => Promise<[string, string][]> | [string, string][]) => {
    try {
      for (const [path, text] of await collecting()) files.set(path, text);
    } catch (thrown) {
      files.set(`${part}/not-there.txt`, `${messageOf(thrown)}\n`);
    }
  };
  let declared: readonly SourceFile[] = [];
  await take('declaration', () => {
    declared = readDeclarations(request.io, request.where);
    return declarationFiles(declared);
  });
  await take('machine', () => machineFiles(request));
  await take('server', () => serverFiles(request));
  await take('ledger', () => ledgerFiles(request));
  const clean = redactor(knownSecrets(request, declared));
  return new Map([...files].map(([path, text]) => [clean(path), clean(text)]));
}
