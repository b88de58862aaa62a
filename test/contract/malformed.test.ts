import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { argoRollouts } from '../../src/delivery/adapters/argo-rollouts/delivery.ts';
import { HASH_LABEL } from '../../src/delivery/adapters/argo-rollouts/template.ts';
import { argoCdSync } from '../../src/gitops/adapters/sync-argo-cd/sync.ts';
import { systemClock } from '../../src/io/clock.ts';
import { openKubernetes } from '../../src/io/kubernetes/client.ts';
import { reflect } from '../../src/io/kubernetes/reflector.ts';
import { until } from '../wait.ts';
import { type ApiObject, type ApiServer, apiServer, kubeconfig } from './kubernetes/api.ts';

const ARGO = '/apis/argoproj.io/v1alpha1/namespaces/shop';
const ROLLOUTS = `${ARGO}/rollouts`;
const RUNS = `${ARGO}/analysisruns`;
const SETS = '/apis/apps/v1/namespaces/shop/replicasets';
const PODS = '/api/v1/namespaces/shop/pods';
const APPLICATIONS = '/apis/argoproj.io/v1alpha1/namespaces/argocd/applications';
const SOON_MS = 10_000;

let api: ApiServer;
const closing: (() => Promise<void>)[] = [];
beforeEach(async () => {
  api = await apiServer();
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await api.close();
});

describe('a list with an object that cannot be read', () => {
  const read = (object: unknown): number => {
    const { value } = object as { value?: number };
    if (value === undefined) throw new Error('it has no value');
    return value;
  };
  const open = (told: object[] = []) => {
    const reflector = reflect<number>({
      kubernetes: api.kubernetes,
      clock: systemClock,
      path: PODS,
      pick: read,
      warn: (details, message) => void told.push({ ...details, message }),
    });
    closing.push(() => reflector.close());
    return reflector;
  };
  const labels = { team: 'orders' };

  it('KUBE-8: it alone is left out, with its reason, and told of once', async () => {
    const told: object[] = [];
    api.put(PODS, { metadata: { name: 'a', labels } });
    api.put(PODS, { metadata: { name: 'b' }, value: 2 });
    const r = open(told);
    await until('the other is there', SOON_MS, () => r.get('b') === 2);
    expect([r.get('a'), [...r.malformed()]]).toEqual([
      undefined,
      [['a', { why: 'it has no value', labels }]],
    ]);
    // Listed anew, the same object has the same fault.
    api.compact();
    api.cut();
    api.put(PODS, { metadata: { name: 'c' }, value: 3 });
    await until('it is followed on', SOON_MS, () => r.get('c') === 3);
    expect(told.filter((one) => 'name' in one)).toEqual([
      {
        path: PODS,
        server: api.kubernetes.server,
        name: 'a',
        error: 'it has no value',
        message: 'an object of the cluster cannot be read; the others are followed',
      },
    ]);
  });

  it('KUBE-8: one that becomes unreadable counts as it is now, until it is mended or gone', async () => {
    api.put(PODS, { metadata: { name: 'a' }, value: 1 });
    api.put(PODS, { metadata: { name: 'b' } });
    const r = open();
    await until('it is there', SOON_MS, () => r.get('a') === 1);
    api.put(PODS, { metadata: { name: 'a' } });
    await until('it cannot be read', SOON_MS, () => r.malformed().has('a'));
    expect([...r.values()]).toEqual([]);
    api.put(PODS, { metadata: { name: 'a' }, value: 5 });
    await until('it is mended', SOON_MS, () => r.get('a') === 5);
    api.remove(PODS, 'b');
    await until('the other is gone', SOON_MS, () => r.malformed().size === 0);
  });

  it.each([[{}], [{ metadata: null }], [{ metadata: { name: 7 } }], ['a text']])(
    'KUBE-8: %j has no name, and breaks neither the list nor the watch',
    async (object) => {
      api.put(PODS, { metadata: { name: 'b' }, value: 2 });
      const kubernetes = openKubernetes(
        { kubeconfig: kubeconfig(api.address), context: null },
        systemClock.now,
      );
      const given: unknown[] = [object];
      const r = reflect<number>({
        kubernetes: {
          ...kubernetes,
          async get<T>(path: string): Promise<T> {
            const page = await kubernetes.get<{ items: unknown[] }>(path);
            return { ...page, items: [...given, ...page.items] } as T;
          },
          async lines(path, signal) {
            const lines = await kubernetes.lines(path, signal);
            return (async function* () {
              yield JSON.stringify({ type: 'MODIFIED', object });
              yield* lines;
            })();
          },
        },
        clock: systemClock,
        path: PODS,
        pick: read,
        warn: () => {},
      });
      closing.push(() => r.close());
      await until('it is there', SOON_MS, () => r.get('b') === 2);
      api.put(PODS, { metadata: { name: 'b' }, value: 3 });
      await until('it is followed', SOON_MS, () => r.get('b') === 3);
      expect([...r.malformed().keys()]).toEqual(['(without a name)']);
    },
  );
});

describe('Rollouts beside one that cannot be read', () => {
  const owned = (name: string, kind: string, owner: string, hash: string) => ({
    name,
    labels: { [HASH_LABEL]: hash },
    ownerReferences: [{ kind, name: owner }],
  });
  const rollout = (name: string, more: object = {}) => ({
    metadata: { name, generation: 1 },
    spec: { strategy: { canary: { steps: [{ setWeight: 50 }] } } },
    status: { observedGeneration: '1', currentPodHash: `${name}-two`, stableRS: `${name}-one`, ...more },
  });
  const template: ApiObject = { metadata: { name: 'of-others' }, spec: { template: { spec: {} } } };
  async function open() {
    for (const name of ['cart', 'checkout']) api.put(ROLLOUTS, rollout(name));
    // The cluster serves a kind here once there is one of it.
    for (const kind of [SETS, PODS, RUNS]) api.put(kind, template);
    const { delivery, asked, close } = argoRollouts({
      kubernetes: api.kubernetes,
      clock: systemClock,
      namespace: 'shop',
      warn: () => {},
    });
    closing.push(close);
    const said = async (service: string) =>
      delivery.observe(`${service}/prod`, null).then(
        ({ stable }) => `${stable}`,
        (thrown: Error) => thrown.message,
      );
    const says = (service: string, what: string | RegExp) =>
      until(`${service} says ${what}`, SOON_MS, async () => new RegExp(what).test(await said(service)));
    await says('cart', /^cart-one$/);
    return { says, said, asked };
  }
  /** An object of one service whose status is no object. */
  const broken = (metadata: ApiObject['metadata']): ApiObject => ({ ...template, metadata, status: 'none' });

  it.each([
    ['Rollout', ROLLOUTS, () => broken({ name: 'checkout', generation: 2 }), 'Rollout checkout'],
    [
      'ReplicaSet',
      SETS,
      () => broken(owned('checkout-two', 'Rollout', 'checkout', 'checkout-two')),
      'ReplicaSet checkout-two',
    ],
    ['Pod', PODS, () => broken(owned('p', 'ReplicaSet', 'checkout-one', 'checkout-one')), 'Pod p'],
  ])('KUBE-8: of a %s only the service that it belongs to says so', async (_, path, object, named) => {
    const { says, said, asked } = await open();
    api.put(path, object());
    await says('checkout', `^${named} cannot be read: status: `);
    expect([await said('cart'), asked('checkout')]).toEqual(['cart-one', null]);
    api.remove(path, object().metadata.name);
    api.put(ROLLOUTS, rollout('checkout'));
    await says('checkout', /^checkout-one$/);
  });

  it('KUBE-8: an AnalysisRun counts where its version was stopped: it says who is to blame', async () => {
    const { says } = await open();
    api.put(RUNS, broken(owned('run', 'Rollout', 'checkout', 'checkout-two')));
    api.put(PODS, broken(owned('p', 'ReplicaSet', 'other-one', 'other-one')));
    await says('checkout', /^checkout-one$/);
    api.put(ROLLOUTS, rollout('checkout', { abort: true }));
    await says('checkout', '^AnalysisRun run cannot be read: status: ');
    await says('cart', /^cart-one$/);
  });
});

describe('Applications beside one that cannot be read', () => {
  const application = (service: string, status: unknown) => ({
    metadata: {
      name: `${service}-prod`,
      labels: { 'sluice.dev/service': service, 'sluice.dev/environment': 'prod' },
    },
    status,
  });

  it.each([
    [{ health: { status: 'Healthy' }, sync: 'none' }, 'status.sync: '],
    [{ conditions: 'many' }, 'status.conditions: '],
    [7, 'status: '],
  ])(
    'KUBE-8: %j is a note of its service alone, and what serves is what its Rollout says',
    async (status, why) => {
      const synced = { sync: { status: 'Synced' }, health: { status: 'Degraded' } };
      api.put(APPLICATIONS, application('cart', synced));
      api.put(APPLICATIONS, application('checkout', status));
      const port = argoCdSync({
        kubernetes: api.kubernetes,
        clock: systemClock,
        namespace: 'argocd',
        services: () => ['cart', 'checkout'],
        delivery: () => ({
          observe: async () => ({ stable: 'one', canary: null, weight: 0, canaryHealth: 'absent' }),
          apply: async () => {},
          probe: async () => 'absent',
        }),
        repository: { hint: () => {} },
        warn: () => {},
      });
      closing.push(() => port.close());
      await until('Argo CD is heard of', SOON_MS, async () => (await port.live('prod')).ok);
      const live = await port.live('prod');
      expect(live.ok && Object.fromEntries(live.value)).toEqual({
        cart: {
          revision: 'one',
          health: 'Degraded',
          application: { tool: 'Argo CD', sync: 'Synced', note: '' },
        },
        checkout: {
          revision: 'one',
          health: 'Healthy',
          application: {
            tool: 'Argo CD',
            sync: 'Unknown',
            note: expect.stringContaining(`Application checkout-prod cannot be read: ${why}`),
          },
        },
      });
    },
  );
});
