import { resolve } from 'node:path';
import { type Define, pathOption } from './command.ts';
import { readPlatform } from './files.ts';
import { CliError, EXIT, type Exit, type Io } from './io.ts';
import type { CommandParts } from './parts.ts';

export interface ServeOptions {
  /** Absolute path; left out, it is beside the declaration. */
  readonly work?: string | undefined;
  readonly port: string;
  readonly host: string;
  readonly allowHost: readonly string[];
}

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new CliError(EXIT.usage, {
    code: 'BAD_PORT',
    message: `--port is a number from 0 to 65535, not "${text}"`,
    next: 'choose one, or 0 for any free one',
  });
}

/** `sluice serve [dir]`: the loop, the API and the console, over everything this machine needs. */
export async function serveCommand(
  io: Io,
  where: string,
  options: ServeOptions,
  parts: Pick<CommandParts, 'root' | 'startApp'>,
): Promise<Exit> {
  const platform = readPlatform(io, where);
  const app = await parts.startApp(io, {
    platform,
    directory: resolve(io.cwd, where),
    work: options.work ?? resolve(io.cwd, where, '.sluice'),
    root: parts.root,
    host: options.host,
    port: portOf(options.port),
    allowedHosts: options.allowHost,
  });
  return (await app.ended) === 'stopped' ? EXIT.yes : EXIT.no;
}

export const define: Define = (command, { io, parts, run }) =>
  command
    .argument('[dir]', 'the declaration', '.')
    .addOption(
      pathOption(io, '--work <dir>', 'folder for the ledger and all other data (default: <dir>/.sluice)'),
    )
    .option('--port <port>', 'port of the API and the console; 0 for any free port', '7117')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--allow-host <name...>', 'further host names that requests may use', [])
    .action((dir, o) => run(() => serveCommand(io, dir, o, parts)));
