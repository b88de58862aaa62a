import { describe, expect, it } from 'vitest';
import { laneOf, NOW, releaseOf, SETTINGS } from '../../test/lane.ts';
import { createHouse, type House } from '../../test/sim/harness.ts';
import { createSloStatuses } from '../controller/slo-statuses.ts';
import { beginRelease } from '../delivery/assess.ts';
import type { Release } from '../delivery/lane.ts';
import { createQueries } from '../server/queries.ts';
import { laneSentence } from './sentences.ts';

const statusesOf = (house: House) =>
  createSloStatuses({
    platform: house.platform,
    metrics: (environment) => house.controller().metrics(environment),
    adjustments: () => [],
  });

const overview = (house: House) =>
  createQueries({
    platform: house.platform,
    controller: house.controller(),
    journal: house.journal(),
    statuses: statusesOf(house),
    now: () => house.world.clock.now(),
  }).overview();
const sentence = async (house: House) => (await overview(house)).lanes[0]!.sentence;

async function serving() {
  const house = await createHouse({ seed: 21 });
  house.world.seedHistory('1.0.0', 0);
  house.world.push('1.0.0', { errorRate: 0 });
  await house.until(() => house.state().state === 'Stable');
  return house;
}

const judged = async (house: House, version: string, errorRate = 0) => {
  house.world.push(version, { errorRate });
  await house.until(() => house.state().state === 'Evaluating');
};

describe('what people read', () => {
  it('VIEW-1: with nothing wanted, it says how to begin', async () => {
    const house = await createHouse({ seed: 20 });
    await house.step();
    expect(await sentence(house)).toBe('checkout does not run in prod yet. Commit a version to start.');
  });

  it('VIEW-1: at rest it says what serves, and that all is fine', async () => {
    const house = await serving();
    expect(await sentence(house)).toMatch(
      /^checkout 1\.0\.0 in prod serves all traffic; its error budget has no data yet\.$/,
    );
    expect((await overview(house)).sentence).toBe('The one service is healthy; no release is in progress.');
  });

  it('VIEW-2: while judged it says how much is seen and how long it takes yet', async () => {
    const house = await serving();
    await judged(house, '1.1.0');
    expect(await sentence(house)).toMatch(
      /is at 20%: \d+ of 332 good requests seen, (about \d+ s more|enough for this step)\.$/,
    );
  });

  it('VIEW-2: without traffic it says that it waits for traffic, and without Prometheus for that', async () => {
    const house = await serving();
    await judged(house, '1.1.0');
    house.world.setRps(0);
    await house.until(() => false, 90_000);
    expect(await sentence(house)).toContain('waiting for traffic');
    house.world.setMetricsDown(true);
    await house.until(() => false, 20_000);
    expect(await sentence(house)).toContain(
      'Prometheus does not answer; nothing is promoted without numbers',
    );
    expect((await overview(house)).sentence).toContain('Nothing is promoted meanwhile.');
  });

  it('VIEW-3: rolled back, it says when, with which numbers, and why', async () => {
    const house = await serving();
    await judged(house, '1.1.0', 0.2);
    await house.until(() => house.state().state === 'Recovery', 1_200_000);
    expect(await sentence(house)).toMatch(
      /^checkout 1\.1\.0 in prod was rolled back \d+ s after its first request: \d+% of \d+ requests failed, stable 0%\. Why: over budget and worse than stable\. 1\.0\.0 serves and is recovering: (calm for|waiting for the burn rate to fall)/,
    );
  });

  it('VIEW-4: paused and held say what a person can do', async () => {
    const house = await serving();
    await judged(house, '1.1.0');
    const person = { id: 'p', kind: 'person', scopes: ['operate'] } as const;
    await house.controller().command('checkout/prod', 'pause', 'lunch', person, 'o1');
    await house.step();
    expect(await sentence(house)).toContain('is paused at 20%; it is still judged. Resume it to continue.');
    await house.until(() => house.state().release?.heldAt != null, 3_600_000);
    expect(await sentence(house)).toContain('its deadline passed without a verdict. Resume or abort it.');
  });

  it('VIEW-5: stepped back, it says for what; held after the second time, what that means', () => {
    const settings = { ...SETTINGS.release, evidence: { ...SETTINGS.release.evidence, edition: 2 as const } };
    const said = (more: Partial<Release>) => {
      const release = releaseOf({ settings, lookTimes: [NOW], ...more });
      return laneSentence(laneOf({ release }), beginRelease(release), null, NOW);
    };
    expect(said({ step: 3, stepsBack: 1 })).toContain(
      'stepped back to 50% for a comparison with stable: 0 of 332',
    );
    expect(said({ step: 4, stepsBack: 1 })).toContain('is at 100%');
    expect(said({ step: 5, stepsBack: 2, heldAt: NOW })).toMatch(
      /held at 50%: it stepped back 2 times and was no worse than stable, .*Resume or abort it\.$/,
    );
    expect(said({ step: 1, heldAt: NOW })).toContain('its deadline passed');
  });
});
