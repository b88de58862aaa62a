import { afterEach, describe, expect, it } from 'vitest';
import { createSyncFollower } from '../../src/controller/sync/sync-follower.ts';
import { argoCdSync } from '../../src/gitops/adapters/sync-argo-cd/sync.ts';
import { localSync } from '../../src/gitops/adapters/sync-local/sync.ts';
import { syncOf } from '../../src/gitops/sync.ts';
import { systemClock } from '../../src/io/clock.ts';
import { journalOver } from '../journal.ts';
import type { House } from '../sim/harness.ts';
import { until } from '../wait.ts';
import { apiServer } from './kubernetes/api.ts';
import { stable, syncContract } from './sync/contract.ts';

const localRig = (house: House) => {
  let asked = 0;
  let gone = false;
  const { delivery } = house.world;
  const port = localSync({
    services: () => ['checkout'],
    delivery: () => ({
      ...delivery,
      observe: async (...args) => {
        if (gone) throw new Error('connection refused');
        return delivery.observe(...args);
      },
    }),
    repository: { hint: () => void asked++ },
  });
  return {
    port,
    serves: () => house.world.edge().stable,
    byHand: (revision: string) => house.world.setEdge({ stable: revision, canary: null, weight: 0 }),
    asked: () => asked,
    unreachable: (value: boolean) => {
      gone = value;
    },
  };
};

syncContract('the embedded loop', async () => localRig(await stable(61)));

const APPLICATIONS = '/apis/argoproj.io/v1alpha1/namespaces/argocd/applications';
const application = (environment: string, sync: string, health: string, more: object = {}) => ({
  metadata: {
    name: `checkout-${environment}`,
    labels: { 'sluice.dev/service': 'checkout', 'sluice.dev/environment': environment },
  },
  status: { sync: { status: sync }, health: { status: health }, ...more },
});

/** Argo CD's adapter over the API of a cluster, beside the Rollouts of a simulated world. */
async function argoRig() {
  const house = await stable(66);
  const api = await apiServer();
  let gone = false;
  let hinted = 0;
  const { delivery } = house.world;
  const show = (sync: string, health: string, more: object = {}) =>
    api.put(APPLICATIONS, application('prod', sync, health, more));
  show('Synced', 'Healthy');
  api.put(APPLICATIONS, application('stage', 'Synced', 'Healthy'));
  const clock = { ...systemClock, now: () => (gone ? 61_000 : 1_000) };
  const port = argoCdSync({
    kubernetes: api.kubernetes,
    clock,
    namespace: 'argocd',
    services: () => ['checkout'],
    delivery: () => delivery,
    repository: { hint: () => void hinted++ },
    warn: () => {},
  });
  closing.push(async () => {
    await port.close();
    await api.close();
  });
  await until('Argo CD is heard of', 5_000, async () => (await port.live('prod')).ok);
  return {
    port,
    api,
    house,
    show,
    hinted: () => hinted,
    serves: () => house.world.edge().stable,
    byHand: (revision: string) => house.world.setEdge({ stable: revision, canary: null, weight: 0 }),
    asked: () => api.asked.patches.length,
    unreachable: (value: boolean) => {
      gone = value;
      api.answer(!value);
    },
  };
}

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

syncContract('Argo CD', argoRig);

describe('what Argo CD says', () => {
  it('SYNC-7: asked to look, only the Applications of that environment are, and Git itself', async () => {
    const rig = await argoRig();
    await rig.port.refresh('prod');
    expect(rig.api.asked.patches).toEqual([
      {
        path: `${APPLICATIONS}/checkout-prod`,
        body: { metadata: { annotations: { 'argocd.argoproj.io/refresh': 'normal' } } },
      },
    ]);
    expect(rig.hinted()).toBe(1);
  });

  it.each([
    ['Synced', 'Healthy', {}, 'Synced', 'serves, as requested in Git'],
    ['OutOfSync', 'Healthy', {}, 'OutOfSync', 'Argo CD says the rest is out of sync with Git'],
    [
      'OutOfSync',
      'Missing',
      { operationState: { phase: 'Failed', message: 'quota exceeded' } },
      'OutOfSync',
      'quota exceeded',
    ],
    [
      'Unknown',
      'Healthy',
      { conditions: [{ type: 'ComparisonError', message: 'no chart there' }] },
      'Unknown',
      'no chart there',
    ],
    ['Synced', 'Suspended', {}, 'Synced', 'serves'],
  ])('SYNC-7: %s and %s, while the right version serves', async (sync, health, more, word, why) => {
    const rig = await argoRig();
    rig.show(sync, health, more);
    const lane = rig.house.state();
    await until('it is told', 5_000, async () => {
      const live = await rig.port.live('prod');
      if (!live.ok) return false;
      const said = syncOf(lane, lane.stable, live.value.get('checkout')!);
      return said.word === word && said.why.includes(why);
    });
  });
});

describe('drift is seen and put on record', () => {
  const watching = async (house: House) => {
    const rig = localRig(house);
    const open = async () =>
      createSyncFollower({
        platform: house.platform,
        journal: await journalOver(house.ledger),
        sync: rig.port,
        lanes: { get: (name) => (name === house.state().lane ? house.state() : undefined) },
        warn: () => {},
        desired: () => house.controller().desired(),
      });
    let follower = await open();
    const run = async (ms: number) => {
      for (let i = 0; i < ms / 1_000; i++) {
        await house.step();
        await follower.tick(house.world.clock.now());
      }
    };
    const moves = async () =>
      (await house.ledger.read({ type: 'sync.moved' })).map((r) => r.data as { to: string; why: string });
    return {
      rig,
      run,
      moves,
      word: () => follower.of('checkout/prod')!.word,
      restart: async () => {
        follower = await open();
      },
    };
  };

  it('SYNC-4: changed by hand it is out of sync, told once, after a restart too; put back it is in sync again', async () => {
    const house = await stable(62);
    const t = await watching(house);
    const before = house.world.edge();
    await t.run(10_000);
    expect(await t.moves()).toEqual([]);
    t.rig.byHand('somebody');
    await t.run(10_000);
    expect(t.word()).toBe('OutOfSync');
    await t.restart();
    await t.run(10_000);
    t.rig.byHand(before.stable!);
    await t.run(10_000);
    expect((await t.moves()).map((m) => m.to)).toEqual(['OutOfSync', 'Synced']);
  });

  it('SYNC-4: a good release is no drift', async () => {
    const house = await stable(63);
    const t = await watching(house);
    house.world.push('1.1.0', { errorRate: 0 });
    await t.run(60_000);
    await house.until(() => house.state().stable?.version === '1.1.0');
    await t.run(10_000);
    expect(await t.moves()).toEqual([]);
  });

  it('SYNC-6: after a rollback Git and what serves differ until the revert; then they agree, and the bad one never comes back', async () => {
    const house = await stable(64);
    const t = await watching(house);
    const bad = house.world.push('1.1.0', { errorRate: 0.2 });
    await house.until(() => house.state().release?.blamed === true);
    await house.until(() => house.state().state === 'Degraded');
    await t.run(20_000);
    expect((await t.moves()).at(-1)).toMatchObject({
      to: 'OutOfSync',
      why: expect.stringContaining('which was rejected; 1.0.0 serves'),
    });
    // A day of looks and restarts with Git still asking for it.
    for (let i = 0; i < 4; i++) {
      await house.restart();
      await house.until(() => house.world.edge().canary === bad.revision, 3_600_000);
      expect(house.world.edge().stable).not.toBe(bad.revision);
      expect(house.world.edge().canary).toBeNull();
    }
    house.world.push('1.0.0', { errorRate: 0 });
    await t.run(20_000);
    expect(t.word()).toBe('Synced');
    expect((await t.moves()).at(-1)!.to).toBe('Synced');
  });

  it('LIFT-1: lifted with a reason the same artefact is tried anew; not lifted it is refused', async () => {
    const house = await stable(65);
    house.world.push('1.1.0', { errorRate: 0.2 });
    await house.until(() => house.state().release?.blamed === true);
    await house.until(() => house.state().state === 'Stable', 7_200_000);
    const { digest } = house.state().rejected[0]!;
    const actor = { id: 'oidc:ada', kind: 'person', scopes: ['waive'] } as const;
    const opened = () => house.state().releases;
    const before = opened();
    expect(await house.until(() => opened() > before, 1_800_000)).toBeUndefined();
    // What was wrong lay elsewhere, and is mended.
    house.world.push('1.1.0', { errorRate: 0 });
    await house
      .controller()
      .record('checkout/prod', { type: 'lane.lifted', data: { digest, reason: 'the bank was down' } }, actor);
    await house.until(() => house.state().stable?.version === '1.1.0');
    expect(house.state()).toMatchObject({ stable: { version: '1.1.0' }, rejected: [] });
    const [lifted] = await house.ledger.read({ type: 'lane.lifted' });
    expect(lifted).toMatchObject({ actor: { id: 'oidc:ada' }, data: { reason: 'the bank was down' } });
  });
});
