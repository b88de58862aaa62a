import { describe, expect, it } from 'vitest';
import { changeKind } from '../../../src/delivery/admission.ts';
import type { Hold, Revision } from '../../../src/delivery/events.ts';
import { kindOf } from '../../../src/gitops/commits.ts';
import { createHouse } from '../../sim/harness.ts';

/**
 * Under a freeze somebody changes values and nothing else, or asks for an old artefact with new values: users get
 * something that never served here (argo-cd#11817, argo-rollouts#958). The gate once denied the first and let the
 * second through as a revert, and the start gate gave traffic to both (Sluice at dc1fc67).
 */
const FREEZE: Hold = { id: 'f', reason: 'quarter end', by: 'ops', until: null };
const HALF_AN_HOUR = 1_800_000;
const HEALTHY = { errorRate: 0 };

/** Version 1.1.0 serves after 1.0.0, and a freeze has begun. */
async function frozenHouse(seed: number) {
  const frozen = { on: false };
  const house = await createHouse({ seed, frozen: () => (frozen.on ? FREEZE : null) });
  for (const version of ['1.0.0', '1.1.0']) {
    house.world.push(version, HEALTHY);
    await house.until(() => house.state().stable?.version === version);
  }
  frozen.on = true;
  return { house, frozen };
}

type Frozen = Awaited<ReturnType<typeof frozenHouse>>;

/** What the gate calls it, and what the start gate does. */
const kinds = ({ house }: Frozen, wanted: Revision) => {
  const lane = house.state();
  return [
    kindOf({ base: lane.stable, head: wanted }, { lane, followed: false }),
    changeKind(wanted, lane.stable, lane),
  ];
};

/** Held at weight 0 for as long as the freeze lasts, seen to wait; and begun when it ends. */
async function waitsForTheEnd({ house, frozen }: Frozen, wanted: Revision) {
  let traffic = 0;
  const began = await house.until(
    () => house.state().state !== 'Stable',
    HALF_AN_HOUR,
    () => {
      traffic = Math.max(traffic, house.lane().delivery?.weight ?? 0);
    },
  );
  expect({ began, traffic }).toEqual({ began: undefined, traffic: 0 });
  expect(house.state()).toMatchObject({ waiting: { revision: wanted.revision }, hold: FREEZE });
  frozen.on = false;
  await house.until(() => house.state().stable?.revision === wanted.revision);
  expect(house.state()).toMatchObject({ stable: { revision: wanted.revision }, waiting: null, hold: null });
}

// No limit of the test: a value of the configuration that is delivered.
const TUNED = { timeoutMs: 50 };

describe('d02: something else than the artefact changes under a freeze', () => {
  it('FIELD-2: configuration alone is held at weight 0 and begins when the freeze ends', async () => {
    const given = await frozenHouse(31);
    const wanted = given.house.world.pushConfig('1.1.0', TUNED, HEALTHY);
    expect(kinds(given, wanted)).toEqual(['config', 'configuration']);
    await waitsForTheEnd(given, wanted);
  });

  it('FIELD-2: an old artefact with new values is no revert: it is held as well', async () => {
    const given = await frozenHouse(32);
    const wanted = given.house.world.pushConfig('1.0.0', TUNED, HEALTHY);
    expect(kinds(given, wanted)).toEqual(['release', 'release']);
    await waitsForTheEnd(given, wanted);
  });

  it('FIELD-2: a revert to exactly what was stable passes while the freeze lasts', async () => {
    const given = await frozenHouse(33);
    const { house } = given;
    const wanted = house.world.push('1.0.0', HEALTHY);
    expect(kinds(given, wanted)).toEqual(['revert', 'revert']);
    await house.until(() => house.state().stable?.version === '1.0.0');
    expect(house.state()).toMatchObject({ stable: { version: '1.0.0' }, hold: null });
    expect(given.frozen.on).toBe(true);
  });

  it('FIELD-2: values that went out with it are taken back by a revert under a freeze', async () => {
    const given = await frozenHouse(34);
    const { house, frozen } = given;
    frozen.on = false;
    const tuned = house.world.pushConfig('1.1.0', TUNED, HEALTHY);
    await house.until(() => house.state().stable?.revision === tuned.revision);
    frozen.on = true;
    const wanted = house.world.push('1.1.0', HEALTHY);
    expect(kinds(given, wanted)).toEqual(['revert', 'revert']);
    await house.until(() => house.state().stable?.revision === wanted.revision);
    expect(house.state()).toMatchObject({ stable: { revision: wanted.revision } });
  });
});
