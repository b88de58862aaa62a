import { ok } from '../../../kit/result.ts';
import type { ChangedFile, ChangedFiles, ForgeResult } from '../../forge.ts';
import { MAX_FILES } from '../../forge.ts';

/** One entry of a folder at a commit. */
export interface TreeEntry {
  readonly path: string;
  readonly mode: string;
  readonly type: string;
  readonly sha: string;
}

/** The entries of one folder, by the object that it is. */
export type ReadTree = (sha: string) => ForgeResult<readonly TreeEntry[]>;

/** So many folders are compared; a change that touches more is not known as a whole. */
const MAX_FOLDERS = 2_000;

const named = (entries: readonly TreeEntry[]): ReadonlyMap<string, TreeEntry> =>
  new Map(entries.map((entry) => [entry.path, entry]));
const same = (a: TreeEntry | undefined, b: TreeEntry | undefined): boolean =>
  a?.sha === b?.sha && a?.mode === b?.mode && a?.type === b?.type;

/**
 * What differs between two commits, read from their own trees: a branch may move meanwhile, a commit does not. Only
 * folders that differ are read. A renamed file is one that was removed and one that was added.
 */
export async function treeChanges(read: ReadTree, before: string, after: string): ForgeResult<ChangedFiles> {
  const files: ChangedFile[] = [];
  const folders: { path: string; before: string | null; after: string | null }[] = [
    { path: '', before, after },
  ];
  for (let at = 0; at < folders.length; at++) {
    const folder = folders[at]!;
    const [was, is] = [
      folder.before === null ? ok([]) : await read(folder.before),
      folder.after === null ? ok([]) : await read(folder.after),
    ];
    if (!was.ok) return was;
    if (!is.ok) return is;
    const [old, now] = [named(was.value), named(is.value)];
    for (const name of new Set([...old.keys(), ...now.keys()])) {
      const [a, b] = [old.get(name), now.get(name)];
      if (same(a, b)) continue;
      const path = `${folder.path}${name}`;
      const [fileA, fileB] = [a && a.type !== 'tree', b && b.type !== 'tree'];
      if (fileA || fileB) files.push({ path, status: fileA ? (fileB ? 'modified' : 'removed') : 'added' });
      const [treeA, treeB] = [a?.type === 'tree' ? a.sha : null, b?.type === 'tree' ? b.sha : null];
      if (treeA !== null || treeB !== null) folders.push({ path: `${path}/`, before: treeA, after: treeB });
    }
    if (files.length > MAX_FILES || folders.length > MAX_FOLDERS)
      return ok({ files: files.slice(0, MAX_FILES), complete: false });
  }
  return ok({ files, complete: true });
}

/** Remembers what two commits differ in, which never changes; the least recently used goes first. */
export function remembering(
  most = 200,
): (key: string, ask: () => ForgeResult<ChangedFiles>) => ForgeResult<ChangedFiles> {
  const known = new Map<string, ChangedFiles>();
  return async (key, ask) => {
    const found = known.get(key);
    const answer = found ? ok(found) : await ask();
    if (answer.ok) {
      known.delete(key);
      known.set(key, answer.value);
      if (known.size > most) known.delete(known.keys().next().value!);
    }
    return answer;
  };
}
