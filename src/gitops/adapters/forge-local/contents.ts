import { fail, messageOf, ok } from '../../../kit/result.ts';
import {
  type ChangedFile,
  type ChangedFiles,
  type ForgeResult,
  LINK,
  MAX_FILES,
  MAX_TEXT_BYTES,
  type PullRequest,
  tooLarge,
} from '../../forge.ts';
import { entriesIn, type TreeEntry } from '../git/objects.ts';
import { git } from '../git/program.ts';
import type { LocalState } from './state.ts';

const STATUS = { A: 'added', M: 'modified', D: 'removed', R: 'renamed' } as const;

/** `git diff --name-status -z` as files. */
function changedFiles(text: string): ChangedFile[] {
  const words = text.split('\0');
  const files: ChangedFile[] = [];
  for (let i = 0; i + 1 < words.length; ) {
    const letter = words[i]!.charAt(0) as keyof typeof STATUS;
    const renamed = letter === 'R';
    const [previous, path] = renamed ? [words[i + 1]!, words[i + 2]!] : [undefined, words[i + 1]!];
    files.push({ path, status: STATUS[letter] ?? 'modified', ...(previous ? { previous } : {}) });
    i += renamed ? 3 : 2;
  }
  return files;
}

export async function filesOf(
  { repository }: LocalState,
  { base, head }: Pick<PullRequest, 'base' | 'head'>,
): ForgeResult<ChangedFiles> {
  try {
    const range = `${base.sha}...${head.sha}`;
    const files = changedFiles(await git(repository, ['diff', '--name-status', '-z', '-M', range]));
    return ok({ files: files.slice(0, MAX_FILES), complete: files.length <= MAX_FILES });
  } catch (thrown) {
    return fail({ code: 'UNAVAILABLE', message: `git diff: ${messageOf(thrown)}` });
  }
}

/** Paths are words of others: none of them is a pattern. */
const LITERALLY = { GIT_LITERAL_PATHSPECS: '1' };
const NO_COMMIT = /not a tree object|not a valid object name/i;

/** What lies at paths of a commit; nothing, where there is no such commit. */
async function entriesAt(
  { repository }: LocalState,
  sha: string,
  paths: readonly string[],
): ForgeResult<readonly TreeEntry[]> {
  try {
    const listed = await git(repository, ['ls-tree', '-z', '-l', sha, '--', ...paths], { env: LITERALLY });
    return ok(entriesIn(listed));
  } catch (thrown) {
    const message = messageOf(thrown);
    return NO_COMMIT.test(message) ? ok([]) : fail({ code: 'UNAVAILABLE', message });
  }
}

/** What could not be read is not taken for what is not there: that would be asked to end. */
export async function text(state: LocalState, sha: string, path: string): ForgeResult<string | null> {
  const found = await entriesAt(state, sha, [path]);
  if (!found.ok) return found;
  const file = found.value.find((entry) => entry.path === path && entry.type === 'blob');
  if (!file) return ok(null);
  if (file.size > MAX_TEXT_BYTES) return tooLarge(path, MAX_TEXT_BYTES);
  return git(state.repository, ['cat-file', 'blob', file.object]).then(
    (read) => ok(read),
    (thrown: unknown) => fail({ code: 'UNAVAILABLE', message: messageOf(thrown) } as const),
  );
}

export async function links(
  state: LocalState,
  sha: string,
  paths: readonly string[],
): ForgeResult<readonly string[]> {
  const found = await entriesAt(state, sha, paths);
  return found.ok ? ok(found.value.filter(({ mode }) => mode === LINK).map(({ path }) => path)) : found;
}

export const list = (
  { repository }: LocalState,
  sha: string,
  folder: string,
): ForgeResult<readonly string[]> =>
  // With `-z` names of every letter come as they are; without it some would be quoted, and be no file of ours.
  git(repository, ['ls-tree', '-r', '-z', '--name-only', sha, '--', folder ? `${folder}/` : '.'], {
    env: LITERALLY,
  }).then(
    (found) => ok(found.split('\0').filter(Boolean)),
    (thrown: unknown) => fail({ code: 'UNAVAILABLE', message: messageOf(thrown) } as const),
  );
