import { createHmac } from 'node:crypto';
import { giteaForge } from '../../src/gitops/adapters/forge-gitea/forge.ts';
import { FILES, type ForgeRig, forgeContract } from '../contract/forge/contract.ts';
import { cloneOf } from '../contract/forge/repository.ts';
import { temporaryFolder } from '../folder.ts';
import { type Gitea, giteaRepository, OWNER, startGitea } from './gitea.ts';

const CHECK = 'sluice/gate';
const SECRET = 'gitea-secret';

/** The same contract on a real Gitea: branch protection refuses the merge until the check is there. */
async function rig(): Promise<ForgeRig> {
  const gitea = await startGitea();
  // One that cannot be set up is not left running.
  return rigOn(gitea).catch(async (error: unknown) => {
    await gitea.stop();
    throw error;
  });
}

async function rigOn(gitea: Gitea): Promise<ForgeRig> {
  const remote = await giteaRepository(gitea, 'contract', FILES, CHECK);
  const repository = await cloneOf(remote, temporaryFolder('gitea-clone'));
  const path = `/repos/${OWNER}/contract`;
  const labels = new Map<string, number>();
  const mallory = await gitea.stranger('mallory', 'contract');
  const post = (sha: string, context: string, state: string, description: string) =>
    mallory('POST', `${path}/statuses/${sha}`, { context, state, description });
  return {
    forge: giteaForge({
      address: gitea.address,
      repository: `${OWNER}/contract`,
      branch: 'main',
      token: gitea.token(OWNER),
      webhookSecret: SECRET,
    }),
    repository,
    check: CHECK,
    async label(number, names) {
      for (const name of names)
        if (!labels.has(name))
          labels.set(
            name,
            (await gitea.api<{ id: number }>('POST', `${path}/labels`, { name, color: '#ff0000' })).id,
          );
      await gitea.api('PUT', `${path}/issues/${number}/labels`, { labels: names.map((n) => labels.get(n)) });
    },
    async states(sha) {
      const found = await gitea.api<{ id: number; context: string; status: string }[]>(
        'GET',
        `${path}/commits/${sha}/statuses?limit=50`,
      );
      return Object.fromEntries(found.toSorted((a, b) => a.id - b.id).map((s) => [s.context, s.status]));
    },
    comments: async (number) =>
      (await gitea.api<{ body: string }[]>('GET', `${path}/issues/${number}/comments`)).map((c) => c.body),
    stranger: {
      login: 'mallory',
      post: async (sha, state, mark) => void (await post(sha, CHECK, state, `x [${mark}]`)),
      async others(sha, count) {
        for (let n = 0; n < count; n++) await post(sha, `ci/${n}`, 'success', '');
      },
      comment: async (number, body) =>
        void (await mallory('POST', `${path}/issues/${number}/comments`, { body })),
    },
    delivery(event) {
      const body = JSON.stringify(event);
      const signature = createHmac('sha256', SECRET).update(body).digest('hex');
      return { headers: { 'x-gitea-signature': signature, 'x-gitea-delivery': 'd' }, body };
    },
    async close() {
      repository.close();
      await gitea.stop();
    },
  };
}

forgeContract('a real Gitea', rig, { strangers: 'replace' });
