import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PROGRAMS, runCli } from '../cli/run.ts';
import { temporaryFolder } from '../folder.ts';

/** A folder with these files, and the commands of Sluice in it, as whoever has such files would run them. */
export function folderWith(files: Readonly<Record<string, string>>) {
  const cwd = temporaryFolder('field');
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), text);
  }
  const run = (...args: string[]) => runCli(args, { cwd, env: PROGRAMS });
  const json = async (...args: string[]) => {
    const { exit, out } = await run(...args, '--json');
    return { exit, answer: JSON.parse(out) };
  };
  return { cwd, run, json, read: (name: string) => readFileSync(join(cwd, name), 'utf8') };
}
