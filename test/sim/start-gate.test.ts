import { describe, expect, it } from 'vitest';
import type { Hold } from '../../src/delivery/events.ts';
import { createHouse } from './harness.ts';

const FREEZE: Hold = { id: 'f', reason: 'quarter end', by: 'ops', until: null };

/** A harness whose releases are held while `frozen.on`. */
async function frozenHouse(seed: number) {
  const frozen = { on: false };
  const house = await createHouse({ seed, frozen: () => (frozen.on ? FREEZE : null) });
  house.world.push('1.0.0', { errorRate: 0 });
  await house.until(() => house.state().state === 'Stable');
  return { house, frozen };
}
const minutes = (n: number) => n * 60_000;

describe('the start gate', () => {
  it('FREEZE-15: under a freeze a new version gets no traffic, waits where everybody sees it, and begins when it ends', async () => {
    const { house, frozen } = await frozenHouse(21);
    frozen.on = true;
    house.world.push('1.1.0', { errorRate: 0 });
    const began = await house.until(() => house.state().state !== 'Stable', minutes(30));
    expect(began).toBeUndefined();
    expect(house.state()).toMatchObject({ waiting: { version: '1.1.0' }, hold: FREEZE });
    expect(house.lane().delivery?.weight).toBe(0);
    const waits = (await house.events()).filter((r) => r.type === 'lane.waiting');
    expect(waits).toHaveLength(1);
    frozen.on = false;
    await house.until(() => house.state().stable?.version === '1.1.0');
    expect(house.state()).toMatchObject({ stable: { version: '1.1.0' }, waiting: null, hold: null });
  });

  it('FREEZE-15: a freeze that begins mid-canary blocks no rollback', async () => {
    const { house, frozen } = await frozenHouse(22);
    house.world.push('1.1.0', { errorRate: 0.05 });
    await house.until(() => house.state().state === 'Canary');
    frozen.on = true;
    await house.until(() => house.state().state === 'Degraded', minutes(30));
    expect(house.state().release).toMatchObject({ blamed: true, cause: 'HARM_SHOWN' });
    expect(house.lane().delivery?.weight).toBe(0);
  });

  it('FREEZE-15: nor an abort by hand, nor a canary that goes on', async () => {
    const { house, frozen } = await frozenHouse(23);
    house.world.push('1.1.0', { errorRate: 0 });
    await house.until(() => house.state().state === 'Evaluating');
    frozen.on = true;
    const actor = { id: 'ops', kind: 'person', scopes: ['operate'] } as const;
    await house.controller().command('checkout/prod', 'abort', 'changed my mind', actor, 'c1');
    await house.until(
      () => house.state().state === 'Stable' && house.state().release?.cause === 'OPERATOR',
      minutes(60),
    );
    expect(house.lane().delivery?.weight).toBe(0);
    expect(house.state().stable?.version).toBe('1.0.0');
  });

  it('FREEZE-15: what was stable before may always come back', async () => {
    const { house, frozen } = await frozenHouse(24);
    house.world.push('1.1.0', { errorRate: 0 });
    await house.until(() => house.state().stable?.version === '1.1.0');
    frozen.on = true;
    house.world.push('1.0.0', { errorRate: 0 });
    await house.until(() => house.state().stable?.version === '1.0.0', minutes(120));
    expect(house.state().stable?.version).toBe('1.0.0');
  });

  it('FREEZE-15: killed while it waits, it waits on, once', async () => {
    const { house, frozen } = await frozenHouse(25);
    frozen.on = true;
    house.world.push('1.1.0', { errorRate: 0 });
    await house.until(() => house.state().waiting !== null);
    await house.restart();
    expect(house.state()).toMatchObject({ waiting: { version: '1.1.0' }, hold: FREEZE });
    await house.until(() => house.state().state !== 'Stable', minutes(5));
    expect((await house.events()).filter((r) => r.type === 'lane.waiting')).toHaveLength(1);
  });
});
