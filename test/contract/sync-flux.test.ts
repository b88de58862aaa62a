import { afterEach, describe, expect, it } from 'vitest';
import { type FluxSync, fluxSync } from '../../src/gitops/adapters/sync-flux/sync.ts';
import { syncOf } from '../../src/gitops/sync.ts';
import { systemClock } from '../../src/io/clock.ts';
import { type Kubernetes, KubernetesError } from '../../src/io/kubernetes/client.ts';
import { openSync } from '../../src/wiring/sync.ts';
import { BEFORE, history, kustomization, ofService, ready, release, repository } from '../flux/objects.ts';
import { platformOf } from '../flux/platform.ts';
import { until } from '../wait.ts';
import { type ApiObject, type ApiServer, apiServer, kubeconfig } from './kubernetes/api.ts';
import { stable, syncContract } from './sync/contract.ts';

const at = (group: string, plural: string) => `/apis/${group}/namespaces/flux-system/${plural}`;
const SOURCES = at('source.toolkit.fluxcd.io/v1', 'gitrepositories');
const KUSTOMIZATIONS = at('kustomize.toolkit.fluxcd.io/v1', 'kustomizations');
const RELEASES = at('helm.toolkit.fluxcd.io/v2', 'helmreleases');
const NOW = 1_000;

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A cluster in which Flux has applied everything. */
async function whole(): Promise<ApiServer> {
  const api = await apiServer();
  closing.push(() => api.close());
  api.put(SOURCES, repository() as ApiObject);
  api.put(SOURCES, repository({ name: 'flux-system' }) as ApiObject);
  api.put(KUSTOMIZATIONS, kustomization() as ApiObject);
  api.put(KUSTOMIZATIONS, ofService() as ApiObject);
  api.put(RELEASES, release() as ApiObject);
  return api;
}

interface Following {
  readonly kubernetes?: (of: Kubernetes) => Kubernetes;
  readonly delivery?: (environment: string) => never;
}

/** Flux's adapter over the API of a cluster, beside the Rollouts of a simulated world. */
async function fluxRig({ kubernetes = (of) => of }: Following = {}) {
  const house = await stable(67);
  const api = await whole();
  let gone = false;
  let hinted = 0;
  const warned: string[] = [];
  const { delivery } = house.world;
  const port: FluxSync = fluxSync({
    kubernetes: kubernetes(api.kubernetes),
    clock: { ...systemClock, now: () => (gone ? 61_000 : NOW) },
    namespace: 'flux-system',
    environments: new Map([['prod', { services: ['checkout'], source: 'shop', branch: 'main' }]]),
    delivery: () => delivery,
    repository: { hint: () => void hinted++ },
    warn: (_, message) => void warned.push(message),
  });
  closing.unshift(() => port.close());
  await until('Flux is heard of', 5_000, async () => (await port.live('prod')).ok);
  const said = async () => {
    const live = await port.live('prod');
    const lane = house.state();
    return live.ok ? syncOf(lane, lane.stable, live.value.get('checkout')!) : null;
  };
  return {
    port,
    api,
    house,
    warned,
    said,
    soon: (word: string, why: string) =>
      until(`it is ${word}: ${why}`, 5_000, async () => {
        const now = await said();
        return now?.word === word && now.why.includes(why);
      }),
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

syncContract('Flux', () => fluxRig());

describe('what Flux says', () => {
  it('FLUX-5: where the right version serves, Flux has the word on the rest', async () => {
    const rig = await fluxRig();
    await rig.soon('Synced', 'serves, as requested in Git');
    rig.api.put(RELEASES, release({ status: { history: history('failed') } }) as ApiObject);
    await rig.soon(
      'OutOfSync',
      'Flux says the rest is out of sync with Git: HelmRelease checkout-prod is failed',
    );
    rig.api.put(RELEASES, release() as ApiObject);
    rig.api.put(KUSTOMIZATIONS, ofService({ status: { lastAppliedRevision: BEFORE } }) as ApiObject);
    await rig.soon('Progressing', 'Flux is still applying the rest: Kustomization checkout-prod');
    rig.api.put(KUSTOMIZATIONS, ofService({ spec: { suspend: true } }) as ApiObject);
    await rig.soon('Unknown', 'Flux cannot compare it with Git: Kustomization checkout-prod is suspended');
    rig.api.remove(KUSTOMIZATIONS, 'checkout-prod');
    await rig.soon('Synced', 'serves, as requested in Git');
  });

  it('FLUX-5: a failed health check is told as health, beside what serves', async () => {
    const rig = await fluxRig();
    const conditions = [ready('False', 'HealthCheckFailed', 'timeout waiting for Deployment/prod/web')];
    rig.api.put(KUSTOMIZATIONS, ofService({ status: { conditions } }) as ApiObject);
    await until('it is degraded', 5_000, async () => {
      const live = await rig.port.live('prod');
      return live.ok && live.value.get('checkout')!.health === 'Degraded';
    });
  });

  it('FLUX-5: pages of objects are read to their end', async () => {
    const api = await whole();
    for (let i = 0; i < 600; i++)
      api.put(
        RELEASES,
        release({
          name: `other-${i}`,
          labels: { 'sluice.dev/environment': 'prod', 'sluice.dev/service': `other-${i}` },
        }) as ApiObject,
      );
    api.put(
      RELEASES,
      release({
        name: 'last',
        labels: { 'sluice.dev/environment': 'prod', 'sluice.dev/service': 'last' },
      }) as ApiObject,
    );
    const house = await stable(68);
    const port = fluxSync({
      kubernetes: api.kubernetes,
      clock: systemClock,
      namespace: 'flux-system',
      environments: new Map([['prod', { services: ['last'], source: 'shop', branch: 'main' }]]),
      delivery: () => ({
        ...house.world.delivery,
        observe: () => house.world.delivery.observe('checkout/prod', null),
      }),
      repository: { hint: () => {} },
      warn: () => {},
    });
    closing.unshift(() => port.close());
    await until('the last one is seen', 5_000, async () => {
      const live = await port.live('prod');
      return live.ok && live.value.get('last')!.application?.sync === 'Synced';
    });
  });

  it('FLUX-7: an object that cannot be read says so, and the others are followed', async () => {
    const rig = await fluxRig();
    rig.api.put(RELEASES, {
      ...release({
        name: 'cart-prod',
        labels: { 'sluice.dev/environment': 'prod', 'sluice.dev/service': 'cart' },
      }),
      status: 'gone',
    } as unknown as ApiObject);
    rig.api.put(RELEASES, release({ status: { history: history('failed') } }) as ApiObject);
    await rig.soon('OutOfSync', 'HelmRelease checkout-prod is failed');
    rig.api.put(RELEASES, { ...release(), status: { history: 'none' } } as unknown as ApiObject);
    await rig.soon('Unknown', 'HelmRelease checkout-prod cannot be read: status.history');
    rig.api.put(RELEASES, release() as ApiObject);
    await rig.soon('Synced', 'serves');
    expect(rig.warned).toEqual([]);
  });

  it.each([
    [
      404,
      'Flux cannot compare it with Git: the cluster does not serve HelmRelease (helm.toolkit.fluxcd.io/v2); install Flux 2.8 or later',
    ],
    [
      403,
      'Flux cannot compare it with Git: Sluice may not list helmreleases in the namespace flux-system; rbac.flux of the chart must name flux-system',
    ],
  ])('FLUX-8: refused with %i it says what is missing, and what to do', async (status, why) => {
    const refusing = (of: Kubernetes): Kubernetes => ({
      ...of,
      get: <T>(path: string) =>
        path.startsWith(RELEASES) ? Promise.reject(new KubernetesError(status, 'refused')) : of.get<T>(path),
    });
    const rig = await fluxRig({ kubernetes: refusing });
    await rig.soon('Unknown', why);
  });

  it('FLUX-8: another refusal is no answer, and nothing is invented', async () => {
    let broken = false;
    const rig = await fluxRig({
      kubernetes: (of) => ({
        ...of,
        get: <T>(path: string) =>
          broken ? Promise.reject(new KubernetesError(500, 'etcd is away')) : of.get<T>(path),
        lines: (path, signal) =>
          broken ? Promise.reject(new KubernetesError(500, 'etcd is away')) : of.lines(path, signal),
      }),
    });
    broken = true;
    rig.unreachable(true);
    expect(await rig.port.live('prod')).toMatchObject({
      ok: false,
      error: expect.stringContaining('has not reported'),
    });
  });

  it('FLUX-9: asked to refresh, the GitRepository alone is asked to fetch, and Git itself is read', async () => {
    const rig = await fluxRig();
    await rig.port.refresh('prod');
    expect(rig.api.asked.patches).toEqual([
      {
        path: `${SOURCES}/shop`,
        body: {
          metadata: {
            annotations: { 'reconcile.fluxcd.io/requestedAt': new Date(NOW).toISOString() },
          },
        },
      },
    ]);
    expect(rig.hinted()).toBe(1);
  });

  it('FLUX-9: a GitRepository that is not there is asked nothing', async () => {
    const rig = await fluxRig();
    rig.api.remove(SOURCES, 'shop');
    await rig.soon('Unknown', 'there is no GitRepository shop');
    await rig.port.refresh('prod');
    expect(rig.asked()).toBe(0);
  });
});

describe('which tool is asked', () => {
  it('FLUX-10: each environment goes to the tool that syncs it, and Flux to its own cluster', async () => {
    const flux = await whole();
    const argo = await apiServer();
    closing.push(() => argo.close());
    const applications = '/apis/argoproj.io/v1alpha1/namespaces/argocd/applications';
    argo.put(applications, {
      metadata: {
        name: 'checkout-stage',
        labels: { 'sluice.dev/service': 'checkout', 'sluice.dev/environment': 'stage' },
      },
      status: { sync: { status: 'OutOfSync' }, health: { status: 'Healthy' } },
    });
    const declared = platformOf({
      prod: ', sync: flux',
      kubernetes:
        "argoCd: { repository: 'https://g.invalid', kubeconfig: { secretRef: { env: ARGO } } }, flux: { repository: 'https://g.invalid' }",
    });
    // The declaration has its kubeconfig as Sluice is given it.
    const platform = {
      ...declared,
      environments: declared.environments.map((e) => ({
        ...e,
        cluster: { ...e.cluster, kubeconfig: { env: 'FLUX' } },
      })),
    };
    const house = await stable(69);
    const { delivery } = house.world;
    const opened = await openSync(
      {
        platform,
        env: { ARGO: kubeconfig(argo.address), FLUX: kubeconfig(flux.address) },
        warn: () => {},
      } as never,
      () => ({ ...delivery, observe: () => delivery.observe('checkout/prod', null) }),
      { hint: () => {} } as never,
    );
    if (!opened.ok) throw new Error(opened.error);
    closing.unshift(() => opened.value.close());
    const { port } = opened.value;
    const toolOf = (environment: string) =>
      until(`${environment} is told of`, 5_000, async () => {
        const live = await port.live(environment);
        return live.ok ? live.value.get('checkout') : false;
      });
    expect((await toolOf('stage'))?.application).toMatchObject({ tool: 'Argo CD', sync: 'OutOfSync' });
    expect((await toolOf('prod'))?.application).toMatchObject({ tool: 'Flux', sync: 'Synced' });
    expect((await toolOf('dev'))?.application).toBeUndefined();
    await port.refresh('prod');
    expect(flux.asked.patches.map((p) => p.path)).toEqual([`${SOURCES}/shop`]);
    expect(argo.asked.patches).toEqual([]);
  });
});
