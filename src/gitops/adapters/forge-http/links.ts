import { ok } from '../../../kit/result.ts';
import { type ForgeResult, LINK } from '../../forge.ts';
import type { ReadTree, TreeEntry } from './tree-changes.ts';

/** Which of these paths are symbolic links at a commit: each folder above them is read once. */
export async function linksAmong(
  read: ReadTree,
  sha: string,
  paths: readonly string[],
): ForgeResult<readonly string[]> {
  const folders = new Map<string, ReadonlyMap<string, TreeEntry>>();
  const links: string[] = [];
  for (const path of paths) {
    let tree = sha;
    const names = path.split('/');
    for (const [depth, name] of names.entries()) {
      const folder = names.slice(0, depth).join('/');
      let entries = folders.get(folder);
      if (!entries) {
        const found = await read(tree);
        if (!found.ok) return found;
        entries = new Map(found.value.map((entry) => [entry.path, entry]));
        folders.set(folder, entries);
      }
      const entry = entries.get(name);
      if (entry?.mode === LINK && depth === names.length - 1) links.push(path);
      if (entry?.type !== 'tree') break;
      tree = entry.sha;
    }
  }
  return ok(links);
}
