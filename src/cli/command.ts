import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from '@commander-js/extra-typings';
import type { Exit, Io } from './io.ts';
import type { CommandParts } from './parts.ts';
import type { ServerAddress } from './server-address.ts';

/** What every command is given. */
export interface CommandContext {
  readonly io: Io;
  readonly parts: CommandParts;
  /** Every command by name, for those that tell of them. */
  readonly commands: readonly CommandEntry[];
  /** Version of this program. */
  readonly version: string;
  /** Runs the work of a command: its exit code becomes that of the program, and what it throws is reported. */
  run(work: () => Promise<Exit>): Promise<void>;
}

/** Declares arguments, options and handler of a command; its name and description are known before it is loaded. */
export type Define = (command: Command, context: CommandContext) => void;

/** One command in the list of commands; its module is loaded only when the command is asked for. */
export type CommandEntry = readonly [
  name: string,
  description: string,
  load: () => Promise<{ readonly define: Define }>,
];

/** Values of `jsonOption`. */
export interface JsonOptions {
  readonly json?: boolean | undefined;
}

/** Values of `workOption`, `serverOption`, `contextOption` and `jsonOption`: what most commands about a server take. */
export interface Shared extends JsonOptions, ServerAddress {}

/** Which edition of the evidence rule judges. */
export const editionOption = () =>
  new Option('--edition <edition>', 'edition of the evidence rule').choices(['1', '2'] as const);

export const jsonOption = () => new Option('--json', 'print one JSON document');

/** An option that names a path; a relative one starts at the current folder. */
export const pathOption = <Flags extends `--${string} <dir>`>(io: Io, flags: Flags, description: string) =>
  new Option(flags, description).argParser((path) => resolve(io.cwd, path));

/** The address of a server, as an option takes it. */
export function addressOf(text: string): string {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text))
    throw new InvalidArgumentError('Expected an address, such as http://prometheus:9090.');
  return text;
}

/** What helps where a Prometheus does not answer as one. */
export const NO_ANSWER_NEXT =
  'give the address of the Prometheus itself, without /api/v1, and the credentials that it asks for by the environment';

export const reasonOption = () => new Option('--reason <why>', 'reason, recorded in the ledger');
