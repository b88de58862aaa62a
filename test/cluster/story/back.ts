import { expect } from 'vitest';
import { until } from '../../wait.ts';
import { startUsersOf } from '../people.ts';
import type { Stage } from '../stage.ts';
import { LAB, labOf } from './lab.ts';

const MINUTE = 60_000;

interface PodList {
  readonly items: readonly { readonly status: { readonly podIP?: string; readonly phase?: string } }[];
}

/** An incident that users of every version meet, at a moment when there is no stable traffic to compare with. */
export function stepBackStory(stage: Stage): void {
  /** The bank behind payment falters for some seconds, for every pod of it. */
  const bankFalters = async (): Promise<void> => {
    const selector = ['-n', LAB, '-l', 'app.kubernetes.io/name=payment'];
    const { items } = JSON.parse(stage.house().kubectl('get', 'pods', ...selector, '-o', 'json')) as PodList;
    const addresses = items.flatMap(({ status }) => (status.phase === 'Running' ? (status.podIP ?? []) : []));
    expect(addresses.length).toBeGreaterThan(0);
    for (const address of addresses)
      await fetch(`http://${address}:8080/incidents/bank-falters`, { method: 'POST' });
  };

  stage.step(
    'CLUSTER-20: When all users of a Rollout at full traffic meet an incident, Then it is set back, compared with stable, and goes on',
    async () => {
      const lab = labOf(stage, 'checkout');
      const { stable } = await lab.now();
      startUsersOf(stage, LAB);
      const begun = await lab.release('1.1.0');
      await lab.at(100);
      const moves = async () =>
        (await lab.records(begun)).filter((r) => r.type === 'lane.moved').map((r) => r.data['reason']);
      await until('a step back', MINUTE, async () => {
        await bankFalters();
        const seen = await moves();
        expect(seen).not.toContain('PASSED');
        return seen.includes('STEP_BACK');
      });
      const back = await lab.until('is back at 50%', (l) => l.weight === 50);
      expect(back).toMatchObject({ stable, canary: '1.1.0' });
      await stage.report().release('step-back', 'checkout');
      await lab.until('takes 1.1.0', (l) => l.state === 'Stable' && l.stable === '1.1.0', 3 * MINUTE);
      const weights = (await lab.records(begun))
        .filter((r) => r.type === 'release.confirmed')
        .map((r) => r.data['weight']);
      expect(weights.slice(0, 5)).toEqual([20, 50, 100, 50, 100]);
      expect(await moves()).not.toContain('Abort');
      expect((await lab.rollout()).status).toMatchObject({ phase: 'Healthy' });
      stage
        .report()
        .outcome('incident of everybody at full traffic', 'back to 50 %, compared, and on to 100 %');
    },
  );
}
