import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../../../src/controller/compile.ts';
import { livePaces } from '../../../src/controller/live-traffic.ts';
import { lateStep } from '../../../src/delivery/pace.ts';
import { fail, ok } from '../../../src/kit/result.ts';
import type { MetricsPort } from '../../../src/runtime/port.ts';
import { availabilitySlo } from '../../slo.ts';
import { folderWith } from '../command.ts';

/** What a service is worth saying about before its first release: how long one takes at the traffic that it has. */
const declared = (strategy = '') => `${availabilitySlo('billing')}---
apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: shop }
spec:
  environments: [{ name: prod, delivery: argo-rollouts, prometheus: { address: 'http://p.test' } }]
  services: [{ name: billing, slos: [billing-availability] }]
${strategy}`;

async function paceAt(rate: number | null, strategy = '') {
  const compiled = compile([{ file: 'p.yaml', text: declared(strategy) }]);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  const asked: string[] = [];
  const source: Pick<MetricsPort, 'instant'> = {
    instant: async (query) => {
      asked.push(query);
      return ok(rate === null ? [] : [{ labels: {}, samples: [[0, rate]] }]);
    },
  };
  const paces = await livePaces(compiled.value, compiled.value.environments[0]!, source, 0);
  if (!paces.ok) throw new Error(paces.error.message);
  expect(asked).toEqual([expect.stringContaining('sum(rate(')]);
  return paces.value[0]!;
}

describe('d18: how long a release takes', () => {
  it('QUIET-4: at half a request a second a step of 20 % takes the better part of an hour', async () => {
    const pace = await paceAt(0.5);
    expect(pace.steps.map((s) => [s.weight, s.needed, Math.round(s.takesMs! / 60_000)])).toEqual([
      [20, 332, 55],
      [50, 332, 22],
      [100, 332, 11],
    ]);
    expect(Math.round(pace.takesMs! / 60_000)).toBe(89);
    expect(lateStep(pace)).toMatchObject({ weight: 20 });
    expect(pace.enoughRate).toBeCloseTo(332 / 1_800 / 0.2, 5);
    expect(lateStep(await paceAt(pace.enoughRate + 0.001))).toBeNull();
  });

  it('QUIET-4: with traffic enough each step lasts as long as it has to, warming up included', async () => {
    const pace = await paceAt(10_000);
    expect(pace.steps.map((s) => s.takesMs)).toEqual([90_000, 60_000, 600_000]);
  });

  it.each([[0], [null]])('QUIET-4: where nobody asks anything (%j) it never ends', async (rate) => {
    const pace = await paceAt(rate);
    expect([pace.rate, pace.takesMs]).toEqual([0, null]);
    expect(lateStep(pace)).toMatchObject({ weight: 20, takesMs: null });
  });

  it('QUIET-4: a Prometheus that does not answer says nothing', async () => {
    const compiled = compile([{ file: 'p.yaml', text: declared() }]);
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
    const down = { instant: async () => fail({ code: 'SOURCE_UNAVAILABLE' as const, message: 'away' }) };
    const paces = await livePaces(compiled.value, compiled.value.environments[0]!, down, 0);
    expect(paces.ok).toBe(false);
  });
});

const ROLLOUT = `apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: { name: billing, namespace: shop }
spec:
  selector: { matchLabels: { app: billing } }
  template:
    metadata: { labels: { app: billing } }
    spec: { containers: [{ name: billing, image: 'registry.test/billing:1' }] }
  strategy: { canary: { steps: [{ setWeight: 20 }, { pause: {} }, { analysis: { templates: [{ templateName: rate }] } }] } }
---
apiVersion: argoproj.io/v1alpha1
kind: AnalysisTemplate
metadata: { name: rate, namespace: shop }
spec:
  metrics:
    - name: rate
      successCondition: result[0] >= 0.999
      provider:
        prometheus:
          address: http://prometheus.test
          query: 'sum(rate(http_requests_total{app="billing",code!~"5.."}[5m])) / sum(rate(http_requests_total{app="billing"}[5m]))'
`;

describe('d18: the commands that say it', () => {
  const prometheus = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      const query = new URLSearchParams(body || (request.url ?? '').split('?')[1]).get('query') ?? '';
      const values = query.includes('[1d]') && query.includes('rate(');
      const data = !/\/query$/.test((request.url ?? '').split('?')[0]!)
        ? request.url?.includes('metadata')
          ? {}
          : []
        : { resultType: 'vector', result: values ? [{ metric: {}, value: [0, '0.5'] }] : [] };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ status: 'success', data }));
    });
  });
  let address = '';
  beforeAll(async () => {
    prometheus.listen(0, '127.0.0.1');
    await once(prometheus, 'listening');
    address = `http://127.0.0.1:${(prometheus.address() as AddressInfo).port}`;
  });
  afterAll(() => prometheus.close());

  it('QUIET-5: validate says it by a live Prometheus, and what is needed where there is none', async () => {
    const { run, json } = folderWith({ 'p.yaml': declared() });
    const { out } = await run('validate', '.', '--prometheus', address);
    expect(out).toMatch(
      /billing +prod +0\.5 +89 min +332 good requests at 20% take 55 min, and a step may take 30 min/,
    );
    const { answer } = await json('validate', '.', '--prometheus', address);
    expect(answer.prometheus[0].paces).toMatchObject([{ service: 'billing', rate: 0.5 }]);
    const alone = await run('validate', '.');
    expect([alone.exit, alone.err]).toEqual([
      0,
      expect.stringMatching(/332 good ones a step, so 0\.92 a second/),
    ]);
  });

  it('QUIET-5: adopt says it by the Prometheus that is named, and what is needed where it does not answer', async () => {
    const { run } = folderWith({ 'rollouts.yaml': ROLLOUT });
    const told = await run('adopt', 'rollouts.yaml', '--prometheus', address, '--out', 'a');
    expect(told.out).toMatch(/billing +prod +0\.5 +89 min/);
    const away = await run('adopt', 'rollouts.yaml', '--prometheus', 'http://127.0.0.1:1', '--out', 'b');
    expect([away.exit, away.err]).toEqual([told.exit, expect.stringContaining('does not answer from here')]);
    expect(away.err).toContain('good ones a step');
  });
});
