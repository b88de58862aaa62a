import { describe, expect, it } from 'vitest';
import type { Hold } from '../../../src/delivery/events.ts';
import { steadyTime } from '../../../src/io/steady-clock.ts';
import { ok } from '../../../src/kit/result.ts';
import { verifyChain } from '../../../src/ledger/record.ts';
import { createHouse, type House } from '../../sim/harness.ts';
import { rowsOf } from './table.ts';

const GOOD = { errorRate: 0.0001 };
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** A real Prometheus has no sample that is newer than it is, and none that is older than this is current. */
const STALE_MS = 5 * MINUTE_MS;

/** A machine whose clock may be wrong, beside a Prometheus whose clock is right. */
async function machine(frozen: (now: number) => Hold | null = () => null) {
  let offset = 0;
  let now = () => 0;
  const house: House = await createHouse({
    seed: 5,
    clock: (world) => {
      now = steadyTime({
        wall: () => world.now() + offset,
        monotonic: () => world.now(),
        slept: () => 0,
        jumped: () => undefined,
      });
      return { ...world, now };
    },
    metrics: (world) => ({
      raw: world.raw,
      instant: async (query, at) =>
        Math.abs(at - house.world.clock.now()) > STALE_MS ? ok([]) : world.instant(query, at),
    }),
    frozen: () => frozen(now()),
  });
  house.world.push('1.0.0', GOOD);
  await house.until(() => house.state().state === 'Stable');
  return {
    house,
    set(ms: number) {
      offset = ms;
    },
    released: async () => {
      house.world.push('1.1.0', GOOD);
      await house.until(() => house.world.edge().weight === 20, 1_200_000);
      expect(house.world.edge().weight).toBe(20);
      // It has only begun: nothing but time is what it waits for.
      for (let i = 0; i < 10; i++) await house.step();
    },
    /** Through, in less time than the jump was long: nothing waits until the clock is where it was. */
    goesOn: async () => {
      await house.until(() => house.state().stable?.version === '1.1.0', HOUR_MS / 2);
      expect(house.state().stable?.version).toBe('1.1.0');
      const moves = await house.ledger.read({ type: 'lane.moved' });
      expect(moves.filter((r) => (r.data as { blamed: boolean }).blamed)).toEqual([]);
      expect(verifyChain(await house.ledger.texts()).ok).toBe(true);
    },
  };
}

const frozenUntil = (until: number): Hold => ({ id: 'f', reason: 'frozen', by: 'x', until });

/** What became of a release, and when, where the clock was off by so much for so many ticks. */
async function storyOf(ms: number, ticks: number): Promise<unknown[]> {
  const { house, set, released, goesOn } = await machine();
  await released();
  set(ms);
  for (let i = 0; i < ticks; i++) await house.step();
  set(0);
  await goesOn();
  const moves = await house.ledger.read({ type: 'lane.moved' });
  return moves.map(({ at, data }) => ({ at, data }));
}

/** Not one move sooner, later or other than without the jump. */
const jumps = (ms: number, ticks: number) => async () =>
  expect(await storyOf(ms, ticks)).toEqual(await storyOf(0, ticks));

/** A freeze of two hours, half of which is over when the clock is set back: it lasts as long as the clock says, no longer. */
async function freezeAfterBack(): Promise<void> {
  let until = 0;
  const { house, set, goesOn } = await machine((now) => (now < until ? frozenUntil(until) : null));
  until = house.world.clock.now() + 2 * MINUTE_MS;
  house.world.push('1.1.0', GOOD);
  for (let i = 0; i < 30; i++) await house.step();
  expect(house.state().release?.target.version).not.toBe('1.1.0');
  set(-HOUR_MS);
  for (let i = 0; i < 30; i++) await house.step();
  expect(house.state().release?.target.version).not.toBe('1.1.0');
  set(0);
  await goesOn();
}

/** An hour that never was is longer than the freeze. */
async function freezeAhead(): Promise<void> {
  let until = 0;
  const { house, set, goesOn } = await machine((now) => (now < until ? frozenUntil(until) : null));
  until = house.world.clock.now() + 10 * MINUTE_MS;
  house.world.push('1.1.0', GOOD);
  await house.step();
  set(HOUR_MS);
  for (let i = 0; i < 60; i++) {
    await house.step();
    expect(house.state().release?.target.version).not.toBe('1.1.0');
  }
  set(0);
  await goesOn();
}

/** A clock that was wrong for long was believed; set right, it makes nothing wait until it is where it was. */
async function corrected(): Promise<void> {
  const { house, set, goesOn } = await machine();
  for (const offset of [HOUR_MS, 0]) {
    set(offset);
    await house.until(() => false, 15 * MINUTE_MS);
  }
  house.world.push('1.1.0', GOOD);
  await goesOn();
}

/** A version takes its time to start, and meanwhile an hour goes by that never was. */
async function whileItStarts(): Promise<void> {
  const { house, set, goesOn } = await machine();
  house.world.push('1.1.0', { ...GOOD, readyAfterMs: 30_000 });
  await house.until(() => house.state().state === 'Deploying');
  set(HOUR_MS);
  for (let i = 0; i < 5; i++) await house.step();
  expect(house.state().state).toBe('Deploying');
  set(0);
  await goesOn();
}

const TRIALS: Readonly<Record<string, () => Promise<void>>> = {
  forward: jumps(HOUR_MS, 5),
  back: jumps(-HOUR_MS, 5),
  forwardForMinutes: jumps(HOUR_MS, 180),
  backForMinutes: jumps(-HOUR_MS, 180),
  forwardALittle: jumps(20 * MINUTE_MS, 5),
  whileItStarts,
  freezeAfterBack,
  freezeAhead,
  corrected,
};

describe('the clock of the machine', () => {
  it.each(rowsOf('clock', TRIALS))('FAULT-4: %s: %s', (_fault, _outcome, trial) => trial());
});
