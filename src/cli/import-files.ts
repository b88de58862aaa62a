import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Problem, problemLine } from '../kit/problem.ts';
import type { Result } from '../kit/result.ts';
import { CliError, EXIT, type Io } from './io.ts';

export const yamlFiles = (root: string): string[] =>
  statSync(root).isFile()
    ? [root]
    : readdirSync(root, { recursive: true, encoding: 'utf8' })
        .filter((f) => /\.ya?ml$/.test(f))
        .sort()
        .map((f) => join(root, f));

/** What is there is never written over. */
function refuseTaken(out: string, said: string, paths: readonly string[]): void {
  const taken = paths.filter((path) => existsSync(join(out, path)));
  if (taken.length > 0)
    throw new CliError(EXIT.usage, {
      code: 'FILE_EXISTS',
      message: `nothing was written: ${taken.join(', ')} in ${said} would be overwritten`,
      next: 'choose another folder with --out',
    });
}

/** The folder that is brought over, whose is said in the next step. */
export function folderOf(io: Io, where: string, whose: string): string {
  const root = resolve(io.cwd, where);
  if (!existsSync(root))
    throw new CliError(EXIT.usage, {
      code: 'NO_SUCH_FOLDER',
      message: `${where} does not exist`,
      next: `name the folder of your ${whose}`,
    });
  return root;
}

type Compile = (
  sources: { readonly file: string; readonly text: string }[],
  options: { readonly platform: 'optional' },
) => Result<unknown, readonly Problem[]>;

/** Writes what was brought over, if it compiles and nothing stands there yet: all of it or nothing. */
export function writeImported(
  io: Io,
  said: string,
  texts: ReadonlyMap<string, string>,
  compile: Compile,
  mend: string,
): void {
  const checked = compile(
    [...texts].map(([file, text]) => ({ file, text })),
    { platform: 'optional' },
  );
  if (texts.size > 0 && !checked.ok)
    throw new CliError(EXIT.usage, {
      code: 'IMPORT_NOT_VALID',
      message: `nothing was written: ${checked.error.map(problemLine).join('\n')}`,
      next: mend,
    });
  const out = resolve(io.cwd, said);
  refuseTaken(out, said, [...texts.keys()]);
  mkdirSync(out, { recursive: true });
  for (const [path, text] of texts) writeFileSync(join(out, path), text);
}
