import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { appendFileSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { which } from '../src/io/os.ts';
import { freePort } from '../src/io/ports.ts';
import { until } from './wait.ts';

/** PostgreSQL refuses to run as root. */
const NOBODY = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

/** A program of PostgreSQL's, wherever its packages put it. */
export function program(name: string): string {
  const folders = ['/usr/lib/postgresql', '/opt/homebrew/opt'].filter((f) => existsSync(f));
  const found = folders
    .flatMap((folder) => readdirSync(folder).map((release) => join(folder, release, 'bin', name)))
    .find((file) => existsSync(file));
  const path = found ?? which(name, process.env);
  if (!path) throw new Error(`${name} is missing: npm test installs it`);
  return path;
}

export interface Postgres {
  readonly url: string;
  /** Asks the database itself, past every adapter. */
  query(text: string): Promise<Record<string, unknown>[]>;
  /** As a power cut would. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A PostgreSQL of the tests' own: a folder and a port of its own, gone with the test. */
export async function startPostgres(
  host = '127.0.0.1',
  trusted: readonly string[] = ['127.0.0.1/32'],
): Promise<Postgres> {
  const home = mkdtempSync(join(tmpdir(), 'sluice-postgres-'));
  if (NOBODY.uid !== undefined) chownSync(home, NOBODY.uid, NOBODY.gid);
  const data = join(home, 'data');
  const options = { ...NOBODY, cwd: home, stdio: 'ignore' as const };
  execFileSync(program('initdb'), ['-D', data, '-U', 'sluice', '--auth=trust', '-E', 'UTF8'], options);
  const lines = trusted.map((range) => `host all all ${range} trust\n`);
  appendFileSync(join(data, 'pg_hba.conf'), lines.join(''));
  const port = await freePort();
  const url = `postgres://sluice@${host}:${port}/postgres`;
  let child: ChildProcess | null = null;
  const query = async (text: string) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query(text)).rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  };
  const gone = (process: ChildProcess) =>
    process.exitCode !== null || process.signalCode !== null
      ? Promise.resolve()
      : new Promise<void>((done) => process.once('exit', () => done()));
  const start = async () => {
    const settings = [
      `port=${port}`,
      `listen_addresses=${host}`,
      `unix_socket_directories=${home}`,
      'fsync=on',
    ];
    child = spawn(program('postgres'), ['-D', data, ...settings.flatMap((s) => ['-c', s])], options);
    await until('PostgreSQL', 30_000, async () => (await query('SELECT 1')).length === 1);
  };
  await start();
  return {
    url,
    query,
    start,
    async kill() {
      // SIGQUIT is its immediate shutdown: nothing is flushed, the next start recovers from its log.
      child!.kill('SIGQUIT');
      await gone(child!);
    },
    async stop() {
      child!.kill('SIGINT');
      await gone(child!);
      rmSync(home, { recursive: true, force: true });
    },
  };
}
