import { existsSync, lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { compile } from '../controller/compile.ts';
import type { CompileOptions } from '../declaration/compile.ts';
import { mayDeclare, type SourceFile } from '../declaration/documents.ts';
import type { Platform } from '../declaration/platform.ts';
import { type Problem, problemLine } from '../kit/problem.ts';
import { readFileArgument } from './file-argument.ts';
import { CliError, EXIT, type Io } from './io.ts';

const SKIPPED = new Set(['node_modules', '.git', '.sluice']);
const DECLARATION = {
  code: 'FILE_UNREADABLE',
  next: 'fix it, or move it out of the folder of the declaration',
};
const MAX_FILES = 10_000;

/** What a link that leads nowhere is said to be; null: it is no link, or leads somewhere. */
function deadLink(path: string): string | null {
  const target = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(path) : null;
  return target === null || existsSync(path) ? null : target;
}

const leadsNowhere = (named: string, target: string): CliError =>
  new CliError(EXIT.usage, {
    code: 'DEAD_LINK',
    message: `${named} is a link to ${target}, and there is nothing`,
    file: named,
    next: 'make the link point to a file, or remove it',
  });

function walk(directory: string, found: string[]): void {
  for (const entry of readdirSync(directory, { withFileTypes: true }).sort((a, b) =>
    a.name.localeCompare(b.name),
  )) {
    // Kubernetes mounts a ConfigMap as links into a folder that begins with two dots: the files would come twice.
    const hidden = SKIPPED.has(entry.name) || entry.name.startsWith('..');
    if (hidden || found.length >= MAX_FILES) continue;
    const path = join(directory, entry.name);
    if (entry.isDirectory()) walk(path, found);
    else if (/\.ya?ml$/.test(entry.name)) found.push(path);
  }
}

/** Declarations of ours below a folder. Files without an apiVersion of ours belong to somebody else. */
export function readDeclarations(io: Io, where: string): SourceFile[] {
  const root = resolve(io.cwd, where);
  const dead = deadLink(root);
  if (dead !== null) throw leadsNowhere(where, dead);
  if (!existsSync(root))
    throw new CliError(EXIT.usage, {
      code: 'NO_SUCH_FOLDER',
      message: `${where} does not exist`,
      next: 'run `sluice init` to write one',
    });
  const files: string[] = [];
  const at = statSync(root);
  if (!at.isFile() && !at.isDirectory())
    throw new CliError(EXIT.usage, {
      code: 'NOT_A_FILE',
      message: `${where} is neither a file nor a folder`,
      next: 'name the folder of the declaration, or one file of it',
    });
  if (at.isFile()) files.push(root);
  else walk(root, files);
  const named = (file: string) => {
    const short = relative(io.cwd, file);
    return short.startsWith('..') || isAbsolute(short) ? file : short;
  };
  for (const file of files) {
    const target = deadLink(file);
    if (target !== null) throw leadsNowhere(named(file), target);
  }
  return files
    .map((file) => ({ file: named(file), text: readFileArgument(io, named(file), DECLARATION) }))
    .filter(({ text }) => mayDeclare(text));
}

/** A frozen Platform, or every problem of every file. */
export const readPlatform = (io: Io, where: string, options?: CompileOptions): Platform =>
  platformOf(readDeclarations(io, where), where, options);

/** Whether a file holds blanks, comments and marks of documents alone. */
const isEmpty = (text: string): boolean =>
  text.split('\n').every((line) => /^\s*(#.*|---\s*|\.\.\.\s*)?$/.test(line));

/** The same of files that were read already. */
export function platformOf(files: readonly SourceFile[], where: string, options?: CompileOptions): Platform {
  if (files.length === 0)
    throw new CliError(EXIT.usage, {
      code: 'NO_DECLARATION',
      message: `no declaration was found below ${where}`,
      next: 'run `sluice init` to write one',
    });
  const compiled = compile(files, options);
  if (!compiled.ok) throw new DeclarationError(compiled.error);
  const emptied = files.find(({ text }) => isEmpty(text));
  // Without a Platform such a file may have been it: what is left would be taken for a declaration of rules alone.
  if (emptied && compiled.value.environments[0]?.name === '')
    throw new DeclarationError([
      {
        code: 'NOTHING_DECLARED',
        file: emptied.file,
        line: 1,
        path: '',
        message: 'the file declares nothing, and no other one holds a Platform',
        next: 'restore what it held, or remove it',
      },
    ]);
  return compiled.value;
}

/** All problems at once; the first stands for them where there is room for one. */
export class DeclarationError extends CliError {
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    const first = problems[0]!;
    super(EXIT.usage, {
      code: first.code,
      message: problems.map(problemLine).join('\n'),
      file: first.file,
      line: first.line,
      next: first.next ?? 'fix these lines and run `sluice validate` again',
    });
    this.problems = problems;
  }
}
