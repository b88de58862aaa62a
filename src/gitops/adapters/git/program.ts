import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

export const GIT_TIMEOUT_MS = 10_000;
/** Git without personal settings. */
export const GIT_ENV = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1', GIT_TERMINAL_PROMPT: '0' };

interface GitOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs the git program in a folder; what it prints, or its failure thrown. */
export const git = async (cwd: string, args: readonly string[], more: GitOptions = {}): Promise<string> =>
  (
    await execa('git', args, {
      cwd,
      timeout: GIT_TIMEOUT_MS,
      env: { ...GIT_ENV, ...more.env },
      stripFinalNewline: false,
      ...(more.input === undefined ? {} : { input: more.input }),
    })
  ).stdout;

/** Git says no by this; every other end of it says that it could not tell. */
const NO = 1;

/** What Git answers to a question, or null where its answer is no. Throws where it gave none: nothing is known then. */
export async function gitAsked(cwd: string, args: readonly string[]): Promise<string | null> {
  try {
    return await git(cwd, args);
  } catch (thrown) {
    if ((thrown as { readonly exitCode?: number }).exitCode === NO) return null;
    throw thrown;
  }
}

/** The commit that a ref is at, whether it can be read or not; null: there is no such ref. */
export const commitAt = async (cwd: string, ref: string): Promise<string | null> =>
  (await gitAsked(cwd, ['rev-parse', '--verify', '--quiet', ref]))?.trim() ?? null;

/** Whether one commit is below another, or the same. */
export const isBelow = async (cwd: string, commit: string, above: string): Promise<boolean> =>
  (await gitAsked(cwd, ['merge-base', '--is-ancestor', commit, above])) !== null;

/** A commit on top of another, with these texts in place of its own; no work tree is touched. */
export async function commitOnto(
  repository: string,
  base: string,
  files: Readonly<Record<string, string>>,
  message: string,
  author: { readonly name: string; readonly email: string },
): Promise<string> {
  const scratch = mkdtempSync(join(tmpdir(), 'sluice-index-'));
  const env = { GIT_INDEX_FILE: join(scratch, 'index') };
  try {
    await git(repository, ['read-tree', base], { env });
    for (const [path, text] of Object.entries(files)) {
      const blob = (await git(repository, ['hash-object', '-w', '--stdin'], { input: text })).trim();
      await git(repository, ['update-index', '--add', '--cacheinfo', `100644,${blob},${path}`], { env });
    }
    const tree = (await git(repository, ['write-tree'], { env })).trim();
    const who = ['-c', `user.name=${author.name}`, '-c', `user.email=${author.email}`];
    return (await git(repository, [...who, 'commit-tree', tree, '-p', base, '-m', message])).trim();
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
