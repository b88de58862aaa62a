import { describe, expect, it } from 'vitest';
import { verifyChain } from '../../src/ledger/record.ts';
import { createHouse, type House } from './harness.ts';
import { watch } from './invariants.ts';

type Kind = 'append' | 'effect';

const outcomeOf = async (house: House) => {
  const moves = (await house.events()).filter((r) => r.type === 'lane.moved');
  return moves.map((r) => {
    const { from, to, reason, step } = r.data as { from: string; to: string; reason: string; step: number };
    return `${from}→${to}:${reason}@${step}`;
  });
};

/** A first version, then one that is good or bad, with a kill at one place or none. */
async function story(errorRate: number, kill?: { kind: Kind; after: boolean; at: number }) {
  const house = await createHouse({ seed: 42, rps: 100, dwell: '10s', warmUp: '5s', recoveryFor: '10s' });
  const check = watch(house);
  house.world.seedHistory('1.0.0', 0);
  house.world.push('1.0.0', { errorRate: 0 });
  await house.until(() => house.state().state === 'Stable', 600_000);
  let appends = 0;
  house.controller().onRecords(() => appends++);
  const startsBefore = house.world.starts.size;
  if (kill) house.world.killAt(kill.kind, kill.after, kill.at);
  house.world.push('1.1.0', { errorRate });
  const settled = () => {
    const { state, release } = house.state();
    return (
      state === 'Stable' &&
      release?.target.version === '1.1.0' &&
      release.endedAt !== null &&
      house.state().pending.length === 0
    );
  };
  expect(await house.until(settled, 1_800_000, () => check(false))).toBeDefined();
  expect(verifyChain(await house.ledger.texts()).ok).toBe(true);
  return {
    outcome: await outcomeOf(house),
    stable: house.state().stable?.version,
    appends,
    effects: house.world.starts.size - startsBefore,
    kills: house.world.stats.kills,
  };
}

describe.each([
  ['a good release', 0],
  ['a bad release', 0.2],
])('%s', (_, errorRate) => {
  it('LOOP-2: killed before or after any append or effect, it ends the same, each effect once', async () => {
    const calm = await story(errorRate);
    expect(calm.kills).toBe(0);
    const places = (['append', 'effect'] as const).flatMap((kind) =>
      Array.from({ length: kind === 'append' ? calm.appends : calm.effects }, (_, at) => ({ kind, at })),
    );
    expect(places.length).toBeGreaterThan(10);
    for (const { kind, at } of places)
      for (const after of [false, true]) {
        const killed = await story(errorRate, { kind, after, at });
        const where = `${after ? 'after' : 'before'} ${kind} ${at}`;
        expect(killed.kills, where).toBe(1);
        expect(killed.stable, where).toBe(calm.stable);
        expect(killed.outcome, where).toEqual(calm.outcome);
      }
  });
});
