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

  /** Causes a declared incident in each process of a service, or of one version of it. */
  async function cause(incident: string, service: string, version?: string): Promise<void> {
    const answer = await request(`${stage.server().prometheus['prod']}/api/v1/targets?state=active`);
    const { data } = (await answer.body.json()) as Targets;
    const urls = data.activeTargets
      .filter(({ labels }) => labels['service'] === service && (!version || labels['version'] === version))
      .map(({ scrapeUrl }) => new URL(`/incidents/${incident}`, scrapeUrl));
    expect(urls.length).toBeGreaterThan(0);
    for (const url of urls) await (await request(url, { method: 'POST' })).body.dump();
  }
  const atFull = (id: string) =>
    until('full traffic', LIMIT_MS, async () => {
      const { steps } = await stage.release(id);
      return steps.at(-1)?.weight === 100 && steps.at(-1)?.confirmedAt ? true : undefined;
    });
  const weights = async (id: string) => (await stage.release(id)).steps.map((s) => s.weight);
  const reasons = async (id: string) => (await stage.release(id)).path.map((m) => m.reason);

  it('RUN-12: an incident of all users steps back, is compared with stable, and the release goes on', async () => {
    const id = await stage.begin('6.1.0');
    await atFull(id);
    await until('a step back', LIMIT_MS, async () => {
      await cause('bank-fails', 'payment');
      return (await reasons(id)).includes('STEP_BACK') || undefined;
    });
    const release = await stage.ended(id, LIMIT_MS);
    expect(release).toMatchObject({ state: 'Stable', version: '6.1.0' });
    expect(await reasons(id)).not.toContain('HARM_SHOWN');
    expect(await weights(id)).toEqual(expect.arrayContaining([20, 50, 100]));
  });

  it('RUN-12: a fault of the new version that begins at full traffic steps back, and is rolled back', async () => {
    const id = await stage.begin('6.0.0');
    await atFull(id);
    await until('a step back', LIMIT_MS, async () => {
      await cause('checkout-falters', 'checkout', '6.0.0');
      return (await reasons(id)).includes('STEP_BACK') || undefined;
    });
    await until('its end', LIMIT_MS, async () => {
      if ((await stage.release(id)).endedAt !== null) return true;
      // Its process ends with it.
      await cause('checkout-falters', 'checkout', '6.0.0').catch(() => undefined);
      return undefined;
    });
    const release = await stage.release(id);
    expect(release).toMatchObject({ blamed: true, cause: expect.stringContaining('over budget') });
    expect((await stage.lane()).stable).toBe('6.1.0');
    expect(await reasons(id)).toEqual(expect.arrayContaining(['STEP_BACK', 'HARM_SHOWN']));
  });
});
