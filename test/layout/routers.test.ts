import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { compile } from '../../src/controller/compile.ts';
import { ejectAll } from '../../src/controller/eject.ts';
import { renderAll } from '../../src/controller/render.ts';
import { adopt } from '../../src/declaration/import/rollouts/adopt.ts';
import { readManifests } from '../../src/declaration/import/rollouts/resources.ts';
import { rolloutStrategy, strategyWords } from '../../src/declaration/rollout-strategy.ts';
import { rolloutOf, standingOf } from '../../src/delivery/adapters/argo-rollouts/rollout.ts';
import { availabilitySlo } from '../slo.ts';

/** As a team writes it for each router, with what Argo Rollouts puts into the status of all of them alike. */
const ROUTERS: readonly (readonly [string, object])[] = [
  [
    'istio',
    { istio: { virtualService: { name: 'web', routes: ['primary'] }, destinationRule: { name: 'web' } } },
  ],
  ['alb', { alb: { ingress: 'web', servicePort: 80, rootService: 'web' } }],
  ['traefik', { traefik: { weightedTraefikServiceName: 'web' } }],
  ['smi', { smi: { rootService: 'web', trafficSplitName: 'web' } }],
  ['nginx', { nginx: { stableIngress: 'web' } }],
  [
    'argoproj-labs/gatewayAPI',
    { plugins: { 'argoproj-labs/gatewayAPI': { httpRoute: 'web', namespace: 'prod' } } },
  ],
];
const HEADER = {
  setHeaderRoute: { name: 'qa', match: [{ headerName: 'x-qa', headerValue: { exact: '1' } }] },
};
const MIRROR = { setMirrorRoute: { name: 'shadow', percentage: 35, match: [{ method: { exact: 'GET' } }] } };
const rollout = (trafficRouting: object, steps: readonly object[], weight: number) => ({
  metadata: { name: 'web', generation: 1 },
  spec: {
    strategy: {
      canary: {
        canaryService: 'web-canary',
        stableService: 'web',
        trafficRouting: { ...trafficRouting, managedRoutes: [{ name: 'qa' }, { name: 'shadow' }] },
        steps,
      },
    },
    template: { metadata: { labels: {} }, spec: { containers: [{ name: 'web', image: 'web:2' }] } },
  },
  status: {
    observedGeneration: '1',
    currentPodHash: 'two',
    stableRS: 'one',
    currentStepIndex: steps.length,
    canary: { weights: { canary: { weight, podTemplateHash: 'two' }, stable: { weight: 100 - weight } } },
  },
});

describe('routers of a team’s own Rollout', () => {
  it.each(ROUTERS)('ROUTE-1: %s: its weight is that of the status', (name, routing) => {
    const given = rollout(routing, [{ setWeight: 10 }, { setWeight: 40 }], 10);
    expect(rolloutOf(given)).toMatchObject({
      weights: { routed: true, percent: 10, of: 'two' },
      steps: [10, 40],
      blueGreen: false,
    });
    expect(strategyWords(rolloutStrategy(given.spec.strategy))).toBe(`canary by ${name}`);
  });

  it('ROUTE-1: a route by header and a mirror are shown, and no weight', () => {
    const gone = { setHeaderRoute: { name: 'qa' } };
    const given = rollout(ROUTERS[0]![1], [HEADER, MIRROR, { pause: {} }, gone, { setWeight: 10 }], 0);
    expect(rolloutOf(given)).toMatchObject({ weights: { percent: 0 }, steps: [10], waits: [10] });
    expect(standingOf({ ...given, status: { ...given.status, currentStepIndex: 3 } }).weight).toBe(0);
    expect(strategyWords(rolloutStrategy(given.spec.strategy))).toBe(
      'canary by istio, with header route qa and 35% mirror shadow beside its weights',
    );
  });

  it.each<[string, unknown, string]>([
    ['no router', { canary: { steps: [{ setWeight: 20 }] } }, 'canary by numbers of pods'],
    [
      'blue-green with an analysis after the switch',
      { blueGreen: { postPromotionAnalysis: { templates: [{ templateName: 'smoke' }] } } },
      'blue-green, judged after the switch until its postPromotionAnalysis ends',
    ],
    ['blue-green alone', { blueGreen: {} }, 'not judged: blue-green without postPromotionAnalysis'],
    ['nothing', undefined, 'canary by numbers of pods'],
  ])('BLUEGREEN-4: a strategy in words: %s', (_, strategy, words) =>
    expect(strategyWords(rolloutStrategy(strategy))).toBe(words),
  );

  const declared = compile([
    {
      file: 'platform.yaml',
      text: `${availabilitySlo('web')}---
apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: shop }
spec:
  environments:
    - { name: prod, delivery: argo-rollouts, prometheus: { address: 'http://p.invalid' }, cluster: { namespace: prod } }
  services: [{ name: web, slos: [web-availability] }]
  kubernetes: { argoCd: { repository: 'https://git.invalid/desired.git' } }
`,
    },
  ]);
  if (!declared.ok) throw new Error(JSON.stringify(declared.error));
  const platform = declared.value;

  it.each([
    ['networking.istio.io', 'VirtualService', '.spec.http[]?.route[]?.weight'],
    ['networking.istio.io', 'DestinationRule', '.spec.subsets[]?.labels."rollouts-pod-template-hash"'],
    ['networking.k8s.io', 'Ingress', expect.stringContaining('alb.ingress.kubernetes.io/actions.')],
    ['traefik.io', 'TraefikService', '.spec.weighted.services[]?.weight'],
    ['split.smi-spec.io', 'TrafficSplit', '.spec.backends[]?.weight'],
    ['gateway.networking.k8s.io', 'HTTPRoute', '.spec.rules[]?.backendRefs[]?.weight'],
    ['gateway.networking.k8s.io', 'GRPCRoute', '.spec.rules[]?.backendRefs[]?.weight'],
    ['', 'Service', '.spec.selector."rollouts-pod-template-hash"'],
  ])('ROUTE-2: Argo CD leaves %s %s alone', async (group, kind, path) => {
    const files = await renderAll(platform, 'kubernetes');
    const { spec } = parse(files.get('prod/applicationset.yaml')!) as {
      spec: { template: { spec: { ignoreDifferences: object[]; syncPolicy: { syncOptions: string[] } } } };
    };
    expect(spec.template.spec.ignoreDifferences).toContainEqual(
      expect.objectContaining({ group, kind, jqPathExpressions: expect.arrayContaining([path]) }),
    );
    expect(spec.template.spec.syncPolicy.syncOptions).toContain('RespectIgnoreDifferences=true');
  });

  const adopted = (blueGreen: object) => {
    const text = JSON.stringify({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      metadata: { name: 'web', namespace: 'prod' },
      spec: { strategy: { blueGreen }, template: rollout({}, [], 0).spec.template },
    });
    return adopt(readManifests([{ file: 'rollout.yaml', text }]));
  };
  const blueGreenIn = (patch: object) =>
    (patch as { spec: { strategy: { blueGreen: Record<string, { templates: object[] }> } } }).spec.strategy
      .blueGreen;

  it('BLUEGREEN-4: adopt gives a blue-green Rollout the start gate before its switch, and the verdict after it', () => {
    const [made] = adopted({ activeService: 'web' }).patches;
    const { prePromotionAnalysis, postPromotionAnalysis } = blueGreenIn(made!.patch);
    expect(prePromotionAnalysis!.templates).toEqual([{ templateName: 'sluice-start', clusterScope: true }]);
    expect(postPromotionAnalysis!.templates).toEqual([
      { templateName: 'sluice-verdict', clusterScope: true },
    ]);
  });

  it('BLUEGREEN-4: an analysis of its own after the switch stays, and is asked about', () => {
    const own = adopted({
      activeService: 'web',
      postPromotionAnalysis: { templates: [{ templateName: 'smoke' }] },
    });
    expect(blueGreenIn(own.patches[0]!.patch)).not.toHaveProperty('postPromotionAnalysis');
    expect(own.rollouts[0]!.questions.join('\n')).toMatch(/postPromotionAnalysis of web .*smoke/);
  });

  it('BLUEGREEN-4: ejected, it keeps its strategy and asks no server', () => {
    const asking = {
      activeService: 'web',
      postPromotionAnalysis: {
        templates: [{ templateName: 'sluice-verdict', clusterScope: true }, { templateName: 'smoke' }],
      },
      prePromotionAnalysis: { templates: [{ templateName: 'sluice-start', clusterScope: true }] },
    };
    const manifest = {
      kind: 'Rollout',
      metadata: { name: 'web' },
      spec: { strategy: { blueGreen: asking } },
    };
    const files = ejectAll(platform, [{ name: 'web', namespace: 'prod', manifest }]);
    const { spec } = parse(files.get('prod/web/rollout.yaml')!) as { spec: { strategy: object } };
    expect(spec.strategy).toEqual({
      blueGreen: { activeService: 'web', postPromotionAnalysis: { templates: [{ templateName: 'smoke' }] } },
    });
  });
});
