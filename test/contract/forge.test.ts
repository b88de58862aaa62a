import { createHmac, generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { githubForge } from '../../src/gitops/adapters/forge-github/forge.ts';
import { protect } from '../../src/gitops/adapters/forge-local/bare.ts';
import { localForge } from '../../src/gitops/adapters/forge-local/forge.ts';
import { FILES, type ForgeRig, forgeContract } from './forge/contract.ts';
import { OUR_APP, startGithubFake } from './forge/github-fake.ts';
import { startPrism } from './forge/prism.ts';
import { bareRepository } from './forge/repository.ts';

const CHECK = 'sluice/gate';

async function localRig(): Promise<ForgeRig> {
  const repository = await bareRepository(FILES);
  protect(repository.remote, 'main');
  const secret = 'local-secret';
  const forge = localForge({
    repository: repository.remote,
    file: join(repository.remote, '..', 'pulls.json'),
    branch: 'main',
    check: CHECK,
    webhookSecret: secret,
    now: () => 1_000,
  });
  const kept = async () =>
    JSON.parse(
      await (await import('node:fs/promises')).readFile(join(repository.remote, '..', 'pulls.json'), 'utf8'),
    );
  return {
    forge,
    repository,
    check: CHECK,
    label: async (number, labels) => void (await forge.label(number, labels)),
    states: async (sha) =>
      Object.fromEntries(
        Object.entries(((await kept()).statuses[sha] ?? {}) as Record<string, { state: string }>).map(
          ([k, v]) => [k, v.state],
        ),
      ),
    comments: async (number) => [
      (await kept()).pulls.find((p: { number: number }) => p.number === number).comment,
    ],
    delivery(event) {
      const body = JSON.stringify(event);
      const signature = createHmac('sha256', secret).update(body).digest('hex');
      return { headers: { 'x-sluice-signature': signature, 'x-sluice-delivery': 'd' }, body };
    },
    close: async () => repository.close(),
  };
}

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const KEY = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;

/** GitHub's App, or a token, through Prism: at the end nothing was unexpected and nothing violated the description. */
const githubRig = (auth: 'app' | 'token') => async (): Promise<ForgeRig> => {
  const repository = await bareRepository(FILES);
  const fake = await startGithubFake(repository, CHECK);
  const prism = await startPrism(fake.address);
  const forge = githubForge({
    address: prism.address,
    repository: 'acme/shop',
    branch: 'main',
    auth: auth === 'app' ? { appId: OUR_APP, installation: 1, privateKey: KEY } : { token: 'ghp_token' },
    webhookSecret: fake.secret,
    retryMs: 1,
  });
  return {
    forge,
    repository,
    check: CHECK,
    label: async (number, labels) => fake.label(number, labels),
    states: async (sha) => fake.states(sha),
    comments: async (number) => fake.comments(number),
    stranger: {
      login: fake.stranger.login,
      post: async (sha, state, mark) =>
        auth === 'app' ? fake.stranger.run(sha, state, mark) : fake.stranger.status(sha, state, mark),
      others: async (sha, count) => fake.stranger.others(sha, count),
      comment: async (number, body) => fake.stranger.comment(number, body),
    },
    delivery: (event) => fake.delivery(event),
    async close() {
      expect(prism.violations()).toEqual([]);
      expect(fake.unexpected).toEqual([]);
      const posted = fake.calls.filter((c) => (auth === 'app' ? /check-runs/ : /statuses/).test(c));
      expect(posted.length).toBeGreaterThan(0);
      await prism.stop();
      await fake.close();
      repository.close();
    },
  };
};

forgeContract('local', localRig);
forgeContract('GitHub as an App, by its own description', githubRig('app'), { strangers: 'beside' });
forgeContract('GitHub with a token, by its own description', githubRig('token'), { strangers: 'replace' });

describe('the local forge', () => {
  it('FORGE-11: a push past the gate is refused, and says what to do instead', async () => {
    const rig = await localRig();
    const pushed = await rig.repository.push('main', { 'x.txt': 'x\n' }).then(
      () => 'taken',
      (error: Error) => error.message,
    );
    expect(pushed).toContain('main is protected');
    await rig.close();
  });

  it('FORGE-11: two that conflict: the second is refused and nothing is changed', async () => {
    const rig = await localRig();
    const open = async (branch: string, text: string) => {
      await rig.repository.push(branch, { 'README.md': text });
      const made = await rig.forge.open({ title: branch, body: '', base: 'main', head: branch, labels: [] });
      if (!made.ok) throw new Error(made.error.message);
      const { title: _, ...shared } = {
        title: 1,
        check: CHECK,
        headSha: made.value.head.sha,
        summary: 's',
        key: branch,
      };
      await rig.forge.report(made.value, {
        ...shared,
        state: 'success',
        title: 't',
        evaluatedAt: 1,
        annotations: [],
        detailsUrl: null,
      });
      return made.value;
    };
    const [one, other] = [await open('one', 'one\n'), await open('other', 'other\n')];
    expect(await rig.forge.merge(one)).toMatchObject({ ok: true });
    expect(await rig.forge.merge(other)).toMatchObject({ ok: false, error: { code: 'CONFLICT' } });
    expect(await rig.forge.pull(other.number)).toMatchObject({ ok: true, value: { state: 'open' } });
    await rig.close();
  });
});
