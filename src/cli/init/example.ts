import { cpSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { JsonOptions } from '../command.ts';
import { CliError, EXIT, type Exit, type Io, printJson } from '../io.ts';

const taken = (message: string): CliError =>
  new CliError(EXIT.no, {
    code: 'FILES_EXIST',
    message: `${message}; nothing was written`,
    next: 'choose an empty folder: sluice init my-platform',
  });

/** The folder to write to, by its path; throws where one of the files is there already. */
export function freshFolder(io: Io, where: string, files: readonly string[]): string {
  const target = resolve(io.cwd, where);
  if (existsSync(target) && !statSync(target).isDirectory()) throw taken(`${where} is a file`);
  const there = files.filter((name) => existsSync(join(target, name)));
  if (there.length > 0) throw taken(`${there.join(', ')} already there in ${where}`);
  return target;
}

/** `sluice init --example shop [dir]`: a working example to change, never over files that are there. */
export async function exampleCommand(io: Io, where: string, o: JsonOptions, root: string): Promise<Exit> {
  const source = join(root, 'examples', 'shop');
  const files = readdirSync(source).filter((name) => name.endsWith('.yaml'));
  const target = freshFolder(io, where, files);
  mkdirSync(target, { recursive: true });
  for (const name of [...files, 'desired'])
    cpSync(join(source, name), join(target, name), { recursive: true });
  if (o.json) printJson(io, { schema: 'sluice.dev/init/v1', directory: target, files });
  else {
    io.out(`Wrote ${files.join(', ')} and desired/ to ${where}\n`);
    io.out(`Next: sluice validate ${where}, then sluice serve ${where}\n`);
  }
  return EXIT.yes;
}
