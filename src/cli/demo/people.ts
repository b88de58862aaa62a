import { join } from 'node:path';
import type { PullView } from '../../api/governance.ts';
import type { Desired } from '../../gitops/desired.ts';
import type { Client } from '../api.ts';
import { clientOf, type ServeFile } from '../client.ts';
import type { CommandParts } from '../parts.ts';

/** What a developer does: a branch with one change, and a pull request. */
interface Wanted {
  readonly branch: string;
  readonly environment: string;
  readonly desired: Desired;
  readonly title: string;
  readonly labels?: readonly string[];
  /** Merged by itself as soon as the check is green. */
  readonly autoMerge: boolean;
}

/** Pushes a branch from a clone of the desired state, and opens a pull request. Gives its number. */
export async function propose(
  server: ServeFile,
  work: string,
  wanted: Wanted,
  pushChange: CommandParts['pushChange'],
): Promise<number> {
  const { branch, environment, desired, title } = wanted;
  const clone = join(work, 'developer');
  await pushChange({ repository: server.repository!, clone, branch, environment, desired, title });
  const { number } = await clientOf(server).post('/api/v1/pulls', {
    body: { title, head: branch, labels: wanted.labels ?? [], autoMerge: wanted.autoMerge },
  });
  return number;
}

export const pullOf = async (client: Client, number: number): Promise<PullView> =>
  (await client.get('/api/v1/pulls/{number}', { params: { number } })).pull;
