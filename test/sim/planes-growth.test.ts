import { afterEach, describe, expect, it, vi } from 'vitest';
import { createWorld, type World } from './planes/world.ts';

/** Planted in the product: every lane reads all lanes, as in an earlier version. */
const planted = vi.hoisted(() => ({ on: false }));
vi.mock('../../src/controller/loop.ts', async (original) => {
  const real = await original<typeof import('../../src/controller/loop.ts')>();
  const createController: typeof real.createController = (...given) => {
    const made = real.createController(...given);
    const tick = async () => {
      if (planted.on) for (const _ of made.lanes()) made.lanes();
      await made.tick();
    };
    return { ...made, tick };
  };
  return { ...real, createController };
});
afterEach(() => {
  planted.on = false;
});

const REST_MS = 20_000;
const names = (n: number) => Array.from({ length: n }, (_, i) => `service-${i}`);

/** The cost of one lane at rest: external calls and states that are read over a period. */
async function costOf(services: number): Promise<{ calls: number; reads: number }> {
  const world: World = await createWorld({
    seed: 1,
    auto: true,
    forge: 'github',
    protects: true,
    rps: 20,
    services: names(services),
  });
  const restore = world.time.install();
  const calls = () => [...world.outside.calls.values()].reduce((sum, n) => sum + n, 0);
  try {
    await world.start();
    await world.advance(REST_MS);
    const before = { calls: calls(), reads: world.reads() };
    await world.advance(REST_MS);
    const lanes = world.names.length;
    return { calls: (calls() - before.calls) / lanes, reads: (world.reads() - before.reads) / lanes };
  } finally {
    restore();
  }
}

describe('a fleet at rest', () => {
  it('SIM-18: three times as many lanes cost three times as much, in calls to the outside and in states that are read', async () => {
    const [few, many] = [await costOf(3), await costOf(9)];
    expect(few.reads).toBeGreaterThan(0);
    expect(many.calls / few.calls).toBeLessThan(1.2);
    expect(many.reads / few.reads).toBeLessThan(1.2);
  });

  it('SIM-18: it is found that a tick grows faster than the fleet', async () => {
    planted.on = true;
    const [few, many] = [await costOf(3), await costOf(9)];
    expect(many.reads / few.reads).toBeGreaterThan(1.2);
  });
});
