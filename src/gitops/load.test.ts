import { describe, expect, it } from 'vitest';
import { compile } from '../controller/compile.ts';
import { loadPlanOf, loadSentence, thresholdsOf } from './load.ts';
import { k6Options, k6Script } from './render/k6/script.ts';

const slo = (name: string, service: string, good: string, target: number) => `apiVersion: openslo/v1
kind: SLO
metadata: { name: ${name} }
spec:
  service: ${service}
  indicator:
    spec:
      ratioMetric:
        counter: true
        good: { metricSource: { type: Prometheus, spec: { query: '${good}' } } }
        total: { metricSource: { type: Prometheus, spec: { query: 'total{service="${service}"}' } } }
  timeWindow: [{ duration: 30d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: ${target} }]
---
`;
const TEXT = `${slo('api-availability', 'api', 'ok{service="api"}', 0.999)}${slo('api-latency', 'api', 'seconds_bucket{service="api",le="0.3"}', 0.95)}${slo('web-availability', 'web', 'ok{service="web"}', 0.99)}apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: load }
spec:
  environments:
    - name: dev
      validation: k6
      prometheus: { address: "http://prometheus.invalid" }
      load: { duration: 20s, targets: [{ service: api, path: '/buy?a="b"', rps: 50 }] }
    - name: stage
      prometheus: { address: "http://prometheus.invalid" }
      load: { targets: [{ service: api, path: /, rps: 5 }, { service: web, path: /, rps: 7 }] }
    - { name: prod, prometheus: { address: "http://prometheus.invalid" } }
  services: [{ name: api, slos: [api-availability, api-latency] }, { name: web, slos: [web-availability] }]
`;
const platform = (() => {
  const compiled = compile([{ file: 'load.yaml', text: TEXT }]);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  return compiled.value;
})();
const [dev, stage, prod] = platform.environments as [never, never, never];

describe('load tests', () => {
  it('LOAD-1: thresholds come from the SLOs of what is asked: failures by the budget, latency by the good bucket', () => {
    expect(thresholdsOf(platform, loadPlanOf(platform, dev)! as never)).toEqual([
      { service: 'api', metric: 'http_req_failed', expression: 'rate<=0.001' },
      { service: 'api', metric: 'http_req_duration', expression: 'p(95)<=300' },
    ]);
    expect(loadPlanOf(platform, stage)!.thresholds.map((t) => `${t.service} ${t.expression}`)).toEqual([
      'api rate<=0.001',
      'api p(95)<=300',
      'web rate<=0.01',
    ]);
    expect(loadPlanOf(platform, prod)).toBeNull();
  });

  it('LOAD-1: a load test lasts as declared; where a canary is judged, load lasts as long as it, bounded', () => {
    expect(loadPlanOf(platform, dev)!.durationMs).toBe(20_000);
    expect(loadPlanOf(platform, stage)!.durationMs).toBeNull();
    const options = k6Options(loadPlanOf(platform, stage)!) as {
      scenarios: Record<string, { duration: string }>;
    };
    expect(Object.values(options.scenarios).map((s) => s.duration)).toEqual(['3600s', '3600s']);
  });

  it('LOAD-1: what a user wrote is data in the script', () => {
    const script = k6Script(loadPlanOf(platform, dev)!);
    expect(script).toContain(String.raw`"/buy?a=\"b\""`);
    expect(script).toContain('"http_req_failed{service:api}"');
  });

  const result = {
    run: 'r',
    tool: 'k6',
    outcome: 'failed',
    requests: 600,
    failed: 30,
    p95Ms: 12.4,
    thresholds: [{ name: 'http_req_failed{service:api} rate<=0.001', ok: false }],
    startedAt: 0,
    endedAt: 1,
    note: '',
  } as const;
  it.each([
    [result, 'k6 failed http_req_failed{service:api} rate<=0.001: 30 of 600 requests failed, p95 12 ms'],
    [
      { ...result, tool: 'sluice', outcome: 'passed', note: 'k6 is not here', failed: 0 },
      "sluice's own generator (k6 is not here) passed: 0 of 600 requests failed, p95 12 ms",
    ],
    [{ ...result, outcome: 'broken', note: 'killed' }, 'k6 was interrupted (killed): no result'],
  ] as const)('LOAD-2: a result is one sentence that names its tool (%#)', (load, words) =>
    expect(loadSentence(load as never)).toBe(words),
  );
});
