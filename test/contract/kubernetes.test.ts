import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { argoRollouts } from '../../src/delivery/adapters/argo-rollouts/delivery.ts';
import type { ReleaseEffect } from '../../src/delivery/events.ts';
import { systemClock } from '../../src/io/clock.ts';
import { openKubernetes } from '../../src/io/kubernetes/client.ts';
import { readKinds } from '../../src/io/kubernetes/reading.ts';
import { type Reflector, reflect } from '../../src/io/kubernetes/reflector.ts';
import type { Clock } from '../../src/kit/time.ts';
import { temporaryFolder } from '../folder.ts';
import { until } from '../wait.ts';
import { type ApiServer, apiServer, kubeconfig } from './kubernetes/api.ts';

const ROLLOUTS = '/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts';
const RUNS = '/apis/argoproj.io/v1alpha1/namespaces/shop/analysisruns';
const SETS = '/apis/apps/v1/namespaces/shop/replicasets';
const PODS = '/api/v1/namespaces/shop/pods';
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

const thing = (name: string, value: number) => ({ metadata: { name }, value });

/** Time that goes by only when a test says so; waiting between two tries takes as long as it takes. */
let now = 0;
const clock: Clock = { now: () => now, sleep: systemClock.sleep };
beforeEach(() => {
  now = 1_000_000;
});

describe('what is watched in a cluster', () => {
  const open = (warn: string[] = []): Reflector<number> => {
    const reflector = reflect<number>({
      kubernetes: api.kubernetes,
      clock,
      path: PODS,
      pick: (object) => (object as { value: number }).value,
      warn: (_, message) => void warn.push(message),
    });
    closing.push(() => reflector.close());
    return reflector;
  };
  const has = (r: Reflector<number>, name: string, value: number | undefined) =>
    until(`${name} is ${value}`, SOON_MS, () => r.get(name) === value);

  it('KUBE-2: is listed page by page, and then followed: added, changed, gone', async () => {
    for (let i = 0; i < 1_203; i++) api.put(PODS, thing(`p${i}`, i));
    const r = open();
    await has(r, 'p1202', 1_202);
    expect([...r.values()]).toHaveLength(1_203);
    expect(api.asked.lists).toBe(3);
    api.put(PODS, thing('p7', 70));
    await has(r, 'p7', 70);
    api.remove(PODS, 'p8');
    await has(r, 'p8', undefined);
    expect(r.seenWithin(5_000)).toBe(true);
  });

  it('KUBE-3: a watch that broke off goes on where it was, without another list', async () => {
    api.put(PODS, thing('a', 1));
    const r = open();
    await has(r, 'a', 1);
    await until('a watch', SOON_MS, () => api.asked.watches > 0);
    const { lists } = api.asked;
    api.cut();
    api.put(PODS, thing('a', 2));
    await has(r, 'a', 2);
    expect(api.asked.watches).toBeGreaterThan(1);
    expect(api.asked.lists).toBe(lists);
  });

  it('KUBE-3: where it is too old it is listed anew: what went meanwhile is gone', async () => {
    api.put(PODS, thing('a', 1));
    api.put(PODS, thing('b', 1));
    const r = open();
    await has(r, 'b', 1);
    api.answer(false);
    api.remove(PODS, 'a');
    api.put(PODS, thing('b', 2));
    api.compact();
    api.answer(true);
    await has(r, 'b', 2);
    expect(r.get('a')).toBeUndefined();
  });

  it('KUBE-4: out of reach it is said once, what was seen grows old, and it is told when it answers again', async () => {
    const told: string[] = [];
    api.put(PODS, thing('a', 1));
    const r = open(told);
    await has(r, 'a', 1);
    await until('it is watched', SOON_MS, () => r.seenWithin(200));
    api.answer(false);
    await until('it is said', SOON_MS, () => told.length > 0);
    now += 201;
    expect(r.seenWithin(200)).toBe(false);
    expect(told).toEqual(['the cluster cannot be watched; its lanes wait until it answers']);
    api.answer(true);
    await until('it is told', SOON_MS, () => told.at(-1) === 'the cluster answers again');
    expect(told).toHaveLength(2);
    expect(r.seenWithin(200)).toBe(true);
  });

  it('KUBE-5: a kubeconfig without its context is refused by name; a wrong token says so', async () => {
    const text = kubeconfig(api.kubernetes.server);
    expect(() => openKubernetes({ kubeconfig: text, context: 'other' }, () => 0)).toThrow(/other/);
    const stranger = openKubernetes(
      { kubeconfig: text.replace('of-the-test', 'wrong'), context: null },
      () => 0,
    );
    await expect(stranger.get(PODS)).rejects.toThrow(/401/);
  });
});

describe('how a kubeconfig signs in', () => {
  const as = (user: object) => {
    const text = JSON.parse(kubeconfig(api.address)) as { users: object[] };
    return JSON.stringify({ ...text, users: [{ name: 'u', user }] });
  };
  const opened = (user: object) => openKubernetes({ kubeconfig: as(user), context: null }, () => 0);
  /** A plugin that is a script: it says a token, and refuses to run without what kubectl tells plugins. */
  function plugin(body: string): string {
    const file = join(temporaryFolder('plugin'), 'get-token');
    writeFileSync(file, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    return file;
  }
  const says = (token: string) =>
    `test -n "$KUBERNETES_EXEC_INFO" || exit 3\necho '{"kind":"ExecCredential","status":{"token":"${token}"}}'`;
  const exec = (command: string) => ({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command } });

  it.each(['tokenFile', 'token-file'])('KUBE-6: %s is read again once the token is rotated', async (key) => {
    const file = join(temporaryFolder('token'), 'token');
    writeFileSync(file, 'expired');
    const kubernetes = opened({ [key]: file });
    await expect(kubernetes.get('/version')).rejects.toThrow(/401/);
    writeFileSync(file, 'of-the-test');
    expect(await kubernetes.get('/version')).toEqual({});
  });

  it('KUBE-6: a kubeconfig that is replaced is read again once its token is refused', async () => {
    let text = as({ token: 'expired' });
    const kubernetes = openKubernetes({ kubeconfig: text, context: null, again: () => text }, () => 0);
    await expect(kubernetes.get('/version')).rejects.toThrow(/401/);
    text = as({ token: 'of-the-test' });
    expect(await kubernetes.get('/version')).toEqual({});
  });

  it('KUBE-7: a plugin gives the token, and is asked again where it is refused', async () => {
    const file = plugin(says('expired'));
    const kubernetes = opened(exec(file));
    await expect(kubernetes.get('/version')).rejects.toThrow(/401/);
    writeFileSync(file, `#!/bin/sh\n${says('of-the-test')}\n`);
    expect(await kubernetes.get('/version')).toEqual({});
  });

  it.each([
    [
      'is not there',
      () => 'sluice-no-such-plugin',
      /signs in with the plugin sluice-no-such-plugin, which is not in the PATH of Sluice: use a kubeconfig with tokenFile/,
    ],
    ['fails', () => plugin('echo "no session" >&2; exit 1'), /the plugin .*get-token .*failed: no session/],
    ['says nothing', () => plugin('exit 1'), /the plugin .*get-token .*failed: it says not why/],
  ])('KUBE-7: a plugin that %s is named, with what to do', async (_, command, message) =>
    expect(opened(exec(command())).get('/version')).rejects.toThrow(message),
  );
});

describe('what is asked of a Rollout', () => {
  const VERDICT = { analysis: { templates: [{ templateName: 'checkout-verdict' }] } };
  const rollout = (status: object, generation = 1) => ({
    metadata: { name: 'checkout', generation },
    spec: {
      strategy: {
        canary: {
          trafficRouting: { nginx: {} },
          steps: [20, 50, 100].flatMap((setWeight) => [{ setWeight }, VERDICT]),
        },
      },
      template: { metadata: { labels: {} }, spec: { containers: [{ image: 'shop:1.1.0' }] } },
    },
    status: { observedGeneration: '1', currentPodHash: 'two', stableRS: 'one', ...status },
  });
  const weighing = (weight: number) => ({
    canary: { weights: { canary: { weight, podTemplateHash: 'two' } } },
  });
  const effect = (
    kind: ReleaseEffect['kind'],
    weight = 0,
    revision = 'two',
    generation = 1,
  ): ReleaseEffect => ({
    id: `checkout/prod#${generation}.${kind}`,
    lane: 'checkout/prod',
    generation,
    kind,
    revision,
    weight,
  });
  const back = (weight: number, revision = 'two') => ({
    ...effect('step', weight, revision),
    back: true as const,
  });
  async function open(status: object) {
    api.put(ROLLOUTS, rollout(status));
    api.put(PODS, {
      metadata: {
        name: 'p',
        labels: { 'rollouts-pod-template-hash': 'one' },
        ownerReferences: [{ kind: 'ReplicaSet', name: 'checkout-one' }],
      },
    });
    api.put(SETS, {
      metadata: {
        name: 'checkout-one',
        labels: { 'rollouts-pod-template-hash': 'one' },
        ownerReferences: [{ kind: 'Rollout', name: 'checkout' }],
      },
      spec: { template: { spec: { containers: [{ name: 'service', image: 'shop:1.0.0' }] } } },
    });
    api.put(RUNS, { metadata: { name: 'run', labels: {} } });
    const followed = argoRollouts({
      kubernetes: api.kubernetes,
      clock,
      namespace: 'shop',
      warn: () => {},
    });
    closing.push(() => followed.close());
    await until('it is seen', SOON_MS, async () => {
      await followed.delivery.observe('checkout/prod', null);
      return true;
    });
    return followed.delivery;
  }
  const status = (body: object) => ({ path: `${ROLLOUTS}/checkout/status`, body: { status: body } });

  it.each([
    ['an abort, while it is on its way', weighing(20), effect('abort'), { abort: true }],
    ['no abort of what is aborted', { ...weighing(0), abort: true }, effect('abort'), null],
    ['no abort of what is stable already', { stableRS: 'two' }, effect('abort'), null],
    ['no abort of what was superseded', weighing(20), effect('abort', 0, 'three'), null],
    [
      'a retry of what was aborted, without the analysis that failed',
      { ...weighing(0), abort: true },
      effect('start'),
      { abort: false, canary: { currentBackgroundAnalysisRunStatus: null } },
    ],
    ['no start: it starts by itself', weighing(0), effect('start'), null],
    ['no step: it moves as it is answered', weighing(20), effect('step', 50), null],
    [
      'to go on where it gave up waiting',
      { ...weighing(20), pauseConditions: [{ reason: 'InconclusiveAnalysisRun' }] },
      effect('step', 50),
      { pauseConditions: null },
    ],
    [
      'all at once, where a person overrides its steps',
      weighing(20),
      effect('promote', 100),
      { promoteFull: true, pauseConditions: null },
    ],
    ['nothing at its last step: the verdict moves it on', weighing(100), effect('promote', 100), null],
    ['nothing to clean: its pods are its own', weighing(0), effect('clean'), null],
    [
      'to go back to the analysis before full traffic, without the one where it stood',
      { ...weighing(100), currentStepIndex: 5 },
      back(50),
      { currentStepIndex: 3, pauseConditions: null, canary: { currentStepAnalysisRunStatus: null } },
    ],
    ['nothing more once it is back', weighing(50), back(50), null],
    ['no way back of what is stable already', { ...weighing(100), stableRS: 'two' }, back(50), null],
    ['no way back of what is aborted', { ...weighing(100), abort: true }, back(50), null],
    ['no way back of what a person promotes', { ...weighing(100), promoteFull: true }, back(50), null],
    ['no way back to a weight where it does not ask', weighing(100), back(20), null],
  ])('ROLLOUT-9: %s', async (_, given, asked, patch) => {
    const delivery = await open(given);
    await delivery.apply(asked);
    expect(api.asked.patches).toEqual(patch ? [status(patch)] : []);
  });

  it.each([
    ['a step, once its weight is there', weighing(50), effect('step', 50), 'done'],
    ['a step, not before', weighing(20), effect('step', 50), 'absent'],
    ['a step of what was superseded', weighing(20), effect('step', 50, 'three'), 'done'],
    ['a step back, once it is there', weighing(50), back(50), 'done'],
    ['a step back, not before', weighing(100), back(50), 'absent'],
    ['a step back of what became stable', { ...weighing(100), stableRS: 'two' }, back(50), 'done'],
    ['an abort, once it is aborted', { ...weighing(0), abort: true }, effect('abort'), 'done'],
    ['an abort, not before', weighing(20), effect('abort'), 'absent'],
    ['an abort that came too late', { stableRS: 'two' }, effect('abort'), 'done'],
    ['a promotion, once it is stable', { stableRS: 'two' }, effect('promote', 100), 'done'],
    ['a start, while it is aborted', { abort: true }, effect('start'), 'absent'],
  ] as const)('ROLLOUT-10: done: %s', async (_, given, asked, word) => {
    expect(await (await open(given)).probe(asked)).toBe(word);
  });

  it('ROLLOUT-11: an older generation is refused; twice is once', async () => {
    const delivery = await open(weighing(20));
    await delivery.apply(effect('abort', 0, 'two', 7));
    await delivery.apply(effect('promote', 100, 'two', 6));
    expect(api.asked.patches).toEqual([status({ abort: true })]);
  });

  it('ROLLOUT-13: where a Rollout stands is read when it is asked, not remembered', async () => {
    api.put(ROLLOUTS, rollout({ currentStepIndex: 0 }));
    const followed = argoRollouts({ kubernetes: api.kubernetes, clock, namespace: 'shop', warn: () => {} });
    closing.push(() => followed.close());
    expect(await followed.standing('checkout')).toEqual({ revision: 'two', weight: 0, aborted: false });
    api.put(ROLLOUTS, rollout({ currentStepIndex: 1 }));
    expect(await followed.standing('checkout')).toEqual({ revision: 'two', weight: 20, aborted: false });
    api.put(ROLLOUTS, rollout({ currentStepIndex: 1, abort: true }, 2));
    expect(await followed.standing('checkout')).toEqual({ revision: '', weight: 20, aborted: true });
    expect(await followed.standing('cart')).toBeNull();
  });

  it('ADOPT-8: kinds are read page by page with what they are, and what is not served is left out', async () => {
    for (let i = 0; i < 3; i++)
      api.put(ROLLOUTS, { ...rollout({}), metadata: { name: `r${i}`, generation: 1 } });
    const kinds = [
      {
        base: '/apis/argoproj.io/v1alpha1',
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'Rollout',
        plural: 'rollouts',
      },
      { base: '/apis/nobody.test/v1', apiVersion: 'nobody.test/v1', kind: 'Nothing', plural: 'nothings' },
    ];
    const found = await readKinds(api.kubernetes, kinds, ['shop']);
    expect(found.map((o) => (o as { kind: string }).kind)).toEqual(['Rollout', 'Rollout', 'Rollout']);
    expect(api.asked.patches).toEqual([]);
    const first = kinds.toReversed();
    api.answer(false);
    await expect(readKinds(api.kubernetes, first, [])).rejects.toThrow();
  });

  it('ROLLOUT-12: a cluster that has not been heard of is not decided upon', async () => {
    const delivery = await open(weighing(20));
    await expect(delivery.observe('cart/prod', null)).rejects.toThrow('there is no Rollout cart in shop');
    api.answer(false);
    now += 60_000;
    await expect(delivery.observe('checkout/prod', null)).rejects.toThrow('has not reported');
    const later = argoRollouts({ kubernetes: api.kubernetes, clock, namespace: 'shop', warn: () => {} });
    closing.push(() => later.close());
    await expect(later.delivery.observe('checkout/prod', null)).rejects.toThrow('has not reported');
  });
});
