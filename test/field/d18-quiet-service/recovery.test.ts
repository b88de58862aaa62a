import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/controller/compile.ts';
import { takeMetricsSnapshot } from '../../../src/controller/metrics-snapshot.ts';
import { ok } from '../../../src/kit/result.ts';
import type { LedgerRecord } from '../../../src/ledger/record.ts';
import { presentQuery } from '../../../src/runtime/idle.ts';
import type { MetricsPort, Series } from '../../../src/runtime/port.ts';
import { createHouse, declare } from '../../sim/harness.ts';
import { revisionFor } from '../../sim/world.ts';

/**
 * A service that burned by a few failures, and of which nobody asks anything any more: its burn rates have no numbers,
 * and it stood in Degraded for ever, with everything behind it.
 */
const HOUR = 3_600_000;

async function burned(seed: number) {
  const house = await createHouse({ seed, rps: 1, inTurn: 1 });
  house.world.push('1.0.0', { errorRate: 0 });
  await house.until(() => house.state().state === 'Stable', 3 * HOUR);
  house.world.setSharedErrorRate(0.9);
  await house.until(() => house.state().state === 'Degraded', HOUR);
  expect(house.state().state).toBe('Degraded');
  house.world.setSharedErrorRate(0);
  house.world.setRps(0);
  return house;
}
const moves = (records: readonly LedgerRecord[]) =>
  records.flatMap((r) => (r.type === 'lane.moved' ? [r.data as { reason: string; note?: string }] : []));

describe('d18: a service that burned, and that nobody asks any more', () => {
  it('QUIET-3: once nothing came within its burn windows nothing burns, and it is Stable again', async () => {
    const house = await burned(61);
    const from = house.world.clock.now();
    await house.until(() => house.state().state !== 'Degraded', 50 * 60_000);
    expect(house.state().state).toBe('Degraded');
    await house.until(() => house.state().state === 'Stable', HOUR);
    expect(house.state().state).toBe('Stable');
    expect(house.world.clock.now() - from).toBeLessThan(1.25 * HOUR);
    const [reduced, recovered] = moves(await house.events()).slice(-2);
    expect([reduced!.reason, recovered!.reason]).toEqual(['ERRORS_REDUCED', 'RECOVERED']);
    expect(recovered!.note).toMatch(/nobody asked anything/);
  });

  it('QUIET-3: no series is no silence: while Prometheus has none, or was away, nothing recovers', async () => {
    const house = await burned(62);
    house.world.hideFromMetrics(revisionFor('1.0.0').revision, true);
    await house.until(() => false, 1.5 * HOUR);
    expect(house.state().state).toBe('Degraded');
    house.world.hideFromMetrics(revisionFor('1.0.0').revision, false);
    await house.until(() => house.state().state !== 'Degraded', 50 * 60_000);
    expect(house.state().state).toBe('Degraded');
    await house.until(() => house.state().state === 'Stable', HOUR);
    expect(house.state().state).toBe('Stable');
  });

  it('QUIET-3: meanwhile a newer version goes forward', async () => {
    const house = await burned(63);
    house.world.push('1.1.0', { errorRate: 0 });
    await house.until(() => house.state().state === 'Canary', 60_000);
    expect(house.state().state).toBe('Canary');
  });
});

const platform = declare({ seed: 1 });
const [environment] = platform.environments;
const recorded = (name: string, value: number): Series => ({
  labels: { __name__: name, slo: 'checkout-availability' },
  samples: [[0, value]],
});

describe('d18: whether nobody asks, or nobody sees', () => {
  const looked = async (series: readonly Series[], present: boolean) => {
    const asked: string[] = [];
    const port: MetricsPort = {
      raw: async () => ok([]),
      instant: async (query) => {
        asked.push(query);
        if (!query.includes('count_over_time')) return ok(series);
        return ok(present ? [{ labels: { slo: 'checkout-availability' }, samples: [[0, 60]] }] : []);
      },
    };
    const request = {
      platform,
      environment: environment!,
      selectors: [],
      rangeMs: 0,
      guards: [],
      revisionLabels: [],
    };
    const look = await takeMetricsSnapshot(port, { ...request, healing: platform.slos }, 0);
    return { idle: [...look.idle], asked: asked.length };
  };

  it.each([
    [
      'nothing was counted, and its series were there',
      [recorded('slo:requests:increase1h', 0)],
      true,
      ['checkout-availability'],
      2,
    ],
    [
      'nothing was counted, and its series were not there',
      [recorded('slo:requests:increase1h', 0)],
      false,
      [],
      2,
    ],
    ['one request was counted', [recorded('slo:requests:increase1h', 1)], true, [], 1],
    [
      'of two series one counted a request',
      [recorded('slo:requests:increase1h', 0), recorded('slo:requests:increase1h', 1)],
      true,
      [],
      1,
    ],
    ['nothing is recorded', [], true, [], 1],
  ] as const)('QUIET-3: %s', async (_, series, present, idle, asked) =>
    expect(await looked(series, present)).toEqual({ idle, asked }),
  );

  it('QUIET-3: its series must have been there for nearly all of the longest window, as it is declared', () => {
    const query = (more: string) => {
      const text = `${SLO}spec:\n  environments: [{ name: prod, ${more}, prometheus: { address: 'http://p.test' } }]\n  services: [{ name: a, slos: [a-availability] }]\n`;
      const compiled = compile([{ file: 'p.yaml', text }]);
      if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
      return presentQuery(compiled.value.slos, compiled.value.environments[0]!);
    };
    expect(query('mode: enforce')).toBe(
      'label_replace(count_over_time((group(http_requests_total{job="a"}))[1h:1m]) >= 54, "slo", "a-availability", "", "")',
    );
    expect(query('validation: canary')).toContain('[5m:5s]) >= 54');
    expect(query('burn: { fast: { window: 30s }, slow: { window: 60s } }')).toContain('[1m:5s]) >= 10');
  });
});
const SLO = `apiVersion: openslo/v1
kind: SLO
metadata: { name: a-availability }
spec:
  service: a
  indicator:
    spec:
      ratioMetric:
        counter: true
        good: { metricSource: { type: Prometheus, spec: { query: 'http_requests_total{job="a",code!~"5.."}' } } }
        total: { metricSource: { type: Prometheus, spec: { query: 'http_requests_total{job="a"}' } } }
  timeWindow: [{ duration: 30d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: 0.999 }]
---
apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: x }
`;
