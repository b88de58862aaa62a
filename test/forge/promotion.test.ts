import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCommitRecorder } from '../../src/controller/commits/commit-recorder.ts';
import { createPromoter } from '../../src/controller/promotion/promoter.ts';
import type { Revision } from '../../src/delivery/events.ts';
import type { Lane } from '../../src/delivery/lane.ts';
import { giteaForge } from '../../src/gitops/adapters/forge-gitea/forge.ts';
import { gitDesired } from '../../src/gitops/adapters/git/desired.ts';
import { remoteCopy } from '../../src/gitops/adapters/git/remote.ts';
import { parseDesired, revisionOf } from '../../src/gitops/desired.ts';
import type { ForgePort } from '../../src/gitops/forge.ts';
import type { DesiredState } from '../../src/gitops/port.ts';
import { cloneOf, type TestRepository } from '../contract/forge/repository.ts';
import {
  desired,
  digest,
  type GateHouse,
  gateHouse,
  platformText,
  seedFiles,
  stableIn,
} from '../gate/harness.ts';
import { journalOver } from '../journal.ts';
import { again, until } from '../wait.ts';
import { type Gitea, giteaRepository, OWNER, startGitea, takeHooks } from './gitea.ts';

const CHECK = 'sluice/gate';
const SECRET = 'gitea-hook';
const STAGE = 'environments/stage/checkout.yaml';
const PROD = 'environments/prod/checkout.yaml';
const WITHIN_MS = 30_000;
const AUTO = 'promotion: { autoMerge: true, autoRevert: true }';

interface GiteaPull {
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly state: string;
  readonly merged: boolean;
}

/** Promotion and revert as a service beside a real Gitea: a private repository, fetched; merges only by its check. */
describe('promotion on a real Gitea', () => {
  let gitea: Gitea;
  let repository: TestRepository;
  let forge: ForgePort;
  let h: GateHouse;
  let state: DesiredState | null = null;
  let promoterOf: () => Promise<ReturnType<typeof createPromoter>>;
  const closing: (() => Promise<void> | void)[] = [];
  const revision = (version: string, letter: string): Revision =>
    revisionOf({ version, digest: digest(letter), config: {} });
  const set = (name: string, more: Partial<Lane>) =>
    h.lanes.set(`checkout/${name}`, { ...h.lanes.get(`checkout/${name}`)!, ...more });

  beforeAll(async () => {
    gitea = await startGitea();
    const remote = await giteaRepository(gitea, 'pipeline', seedFiles(platformText('', AUTO)), CHECK);
    const home = mkdtempSync(join(tmpdir(), 'sluice-gitea-pipeline-'));
    closing.push(() => rmSync(home, { recursive: true, force: true }));
    repository = await cloneOf(remote, home);
    forge = giteaForge({
      address: gitea.address,
      repository: `${OWNER}/pipeline`,
      branch: 'main',
      token: gitea.token(OWNER),
      webhookSecret: SECRET,
    });
    h = await gateHouse({ environments: AUTO, wrap: () => forge, clock: () => Date.now() });
    for (const name of ['stage', 'prod'])
      set(name, { stable: revision('1.0.0', 'a'), ...stableIn('a'), since: Date.now() - 60_000 });
    const directory = join(home, 'copy.git');
    const basic = Buffer.from(`x-access-token:${gitea.token(OWNER)}`).toString('base64');
    const copy = remoteCopy({
      directory,
      url: `${gitea.address}/${OWNER}/pipeline.git`,
      authorization: async () => `Basic ${basic}`,
      // Only a webhook makes it look before the test is over.
      pollMs: 3_600_000,
      now: () => Date.now(),
      warn: () => {},
    });
    const names = ['stage', 'prod'].map((environment) => ({
      service: 'checkout',
      environment,
      branch: 'main',
    }));
    const source = gitDesired(directory, names, copy);
    const hooks = await takeHooks(gitea, 'pipeline', SECRET, (headers, body) => {
      const hint = forge.hint(headers, body);
      if (!hint.ok) return false;
      h.gate.hint(hint.value);
      source.hint();
      return true;
    });
    const commits = createCommitRecorder({
      platform: h.platform,
      journal: h.ledger,
      repository: source,
      desired: () => state,
      lanes: h.lanes,
      warn: () => {},
    });
    promoterOf = async () =>
      createPromoter({
        platform: h.platform,
        forge,
        journal: await journalOver(h.ledger),
        lanes: h.lanes,
        desired: () => state,
        gate: h.gate,
        authors: (service, d) => commits.origin(service, d)?.authors ?? [],
        budgetLeft: () => 0.8,
        warn: () => {},
      });
    const promoter = await promoterOf();
    const server = again(async () => {
      state = (await source.read()) ?? state;
      await h.tick(0);
      await commits.tick(Date.now());
      await promoter.tick(Date.now());
    }, 200);
    closing.push(async () => {
      await server.stop();
      await hooks.close();
    });
    await until('the first copy', WITHIN_MS, () => state?.lanes.size === 2);
  });
  afterAll(async () => {
    for (const close of closing.reverse()) await close();
    h?.close();
    await gitea?.stop();
  });

  const pulls = () => gitea.api<GiteaPull[]>('GET', `/repos/${OWNER}/pipeline/pulls?state=all`);
  const titled = (title: string) =>
    until(`"${title}"`, WITHIN_MS, async () => (await pulls()).find((p) => p.title === title));
  const textOf = async (path: string) => {
    const found = await forge.text('main', path);
    return found.ok ? found.value! : '';
  };

  it('PROMOTE-11: a developer’s merge is fetched by webhook, promoted by a request of its own, denied by the budget, then merged by itself', async () => {
    h.numbers.left = 0.9;
    await repository.push('release', { [STAGE]: desired('1.1.0', 'b') });
    const made = await forge.open({
      title: 'Release 1.1.0',
      body: '',
      base: 'main',
      head: 'release',
      labels: [],
    });
    if (!made.ok) throw new Error(made.error.message);
    await until('it may merge', WITHIN_MS, async () => (await forge.merge(made.value)).ok);
    await until('it is fetched', WITHIN_MS, () => state?.lanes.get('checkout/stage')?.version === '1.1.0');
    await until('the commit is understood', WITHIN_MS, async () =>
      (await h.ledger.read({ type: 'desired.changed' })).some(
        (r) => (r.data as { kind: string }).kind === 'release',
      ),
    );
    h.numbers.left = -0.5;
    set('stage', {
      state: 'Stable',
      since: Date.now(),
      stable: revision('1.1.0', 'b'),
      ...stableIn('a', 'b'),
    });
    const promotion = await titled('Promote checkout 1.1.0 to prod');
    expect(promotion.body).toContain(digest('b'));
    expect(promotion.body).toContain('Written by developer.');
    await until('denied', WITHIN_MS, () =>
      h.gate.pulls().some((p) => p.pull.number === promotion.number && p.decision?.allow === false),
    );
    expect(await textOf(PROD)).toContain('1.0.0');
    h.numbers.left = 0.9;
    for (const { id } of h.governance.freezes(Date.now()))
      await h.governance.lift(id, 'recovered', { id: 'ops', kind: 'person', scopes: ['waive'] }, Date.now());
    await until('merged by itself', WITHIN_MS, async () => (await textOf(PROD)).includes(digest('b')));
    await until('taken up', WITHIN_MS, () => state?.lanes.get('checkout/prod')?.version === '1.1.0');
  });

  it('PROMOTE-11: it fails in prod: a revert is requested and merged under a freeze, its author is told on the request, and nothing is asked twice', async () => {
    const ops = { id: 'ops', kind: 'person', scopes: ['operate'] } as const;
    await h.governance.freeze(
      {
        id: 'f',
        scope: { environment: 'prod', service: '*' },
        reason: 'incident',
        until: Date.now() + 600_000,
      },
      ops,
      Date.now(),
    );
    const target = revision('1.1.0', 'b');
    const release = {
      id: 'checkout.prod.2',
      target,
      blamed: true,
      endedAt: Date.now(),
      cause: 'HARM_SHOWN',
      verdict: null,
      intervals: { 'checkout-availability': [{ step: 0, canary: { total: 200, bad: 30 }, stable: null }] },
      loads: [],
    };
    const rejected = [
      {
        revision: target.revision,
        digest: digest('b'),
        reason: 'HARM_SHOWN' as const,
        identity: null,
        release: release.id,
      },
    ];
    set('prod', { state: 'Degraded', rejected, release: release as never });
    await titled('Revert checkout to 1.0.0 in prod');
    await until('Git is put right', WITHIN_MS, async () => (await textOf(PROD)).includes(digest('a')));
    expect(parseDesired(PROD, await textOf(PROD), 'checkout')).toMatchObject({
      ok: true,
      value: { version: '1.0.0' },
    });
    const promotion = await titled('Promote checkout 1.1.0 to prod');
    const told = await until('its author is told', WITHIN_MS, async () => {
      const comments = await gitea.api<{ body: string }[]>(
        'GET',
        `/repos/${OWNER}/pipeline/issues/${promotion.number}/comments`,
      );
      return comments.filter((c) => c.body.includes('failed in prod'));
    });
    expect(told).toHaveLength(1);
    expect(told[0]!.body).toContain('30 bad of 200 requests');
    await until('it is known', WITHIN_MS, () => state?.lanes.get('checkout/prod')?.version === '1.0.0');
    // A second one that begins anew from the ledger asks for nothing more.
    const anew = await promoterOf();
    for (let i = 0; i < 3; i++) await anew.tick(Date.now());
    expect((await pulls()).map((p) => [p.title, p.merged])).toEqual([
      ['Revert checkout to 1.0.0 in prod', true],
      ['Promote checkout 1.1.0 to prod', true],
      ['Release 1.1.0', true],
    ]);
    await until('the revert is understood as one', WITHIN_MS, async () =>
      (await h.ledger.read({ type: 'desired.changed' })).some(
        (r) => (r.data as { kind: string }).kind === 'revert',
      ),
    );
  });
});
