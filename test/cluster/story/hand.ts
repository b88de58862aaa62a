import { expect } from 'vitest';
import { startUsersOf } from '../people.ts';
import type { Stage } from '../stage.ts';
import { LAB, labOf } from './lab.ts';

/** What people do past us, with Argo Rollouts' own means, is put on record and followed, never fought. */
export function handStory(stage: Stage): void {
  stage.step(
    'CLUSTER-6: When somebody promotes a Rollout in full by hand, Then it is on record as overridden',
    async () => {
      const lab = labOf(stage, 'frontend');
      startUsersOf(stage, LAB);
      const begun = await lab.release('1.1.0');
      await lab.at(20);
      lab.patch({ promoteFull: true });
      await lab.until('is Stable on 1.1.0', (l) => l.state === 'Stable' && l.stable === '1.1.0');
      const moves = (await lab.records(begun)).filter((r) => r.type === 'lane.moved').map((r) => r.data);
      expect(moves.map((m) => m['reason'])).toContain('OVERRIDDEN');
      stage.report().outcome('Rollout promoted in full by hand', 'on record as OVERRIDDEN, not fought');
    },
  );

  stage.step(
    'CLUSTER-7: When somebody aborts a Rollout by hand, Then the release is stopped, nobody is blamed, and it is not tried again by itself',
    async () => {
      const lab = labOf(stage, 'frontend');
      const begun = await lab.release('1.0.0');
      await lab.at(20);
      lab.patch({ abort: true });
      await lab.until('is at rest again', (l) => l.state === 'Stable' && l.stable === '1.1.0');
      const abort = (await lab.records(begun)).find((r) => r.data['to'] === 'Abort')!;
      expect(abort.data).toMatchObject({ reason: 'OPERATOR', blamed: false });
      expect(abort.data['note']).toContain('aborted');
      expect((await lab.rollout()).status.abort).toBe(true);
      stage.report().outcome('Rollout aborted by hand', 'stopped with its reason, unblamed, not tried again');
      // Git asks for what serves: all is as it was.
      await lab.release('1.1.0');
    },
  );
}
