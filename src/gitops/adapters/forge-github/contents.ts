import type { z } from 'zod';
import { ok } from '../../../kit/result.ts';
import {
  type ChangedFile,
  type ChangedFiles,
  type ForgeResult,
  type PullRequest,
  tooLarge,
} from '../../forge.ts';
import { unavailable } from '../forge-http/calls.ts';
import { linksAmong } from '../forge-http/links.ts';
import { type TreeEntry, treeChanges } from '../forge-http/tree-changes.ts';
import { compareSchema, contentSchema, type fileSchema, treeSchema } from './schemas.ts';
import type { GithubState } from './state.ts';

/** GitHub gives the text of a file up to a megabyte. */
const GIVEN_BYTES = 1_048_576;
/** GitHub lists so many files of a comparison. */
const COMPARED_FILES = 300;
const TREE = 'GET /repos/{owner}/{repo}/git/trees/{tree_sha}';
const STATUS = {
  added: 'added',
  copied: 'added',
  modified: 'modified',
  changed: 'modified',
  unchanged: 'modified',
  removed: 'removed',
  renamed: 'renamed',
} as const satisfies Record<string, ChangedFile['status']>;

const fileOf = ({
  filename,
  status,
  previous_filename: previous,
}: z.infer<typeof fileSchema>): ChangedFile => ({
  path: filename,
  status: STATUS[status as keyof typeof STATUS] ?? 'modified',
  ...(previous ? { previous } : {}),
});

const isTold = ({ status, previous_filename: previous }: z.infer<typeof fileSchema>): boolean =>
  status !== 'renamed' || previous !== undefined;

async function treeAt({ api }: GithubState, sha: string): ForgeResult<readonly TreeEntry[]> {
  const found = await api.get(TREE, { tree_sha: sha }, treeSchema);
  if (!found.ok) return found;
  return found.value.truncated
    ? unavailable('git/trees', 'a folder holds too many files')
    : ok(found.value.tree);
}

/**
 * What a head adds to its base, of exactly these two commits: the list that GitHub keeps with a pull request is
 * that of its present head. A comparison lists so many files; where there are more, or it does not list them, the two trees are compared.
 */
async function filesBetween(
  state: GithubState,
  { base, head }: Pick<PullRequest, 'base' | 'head'>,
): ForgeResult<ChangedFiles> {
  const compared = await state.api.get(
    'GET /repos/{owner}/{repo}/compare/{basehead}',
    { basehead: `${base.sha}...${head.sha}` },
    compareSchema,
  );
  if (!compared.ok) return compared;
  const { files: listed } = compared.value;
  // A comparison without a list, or with a rename that does not say from where, does not say what was changed.
  const isWhole = listed !== undefined && listed.length < COMPARED_FILES && listed.every(isTold);
  if (isWhole) return ok({ files: listed.map(fileOf), complete: true });
  return treeChanges((sha) => treeAt(state, sha), compared.value.merge_base_commit.sha, head.sha);
}

export const filesOf = (
  state: GithubState,
  pull: Pick<PullRequest, 'base' | 'head'>,
): ForgeResult<ChangedFiles> =>
  state.remember(`${pull.base.sha}...${pull.head.sha}`, () => filesBetween(state, pull));

export async function text({ api }: GithubState, sha: string, path: string): ForgeResult<string | null> {
  const found = await api.get('GET /repos/{owner}/{repo}/contents/{path}', { path, ref: sha }, contentSchema);
  if (!found.ok) return found.error.code === 'NOT_FOUND' ? ok(null) : found;
  const { encoding, content } = found.value;
  return encoding === 'base64'
    ? ok(Buffer.from(content, 'base64').toString('utf8'))
    : tooLarge(path, GIVEN_BYTES);
}

export async function list(
  { api }: GithubState,
  sha: string,
  folder: string,
): ForgeResult<readonly string[]> {
  const found = await api.get(TREE, { tree_sha: sha, recursive: '1' }, treeSchema);
  if (!found.ok) return found;
  if (found.value.truncated) return unavailable('git/trees', 'the repository holds too many files');
  const below = folder ? `${folder}/` : '';
  return ok(found.value.tree.filter((t) => t.type === 'blob' && t.path.startsWith(below)).map((t) => t.path));
}

export const links = (state: GithubState, sha: string, paths: readonly string[]) =>
  linksAmong((tree) => treeAt(state, tree), sha, paths);
