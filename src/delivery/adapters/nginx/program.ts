import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { inherited } from '../../../io/daemon.ts';

/**
 * How long nginx is waited for, whatever it is to do: a slow machine takes its time, and one that ended or refused is
 * not waited for.
 */
export const PATIENCE_MS = 60_000;

/** One nginx of a folder: its program, and where its files are. */
export interface Nginx {
  /** The program, with its path. */
  readonly program: string;
  readonly directory: string;
}

/** Runs nginx with arguments; what it says is in the result, and nothing is thrown. */
export const runNginx = ({ program, directory }: Nginx, args: readonly string[]) =>
  execa(program, ['-p', directory, '-e', errorLog(directory), ...args], {
    reject: false,
    env: inherited(process.env),
    extendEnv: false,
    timeout: PATIENCE_MS,
  });

/** The master process of a folder; undefined: none runs. */
export function masterOf(directory: string): number | undefined {
  try {
    // A master that ends takes its file away at any moment.
    const number = Number.parseInt(readFileSync(join(directory, 'nginx.pid'), 'utf8'), 10);
    if (!Number.isInteger(number)) return undefined;
    process.kill(number, 0);
    if (process.platform !== 'linux') return number;
    // A number given out again is not our master: its command line names this folder.
    return readFileSync(`/proc/${number}/cmdline`, 'utf8').includes(directory) ? number : undefined;
  } catch {
    return undefined;
  }
}

const errorLog = (directory: string): string => join(directory, 'error.log');

/** The current length of the error log. */
export const logLength = (directory: string): number =>
  existsSync(errorLog(directory)) ? statSync(errorLog(directory)).size : 0;

const saidSince = (directory: string, since: number): string[] =>
  logLength(directory) <= since
    ? []
    : readFileSync(errorLog(directory)).subarray(since).toString('utf8').trim().split('\n');

/** Why nginx has given up a configuration since then, by its own log; null: it has not. It tries to bind several times. */
export const givenUp = (directory: string, since: number): string | null =>
  saidSince(directory, since).find((line) => line.includes('[emerg]') && !/ bind\(\) to /.test(line)) ?? null;

/** The last line of its log since then, in brackets; an empty text where it said nothing. */
export function lastSaid(directory: string, since: number): string {
  const line = saidSince(directory, since).at(-1);
  return line ? ` (its log: ${line})` : '';
}

/** Titles of the workers of an nginx master, as nginx itself sets them: one that drains says so. */
function workersOf(master: number): string[] {
  const titleOf = (child: string): string => {
    try {
      return readFileSync(`/proc/${child}/cmdline`, 'utf8');
    } catch {
      return ''; // It ended meanwhile.
    }
  };
  try {
    const children = readFileSync(`/proc/${master}/task/${master}/children`, 'utf8');
    return children
      .trim()
      .split(' ')
      .map(titleOf)
      .filter((title) => title.includes('worker process'));
  } catch {
    return []; // A kernel that does not list children: the answers in a row decide alone.
  }
}

/** Whether a worker of an earlier configuration still takes connections; known on Linux only. */
export function oldWorkerAccepts(directory: string): boolean {
  const master = masterOf(directory);
  if (master === undefined || process.platform !== 'linux') return false;
  return workersOf(master).filter((title) => !title.includes('is shutting down')).length > 1;
}
