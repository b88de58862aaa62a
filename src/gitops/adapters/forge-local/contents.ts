import { fail, messageOf, ok } from '../../../kit/result.ts';
import {
  type ChangedFile,
  type ChangedFiles,
  type ForgeResult,
  MAX_FILES,
  MAX_TEXT_BYTES,
  type PullRequest,
  tooLarge,
} from '../../forge.ts';
import { git, isTooLong } from '../git/program.ts';
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

export async function text(
  { repository }: LocalState,
  sha: string,
  path: string,
): ForgeResult<string | null> {
  const name = `${sha}:${path}`;
  try {
    return ok(await git(repository, ['show', name], { most: MAX_TEXT_BYTES }));
  } catch (thrown) {
    if (isTooLong(thrown)) return tooLarge(path, MAX_TEXT_BYTES);
    // It fails in the same way for what is not there and for what it could not read.
    const said = await git(repository, ['cat-file', '--batch-check'], { input: `${name}\n` });
    if (said === `${name} missing\n`) return ok(null);
    return fail({ code: 'UNAVAILABLE', message: `git show: ${messageOf(thrown)}` });
  }
}

export const list = (
  { repository }: LocalState,
  sha: string,
  folder: string,
): ForgeResult<readonly string[]> =>
  git(repository, ['ls-tree', '-r', '-z', '--name-only', sha, '--', folder ? `${folder}/` : '.']).then(
    (found) => ok(found.split('\0').filter(Boolean)),
    (thrown: unknown) => fail({ code: 'UNAVAILABLE', message: messageOf(thrown) } as const),
  );
