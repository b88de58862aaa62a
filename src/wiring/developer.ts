import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { PushedChange } from '../cli/parts.ts';

const DEVELOPER = { name: 'A developer', email: 'developer@localhost' };

/** What a developer of the demo does with Git: a branch with one change, pushed from a clone of the desired state. */
export async function pushChange(change: PushedChange): Promise<void> {
  const { git } = await import('../gitops/adapters/git/program.ts');
  const { commitDesired } = await import('../gitops/adapters/git/repository.ts');
  const { clone, branch, environment, desired } = change;
  if (!existsSync(clone)) {
    mkdirSync(dirname(clone), { recursive: true });
    await git(dirname(clone), ['clone', '--quiet', change.repository, clone]);
  }
  await git(clone, ['fetch', '--quiet', 'origin']);
  await git(clone, ['checkout', '--quiet', '-B', branch, 'origin/main']);
  await commitDesired(clone, [{ environment, desired }], change.title, DEVELOPER);
  await git(clone, ['push', '--quiet', '--force', 'origin', `HEAD:refs/heads/${branch}`]);
}
