import { describe, expect, it } from 'vitest';
import { NOW, releaseOf, SETTINGS } from '../../test/lane.ts';
import { availabilitySlo, latencySlo } from '../../test/slo.ts';
import { compile } from '../controller/compile.ts';
import type { Release } from '../delivery/lane.ts';
import { fail, ok } from '../kit/result.ts';
import type { MetricsPort, Series } from '../runtime/port.ts';
import { latencyReader, latencyViews } from './latency.ts';

const LANE = 'checkout/prod';
const HOUR = 3_600_000;

function declared() {
  const text = `${availabilitySlo('checkout')}---
${latencySlo('checkout')}---
apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: shop }
spec:
  environments: [{ name: prod, prometheus: { address: 'http://prometheus.invalid' } }]
  services: [{ name: checkout, slos: [checkout-availability, checkout-latency] }]
`;
  const compiled = compile([{ file: 'shop.yaml', text }]);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  return compiled.value;
}
const PLATFORM = declared();

const judged = (more: Partial<Release> = {}): Release =>
  releaseOf({
    declaration: PLATFORM.digest,
    settings: {
      ...SETTINGS.release,
      slos: [
        { slo: 'checkout-availability', objective: 0.999 },
        { slo: 'checkout-latency', objective: 0.95 },
      ],
    },
    ...more,
  });

const HISTOGRAM: Series[] = [
  ['two', '0.3', 90],
  ['two', '+Inf', 100],
  ['one', '0.3', 400],
  ['one', '+Inf', 400],
].map(([revision, le, value]) => ({
  labels: { revision: String(revision), le: String(le) },
  samples: [[NOW, Number(value)]],
}));

/** A reader over a Prometheus that answers, or does not, and a clock that is set. */
function rig() {
  const asked: { query: string; at: number }[] = [];
  let down = false;
  let now = NOW;
  const port: MetricsPort = {
    raw: async () => ok([]),
    async instant(query, at) {
      asked.push({ query, at });
      return down ? fail({ code: 'SOURCE_UNAVAILABLE', message: 'refused' }) : ok(HISTOGRAM);
    },
  };
  const reader = latencyReader({ platform: PLATFORM, metricsOf: () => port, now: () => now });
  const read = async (release: Release) => (await reader.read(LANE, release))[0]!.distribution;
  return {
    asked,
    read,
    reader,
    setDown: (is: boolean) => {
      down = is;
    },
    setNow: (at: number) => {
      now = at;
    },
  };
}

describe('distributions for viewers', () => {
  it('LATENCY-5: however many people look, Prometheus is asked once in 15 seconds for each SLO about latency', async () => {
    const { asked, read, setNow } = rig();
    const views = await Promise.all(Array.from({ length: 20 }, () => read(judged())));
    expect(asked).toHaveLength(1);
    expect(asked[0]!.query).toContain('revision=~"two|one"');
    for (const view of views)
      expect(view).toMatchObject({ state: 'ready', bounds: [300, null], canary: [90, 10], stable: [400, 0] });
    setNow(NOW + 14_999);
    await read(judged());
    expect(asked).toHaveLength(1);
    setNow(NOW + 15_000);
    await read(judged());
    expect(asked).toHaveLength(2);
  });

  it('LATENCY-5: at most the newest hour is counted, and a release that is over is counted once', async () => {
    const { asked, read, setNow } = rig();
    const endedAt = NOW + 9 * HOUR;
    setNow(endedAt + 60_000);
    const over = judged({ openedAt: NOW, endedAt });
    await read(over);
    expect(asked[0]!.query).toContain(`[${HOUR}ms]`);
    expect(asked[0]!.at).toBe(endedAt + 30_000);
    setNow(endedAt + 40 * HOUR);
    await read(over);
    expect(asked).toHaveLength(1);
  });

  it('LATENCY-5: of many releases the newest answers are kept alone', async () => {
    const { asked, read } = rig();
    for (let i = 0; i <= 200; i++) await read(judged({ id: `checkout.prod.${i}` }));
    await read(judged({ id: 'checkout.prod.200' }));
    expect(asked).toHaveLength(201);
    await read(judged({ id: 'checkout.prod.0' }));
    expect(asked).toHaveLength(202);
  });

  it('LATENCY-4: what was answered before is shown with its age while Prometheus is away, and a failure is asked again', async () => {
    const { asked, read, setDown, setNow } = rig();
    await read(judged());
    setDown(true);
    setNow(NOW + 20_000);
    expect(await read(judged())).toMatchObject({ state: 'stale', canary: [90, 10] });
    setNow(NOW + 40_000);
    expect((await read(judged())).why).toMatch(/refused\); this is 40 s old$/);
    setDown(false);
    setNow(NOW + 60_000);
    expect(await read(judged())).toMatchObject({ state: 'ready', why: null });
    expect(asked).toHaveLength(4);
  });

  it('LATENCY-4: a server that asks no Prometheus says so', async () => {
    const reader = latencyReader({ platform: PLATFORM, now: () => NOW });
    expect(await reader.read(LANE, judged())).toMatchObject([
      {
        slo: 'checkout-latency',
        distribution: { state: 'missing', why: 'this server does not read Prometheus' },
      },
    ]);
  });

  it('LATENCY-1: of a release, the SLOs that it is judged by and that are about latency', async () => {
    const { asked, reader } = rig();
    expect(latencyViews(PLATFORM, LANE, judged()).map((v) => [v.slo, v.thresholdMs])).toEqual([
      ['checkout-latency', 300],
    ]);
    expect(latencyViews(PLATFORM, LANE, releaseOf())).toEqual([]);
    expect(latencyViews(PLATFORM, 'gone/prod', judged())).toEqual([]);
    expect(await reader.read(LANE, releaseOf())).toEqual([]);
    expect(asked).toEqual([]);
  });

  it('LATENCY-3: what is declared otherwise since is said', () =>
    expect(latencyViews(PLATFORM, LANE, judged({ declaration: 'sha256:other' }))[0]!.slow).toBe(
      'Requests that missed checkout-latency, percent',
    ));
});
