import { describe, expect, it } from 'vitest';
import { LedgerUnavailable } from '../../src/ledger/port.ts';
import { createHouse, type House, LANE } from './harness.ts';
import { watch } from './invariants.ts';
import type { Behaviour } from './world.ts';

const PERSON = { id: 'operator', kind: 'person', scopes: ['operate'] } as const;
const BAD: Behaviour = { errorRate: 0.1 };
const GOOD: Behaviour = { errorRate: 0.0001 };

/** Given: 1.0.0 serves, with its history. */
async function given(more: Partial<Parameters<typeof createHouse>[0]> = {}) {
  const house = await createHouse({ seed: 5, ...more });
  house.world.push('1.0.0', GOOD);
  await house.until(() => house.state().state === 'Stable');
  const check = watch(house);
  await check(false);
  return { house, check };
}

/** When a version is pushed and gets its share of traffic. */
async function released(house: House, version: string, behaviour: Behaviour, weight = 20) {
  house.world.push(version, behaviour);
  await house.until(() => house.world.edge().weight === weight, 1_200_000);
  expect(house.world.edge().weight).toBe(weight);
}

const moves = async (house: House) =>
  (await house.events())
    .filter((r) => r.type === 'lane.moved')
    .map((r) => r.data as { to: string; reason: string; blamed: boolean });

const forMs = (house: House, ms: number, check: (down: boolean) => Promise<void>, down = false) =>
  house.until(
    () => false,
    ms,
    () => check(down),
  );

describe('faults', () => {
  it('LOOP-3: Prometheus stopped at 20 % and back after 5 minutes: no promotion, no false rollback, and it goes on', async () => {
    const { house, check } = await given();
    await released(house, '1.1.0', GOOD);
    house.world.setMetricsDown(true);
    await forMs(house, 300_000, check, true);
    expect(house.world.edge().weight).toBe(20);
    expect(house.state().release?.verdict?.reasons).toContain('SOURCE_UNAVAILABLE');
    house.world.setMetricsDown(false);
    expect(
      await house.until(
        () => house.state().stable?.version === '1.1.0',
        1_200_000,
        () => check(false),
      ),
    ).toBeDefined();
    expect((await moves(house)).some((m) => m.to === 'Abort')).toBe(false);
  });

  it('LOOP-4: a canary that crashes as it starts is CANARY_DOWN at once', async () => {
    const { house } = await given();
    house.world.push('1.1.0', { errorRate: 0, crashOnStart: true });
    const before = house.world.clock.now();
    await house.until(() => house.state().state === 'Degraded' || house.state().state === 'Recovery', 60_000);
    expect(house.state().release).toMatchObject({ cause: 'CANARY_DOWN', blamed: true });
    expect(house.world.clock.now() - before).toBeLessThan(30_000);
  });

  it('LOOP-4: a canary that crashes later is CANARY_DOWN, not a long wait', async () => {
    const { house } = await given();
    await released(house, '1.1.0', { errorRate: 0, crashAfterMs: 20_000 });
    const from = house.world.clock.now();
    await house.until(() => house.state().release?.cause === 'CANARY_DOWN', 60_000);
    expect(house.world.clock.now() - from).toBeLessThan(30_000);
    expect(house.world.edge().weight).toBe(0);
  });

  it('LOOP-4: a canary that refuses connections for two looks is CANARY_DOWN, with or without Prometheus', async () => {
    const { house } = await given();
    await released(house, '1.1.0', GOOD);
    await house.step();
    house.world.setMetricsDown(true);
    house.world.refuse(house.state().release!.target.revision);
    await house.until(() => house.state().release?.cause === 'CANARY_DOWN', 60_000);
    expect(house.state().release).toMatchObject({ cause: 'CANARY_DOWN', blamed: true });
    expect(house.world.edge().weight).toBe(0);
  });

  it('LOOP-4: a canary that answers no scrape, beside a stable version that does, is CANARY_DOWN', async () => {
    const { house } = await given();
    await released(house, '1.1.0', GOOD);
    await house.step();
    const { revision } = house.state().release!.target;
    const from = house.world.clock.now();
    house.world.muteScrapes(revision, true);
    await house.until(() => house.state().release?.cause === 'CANARY_DOWN', 60_000);
    expect(house.state().release).toMatchObject({ cause: 'CANARY_DOWN', blamed: true });
    expect(house.world.clock.now() - from).toBeGreaterThan(5_000);
    expect(house.world.edge().weight).toBe(0);
  });

  it('LOOP-5: where no version answers a scrape, nobody is condemned, nothing is promoted, and it goes on', async () => {
    const { house, check } = await given();
    await released(house, '1.1.0', GOOD);
    await house.step();
    const both = [house.state().release!.target.revision, house.state().stable!.revision];
    for (const revision of both) house.world.muteScrapes(revision, true);
    await forMs(house, 120_000, check, true);
    expect(house.state().release).toMatchObject({ cause: null });
    expect(house.world.edge().weight).toBe(20);
    for (const revision of both) house.world.muteScrapes(revision, false);
    expect(await house.until(() => house.state().stable?.version === '1.1.0', 1_800_000)).toBeDefined();
  });

  it('LOOP-5: the stable version missing from Prometheus during an incident condemns nobody', async () => {
    const { house, check } = await given();
    await released(house, '1.1.0', GOOD);
    house.world.setSharedErrorRate(0.01);
    house.world.hideFromMetrics(house.state().stable!.revision, true);
    await forMs(house, 120_000, check);
    expect(house.state().release).toMatchObject({ cause: null });
    expect(house.state().release?.verdict?.reasons).toContain('STABLE_MISSING');
    house.world.setSharedErrorRate(0);
    house.world.hideFromMetrics(house.state().stable!.revision, false);
    expect(await house.until(() => house.state().stable?.version === '1.1.0', 1_800_000)).toBeDefined();
  });

  it('LOOP-6: a bad canary goes to 0 %, and self-heal does not bring it back', async () => {
    const { house, check } = await given();
    await released(house, '1.1.0', BAD);
    await house.until(() => house.world.edge().weight === 0, 300_000);
    expect(house.state().release).toMatchObject({ cause: 'HARM_SHOWN', blamed: true });
    await forMs(house, 1_200_000, check);
    expect(house.state()).toMatchObject({ state: 'Stable', stable: { version: '1.0.0' }, releases: 2 });
  });

  it('LOOP-6: after an abort a fix starts cleanly', async () => {
    const { house } = await given();
    await released(house, '1.1.0', BAD);
    await house.until(
      () => house.state().state === 'Degraded' || house.state().state === 'Recovery',
      300_000,
    );
    house.world.push('1.1.1', GOOD);
    expect(await house.until(() => house.state().stable?.version === '1.1.1', 1_800_000)).toBeDefined();
  });

  it('LOOP-7: zero traffic, then 3 requests with 1 error: held as not enough, neither promoted nor aborted', async () => {
    const { house, check } = await given();
    await released(house, '1.1.0', { errorRate: 1 / 3 });
    house.world.setRps(0);
    await forMs(house, 120_000, check);
    house.world.setRps(0.05);
    await forMs(house, 60_000, check);
    expect(['Canary', 'Evaluating']).toContain(house.state().state);
    expect(house.state().release?.verdict?.verdict).toBe('inconclusive');
  });

  it('LOOP-8: a change of configuration alone is judged too, and rejecting it keeps the digest of stable', async () => {
    const { house } = await given();
    const stable = house.state().stable!;
    house.world.pushConfig('1.0.0', { pool: 0 }, BAD);
    await house.until(() => house.state().release?.cause === 'HARM_SHOWN', 600_000);
    expect(house.state().stable?.revision).toBe(stable.revision);
    expect(house.state().release?.target.digest).toBe(stable.digest);
    house.world.pushConfig('1.0.0', { pool: 9 }, GOOD);
    expect(await house.until(() => house.state().stable?.config['pool'] === 9, 2_400_000)).toBeDefined();
  });

  it('LOOP-9: a weight moved by hand is told as drift and put back', async () => {
    const { house, check } = await given();
    await released(house, '1.1.0', GOOD);
    house.world.setEdge({ ...house.world.edge(), weight: 100 });
    await house.step();
    await house.step();
    expect(house.world.edge().weight).toBe(20);
    expect((await house.events()).some((r) => r.type === 'lane.drifted')).toBe(true);
    await check(false);
  });

  it('LOOP-10: promoted by hand is recorded as OVERRIDDEN with who and why', async () => {
    const { house } = await given();
    await released(house, '1.1.0', GOOD);
    await house.controller().command(LANE, 'promote', 'customers wait for it', PERSON, 'order-1');
    await house.until(() => house.state().stable?.version === '1.1.0', 60_000);
    const records = await house.events();
    expect(records.find((r) => r.type === 'command.accepted')).toMatchObject({
      actor: { id: 'operator' },
      data: { reason: 'customers wait for it' },
    });
    expect((await moves(house)).some((m) => m.reason === 'OVERRIDDEN')).toBe(true);
  });

  it('LOOP-11: in observe mode nothing is touched, and the verdict is recorded all the same', async () => {
    const house = await createHouse({ seed: 9, mode: 'observe' });
    const stable = house.world.seedHistory('1.0.0', 0.0001);
    house.world.setEdge({ stable: stable.revision, canary: null, weight: 0 });
    const next = house.world.push('1.1.0', BAD);
    await house.until(() => house.state().state === 'Deploying', 60_000);
    expect(house.state().release?.from?.revision).toBe(stable.revision);
    house.world.startByHand(next.revision);
    house.world.setEdge({ stable: stable.revision, canary: next.revision, weight: 20 });
    await house.until(() => house.state().release?.verdict?.verdict === 'fail', 300_000);
    expect(house.state().release).toMatchObject({
      enforced: false,
      verdict: { verdict: 'fail', reasons: ['HARM_SHOWN'] },
    });
    expect(house.world.edge().weight).toBe(20);
    expect(house.world.starts.size).toBe(0);
    house.world.setEdge({ stable: stable.revision, canary: null, weight: 0 });
    await house.until(() => house.state().state === 'Abort' || house.state().state === 'Rollback', 60_000);
    expect(house.world.starts.size).toBe(0);
  });

  it('LOOP-12: the desired-state repository gone for an hour: what runs goes on', async () => {
    const { house, check } = await given();
    await released(house, '1.1.0', GOOD);
    house.world.setDesiredDown(true);
    expect(
      await house.until(
        () => house.state().stable?.version === '1.1.0',
        1_200_000,
        () => check(false),
      ),
    ).toBeDefined();
  });

  it('LOOP-13: a ledger that takes no record stops all deciding and acting, and it goes on once it does again', async () => {
    const { house } = await given();
    await released(house, '1.1.0', GOOD);
    const { append } = house.ledger;
    const before = { state: house.state(), effects: house.world.starts.size };
    house.ledger.append = async () => {
      throw new LedgerUnavailable('LEDGER_FULL', 'disk full');
    };
    await house.restart();
    for (let i = 0; i < 60; i++) {
      house.world.advance(1_000);
      await house
        .controller()
        .tick()
        .catch((error: Error) => expect(error.name).toBe('LedgerUnavailable'));
    }
    expect(house.world.starts.size).toBe(before.effects);
    expect(house.world.edge().weight).toBe(20);
    expect(house.state()).toEqual(before.state);
    house.ledger.append = append;
    await house.restart();
    expect(await house.until(() => house.state().stable?.version === '1.1.0', 1_200_000)).toBeDefined();
  });
});
