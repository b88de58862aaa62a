import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { type Desired, desiredPath } from '../../desired.ts';
import { commitAt, git } from './program.ts';

export interface Committer {
  readonly name: string;
  readonly email: string;
}

const SLUICE: Committer = { name: 'sluice', email: 'sluice@localhost' };

/**
 * A local desired-state repository with a work tree; made, from a seed if there is one, if it is not there yet. It has
 * a commit in any case: without one nobody can tell a repository that asks for nothing from one that cannot be read.
 */
export async function openRepository(
  directory: string,
  branches: readonly string[],
  seed?: string,
): Promise<void> {
  const there = existsSync(join(directory, '.git'));
  if (there && (await commitAt(directory, 'HEAD')) !== null) return;
  const [first, ...others] = branches;
  mkdirSync(directory, { recursive: true });
  if (!there) {
    await git(directory, ['init', '--quiet', '--initial-branch', first ?? 'main']);
    if (seed && existsSync(seed)) cpSync(seed, directory, { recursive: true });
    await git(directory, ['add', '.']);
  }
  await commit(directory, 'What runs today', SLUICE, ['--allow-empty']);
  for (const branch of others) await git(directory, ['branch', branch]);
}

const commit = (
  directory: string,
  message: string,
  author: Committer,
  options: readonly string[] = [],
): Promise<string> => {
  const who = ['-c', `user.name=${author.name}`, '-c', `user.email=${author.email}`];
  return git(directory, [...who, 'commit', '--quiet', '--no-gpg-sign', ...options, '-m', message]);
};

/** Commits what is to run: one file a service, one folder an environment. Returns the commit. */
export async function commitDesired(
  directory: string,
  changes: readonly { readonly environment: string; readonly desired: Desired }[],
  message: string,
  author: Committer = SLUICE,
): Promise<string> {
  for (const { environment, desired } of changes) {
    const path = desiredPath(environment, desired.service);
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, stringify(desired));
    await git(directory, ['add', path]);
  }
  await commit(directory, message, author);
  return (await git(directory, ['rev-parse', 'HEAD'])).trim();
}
