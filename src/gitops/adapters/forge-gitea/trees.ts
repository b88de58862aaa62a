import { ok } from '../../../kit/result.ts';
import type { ChangedFile, ChangedFiles, ForgeResult, PullRequest } from '../../forge.ts';
import { MAX_FILES } from '../../forge.ts';
import { unavailable } from '../forge-http/calls.ts';
import { type TreeEntry, treeChanges } from '../forge-http/tree-changes.ts';
import type { GiteaApi } from './api.ts';
import { commitsSchema, treeSchema } from './schemas.ts';

const MAX_PAGES = 200;
/** A branch of more commits is not known as a whole. */
const MAX_COMMITS = 5_000;
/** A branch that merged its base more often is not known as a whole. */
const MAX_BASES = 20;

/** The entries of a folder, and of those below it where that is asked for; Gitea gives them by pages. */
export async function treeAt(
  api: GiteaApi,
  sha: string,
  recursive = false,
): ForgeResult<readonly TreeEntry[]> {
  const entries: TreeEntry[] = [];
  for (let page = 1; page <= MAX_PAGES; page++) {
    const path = `/git/trees/${sha}?${recursive ? 'recursive=true&' : ''}page=${page}&per_page=1000`;
    const found = await api.get(path, treeSchema);
    if (!found.ok) return found;
    entries.push(...(found.value.tree ?? []));
    if (!found.value.truncated) return ok(entries);
  }
  return unavailable('git/trees', 'the repository holds too many files');
}

/** Paths of files below a folder at a commit. */
export async function pathsBelow(api: GiteaApi, sha: string, folder: string): ForgeResult<readonly string[]> {
  let tree = sha;
  for (const name of folder.split('/').filter(Boolean)) {
    const found = await treeAt(api, tree);
    if (!found.ok) return found;
    const next = found.value.find((e) => e.path === name && e.type === 'tree');
    if (!next) return ok([]);
    tree = next.sha;
  }
  const below = await treeAt(api, tree, true);
  if (!below.ok) return below;
  const at = folder ? `${folder}/` : '';
  return ok(below.value.filter((e) => e.type === 'blob').map((e) => `${at}${e.path}`));
}

const commitsOf = (api: GiteaApi, sha: string, not: string, most: number) =>
  api.pages(`/commits?sha=${sha}&not=${not}&stat=false&verification=false&files=false`, commitsSchema, most);

/**
 * Where a head left its base: the newest commits that both have. Gitea tells it of a pull request's present head
 * only, and late; so it is found from the commits themselves. Null: not to be known within bounds.
 */
async function mergeBases(api: GiteaApi, base: string, head: string): ForgeResult<readonly string[] | null> {
  const own = await commitsOf(api, head, base, MAX_COMMITS);
  if (!own.ok) return own;
  if (!own.value.all) return ok(null);
  // Nothing of its own: it is a commit of its base.
  if (own.value.items.length === 0) return ok([head]);
  const mine = new Set(own.value.items.map((c) => c.sha));
  const parents = own.value.items.flatMap((c) => c.parents.map((p) => p.sha));
  const shared = [...new Set(parents)].filter((sha) => !mine.has(sha));
  if (shared.length === 0 || shared.length > MAX_BASES) return ok(null);
  let newest: string[] = [];
  for (const commit of shared) {
    const kept: string[] = [];
    let old = false;
    for (const other of newest) {
      const ahead = await commitsOf(api, commit, other, 1);
      if (!ahead.ok) return ahead;
      old ||= ahead.value.items.length === 0;
      const behind = await commitsOf(api, other, commit, 1);
      if (!behind.ok) return behind;
      if (behind.value.items.length > 0) kept.push(other);
    }
    newest = old ? newest : [...kept, commit];
  }
  return ok(newest);
}

/** What a head adds to its base, of exactly these two commits. Of several places where it left it, all that differs from any. */
export async function filesBetween(
  api: GiteaApi,
  { base, head }: Pick<PullRequest, 'base' | 'head'>,
): ForgeResult<ChangedFiles> {
  const bases = await mergeBases(api, base.sha, head.sha);
  if (!bases.ok) return bases;
  if (bases.value === null) return ok({ files: [], complete: false });
  const files = new Map<string, ChangedFile>();
  let complete = true;
  for (const sha of bases.value) {
    const changed = await treeChanges((tree) => treeAt(api, tree), sha, head.sha);
    if (!changed.ok) return changed;
    for (const file of changed.value.files) files.set(file.path, file);
    complete &&= changed.value.complete;
  }
  const all = [...files.values()];
  return ok({ files: all.slice(0, MAX_FILES), complete: complete && all.length <= MAX_FILES });
}
