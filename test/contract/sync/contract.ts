import { describe, expect, it } from 'vitest';
import { HEALTH_WORDS, type SyncPort } from '../../../src/gitops/sync.ts';
import { createHouse, type House } from '../../sim/harness.ts';

/** Who applies Git, with what only the other side can do to it. */
interface SyncRig {
  readonly port: SyncPort;
  /** What serves now, by the other side's own word. */
  serves(): string | null;
  /** Somebody changes what serves, past Git. */
  byHand(revision: string): void;
  /** How often it was asked to look at Git. */
  asked(): number;
  unreachable(value: boolean): void;
}

/** What whoever applies Git has to do alike. */
export function syncContract(name: string, open: () => Promise<SyncRig>): void {
  describe(`whoever applies Git: ${name}`, () => {
    it('SYNC-3: tells what serves, service by service', async () => {
      const rig = await open();
      const live = await rig.port.live('prod');
      expect(live.ok && [...live.value.keys()]).toEqual(['checkout']);
      const one = live.ok ? live.value.get('checkout')! : null;
      expect(one!.revision).toBe(rig.serves());
      expect(HEALTH_WORDS).toContain(one!.health);
    });
    it('SYNC-3: tells of a change past Git as soon as it is there', async () => {
      const rig = await open();
      rig.byHand('somebody');
      const live = await rig.port.live('prod');
      expect(live.ok && live.value.get('checkout')!.revision).toBe('somebody');
    });
    it('SYNC-3: asked to look at Git it does so at once; asked twice is no harm', async () => {
      const rig = await open();
      await rig.port.refresh('prod');
      await rig.port.refresh('prod');
      expect(rig.asked()).toBeGreaterThan(0);
    });
    it('SYNC-3: out of reach it says so, and invents nothing', async () => {
      const rig = await open();
      rig.unreachable(true);
      expect(await rig.port.live('prod')).toMatchObject({ ok: false });
    });
  });
}

/** A world in which checkout 1.0.0 serves prod. */
export const stable = async (seed: number): Promise<House> => {
  const house = await createHouse({ seed });
  house.world.push('1.0.0', { errorRate: 0 });
  await house.until(() => house.state().state === 'Stable');
  return house;
};
