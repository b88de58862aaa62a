import { describe, expect, it } from 'vitest';
import { deliveryOf } from '../../../src/delivery/adapters/argo-rollouts/observed.ts';
import { machine } from '../cluster/machine.ts';
import { digest, pod, replicaSet, rollout } from '../cluster/objects.ts';
import { sceneOf } from '../cluster/scene.ts';

/**
 * A Rollout by hand whose pods have the label `app` and nothing else, as all examples of Argo Rollouts do: its pods were
 * "absent" until the deadline, and its digest was condemned (Sluice at dc1fc67).
 */
const revision = (hash: string, letter: string) => ({
  hash,
  containers: [{ name: 'orders', image: `registry.test/orders@${digest(letter)}` }],
  labels: { app: 'orders' },
});
const [ONE, TWO] = [revision('one', 'a'), revision('two', 'b')];
const scene = (weight: number) =>
  sceneOf({
    rollout: rollout({ asked: TWO, stable: ONE, weight }),
    replicaSets: [replicaSet(ONE), replicaSet(TWO)],
    pods: [pod(ONE, 0), pod(TWO, 0)],
  });

describe('d08: pods are found by who made them, whatever their labels', () => {
  it('FIELD-34: a canary with no label of ours is ready, and its release gets its traffic', () => {
    expect(deliveryOf(scene(0), 'two')).toMatchObject({ canaryHealth: 'ready', canary: 'two' });
    const m = machine();
    m.look(
      sceneOf({
        rollout: rollout({ asked: ONE, stable: ONE, weight: 0 }),
        replicaSets: [replicaSet(ONE)],
        pods: [pod(ONE, 0)],
      }),
    );
    m.look(scene(0));
    m.look(scene(0));
    expect(m.lane().state).toBe('Canary');
    m.wait(3_600_000);
    m.look(scene(10), { verdict: 'inconclusive' });
    expect(m.lane().rejected).toEqual([]);
  });
});
