import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { renderAll } from '../../src/controller/render.ts';
import { serviceValues } from '../../src/delivery/render/helm/values.ts';
import { desired } from '../gate/harness.ts';
import { tool } from '../tools.ts';
import {
  documents,
  IMAGE,
  kinds,
  rendered,
  SERVICE,
  SLUICE,
  scratch,
  template,
  valuesFile,
} from './chart.ts';
import { platform, type Resource } from './platform.ts';

const run = (...args: string[]) => spawnSync(tool('helm')!, args, { encoding: 'utf8' });
const image = { image: IMAGE };
const plain = () => valuesFile(image);

const API = platform.services[0]!;
const EU = platform.environments.find((e) => e.name === 'eu')!;
describe.skipIf(!tool('helm'))('the charts', () => {
  it.each([
    ['service', SERVICE, () => plain()],
    ['sluice', SLUICE, () => scratch('values.yaml', stringify({ declaration: { 'platform.yaml': 'a: b' } }))],
  ])('CHART-1: %s passes helm lint, strictly', (_, chart, values) => {
    const linted = run('lint', '--strict', chart, '-f', values());
    expect(linted.stdout + linted.stderr).toContain('0 chart(s) failed');
  });

  it('CHART-2: what `sluice render` writes and what the chart makes of its values agree, service by service', async () => {
    const files = await renderAll(platform, 'kubernetes');
    for (const { name } of platform.environments) {
      const values = files.get(`${name}/api/values.yaml`)!;
      const ours = documents(files.get(`${name}/api/analysistemplates.yaml`)!);
      const theirs = rendered(SERVICE, plain(), scratch('sluice.yaml', values)).filter(
        (r) => r.kind === 'AnalysisTemplate',
      );
      const bare = (r: Resource) => ({ name: r.metadata.name, spec: r.spec });
      expect(theirs.map(bare), name).toEqual(ours.map(bare));
      expect(ours.map((r) => r.metadata.name)).toEqual(['api-verdict', 'api-burn']);
    }
  });

  it('CHART-3: a desired-state file is a values file: its digest runs, its values stand beside', () => {
    const file = scratch(
      'api.yaml',
      desired('1.4.2', 'b', 'api').replace('config: {}', 'values: { replicas: 5 }'),
    );
    const rollout = rendered(SERVICE, plain(), file).find((r) => r.kind === 'Rollout')!;
    expect(rollout.spec).toMatchObject({
      replicas: 5,
      template: {
        metadata: { labels: { 'app.kubernetes.io/version': '1.4.2' } },
        spec: { containers: [{ image: `registry.invalid/api@sha256:${'b'.repeat(64)}` }] },
      },
    });
  });

  it('CHART-4: first of all the start gate, then each weight with its verdict, 100 included; the burn rates beside', async () => {
    const values = (await renderAll(platform, 'kubernetes')).get('eu/api/values.yaml')!;
    const rollout = rendered(SERVICE, plain(), scratch('sluice.yaml', values)).find(
      (r) => r.kind === 'Rollout',
    )!;
    const { canary } = rollout.spec['strategy'] as {
      canary: { steps: object[]; analysis: object; trafficRouting: object };
    };
    const phase = (step: object) => {
      const { analysis, setWeight } = step as {
        setWeight?: number;
        analysis?: { args: { name: string; value?: string }[] };
      };
      return (
        setWeight ??
        analysis!.args
          .map((a) => a.value ?? '')
          .slice(0, 2)
          .join(' ')
      );
    };
    expect(canary.steps.map(phase)).toEqual(['start 0', 20, 'step 0', 50, 'step 1', 100, 'step 2']);
    expect(canary.analysis).toEqual({
      templates: [{ templateName: 'api-burn' }],
      args: [{ name: 'revision', valueFrom: { podTemplateHashValue: 'Latest' } }],
      startingStep: 1,
    });
    expect(canary.trafficRouting).toEqual({ nginx: { stableIngress: 'api' } });
  });

  it('CHART-5: without a server time goes by between steps, and nothing is asked of nobody', () => {
    const list = rendered(SERVICE, plain());
    const rollout = list.find((r) => r.kind === 'Rollout')!;
    const { canary } = rollout.spec['strategy'] as { canary: { steps: object[]; analysis?: object } };
    expect(canary.steps).toEqual(
      [20, 50, 100].flatMap((setWeight) => [{ setWeight }, { pause: { duration: '5m' } }]),
    );
    expect(canary.analysis).toBeUndefined();
    expect(list.filter((r) => r.kind === 'AnalysisTemplate')).toEqual([]);
  });

  it.each([
    ['edge by nginx', {}, ['Ingress/api'], ['HTTPRoute/api'], 'nginx'],
    ['internal', { mode: 'internal' }, ['Ingress/api'], ['HTTPRoute/api'], 'nginx'],
    [
      'a Gateway',
      { via: 'gateway', gateway: { name: 'public' } },
      ['HTTPRoute/api'],
      ['Ingress/api'],
      'plugins',
    ],
    ['replicas', { mode: 'replicas' }, [], ['Ingress/api', 'HTTPRoute/api'], undefined],
  ] as const)('CHART-6: traffic by %s', (_, traffic, there, absent, router) => {
    const list = rendered(SERVICE, valuesFile({ ...image, traffic }));
    for (const name of there) expect(kinds(list)).toContain(name);
    for (const name of absent) expect(kinds(list)).not.toContain(name);
    const rollout = list.find((r) => r.kind === 'Rollout')!;
    const { canary } = rollout.spec['strategy'] as { canary: { trafficRouting?: object } };
    expect(Object.keys(canary.trafficRouting ?? {})).toEqual(router ? [router] : []);
    expect(kinds(list)).toEqual(expect.arrayContaining(['Service/api', 'Service/api-canary']));
    expect(kinds(list).includes('Service/api-stable')).toBe(router === undefined);
  });

  it('CHART-7: pods run as nobody, read-only and without capabilities, ours included', () => {
    const ours = rendered(SLUICE, valuesFile({ declaration: { 'platform.yaml': 'a: b' } }));
    for (const [list, kind] of [
      [rendered(SERVICE, plain()), 'Rollout'],
      [ours, 'Deployment'],
    ] as const) {
      const { spec } = list.find((r) => r.kind === kind)!.spec['template'] as {
        spec: { securityContext: object; containers: object[] };
      };
      expect(spec.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(spec.containers[0]).toMatchObject({
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
      });
    }
    const verbs = (enforce: boolean) =>
      rendered(SLUICE, valuesFile({ declaration: { a: 'b' }, rbac: { enforce } }))
        .filter((r) => r.kind === 'Role')
        .flatMap((r) => (r as unknown as { rules: { verbs: string[] }[] }).rules.flatMap((x) => x.verbs));
    expect(new Set(verbs(false))).toEqual(new Set(['get', 'list', 'watch']));
    expect(verbs(true)).toEqual([...verbs(false), 'patch']);
  });

  it.each([
    ['no image', SERVICE, {}, 'image.repository says what runs'],
    ['a digest that is none', SERVICE, { ...image, digest: 'latest' }, 'digest'],
    ['an unknown word', SERVICE, { ...image, replica: 3 }, 'replica'],
    ['a way of traffic that is none', SERVICE, { ...image, traffic: { mode: 'magic' } }, 'mode'],
    ['a route without its Gateway', SERVICE, { ...image, traffic: { via: 'gateway' } }, 'says which Gateway'],
    ['no declaration', SLUICE, {}, 'declarationConfigMap says what Sluice serves'],
    [
      'a secret without its key',
      SLUICE,
      { declaration: { a: 'b' }, secrets: [{ env: 'A', secret: 's' }] },
      'key',
    ],
  ] as const)('CHART-8: %s is refused, and says so', (_, chart, values, words) => {
    const made = template(chart, [valuesFile(values)]);
    expect(made.status).not.toBe(0);
    expect(made.stderr).toContain(words);
  });

  it('CHART-12: the PodMonitor writes the labels that the declaration names', () => {
    const named = { ...API, revisionLabel: 'arm', versionLabel: 'release' };
    const values = serviceValues(platform, named, EU, { server: null });
    const monitor = rendered(SERVICE, plain(), scratch('sluice.yaml', stringify(values))).find(
      (r) => r.kind === 'PodMonitor',
    )!;
    const [endpoint] = monitor.spec['podMetricsEndpoints'] as { relabelings: { targetLabel: string }[] }[];
    expect(endpoint!.relabelings.map((r) => r.targetLabel)).toEqual([
      'arm',
      'release',
      'service',
      'environment',
    ]);
  });
});
