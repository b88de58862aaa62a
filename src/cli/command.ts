import { resolve } from 'node:path';
import { type Command, Option } from '@commander-js/extra-typings';
import type { Exit, Io } from './io.ts';
import type { Parts } from './parts.ts';

/** What every command is given. */
export interface Context {
  readonly io: Io;
  readonly parts: Parts;
  /** Runs the work of a command: its exit code becomes that of the program, and what it throws is reported. */
  run(work: () => Promise<Exit>): Promise<void>;
}

/** Declares arguments, options and handler of a command; its name and description are known before it is loaded. */
export type Define = (command: Command, context: Context) => void;

/** One command in the list of commands; its module is loaded only when the command is asked for. */
export type CommandEntry = readonly [
  name: string,
  description: string,
  load: () => Promise<{ readonly define: Define }>,
];

/** Values of `jsonOption`. */
export interface Json {
  readonly json?: boolean | undefined;
}

/** Values of `workOption` and `jsonOption`: what most commands about a server take. */
export interface Shared extends Json {
  /** Absolute path of the work folder. */
  readonly work: string;
}

export const jsonOption = () => new Option('--json', 'one JSON document on stdout');

/** An option that names a path; a relative one starts at the current folder. */
export const pathOption = <Flags extends `--${string} <dir>`>(io: Io, flags: Flags, description: string) =>
  new Option(flags, description).argParser((path) => resolve(io.cwd, path));

export const workOption = (io: Io) =>
  pathOption(io, '--work <dir>', 'work folder of the server').default(
    resolve(io.cwd, '.sluice'),
    JSON.stringify('.sluice'),
  );

export const reasonOption = () => new Option('--reason <why>', 'why; it goes into the ledger');
