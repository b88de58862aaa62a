import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { clusterChecks } from '../../src/controller/cluster-doctor.ts';
import { compile } from '../../src/controller/compile.ts';
import { KubernetesError } from '../../src/io/kubernetes/client.ts';
import { fail, ok } from '../../src/kit/result.ts';
import { folderWith } from '../field/command.ts';
import { availabilitySlo } from '../slo.ts';
import { type ApiObject, type ApiServer, apiServer, kubeconfig } from './kubernetes/api.ts';

const text = (more = '', cluster = '{ namespace: shop }') => `${availabilitySlo('orders')}---
apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: shop }
spec:
  environments: [{ name: prod, delivery: argo-rollouts${more}, cluster: ${cluster}, prometheus: { address: 'http://127.0.0.1:1' } }]
  services: [{ name: orders, slos: [orders-availability] }]
`;
const ARGO = '/apis/argoproj.io/v1alpha1/namespaces/shop';
const PROXY = '/api/v1/namespaces/sluice/services/sluice:7117/proxy';
const named = (name: string, more: object = {}): ApiObject => ({ metadata: { name }, ...more });
const asked = (phase: string, message?: string) =>
  named('run', {
    status: {
      metricResults: [{ name: 'verdict', measurements: [{ phase: 'Successful' }, { phase, message }] }],
    },
  });

const servers: ApiServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
/** A cluster in which every link holds, and no Rollout has asked yet. */
async function whole(): Promise<ApiServer> {
  const api = await apiServer();
  servers.push(api);
  api.put(`${ARGO}/rollouts`, named('orders', { status: { stableRS: 'abc' } }));
  api.put('/apis/apps/v1/namespaces/shop/replicasets', named('orders-abc'));
  api.put('/api/v1/namespaces/shop/pods', named('orders-abc-1'));
  api.put(`${ARGO}/analysisruns`, named('other', { status: { metricResults: [] } }));
  api.put(PROXY, named('healthz'));
  return api;
}
interface Broken {
  readonly text?: string;
  readonly more?: string;
  readonly count?: (query: string) => number | null;
  readonly patch?: () => Promise<void>;
  readonly skewMs?: number;
}
async function links(
  api: ApiServer,
  { more, text: declared = text(more), count = () => 1, patch, skewMs = 0 }: Broken = {},
) {
  const compiled = compile([{ file: 'p.yaml', text: declared }]);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  const checks = await clusterChecks({
    platform: compiled.value,
    environment: compiled.value.environments[0]!,
    kubernetes: { ...api.kubernetes, ...(patch ? { patch } : {}) },
    metrics: {
      instant: async (query) => {
        const value = count(query);
        if (value === null) return fail({ code: 'SOURCE_UNAVAILABLE', message: 'no answer' });
        return ok(value === 0 ? [] : [{ labels: {}, samples: [[0, value]] }]);
      },
    },
    now: Date.now() + skewMs,
  });
  const broken = checks.filter((c) => !c.ok);
  for (const { next } of broken) expect(next).not.toBe('');
  return { checks, broken: Object.fromEntries(broken.map((c) => [c.what, `${c.found} | ${c.next}`])) };
}

describe('the chain from Rollouts to their verdicts', () => {
  it('CHAIN-1: where every link holds each is said, and nothing is changed', async () => {
    const api = await whole();
    const { checks, broken } = await links(api);
    expect(broken).toEqual({});
    expect(checks.map((c) => c.what)).toEqual([
      'clock',
      'rights to read',
      'right to act',
      'Rollouts',
      'revision label',
      'rules',
      'verdict',
    ]);
    // What the right to act is asked by: a patch of nothing, by a server that is told not to carry it out.
    expect(api.asked.patches).toEqual([{ path: `${ARGO}/rollouts/orders/status`, body: {} }]);
    expect((await links(api, { more: ', mode: observe' })).broken).toEqual({});
    expect(api.asked.patches).toHaveLength(1);
  });

  it('BLUEGREEN-4: the strategy of each Rollout is named, and whether it is judged', async () => {
    const api = await whole();
    const found = async (spec: object) => {
      api.put(`${ARGO}/rollouts`, named('orders', { spec, status: { stableRS: 'abc' } }));
      return (await links(api)).checks.find((c) => c.what === 'Rollouts')!.found;
    };
    expect(await found({ strategy: { canary: { trafficRouting: { istio: {} } } } })).toContain(
      'orders canary by istio',
    );
    expect(await found({ strategy: { blueGreen: {} } })).toContain('orders not judged: blue-green');
  });

  it('LAYOUT-4: a Rollout is not missed where its service does not run', async () => {
    const api = await whole();
    const elsewhere = text()
      .replace(
        '  services: [',
        '  services: [{ name: cart, slos: [cart-availability], environments: [other] }, ',
      )
      .replace(
        'environments: [{',
        "environments: [{ name: other, prometheus: { address: 'http://o.invalid' } }, {",
      );
    const declared = `${availabilitySlo('cart')}---\n${elsewhere}`;
    const compiled = compile([{ file: 'p.yaml', text: declared }]);
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
    const checks = await clusterChecks({
      platform: compiled.value,
      environment: compiled.value.environments.find((e) => e.delivery === 'argo-rollouts')!,
      kubernetes: api.kubernetes,
      metrics: { instant: async () => ok([{ labels: {}, samples: [[0, 1]] }]) },
      now: Date.now(),
    });
    expect(checks.filter((c) => !c.ok)).toEqual([]);
  });

  it('LAYOUT-3: a service is looked for in its own namespace, and each namespace is checked', async () => {
    const api = await whole();
    const own = "{ name: cart, slos: [cart-availability], namespace: 'cart-{environment}' }";
    const declared = `${availabilitySlo('cart')}---\n${text().replace('services: [', `services: [${own}, `)}`;
    const before = await links(api, { text: declared });
    expect(Object.keys(before.broken)).toEqual(expect.arrayContaining(['rights to read, cart-prod']));
    expect(before.broken['rights to read, cart-prod']).toContain('must name cart-prod');
    api.put('/apis/argoproj.io/v1alpha1/namespaces/cart-prod/rollouts', named('cart'));
    api.put('/apis/apps/v1/namespaces/cart-prod/replicasets', named('cart-abc'));
    api.put('/api/v1/namespaces/cart-prod/pods', named('cart-abc-1'));
    api.put('/apis/argoproj.io/v1alpha1/namespaces/cart-prod/analysisruns', named('other', { status: {} }));
    const recorded = { count: (q: string) => (q.includes('slo:objective') ? 2 : 1) };
    const { broken, checks } = await links(api, { text: declared, ...recorded });
    expect(broken).toEqual({});
    expect(checks.map((c) => c.what)).toEqual(
      expect.arrayContaining(['Rollouts, shop', 'Rollouts, cart-prod']),
    );
  });

  const inFlux = () => `${text()}  kubernetes: { flux: { repository: 'https://git.invalid/desired.git' } }\n`;
  const SOURCES = '/apis/source.toolkit.fluxcd.io/v1/namespaces/flux-system/gitrepositories';
  const KUSTOMIZATIONS = '/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations';
  const RELEASES = '/apis/helm.toolkit.fluxcd.io/v2/namespaces/flux-system/helmreleases';
  const released = (service: string, status: string): ApiObject => ({
    metadata: {
      name: `${service}-prod`,
      labels: { 'sluice.dev/service': service, 'sluice.dev/environment': 'prod' },
    },
    status: { conditions: [{ type: 'Ready', status, message: 'Helm upgrade failed: quota exceeded' }] },
  });
  const withFlux = async () => {
    const api = await whole();
    api.put(SOURCES, named('shop'));
    api.put(KUSTOMIZATIONS, named('orders-prod'));
    api.put(RELEASES, released('orders', 'True'));
    return api;
  };

  it('FLUX-8: doctor checks the links by Flux where it syncs an environment, and asks by a dry run', async () => {
    const api = await withFlux();
    const { broken, checks } = await links(api, { text: inFlux() });
    expect(broken).toEqual({});
    expect(checks.map((c) => c.what)).toEqual(
      expect.arrayContaining(['Flux', 'Flux, right to ask', 'Flux, releases']),
    );
    expect(api.asked.patches.at(-1)).toMatchObject({ path: `${SOURCES}/shop` });
  });

  it('FLUX-8: doctor says which kinds are not served, and that nothing is released', async () => {
    const { broken } = await links(await whole(), { text: inFlux() });
    expect(broken['Flux']).toContain('the cluster does not serve HelmRelease (helm.toolkit.fluxcd.io/v2)');
    expect(broken['Flux']).toContain('the cluster does not serve Kustomization');
    expect(broken['Flux']).toContain('install Flux 2.8 or later');
  });

  it('FLUX-8: doctor says which service has no HelmRelease, and which is not ready', async () => {
    const api = await withFlux();
    api.put(RELEASES, released('orders', 'False'));
    expect((await links(api, { text: inFlux() })).broken['Flux, releases']).toContain(
      'orders: Helm upgrade failed: quota exceeded',
    );
    api.remove(RELEASES, 'orders-prod');
    expect((await links(api, { text: inFlux() })).broken['Flux, releases']).toMatch(
      /no HelmRelease has the labels of orders .* kubectl apply -f rendered\/prod\/flux\.yaml/,
    );
  });

  it.each([
    [404, /no GitRepository shop in the namespace flux-system.*gitrepositories\.yaml/],
    [403, /rbac\.flux of the chart must name flux-system/],
  ])('FLUX-8: doctor says why a fetch cannot be asked for: %i', async (status, said) => {
    const api = await withFlux();
    const { broken } = await links(api, {
      text: inFlux(),
      more: '',
      patch: () => Promise.reject(new KubernetesError(status, 'refused')),
    });
    expect(broken['Flux, right to ask']).toMatch(said);
  });

  it.each([
    ['clocks that disagree', { skewMs: 60_000 }, 'clock', /differ by (59|60|61) s.*NTP/],
    ['clocks that disagree the other way', { skewMs: -60_000 }, 'clock', /differ by (59|60|61) s/],
    [
      'no right to act',
      { patch: async () => Promise.reject(new KubernetesError(403, 'forbidden')) },
      'right to act',
      /forbidden.*rbac\.enforce/,
    ],
    [
      'a label that nothing scraped carries',
      { count: (q: string) => (q.includes('up{') ? 0 : 1) },
      'revision label',
      /orders \(revision="abc"\).*podTargetLabels/,
    ],
    [
      'rules that are not loaded',
      { count: (q: string) => (q.includes('slo:objective') ? 0 : 1) },
      'rules',
      /0 of 1 SLOs.*sluice render/,
    ],
  ] as const)('CHAIN-1: %s', async (_, how, what, said) => {
    const { broken } = await links(await whole(), how);
    expect(Object.keys(broken)).toEqual([what]);
    expect(broken[what]).toMatch(said);
  });

  it('CHAIN-1: a Rollout of another name, and kinds that may not be read', async () => {
    const api = await whole();
    api.remove(`${ARGO}/rollouts`, 'orders');
    api.put(`${ARGO}/rollouts`, named('orders-api'));
    expect((await links(api)).broken).toEqual({
      Rollouts: expect.stringMatching(/no Rollout of orders.*there are: orders-api/),
    });
    const bare = await apiServer();
    servers.push(bare);
    const { broken } = await links(bare);
    expect(broken['rights to read']).toMatch(
      /rollouts \(404\).*pods.*rbac\.namespaces of the chart must name shop/,
    );
    expect(broken['verdict']).toBeDefined();
  });

  it('CHAIN-1: by what a Rollout was told last, and before that by our Service', async () => {
    const api = await whole();
    api.remove(PROXY, 'healthz');
    expect((await links(api)).broken['verdict']).toMatch(/does not answer.*from a pod of shop .*healthz/);
    api.put(`${ARGO}/analysisruns`, asked('Inconclusive'));
    expect((await links(api)).broken).toEqual({});
    api.put(`${ARGO}/analysisruns`, asked('Error', 'connection refused'));
    expect((await links(api)).broken['verdict']).toMatch(/had no answer: connection refused/);
  });

  it('CHAIN-1: a Prometheus, or a cluster, that is away breaks its own links alone', async () => {
    const api = await whole();
    expect(Object.keys((await links(api, { count: () => null })).broken)).toEqual([
      'revision label',
      'rules',
    ]);
    api.answer(false);
    const { broken } = await links(api);
    expect(Object.keys(broken)).toContain('clock');
    expect(Object.keys(broken)).not.toContain('rules');
  });

  it('CHAIN-3: the label may be on what SLOs count alone, as beside monitors that keep targets without it', async () => {
    const asked: string[] = [];
    const count = (query: string) => {
      asked.push(query);
      return query.includes('slo:objective') || / or \w+\{[^}]*revision="abc"\}/.test(query) ? 1 : 0;
    };
    expect((await links(await whole(), { count })).broken).toEqual({});
    expect(asked.find((query) => query.includes('up{'))).toMatch(/^count\(up\{revision="abc"\} or /);
  });

  it('CHAIN-2: the command says it, as a table and as JSON, and exits 1 where a link is broken', async () => {
    const api = await whole();
    const folder = folderWith({ 'd/other.txt': '' });
    const file = join(folder.cwd, 'kubeconfig');
    writeFileSync(file, kubeconfig(api.address));
    writeFileSync(
      join(folder.cwd, 'd/p.yaml'),
      text('', `{ namespace: shop, kubeconfig: { secretRef: { file: '${file}' } } }`),
    );
    const told = await folder.run('doctor', 'd', '--cluster');
    expect(told.exit).toBe(1);
    expect(told.out).toMatch(/prod +Rollouts +ok/);
    expect(told.out).toMatch(/prod +rules +broken/);
    const { exit, answer } = await folder.json('doctor', 'd', '--cluster');
    expect([exit, answer.ok]).toEqual([1, false]);
    expect(answer.cluster).toContainEqual(expect.objectContaining({ what: 'clock', ok: true, next: '' }));
  });
});
