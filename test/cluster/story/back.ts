import { expect } from 'vitest';
import { until } from '../../wait.ts';
import { startUsersOf } from '../people.ts';
import type { Stage } from '../stage.ts';
import { putRight } from './faults.ts';
import { LAB, type Lab, labOf } from './lab.ts';

const MINUTE = 60_000;

interface PodList {
  readonly items: readonly { readonly status: { readonly podIP?: string; readonly phase?: string } }[];
}

/** What users meet at a moment when there is no stable traffic to compare with. */
export function stepBackStory(stage: Stage): void {
  /** Causes a declared incident in every pod of a service that has these labels as well. */
  const cause = async (incident: string, service: string, labels = ''): Promise<void> => {
    const selector = ['-n', LAB, '-l', `app.kubernetes.io/name=${service}${labels}`];
    const { items } = JSON.parse(stage.house().kubectl('get', 'pods', ...selector, '-o', 'json')) as PodList;
    const addresses = items.flatMap(({ status }) => (status.phase === 'Running' ? (status.podIP ?? []) : []));
    expect(addresses.length).toBeGreaterThan(0);
    for (const address of addresses)
      await fetch(`http://${address}:8080/incidents/${incident}`, { method: 'POST' });
  };
  const movesOf = async (lab: Lab, from: number) =>
    (await lab.records(from)).filter((r) => r.type === 'lane.moved').map((r) => r.data);
  const weightsOf = async (lab: Lab, from: number) =>
    (await lab.records(from)).filter((r) => r.type === 'release.confirmed').map((r) => r.data['weight']);

  stage.step(
    'CLUSTER-20: When all users of a Rollout at full traffic meet an incident, Then it is set back, compared with stable, and goes on',
    async () => {
      const lab = labOf(stage, 'checkout');
      const { stable } = await lab.now();
      startUsersOf(stage, LAB);
      const version = await lab.another();
      const begun = await lab.release(version);
      await lab.at(100);
      await until('a step back', MINUTE, async () => {
        await cause('bank-falters', 'payment');
        const seen = (await movesOf(lab, begun)).map((m) => m['reason']);
        expect(seen).not.toContain('PASSED');
        return seen.includes('STEP_BACK');
      });
      const back = await lab.until('is back at 50%', (l) => l.weight === 50);
      expect(back).toMatchObject({ stable, canary: version });
      await stage.report().release('step-back', 'checkout', LAB);
      await lab.until(`takes ${version}`, (l) => l.state === 'Stable' && l.stable === version, 3 * MINUTE);
      expect((await weightsOf(lab, begun)).slice(0, 5)).toEqual([20, 50, 100, 50, 100]);
      expect((await movesOf(lab, begun)).filter((m) => m['to'] === 'Abort')).toEqual([]);
      expect((await lab.rollout()).status).toMatchObject({ phase: 'Healthy' });
      stage
        .report()
        .outcome('incident of everybody at full traffic', 'back to 50 %, compared, and on to 100 %');
    },
  );

  stage.step(
    'CLUSTER-21: When a version falters once it has all of the traffic, Then its Rollout is set back, compared with stable, and rolled back',
    async () => {
      const lab = labOf(stage, 'checkout');
      const { stable } = await lab.now();
      const begun = await lab.release('2.0.1');
      await lab.at(100);
      const { currentPodHash } = (await lab.rollout()).status;
      const falters = () =>
        cause('checkout-falters', 'checkout', `,rollouts-pod-template-hash=${currentPodHash}`);
      await until('a step back', MINUTE, async () => {
        await falters();
        const seen = (await movesOf(lab, begun)).map((m) => m['reason']);
        expect(seen).not.toContain('PASSED');
        return seen.includes('STEP_BACK');
      });
      const abort = await until('it is rolled back', 2 * MINUTE, async () => {
        const found = (await movesOf(lab, begun)).find((m) => m['to'] === 'Abort');
        // Its pods end once it is.
        if (!found) await falters().catch(() => undefined);
        return found;
      });
      expect(abort).toMatchObject({ reason: 'HARM_SHOWN', blamed: true });
      expect((await weightsOf(lab, begun)).slice(0, 4)).toEqual([20, 50, 100, 50]);
      await putRight(lab, stable);
      await stage.report().release('step-back-and-rollback', 'checkout', LAB);
      stage
        .report()
        .outcome('version that falters at full traffic', 'back to 50 %, compared, and rolled back');
    },
  );
}
