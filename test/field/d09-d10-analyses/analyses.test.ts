import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { compile } from '../../../src/controller/compile.ts';
import { renderAll } from '../../../src/controller/render.ts';
import { availabilitySlo } from '../../slo.ts';

/**
 * A Prometheus behind a token, in a cluster whose Prometheus evaluates every minute: rendered analyses carried its
 * address alone, and Argo Rollouts aborted healthy canaries five minutes after our server went away, since it asks
 * again ten seconds after an error whatever the interval says (Sluice at dc1fc67).
 */
async function rendered(prometheus: string, more = '', strategy = '') {
  const compiled = compile([
    {
      file: 'platform.yaml',
      text: `${availabilitySlo('orders')}---
apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: shop }
spec:
  environments:
    - { name: prod, delivery: argo-rollouts, prometheus: { address: 'http://prometheus.test:9090'${prometheus} } }
  services: [{ name: orders, slos: [orders-availability] }]
${strategy}${more}`,
    },
  ]);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  const files = await renderAll(compiled.value, 'kubernetes');
  const read = (path: string) => parseAllDocuments(files.get(path)!).map((d) => d.toJS() as Template);
  return {
    own: read('prod/orders/analysistemplates.yaml'),
    cluster: read('argo-rollouts/clusteranalysistemplates.yaml'),
    all: [...files.values()].join('\n'),
  };
}
interface Metric {
  readonly name: string;
  readonly interval: string;
  readonly count?: number;
  readonly consecutiveErrorLimit: number;
  readonly inconclusiveLimit: number;
  readonly successCondition: string;
  readonly provider: Record<string, { headers?: object[]; url?: string }>;
}
interface Template {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly args: object[]; readonly metrics: readonly [Metric] };
}
const named = (list: readonly Template[], name: string) => list.find((t) => t.metadata.name === name)!;
const fromSecret = (name: string, secret: string, key: string) => ({
  name,
  valueFrom: { secretKeyRef: { name: secret, key } },
});

describe('d09: a Prometheus behind a token or for tenants', () => {
  it('FIELD-35: the token comes from a Secret beside the Rollout, the tenant as it is declared', async () => {
    const { own, all } = await rendered(
      ', bearer: { secretRef: { env: PROMETHEUS_TOKEN } }, tenant: { value: team-a }',
    );
    const burn = named(own, 'orders-burn');
    expect(burn.spec.args).toContainEqual(
      fromSecret('header-authorization', 'sluice-prometheus', 'authorization'),
    );
    expect(burn.spec.metrics[0].provider['prometheus']!.headers).toEqual([
      { key: 'Authorization', value: '{{args.header-authorization}}' },
      { key: 'X-Scope-OrgID', value: 'team-a' },
    ]);
    expect(all).not.toContain('PROMETHEUS_TOKEN');
  });

  it('FIELD-35: another Secret may be named, and without any of it nothing is sent', async () => {
    const { own } = await rendered(', rolloutSecret: { name: metrics, key: header }');
    expect(named(own, 'orders-burn').spec.args).toContainEqual(
      fromSecret('header-authorization', 'metrics', 'header'),
    );
    const plain = named((await rendered('')).own, 'orders-burn');
    expect(plain.spec.args).toEqual([{ name: 'revision' }]);
    expect(plain.spec.metrics[0].provider['prometheus']).not.toHaveProperty('headers');
  });

  it('ANALYSIS-2: our own server is asked with the header of a Secret where one is declared', async () => {
    const { own, cluster } = await rendered(
      '',
      '  kubernetes: { serverSecret: { name: sluice, key: asking } }\n',
    );
    for (const template of [named(own, 'orders-verdict'), ...cluster]) {
      expect(template.spec.args).toContainEqual(fromSecret('header-authorization', 'sluice', 'asking'));
      expect(template.spec.metrics[0].provider['web']!.headers).toEqual([
        { key: 'Authorization', value: '{{args.header-authorization}}' },
      ]);
    }
  });
});

/** When Argo Rollouts 1.9 gives up on answers of one kind, in seconds: errors come at its own pace. */
const ERROR_PACE_S = 10;
const HOUR_S = 3_600;
const secondsOf = (interval: string) => Number.parseInt(interval, 10);

describe('d10: our server, or Prometheus, is away', () => {
  it.each([
    ['1s', '4h', 4 * HOUR_S],
    ['15s', '4h', 4 * HOUR_S],
    ['60s', '4h', 4 * HOUR_S],
    ['60s', '7m', 420],
    ['60s', '425s', 425],
    ['300s', '12h', 12 * HOUR_S],
  ])(
    'ANALYSIS-3: evaluated every %s and held for %s, nothing is aborted within %i s',
    async (every, hold, wanted) => {
      const { own, cluster } = await rendered(
        `, evaluationInterval: ${every}`,
        '',
        `  strategy: { hold: ${hold} }\n`,
      );
      const metrics = own.map((t) => t.spec.metrics[0]);
      expect(metrics.map((m) => m.name)).toEqual(['verdict', 'burn']);
      for (const metric of metrics) {
        const away = metric.consecutiveErrorLimit * ERROR_PACE_S;
        expect(away).toBeGreaterThanOrEqual(wanted);
        expect(away).toBeLessThan(wanted + ERROR_PACE_S);
        expect(metric.inconclusiveLimit * secondsOf(metric.interval)).toBeGreaterThanOrEqual(wanted);
      }
      for (const template of cluster)
        expect(template.spec.metrics[0].consecutiveErrorLimit * ERROR_PACE_S).toBeGreaterThanOrEqual(wanted);
    },
  );

  it('ANALYSIS-4: one template a purpose for a whole cluster, told by its arguments which Rollout asks', async () => {
    const { cluster } = await rendered('');
    expect(cluster.map((t) => `${t.kind}/${t.metadata.name}`)).toEqual(
      ['start', 'verdict', 'watch'].map((p) => `ClusterAnalysisTemplate/sluice-${p}`),
    );
    const asked = 'service={{args.service}}&environment={{args.environment}}&revision={{args.revision}}';
    const [start, verdict, watch] = cluster.map((t) => t.spec.metrics[0]);
    for (const template of cluster)
      expect(template.spec.args).toEqual(['service', 'environment', 'revision'].map((name) => ({ name })));
    expect(verdict!.provider['web']!.url).toBe(`http://sluice.sluice:7117/api/v1/verdict?${asked}&phase=now`);
    expect(start!.provider['web']!.url).toBe(
      verdict!.provider['web']!.url!.replace('phase=now', 'phase=start'),
    );
    // Beside the steps it has no end and no wish: a *fail* alone stops it.
    expect([watch!.count, watch!.successCondition]).toEqual([undefined, 'result.verdict != "fail"']);
    expect([verdict!.count, verdict!.successCondition]).toEqual([100_000_000, 'result.verdict == "pass"']);
  });
});
