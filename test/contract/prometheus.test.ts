import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { MockAgent } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../../src/controller/compile.ts';
import { takeMetricsSnapshot } from '../../src/controller/metrics-snapshot.ts';
import type { Platform, SecretRef } from '../../src/declaration/platform.ts';
import { freePort } from '../../src/io/ports.ts';
import { accessOf } from '../../src/runtime/adapters/prometheus/access.ts';
import { prometheusHttp } from '../../src/runtime/adapters/prometheus/http.ts';
import { armSelectors, baselineCounts, batchSelector, closeIntervals } from '../../src/runtime/counts.ts';
import { readSecret } from '../../src/wiring/secrets.ts';
import { goodSli } from '../sli.ts';
import { patiently } from '../wait.ts';
import { BACKENDS, type Backend, type Sample } from './metrics/backends.ts';

const SLI = goodSli('http_requests_total', 'service="a"');
const ARMS = { label: 'revision', canary: 'new', stable: 'old' };
const START = 1_700_000_000;

/** Samples every 5 s: stable steady with a reset, canary beginning late with errors first seen at its third scrape. */
function fixture(): Sample[] {
  const samples: Sample[] = [];
  const put = (revision: string, code: string, at: number, value: number) =>
    samples.push([`http_requests_total{service="a",revision="${revision}",code="${code}"}`, at, value]);
  for (let i = 0; i <= 40; i++) put('old', '200', START + 5 * i, i < 20 ? 100 * i : 100 * (i - 20));
  for (let i = 0; i <= 40; i++) put('old', '500', START + 5 * i, Math.floor(i / 10));
  for (let i = 30; i <= 40; i++) put('new', '200', START + 5 * i + 1, 20 * (i - 29));
  for (let i = 32; i <= 40; i++) put('new', '500', START + 5 * i + 1, 2 * (i - 31));
  for (const [pod, up] of [
    ['one', 1],
    ['two', 0],
  ] as const)
    samples.push([`up{service="a",revision="new",pod="${pod}"}`, START + 5 * 40, up]);
  samples.push([`up{service="elsewhere",version="7"}`, START + 5 * 40, 1]);
  return samples;
}

/** One service in one environment, by what is said of its Prometheus. */
function declared(prometheus: string): Platform {
  const text = `
apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: p }
spec:
  environments: [{ name: prod, prometheus: { address: 'http://p', ${prometheus} } }]
  services: [{ name: a, slos: [s] }]
---
apiVersion: openslo/v1
kind: SLO
metadata: { name: s }
spec:
  service: a
  indicator: { spec: { ratioMetric: { counter: true, bad: { metricSource: { spec: { query: b } } }, total: { metricSource: { spec: { query: t } } } } } }
  timeWindow: [{ duration: 30d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: 0.99 }]
`;
  const compiled = compile([{ file: 'p.yaml', text }]);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  return compiled.value;
}

describe.each(BACKENDS.map((kind) => [kind.name, kind] as const))('%s', (_, kind) => {
  let address = '';
  let backend: Backend;

  beforeAll(async () => {
    backend = await kind.start(fixture());
    address = backend.address;
  });

  afterAll(() => backend.stop());

  it('COUNT-13: the same fixture gives the same exact counts', async () => {
    const metrics = prometheusHttp({ address, timeoutMs: patiently(5_000), headers: {}, tls: null });
    const query = batchSelector(armSelectors([SLI], ARMS));
    const opened = (START + 5 * 30) * 1_000;
    const before = await metrics.raw(query, 3_600_000, opened);
    if (!before.ok) throw new Error(before.error.message);
    const baseline = baselineCounts(before.value, [SLI], ARMS, 5_000);
    expect(baseline.history['s']).toHaveLength(30);
    expect(baseline.history['s']!.every((c) => c !== null && c.total >= 0)).toBe(true);
    // 100 a scrape and one error every ten; the reset to 0 loses the hundred that nobody scraped.
    expect(baseline.history['s']!.reduce((sum, c) => sum + c!.total, 0)).toBe(1_900 + 1_000 + 3);
    let cursors = baseline.cursors as Record<string, readonly [number, number]>;
    let closedAt = opened;
    const seen = { canary: { total: 0, bad: 0 }, stable: { total: 0, bad: 0 } };
    for (let i = 31; i <= 40; i++) {
      const now = (START + 5 * i + 2) * 1_000;
      const answer = await metrics.raw(query, now - closedAt + 10_000, now);
      if (!answer.ok) throw new Error(answer.error.message);
      const closed = closeIntervals({
        series: answer.value,
        slis: [SLI],
        arms: ARMS,
        cursors,
        closedAt,
        intervalMs: 5_000,
        now,
        zero: { canary: false, stable: false },
      });
      for (const { counts } of closed.intervals)
        for (const arm of ['canary', 'stable'] as const) {
          seen[arm].total += counts['s']![arm]!.total;
          seen[arm].bad += counts['s']![arm]!.bad;
        }
      cursors = { ...cursors, ...closed.cursors };
      if (closed.intervals.length > 0) closedAt = now;
    }
    expect(seen).toEqual({ canary: { total: 220 + 18, bad: 18 }, stable: { total: 1_000 + 1, bad: 1 } });
    await metrics.close();
  });

  it('UNREACHABLE-4: each target says whether its last scrape was answered, and when it was', async () => {
    const metrics = prometheusHttp({ address, timeoutMs: patiently(5_000), headers: {}, tls: null });
    const platform = declared('timeout: 5s');
    const look = await takeMetricsSnapshot(
      metrics,
      {
        platform,
        environment: platform.environments[0]!,
        selectors: armSelectors([SLI], ARMS),
        rangeMs: 10_000,
        guards: [],
        revisionLabels: ['revision', 'version'],
        healing: [],
      },
      (START + 5 * 41) * 1_000,
    );
    const at = (START + 5 * 40) * 1_000;
    expect(look.failure).toBeNull();
    expect(look.targets.get('new')?.toSorted((a, b) => Number(b.up) - Number(a.up))).toEqual([
      { service: 'a', up: true, at },
      { service: 'a', up: false, at },
    ]);
    // Services may have labels of their own, and a label may name what is no service here.
    expect(look.targets.get('7')).toEqual([{ service: null, up: true, at }]);
    await metrics.close();
  });

  it('COUNT-14: a query that is refused says so, and a string is nonsense', async () => {
    const metrics = prometheusHttp({ address, timeoutMs: patiently(5_000), headers: {}, tls: null });
    expect(await metrics.instant('a{', START * 1_000)).toMatchObject({
      ok: false,
      error: { code: 'QUERY_REFUSED' },
    });
    const text = await metrics.instant('"text"', START * 1_000);
    expect(text.ok ? text.value : text.error.code).toEqual(kind.ofString);
    expect(await metrics.instant('nothing_of_that_name', START * 1_000)).toEqual({ ok: true, value: [] });
    await metrics.close();
  });

  if (kind.isOfParts)
    it('FIELD-30: where a part of it is lost, an answer says so, and is none', async () => {
      const metrics = prometheusHttp({ address, timeoutMs: patiently(5_000), headers: {}, tls: null });
      await backend.lose();
      expect(await metrics.raw('http_requests_total', 3_600_000, (START + 200) * 1_000)).toMatchObject({
        ok: false,
        error: { code: 'PARTIAL' },
      });
      await metrics.close();
    });
});

describe('a Prometheus that misbehaves', () => {
  const ask = async (status: number, body: string) => {
    const agent = new MockAgent();
    agent.disableNetConnect();
    agent
      .get('http://prometheus.test')
      .intercept({ path: '/api/v1/query', method: 'POST' })
      .reply(status, body);
    const answer = await prometheusHttp({
      address: 'http://prometheus.test',
      timeoutMs: patiently(500),
      headers: {},
      tls: null,
      dispatcher: agent,
    }).instant('up', 1_000);
    agent.assertNoPendingInterceptors();
    return answer;
  };
  it.each([
    [502, '<html>bad gateway</html>', 'NONSENSE'],
    [200, '{"status":"success"}', 'NONSENSE'],
    [200, '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"val', 'NONSENSE'],
    [400, '{"status":"error","errorType":"bad_data","error":"no"}', 'QUERY_REFUSED'],
  ])('COUNT-14: %i %s is %s', async (status, body, code) =>
    expect(await ask(status, body)).toMatchObject({ ok: false, error: { code } }),
  );
  it('COUNT-14: NaN and infinities come through as what they are', async () => {
    const body = JSON.stringify({
      status: 'success',
      data: {
        resultType: 'vector',
        result: [
          { metric: {}, value: [1, 'NaN'] },
          { metric: {}, value: [1, '+Inf'] },
        ],
      },
    });
    expect(await ask(200, body)).toEqual({
      ok: true,
      value: [
        { labels: {}, samples: [[1_000, Number.NaN]] },
        { labels: {}, samples: [[1_000, Number.POSITIVE_INFINITY]] },
      ],
    });
  });
  it('COUNT-14: one that does not answer is unavailable, in bounded time', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    for (const port of [(silent.address() as AddressInfo).port, await freePort()]) {
      const address = `http://127.0.0.1:${port}`;
      // The limit is the point: nobody answers in any time.
      const metrics = prometheusHttp({ address, timeoutMs: 50, headers: {}, tls: null });
      expect(await metrics.instant('up', 1_000)).toMatchObject({
        ok: false,
        error: { code: 'SOURCE_UNAVAILABLE' },
      });
      await metrics.close();
    }
    silent.close();
  });
});

describe('credentials', () => {
  const source = (prometheus: string) => declared(prometheus).environments[0]!.prometheus;
  const read = (ref: SecretRef) => readSecret(ref, { TOKEN: 's3cret', CERT: 'cert', KEY: 'key' });
  it.each([
    ['bearer: { secretRef: { env: TOKEN } }', { authorization: 'Bearer s3cret' }],
    ['basic: { username: u, secretRef: { env: TOKEN } }', { authorization: 'Basic dTpzM2NyZXQ=' }],
    ['tenant: { value: team-a }', { 'X-Scope-OrgID': 'team-a' }],
  ])('DECL-5: %s becomes a header', (text, headers) =>
    expect(accessOf(source(text), 'http://p', read)).toMatchObject({ ok: true, value: { headers } }),
  );
  it('DECL-5: certificates are read from their references', () =>
    expect(
      accessOf(
        source('mtls: { cert: { secretRef: { env: CERT } }, key: { secretRef: { env: KEY } } }'),
        'http://p',
        read,
      ),
    ).toMatchObject({ ok: true, value: { tls: { cert: 'cert', key: 'key' } } }));
  it('DECL-5: a secret that is not there is named, its place and not its value', () =>
    expect(accessOf(source('bearer: { secretRef: { env: NOPE } }'), 'http://p', read)).toEqual({
      ok: false,
      error: 'the environment variable NOPE is not set',
    }));
});
