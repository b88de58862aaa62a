import { resolve } from 'node:path';
import { Option } from '@commander-js/extra-typings';
import { didYouMean } from '../kit/nearest.ts';
import { credentialOf, readContexts } from './client-config.ts';
import { readFileArgument } from './file-argument.ts';
import { CliError, EXIT, type Io } from './io.ts';

/** A server elsewhere, as it is asked from here. */
interface Remote {
  /** Address without a slash at its end; it may hold a path. */
  readonly url: string;
  /** Null: it is asked without one. */
  readonly token: string | null;
  /** When the sign-in at it ended, in milliseconds since 1970; null: it has not, or there was none. */
  readonly signInEnded: number | null;
}

/** Where a command finds what it works on: a server elsewhere, else the work folder of one on this machine. */
export interface ServerAddress {
  /** Absolute path of the work folder. */
  readonly work: string;
  readonly server?: Remote | undefined;
  /** The server of a context; an address that is named goes first. */
  readonly context?: Remote | undefined;
}

/** The server elsewhere that is meant; undefined: one on this machine is. */
export const remoteAt = ({ server, context }: Pick<ServerAddress, 'server' | 'context'>) => server ?? context;

const wrong = (code: string, message: string, next: string): CliError =>
  new CliError(EXIT.usage, { code, message, next });

/** `SLUICE_TOKEN`, or what the file says that `SLUICE_TOKEN_FILE` names; never an argument: those are seen by others. */
function tokenIn(env: Io['env']): string | null {
  const file = env['SLUICE_TOKEN_FILE'];
  if (env['SLUICE_TOKEN'] || !file) return env['SLUICE_TOKEN']?.trim() || null;
  const wanted = { code: 'BAD_TOKEN_FILE', next: 'name a file that holds a token in SLUICE_TOKEN_FILE' };
  return readFileArgument({ cwd: process.cwd() }, file, wanted).trim() || null;
}

/** An address of a server as it is kept and asked: without a slash at its end. */
export function serverUrl(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (!url || !['http:', 'https:'].includes(url.protocol))
    throw wrong(
      'BAD_SERVER',
      `"${address}" is not the address of a server`,
      'write it as https://sluice.example',
    );
  if (url.username || url.password)
    throw wrong('BAD_SERVER', 'an address must not contain a password', 'put the token into SLUICE_TOKEN');
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/** The server that an address names, asked with the token of the environment, else with that of the sign-in there. */
export function remoteOf(address: string, env: Io['env']): Remote {
  const url = serverUrl(address);
  const given = tokenIn(env);
  const kept = given === null ? credentialOf(env, url) : undefined;
  if (!kept) return { url, token: given, signInEnded: null };
  const ended = kept.expiresAt !== null && kept.expiresAt <= Date.now();
  return { url, token: ended ? null : kept.token, signInEnded: ended ? kept.expiresAt : null };
}

/** The server of a context by its name; throws where there is none. */
export function contextServer(name: string, env: Io['env']): string {
  const { contexts } = readContexts(env);
  const found = contexts.find((one) => one.name === name);
  if (found) return found.server;
  const names = contexts.map((one) => one.name);
  throw wrong(
    'UNKNOWN_CONTEXT',
    `no context is named "${name}"`,
    names.length > 0 ? didYouMean(name, names) : 'add one: sluice login --server https://sluice.example',
  );
}

/** `--work`: the folder of a server on this machine. Given, it is meant, whatever the environment says. */
export const workOption = (io: Io) =>
  new Option('--work <dir>', 'work folder of the local server')
    .argParser((path) => resolve(io.cwd, path))
    .default(resolve(io.cwd, '.sluice'), JSON.stringify('.sluice'))
    .conflicts('server')
    .implies({ server: undefined, context: undefined });

/** `--server`, or the `SLUICE_SERVER` of the environment: a server elsewhere. */
export function serverOption(io: Io) {
  const option = new Option(
    '--server <url>',
    'address of a remote server (or SLUICE_SERVER; its token: SLUICE_TOKEN, or sluice login)',
  ).argParser((address): Remote => remoteOf(address, io.env));
  const address = io.env['SLUICE_SERVER'];
  return address ? option.default<Remote | undefined>(remoteOf(address, io.env), address) : option;
}

/** `--context`: a server by the name that it has here; left out, the current one, unless an address is named. */
export function contextOption(io: Io) {
  const option = new Option('--context <name>', 'server of this context (see sluice context)')
    .argParser((name): Remote => remoteOf(contextServer(name, io.env), io.env))
    .conflicts(['work', 'server'])
    .implies({ server: undefined });
  const current = io.env['SLUICE_SERVER'] ? null : readContexts(io.env).current;
  if (current === null) return option;
  return option.default<Remote | undefined>(remoteOf(contextServer(current, io.env), io.env), current);
}
