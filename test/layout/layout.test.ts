import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { compile } from '../../src/controller/compile.ts';
import { renderAll } from '../../src/controller/render.ts';
import type { Platform } from '../../src/declaration/platform.ts';
import { argoRolloutsIn } from '../../src/delivery/adapters/argo-rollouts/namespaces.ts';
import { systemClock } from '../../src/io/clock.ts';
import { type ApiServer, apiServer } from '../contract/kubernetes/api.ts';
import { availabilitySlo } from '../slo.ts';
import { until } from '../wait.ts';

const SOON_MS = 10_000;

const SLO = (service: string) => `${availabilitySlo(service)}---\n`;

interface Layout {
  readonly checkout?: string;
  readonly cart?: string;
  readonly stage?: string;
  readonly prod?: string;
}
const text = ({
  checkout = '',
  cart = '',
  stage = '',
  prod = '',
}: Layout) => `${SLO('checkout')}${SLO('cart')}
apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: shop }
spec:
  environments:
    - { name: stage, delivery: argo-rollouts, prometheus: { address: "http://p.invalid" }, cluster: { namespace: stage ${stage} } }
    - { name: prod, delivery: argo-rollouts, prometheus: { address: "http://p.invalid" }, cluster: { namespace: prod ${prod} } }
  services:
    - { name: checkout, slos: [checkout-availability] ${checkout} }
    - { name: cart, slos: [cart-availability] ${cart} }
  kubernetes: { argoCd: { repository: "https://git.invalid/desired.git" } }
`;
const compiled = (layout: Layout) => compile([{ file: 'platform.yaml', text: text(layout) }]);
const platformOf = (layout: Layout): Platform => {
  const made = compiled(layout);
  if (!made.ok) throw new Error(JSON.stringify(made.error));
  return made.value;
};
const problemsOf = (layout: Layout) => {
  const made = compiled(layout);
  return made.ok ? [] : made.error.map(({ code, path, message }) => ({ code, path, message }));
};

describe('where services live in clusters', () => {
  it('LAYOUT-1: a service has a namespace of its own, and Argo CD applies it there and nowhere else', async () => {
    const files = await renderAll(
      platformOf({ checkout: ', namespace: "checkout-{environment}"' }),
      'kubernetes',
    );
    const object = (file: string) => parse(files.get(file)!) as { spec: Record<string, unknown> };
    expect(object('prod/applicationset.yaml').spec).toMatchObject({
      generators: [
        {
          list: {
            elements: [
              { service: 'checkout', namespace: 'checkout-prod' },
              { service: 'cart', namespace: 'prod' },
            ],
          },
        },
      ],
      template: { spec: { destination: { namespace: '{{namespace}}' } } },
    });
    const { destinations } = object('argo-cd/appproject.yaml').spec as {
      destinations: { namespace: string }[];
    };
    expect(destinations.map((d) => d.namespace)).toEqual([
      'checkout-stage',
      'stage',
      'checkout-prod',
      'prod',
    ]);
    expect(files.get('prod/servicemonitors.yaml')).toContain('- checkout-prod');
  });

  it.each<[string, Layout, string, string]>([
    [
      'two environments in one namespace',
      { checkout: ', namespace: checkout' },
      'spec.services[0].namespace',
      'checkout in prod and checkout in stage are the same Rollout: checkout in the namespace checkout',
    ],
    [
      'two services of one Rollout',
      { cart: ', rollout: checkout' },
      'spec.services[1].name',
      'cart in stage and checkout in stage are the same Rollout: checkout in the namespace stage',
    ],
    [
      'one that moves into the namespace of another',
      { cart: ', namespace: "{environment}", rollout: checkout' },
      'spec.services[1].namespace',
      'cart in stage and checkout in stage are the same Rollout: checkout in the namespace stage',
    ],
  ])('LAYOUT-2: a clash is an error with its place: %s', (_, layout, path, message) =>
    expect(problemsOf(layout)).toContainEqual({ code: 'ROLLOUT_CLASH', path, message }),
  );

  it('LAYOUT-2: a clash names both lines', () => {
    const made = compiled({ cart: ', rollout: checkout' });
    const [problem] = made.ok ? [] : made.error;
    const lineOf = (what: string) =>
      text({})
        .split('\n')
        .findIndex((line) => line.includes(what)) + 1;
    expect(problem).toMatchObject({
      line: lineOf('name: cart, slos'),
      next: expect.stringContaining(`the other is at platform.yaml:${lineOf('name: checkout, slos')};`),
    });
  });

  it('LAYOUT-9: several Rollouts in one service are refused with what to declare instead', () => {
    const made = compiled({ checkout: ', rollouts: [{ name: api }, { name: worker }]' });
    expect(made.ok ? [] : made.error).toMatchObject([
      {
        path: 'spec.services[0].rollouts',
        next: expect.stringMatching(/a service is one Rollout.*declare a service for each/),
      },
    ]);
  });

  it('LAYOUT-9: the Rollouts of one application are services, each with its own container, SLOs and lane', () => {
    expect(
      problemsOf({
        checkout: ', rollout: app-api, container: app, team: shop',
        cart: ', rollout: app-worker, team: shop',
      }),
    ).toEqual([]);
  });

  it('LAYOUT-2: the same names in another cluster, or in namespaces apart, do not clash', () => {
    const abroad = { prod: ', kubeconfig: { secretRef: { env: PROD } }' };
    expect(problemsOf({ checkout: ', namespace: checkout', ...abroad })).toEqual([]);
    expect(problemsOf({ checkout: ', namespace: checkout', prod: ', context: prod' })).toEqual([]);
    expect(problemsOf({ cart: ', namespace: "cart-{environment}", rollout: checkout' })).toEqual([]);
  });

  it('LAYOUT-2: what no namespace can be called is refused where it is written', () => {
    expect(problemsOf({ cart: ', namespace: "-{environment}"' })).toContainEqual({
      code: 'NAMESPACE',
      path: 'spec.services[1].namespace',
      message: '"-stage" is not the name of a namespace',
    });
    expect(problemsOf({ cart: ', namespace: "{cluster}"' })).toMatchObject([
      { path: 'spec.services[1].namespace' },
    ]);
  });
});

describe('Rollouts in namespaces of their own', () => {
  const ROLLOUT = (name: string, asked: string) => ({
    metadata: { name, generation: 1 },
    spec: {
      strategy: { canary: { trafficRouting: { nginx: {} }, steps: [{ setWeight: 20 }] } },
      template: { spec: { containers: [{ name: 'service', image: `${name}:${asked}` }] } },
    },
    status: { observedGeneration: '1', currentPodHash: asked, stableRS: 'one', phase: 'Progressing' },
  });
  const path = (namespace: string) => `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/rollouts`;
  let api: ApiServer;
  beforeEach(async () => {
    api = await apiServer();
  });
  afterEach(() => api.close());

  function namespace(name: string, rollout: string, asked: string): void {
    api.put(path(name), ROLLOUT(rollout, asked));
    const none = { metadata: { name: 'none', labels: {} } };
    api.put(`/api/v1/namespaces/${name}/pods`, none);
    api.put(`/apis/apps/v1/namespaces/${name}/replicasets`, { ...none, spec: { template: { spec: {} } } });
    api.put(`/apis/argoproj.io/v1alpha1/namespaces/${name}/analysisruns`, none);
  }

  it('LAYOUT-3: each service is followed, and stopped, in the namespace that is its own', async () => {
    namespace('checkout-prod', 'web', 'two');
    namespace('prod', 'web', 'three');
    const followed = argoRolloutsIn({
      kubernetes: api.kubernetes,
      clock: systemClock,
      namespaces: new Map([
        ['checkout', 'checkout-prod'],
        ['cart', 'prod'],
        ['away', 'missing'],
      ]),
      places: new Map(['checkout', 'cart'].map((s) => [s, { rollout: 'web', container: null }])),
      warn: () => {},
    });
    const seen = (service: string) =>
      until(`${service} is seen`, SOON_MS, async () => followed.asked(service)?.revision ?? false);
    expect(await seen('checkout')).toBe('two');
    expect(await seen('cart')).toBe('three');
    await followed.delivery.apply({
      id: 'checkout/prod#1.abort',
      lane: 'checkout/prod',
      generation: 1,
      kind: 'abort',
      revision: 'two',
      weight: 0,
    });
    expect(api.asked.patches).toEqual([
      { path: `${path('checkout-prod')}/web/status`, body: { status: { abort: true } } },
    ]);
    // A namespace that cannot be read holds up its own service alone.
    await expect(followed.delivery.observe('away/prod', null)).rejects.toThrow('has not reported');
    expect(followed.asked('away')).toBeNull();
    await followed.close();
  });
});
