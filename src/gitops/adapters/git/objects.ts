import { execa } from 'execa';
import { LINK } from '../../forge.ts';
import { GIT_ENV, GIT_TIMEOUT_MS, git } from './program.ts';

/** A file at a commit, by what it holds: the same object is the same text. */
export interface TreeFile {
  readonly path: string;
  readonly object: string;
  /** In bytes. */
  readonly size: number;
  /** A symbolic link: its text is the path that it leads to. */
  readonly link: boolean;
}

/** What lies at a path of a commit: a file, a folder, or a commit of another repository. */
export interface TreeEntry {
  readonly mode: string;
  readonly type: string;
  readonly object: string;
  /** In bytes; of what is no file NaN. */
  readonly size: number;
  readonly path: string;
}

/** What `ls-tree -z -l` lists. */
export const entriesIn = (listed: string): TreeEntry[] =>
  listed.split('\0').flatMap((line) => {
    const [, mode, type, object, size, path] = /^(\d+) (\w+) (\w+) +(\S+)\t(.*)$/s.exec(line) ?? [];
    return path === undefined
      ? []
      : [{ mode: mode!, type: type!, object: object!, size: Number(size), path }];
  });

/** Every file below a folder at a commit, by one call however many there are. A folder that is not there has none. */
export async function filesAt(repository: string, commit: string, folder: string): Promise<TreeFile[]> {
  const listed = await git(repository, ['ls-tree', '-r', '-z', '-l', '--full-tree', commit, `${folder}/`]);
  return entriesIn(listed)
    .filter(({ type }) => type === 'blob')
    .map(({ mode, object, size, path }) => ({ path, object, size, link: mode === LINK }));
}

/** What `cat-file --batch` answers: a line of object, type and size, the bytes, and a line end; or that it is missing. */
function parseBatch(bytes: Uint8Array, names: readonly string[]): Map<string, string> {
  const texts = new Map<string, string>();
  const decoder = new TextDecoder();
  let at = 0;
  for (const name of names) {
    const end = bytes.indexOf(10, at);
    if (end < 0) throw new Error(`git cat-file said nothing of ${name}`);
    const header = decoder.decode(bytes.subarray(at, end));
    at = end + 1;
    const size = / blob (\d+)$/.exec(header)?.[1];
    if (size === undefined) {
      // Missing, or something else than a file: a folder is followed by its bytes all the same.
      at += Number(/ (?:tree|commit|tag) (\d+)$/.exec(header)?.[1] ?? -1) + 1;
      continue;
    }
    texts.set(name, decoder.decode(bytes.subarray(at, at + Number(size))));
    at += Number(size) + 1;
  }
  return texts;
}

/** The texts of many objects, as object names or `commit:path`, by one call; what is not a file there is left out. */
export async function textsOf(
  repository: string,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  if (names.length === 0) return new Map();
  const { stdout } = await execa('git', ['cat-file', '--batch'], {
    cwd: repository,
    timeout: GIT_TIMEOUT_MS,
    env: GIT_ENV,
    input: `${names.join('\n')}\n`,
    encoding: 'buffer',
    stripFinalNewline: false,
  });
  return parseBatch(stdout, names);
}

/** The texts of objects that are not far too large: one that is would be in the way of all others. */
export async function textsWithin(
  repository: string,
  objects: readonly string[],
  longestBytes: number,
): Promise<ReadonlyMap<string, string>> {
  if (objects.length === 0) return new Map();
  const told = await git(repository, ['cat-file', '--batch-check'], { input: `${objects.join('\n')}\n` });
  const small = told.split('\n').flatMap((line) => {
    const [, object, size] = /^(\w+) blob (\d+)$/.exec(line) ?? [];
    return object !== undefined && Number(size) <= longestBytes ? [object] : [];
  });
  return textsOf(repository, small);
}
