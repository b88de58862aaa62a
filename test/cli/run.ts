import { join } from 'node:path';
import type { Io } from '../../src/cli/io.ts';
import { main } from '../../src/main.ts';

const ROOT = join(import.meta.dirname, '../..');

/** What a command is run in, and where what it writes is kept: at the root of the project, with nothing in its environment. */
export function testIo(more: Partial<Io> = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const io: Io = {
    out: (text) => out.push(text),
    err: (text) => err.push(text),
    env: {},
    cwd: ROOT,
    outTty: false,
    errTty: false,
    signal: new AbortController().signal,
    ...more,
  };
  return { io, out, err };
}

/** Runs one command line in this process: its exit code, and what it wrote. */
export async function runCli(args: readonly string[], more: Partial<Io> = {}, run = main) {
  const { io, out, err } = testIo(more);
  const exit = await run(args, io);
  return { exit, out: out.join(''), err: err.join('') };
}

/** The environment of a command that starts programs. */
export const PROGRAMS: Io['env'] = { PATH: process.env['PATH'] };
