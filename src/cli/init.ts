import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Define, type Json, jsonOption } from './command.ts';
import { CliError, EXIT, type Exit, type Io, printJson } from './io.ts';

/** `sluice init [dir]`: a working example to change, never over files that are there. */
export async function initCommand(io: Io, where: string, options: Json, root: string): Promise<Exit> {
  const target = resolve(io.cwd, where);
  const source = join(root, 'examples', 'shop');
  const files = readdirSync(source).filter((name) => name.endsWith('.yaml'));
  const taken = files.filter((name) => existsSync(join(target, name)));
  if (taken.length > 0)
    throw new CliError(EXIT.no, {
      code: 'FILES_EXIST',
      message: `${taken.join(', ')} already there in ${where}; nothing was written`,
      next: 'choose an empty folder: sluice init my-platform',
    });
  mkdirSync(target, { recursive: true });
  for (const name of [...files, 'desired'])
    cpSync(join(source, name), join(target, name), { recursive: true });
  if (options.json) printJson(io, { schema: 'sluice.dev/init/v1', directory: target, files });
  else {
    io.out(`Wrote ${files.join(', ')} and desired/ to ${where}\n`);
    io.out(`Next: sluice validate ${where}, then sluice serve ${where}\n`);
  }
  return EXIT.yes;
}

export const define: Define = (command, { io, parts, run }) =>
  command
    .argument('[dir]', 'where', '.')
    .addOption(jsonOption())
    .action((dir, o) => run(() => initCommand(io, dir, o, parts.root)));
