import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { giteaForge } from '../../src/gitops/adapters/forge-gitea/forge.ts';
import type { ForgePort } from '../../src/gitops/forge.ts';
import { cloneOf, type TestRepository } from '../contract/forge/repository.ts';
import { temporaryFolder } from '../folder.ts';
import { desired, type GateHouse, gateHouse, platformText, seedFiles, stableIn } from '../gate/harness.ts';
import { again, until } from '../wait.ts';
import { type Gitea, giteaRepository, OWNER, startGitea, takeHooks } from './gitea.ts';

const CHECK = 'sluice/gate';
const SECRET = 'gitea-hook';
const PROD = 'environments/prod/checkout.yaml';
const WITHIN_MS = 60_000;

/** The gate as a service beside a real Gitea: told by its webhooks, heeded by its branch protection. */
describe('the gate on a real Gitea', () => {
  let gitea: Gitea;
  let repository: TestRepository;
  let forge: ForgePort;
  let h: GateHouse;
  let deliveries = 0;
  let looks = 0;
  const closing: (() => Promise<void> | void)[] = [];

  beforeAll(async () => {
    gitea = await startGitea();
    const remote = await giteaRepository(gitea, 'shop', seedFiles(platformText()), CHECK);
    repository = await cloneOf(remote, temporaryFolder('gitea-clone'));
    forge = giteaForge({
      address: gitea.address,
      repository: `${OWNER}/shop`,
      branch: 'main',
      token: gitea.token(OWNER),
      webhookSecret: SECRET,
    });
    h = await gateHouse({ wrap: () => forge, clock: () => Date.now() });
    h.lanes.set('checkout/prod', { ...h.lanes.get('checkout/prod')!, ...stableIn('a') });
    const hooks = await takeHooks(gitea, 'shop', SECRET, (headers, body) => {
      const hint = forge.hint(headers, body);
      if (!hint.ok) return false;
      deliveries++;
      h.gate.hint(hint.value);
      return true;
    });
    const server = again(async () => {
      await h.tick(0);
      looks++;
    }, 200);
    closing.push(async () => {
      await server.stop();
      await hooks.close();
    });
  });
  afterAll(async () => {
    for (const close of closing) await close();
    h?.close();
    repository?.close();
    await gitea?.stop();
  });

  const status = async (sha: string) => {
    const found = await gitea.api<{ id: number; context: string; status: string }[]>(
      'GET',
      `/repos/${OWNER}/shop/commits/${sha}/statuses`,
    );
    return found.filter((s) => s.context === CHECK).sort((a, b) => b.id - a.id)[0]?.status;
  };
  const opened = async (branch: string, files: Record<string, string>) => {
    await repository.push(branch, files);
    const made = await forge.open({ title: branch, body: '', base: 'main', head: branch, labels: [] });
    if (!made.ok) throw new Error(made.error.message);
    return made.value;
  };

  it('GATE-20: told by a webhook it posts within seconds; a denied one is not merged, and is once the cause is gone', async () => {
    h.numbers.left = -0.5;
    const pull = await opened('release', { [PROD]: desired('1.1.0', 'b') });
    await until('the status', WITHIN_MS, async () => (await status(pull.head.sha)) === 'failure');
    expect(deliveries).toBeGreaterThan(0);
    const refused = await forge.merge(pull);
    expect(refused).toMatchObject({ ok: false, error: { code: 'REFUSED' } });
    const comments = await gitea.api<{ body: string }[]>(
      'GET',
      `/repos/${OWNER}/shop/issues/${pull.number}/comments`,
    );
    expect(comments).toHaveLength(1);
    expect(comments[0]!.body).toMatch(/overspent by 50\.0%, 150 bad of 100000 requests/);
    h.numbers.left = 0.9;
    await h.governance.lift(
      'auto:checkout-availability@prod',
      'recovered',
      { id: 'ops', kind: 'person', scopes: ['waive'] },
      Date.now(),
    );
    await until(
      'merge without intervention',
      WITHIN_MS,
      async () => (await status(pull.head.sha)) === 'success',
    );
    expect(await forge.merge(pull)).toMatchObject({ ok: true });
    const after = await gitea.api<{ body: string }[]>(
      'GET',
      `/repos/${OWNER}/shop/issues/${pull.number}/comments`,
    );
    expect(after).toHaveLength(1);
    expect(after[0]!.body).toContain('Allowed');
  });

  it('GATE-21: one that stays denied is decided on its opening: what is said of it there calls for no other look', async () => {
    h.numbers.left = -0.5;
    const pull = await opened('denied', { [PROD]: desired('1.1.2', 'c') });
    await until('the status', WITHIN_MS, async () => (await status(pull.head.sha)) === 'failure');
    const path = `/repos/${OWNER}/shop/issues/${pull.number}/comments`;
    await until('the comment', WITHIN_MS, async () => (await gitea.api<object[]>('GET', path)).length === 1);
    const [told, looked] = [deliveries, looks];
    await gitea.api('POST', path, { body: 'Why?' });
    await until('Gitea tells of the comment', WITHIN_MS, () => deliveries > told);
    await until('looks since', WITHIN_MS, () => looks >= looked + 15);
    // On opening: found by a webhook, and once more where Gitea told of it twice.
    const decisions = await h.ledger.read({ type: 'gate.decided', subject: `pull/${pull.number}` });
    expect(decisions.length).toBeLessThanOrEqual(3);
    h.numbers.left = 0.9;
  });

  it('POST-5: somebody’s success over a denial, with the very words of ours, is replaced within seconds and put on record', async () => {
    h.numbers.left = -0.5;
    const mallory = await gitea.stranger('mallory', 'shop');
    const pull = await opened('contested', { [PROD]: desired('1.1.3', 'd') });
    const { sha } = pull.head;
    await until('the status', WITHIN_MS, async () => (await status(sha)) === 'failure');
    const path = `/repos/${OWNER}/shop/commits/${sha}/statuses`;
    const [ours] = await gitea.api<{ description: string }[]>('GET', path);
    await mallory('POST', `/repos/${OWNER}/shop/statuses/${sha}`, {
      context: CHECK,
      state: 'success',
      description: ours!.description,
    });
    await until('ours again', WITHIN_MS, async () => (await status(sha)) === 'failure');
    expect(await forge.merge(pull)).toMatchObject({ ok: false, error: { code: 'REFUSED' } });
    const posted = await until('on record', WITHIN_MS, async () => {
      const records = await h.ledger.read({ type: 'gate.posted', subject: `pull/${pull.number}` });
      return records.find((r) => (r.data as { foreign?: object }).foreign);
    });
    expect(posted.data).toMatchObject({ state: 'failure', foreign: { by: 'mallory', state: 'success' } });
    h.numbers.left = 0.9;
  });

  it('GATE-20: a label that Gitea tells of lets a security fix through a freeze', async () => {
    const ops = { id: 'ops', kind: 'person', scopes: ['operate'] } as const;
    await h.governance.freeze(
      { id: 'f', scope: { environment: 'prod', service: '*' }, reason: 'peak', until: Date.now() + 600_000 },
      ops,
      Date.now(),
    );
    const pull = await opened('fix', {
      [PROD]: desired('1.1.1', 'b').replace('config: {}', 'config: { a: 1 }'),
    });
    await until('denied', WITHIN_MS, async () => (await status(pull.head.sha)) === 'failure');
    const { id } = await gitea.api<{ id: number }>('POST', `/repos/${OWNER}/shop/labels`, {
      name: 'security',
      color: '#ff0000',
    });
    await gitea.api('PUT', `/repos/${OWNER}/shop/issues/${pull.number}/labels`, { labels: [id] });
    await until('allowed', WITHIN_MS, async () => (await status(pull.head.sha)) === 'success');
    const [recorded] = await until('the record', WITHIN_MS, () => {
      const list = h.decision(pull.number).recorded;
      return list.length > 0 && list;
    });
    expect(recorded).toMatchObject({ code: 'FROZEN', by: ['security'] });
  });
});
