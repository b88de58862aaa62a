import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../wait.ts';
import { NO_FREEZES, openStage, type Stage } from './stage.ts';

const LIMIT_MS = 300_000;

interface Targets {
  readonly data: {
    readonly activeTargets: readonly {
      readonly scrapeUrl: string;
      readonly labels: Record<string, string>;
    }[];
  };
}

/** Real nginx, Prometheus and processes: what users meet once there is no stable traffic to compare with. */
describe('at full traffic, on real parts', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage({
      incidents: {
        'bank-fails': { service: 'payment', errorRate: 0.03, seconds: 2 },
      },
      versions: { '6.0.0': { description: 'falters later' }, '6.1.0': { description: 'good' } },
      // Long enough at full traffic that what begins there is met there, on a slow machine as well.
      dwell: '20s',
      // Thirty healthy days: the burn rates of hours stay low, so that the evidence decides.
      history: true,
      spec: NO_FREEZES,
    });
    await stage.open();
  });
  afterAll(() => stage.close());

  /** Causes a declared incident in each process of a service, or of one revision of it. */
  async function cause(incident: string, service: string, revision = ''): Promise<void> {
    const answer = await request(`${stage.server().prometheus['prod']}/api/v1/targets?state=active`);
    const { data } = (await answer.body.json()) as Targets;
    const urls = data.activeTargets
      .filter(({ labels }) => labels['instance']?.startsWith(`${service}-${revision}`))
      .map(({ scrapeUrl }) => new URL(`/incidents/${incident}`, scrapeUrl));
    expect(urls.length, `processes of ${service} ${revision}`).toBeGreaterThan(0);
    for (const url of urls) await (await request(url, { method: 'POST' })).body.dump();
  }
  const atFull = (id: string) =>
    until('full traffic', LIMIT_MS, async () => {
      const { steps } = await stage.release(id);
      return steps.at(-1)?.weight === 100 && steps.at(-1)?.confirmedAt ? true : undefined;
    });
  const weights = async (id: string) =>
    (await stage.records())
      .filter((r) => r.type === 'release.confirmed')
      .map((r) => r.data as { release: string; weight: number })
      .filter((data) => data.release === id)
      .map((data) => data.weight);
  const reasons = async (id: string) => (await stage.release(id)).path.map((m) => m.reason);
  /** Causes it again and again, until the release has moved on. */
  const untilMoved = async (id: string, again: () => Promise<void>) => {
    await until('a step back', LIMIT_MS, async () => {
      const seen = await reasons(id);
      if (seen.includes('STEP_BACK') || seen.includes('PASSED')) return true;
      await again();
      return undefined;
    });
    expect(await reasons(id)).toContain('STEP_BACK');
  };

  it('RUN-12: an incident of all users steps back, is compared with stable, and the release goes on', async () => {
    const id = await stage.begin('6.1.0');
    await atFull(id);
    await untilMoved(id, () => cause('bank-fails', 'payment'));
    const release = await stage.ended(id, LIMIT_MS);
    expect(release).toMatchObject({ state: 'Stable', version: '6.1.0' });
    expect(await reasons(id)).not.toContain('HARM_SHOWN');
    expect((await weights(id)).slice(0, 5)).toEqual([20, 50, 100, 50, 100]);
  });

  it('RUN-12: a fault of the new version that begins at full traffic steps back, and is rolled back', async () => {
    const id = await stage.begin('6.0.0');
    await atFull(id);
    const { revision } = await stage.release(id);
    const falters = () => cause('checkout-falters', 'checkout', revision);
    await untilMoved(id, falters);
    await until('its end', LIMIT_MS, async () => {
      if ((await stage.release(id)).endedAt !== null) return true;
      // Its process ends with it.
      await falters().catch(() => undefined);
      return undefined;
    });
    const release = await stage.release(id);
    expect(release).toMatchObject({ blamed: true, cause: expect.stringContaining('over budget') });
    expect((await stage.lane()).stable).toBe('6.1.0');
    expect(await reasons(id)).toContain('HARM_SHOWN');
    expect(await weights(id)).toEqual([20, 50, 100, 50]);
  });
});
