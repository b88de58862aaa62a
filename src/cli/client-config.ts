import { accessSync, chmodSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeAtomic } from '../io/files.ts';
import { parseForeign } from '../kit/json.ts';
import { messageOf } from '../kit/result.ts';
import { readFileArgument } from './file-argument.ts';
import { CliError, EXIT, type Io } from './io.ts';

type Env = Io['env'];

const contextsSchema = z.object({
  current: z.string().nullable().default(null),
  contexts: z.array(z.object({ name: z.string(), server: z.string() })).default([]),
});

/** Servers by the names that a person gave them, and the one that is meant where none is named. */
type Contexts = z.infer<typeof contextsSchema>;

const credentialSchema = z.object({
  token: z.string(),
  /** Who it makes one, as the server said. */
  actor: z.string(),
  /** Milliseconds since 1970; null: the server alone knows. */
  expiresAt: z.number().nullable(),
});

/** What a sign-in at one server gave. */
type Credential = z.infer<typeof credentialSchema>;

const credentialsSchema = z.object({ servers: z.record(z.string(), credentialSchema).default({}) });

/** Where this machine keeps what its user chose; null: it says of no such place. */
export function configFolder(env: Env, platform: NodeJS.Platform = process.platform): string | null {
  const { XDG_CONFIG_HOME: xdg, HOME: home, APPDATA: appData } = env;
  if (xdg) return join(xdg, 'sluice');
  if (platform === 'win32') return appData ? join(appData, 'sluice') : null;
  if (!home) return null;
  return platform === 'darwin'
    ? join(home, 'Library', 'Application Support', 'sluice')
    : join(home, '.config', 'sluice');
}

const contextsFile = (folder: string): string => join(folder, 'contexts.json');
const credentialsFile = (folder: string): string => join(folder, 'credentials.json');

/** A secret that others may read is no secret: it is not used. Windows knows rights of another kind. */
function refuseExposed(file: string): void {
  if (process.platform === 'win32' || (statSync(file).mode & 0o077) === 0) return;
  throw new CliError(EXIT.usage, {
    code: 'FILE_EXPOSED',
    message: `other users of this machine can read ${file}`,
    file,
    next: `run chmod 600 ${file}; if anybody may have read it, run sluice logout and sluice login`,
  });
}

function read<T>(file: string | null, schema: z.ZodType<T>): T {
  if (file === null || !existsSync(file)) return schema.parse({});
  refuseExposed(file);
  const text = readFileArgument({ cwd: '' }, file, {
    code: 'BAD_CONFIG_FILE',
    next: 'remove it and run sluice login again',
  });
  try {
    return schema.parse(parseForeign(text));
  } catch (thrown) {
    throw new CliError(EXIT.usage, {
      code: 'BAD_CONFIG_FILE',
      message: `${file} is not a file that sluice wrote: ${messageOf(thrown)}`,
      file,
      next: 'fix it, or remove it and run sluice login again',
    });
  }
}

/** The folder, which is made where it is not there yet. */
function madeFolder(env: Env): string {
  const folder = configFolder(env);
  if (folder === null)
    throw new CliError(EXIT.usage, {
      code: 'NO_CONFIG_FOLDER',
      message: 'there is no place to keep it: neither HOME nor XDG_CONFIG_HOME is set',
      next: 'set one of them, or use SLUICE_SERVER and SLUICE_TOKEN',
    });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

function write(env: Env, fileIn: (folder: string) => string, document: object): void {
  const file = fileIn(madeFolder(env));
  writeAtomic(file, `${JSON.stringify(document, null, 2)}\n`, 0o600);
  chmodSync(file, 0o600);
}

const placed = (env: Env, fileIn: (folder: string) => string): string | null => {
  const folder = configFolder(env);
  return folder === null ? null : fileIn(folder);
};

export const readContexts = (env: Env): Contexts => read(placed(env, contextsFile), contextsSchema);

export const writeContexts = (env: Env, contexts: Contexts): void => write(env, contextsFile, contexts);

const readCredentials = (env: Env) => read(placed(env, credentialsFile), credentialsSchema);

/** What was given by the sign-in at a server; undefined: nobody signed in there. */
export const credentialOf = (env: Env, url: string): Credential | undefined => {
  const { servers } = readCredentials(env);
  return Object.hasOwn(servers, url) ? servers[url] : undefined;
};

/** Refuses where nothing could be kept, before somebody signs in for it. */
export function refuseUnkept(env: Env): void {
  accessSync(madeFolder(env), constants.W_OK);
  readContexts(env);
  readCredentials(env);
}

export const keepCredential = (env: Env, url: string, credential: Credential): void =>
  write(env, credentialsFile, { servers: { ...readCredentials(env).servers, [url]: credential } });

/** Forgets what the sign-in at a server gave; false: there was nothing. */
export function dropCredential(env: Env, url: string): boolean {
  const { [url]: dropped, ...servers } = readCredentials(env).servers;
  if (dropped) write(env, credentialsFile, { servers });
  return dropped !== undefined;
}
