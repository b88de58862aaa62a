import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { PullView } from '../../api/governance.ts';
import { git } from '../../gitops/adapters/git/program.ts';
import { commitDesired } from '../../gitops/adapters/git/repository.ts';
import type { Desired } from '../../gitops/desired.ts';
import { type Client, clientOf, type ServeFile } from '../client.ts';

/** What a developer does: a branch with one change, and a pull request. */
export interface Wanted {
  readonly branch: string;
  readonly environment: string;
  readonly desired: Desired;
  readonly title: string;
  readonly labels?: readonly string[];
  /** Merged by itself as soon as the check is green. */
  readonly autoMerge: boolean;
}

const DEVELOPER = { name: 'A developer', email: 'developer@localhost' };

/** Pushes a branch from a clone of the desired state, and opens a pull request. Gives its number. */
export async function propose(server: ServeFile, work: string, wanted: Wanted): Promise<number> {
  const clone = join(work, 'developer');
  if (!existsSync(clone)) {
    mkdirSync(dirname(clone), { recursive: true });
    await git(work, ['clone', '--quiet', server.repository!, clone]);
  }
  await git(clone, ['fetch', '--quiet', 'origin']);
  await git(clone, ['checkout', '--quiet', '-B', wanted.branch, 'origin/main']);
  const change = { environment: wanted.environment, desired: wanted.desired };
  await commitDesired(clone, [change], wanted.title, DEVELOPER);
  await git(clone, ['push', '--quiet', '--force', 'origin', `HEAD:refs/heads/${wanted.branch}`]);
  const { number } = await clientOf(server).post<{ number: number }>('/api/v1/pulls', {
    title: wanted.title,
    head: wanted.branch,
    labels: wanted.labels ?? [],
    autoMerge: wanted.autoMerge,
  });
  return number;
}

export const pullOf = async (client: Client, number: number): Promise<PullView> =>
  (await client.get<{ pull: PullView }>(`/api/v1/pulls/${number}`)).pull;
