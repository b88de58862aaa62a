import { describe, expect, it } from 'vitest';
import { askedOf, deliveryOf } from '../../../src/delivery/adapters/argo-rollouts/observed.ts';
import { machine } from '../cluster/machine.ts';
import {
  digest,
  pod,
  type RevisionSpec,
  type RolloutState,
  replicaSet,
  rollout,
} from '../cluster/objects.ts';
import { sceneOf } from '../cluster/scene.ts';

/**
 * Rollouts that refer to a Deployment's template, and pods whose sidecar is listed first (argo-rollouts#1152, #2824):
 * every version was the same artefact, and freezes, order and rejections did not apply (Sluice at dc1fc67).
 */
const PROXY = { name: 'proxy', image: 'registry.test/proxy:1.9' };
const app = (letter: string) => ({ name: 'app', image: `registry.test/orders@${digest(letter)}` });
const revision = (hash: string, ...containers: RevisionSpec['containers']): RevisionSpec => ({
  hash,
  containers,
});
const ONE = revision('one', PROXY, app('a'));
const TWO = revision('two', PROXY, app('b'));

const scene = (
  asked: RevisionSpec,
  stable: RevisionSpec,
  {
    sets = [asked, stable],
    container = null as string | null,
    pods = [] as object[],
    ...state
  }: Partial<RolloutState> & {
    sets?: readonly RevisionSpec[];
    container?: string | null;
    pods?: object[];
  } = {},
) =>
  sceneOf(
    {
      rollout: rollout({ asked, stable, weight: 0, ...state }),
      replicaSets: [...new Set(sets)].map((one) => replicaSet(one)),
      pods: [pod(stable, 0), ...pods],
    },
    container,
  );

describe('d03: which artefact a Rollout asks for', () => {
  it('FIELD-31: the container that is declared counts, wherever it stands', () => {
    expect(askedOf(scene(TWO, ONE, { container: 'app' }))?.digest).toBe(digest('b'));
    const nothing = askedOf(scene(TWO, ONE, { container: 'orders' }));
    expect(nothing?.unclear).toBe('it has no container "orders"; there are: proxy, app');
  });

  it('ARTEFACT-2: where none is declared it is the one whose image changed', () => {
    expect(askedOf(scene(TWO, ONE))?.digest).toBe(digest('b'));
    expect(deliveryOf(scene(TWO, ONE), 'two').serves?.digest).toBe(digest('a'));
  });

  it('ARTEFACT-2: where nothing changed against what serves, what changed before tells', () => {
    const tuned = { ...TWO, hash: 'tuned' };
    expect(askedOf(scene(tuned, TWO, { sets: [tuned, TWO, ONE] }))?.digest).toBe(digest('b'));
  });

  it('ARTEFACT-3: a template of a workload is known by the ReplicaSet that was made of it', () => {
    const asked = scene(TWO, ONE, { workloadRef: 'orders' });
    expect(askedOf(asked)).toMatchObject({ revision: 'two', digest: digest('b') });
    expect(askedOf(scene(TWO, ONE, { workloadRef: 'orders', sets: [ONE] }))).toBeNull();
  });

  it('ARTEFACT-4: a tag is known by the digest that its pods pulled, where they agree', () => {
    const tagged = (hash: string, tag: string) =>
      revision(hash, { name: 'app', image: `registry.test/orders:${tag}` });
    const [one, two] = [tagged('one', '1.0.0'), tagged('two', '1.1.0')];
    const pulled = (letter: string) => ({ pulled: { app: `registry.test/orders@${digest(letter)}` } });
    expect(askedOf(scene(two, one))).toMatchObject({
      version: '1.1.0',
      digest: 'tag:registry.test/orders:1.1.0',
    });
    expect(askedOf(scene(two, one, { pods: [pod(two, 0, pulled('c'))] }))?.digest).toBe(digest('c'));
    const disagree = [pod(two, 0, pulled('c')), pod(two, 1, pulled('d'))];
    expect(askedOf(scene(two, one, { pods: disagree }))?.digest).toBe('tag:registry.test/orders:1.1.0');
    const local = { pulled: { app: digest('e') } };
    expect(askedOf(scene(two, one, { pods: [pod(two, 0, local)] }))?.digest).toContain('tag:');
  });

  it.each([
    [
      'two images changed together',
      revision('two', { name: 'proxy', image: 'registry.test/proxy:2.0' }, app('b')),
      ONE,
      'proxy, app changed together',
    ],
    ['none ever changed', { ...ONE, hash: 'two' }, ONE, 'ever changed'],
  ])(
    'ARTEFACT-5: what cannot be told apart is refused with its reason before it is judged: %s',
    (_, asked, stable, why) => {
      const m = machine();
      m.look(scene(stable, stable, { container: 'app' }));
      for (let i = 0; i < 3; i++) m.look(scene(asked, stable), { verdict: 'pass' });
      expect(m.events.filter((e) => e.type === 'release.opened')).toEqual([]);
      expect(m.lane().waiting?.unclear).toContain(why);
      expect(m.lane().hold).toMatchObject({
        id: 'unclear-artefact',
        reason: expect.stringContaining('container'),
      });
      m.look(scene(asked, stable, { container: 'app' }));
      expect(m.lane().release?.target.digest).toBe(asked.containers[1]!.image.split('@')[1]);
    },
  );

  it('ARTEFACT-5: nothing is adopted of which nobody can say what it is, and nothing is the artefact ""', () => {
    const m = machine();
    for (let i = 0; i < 3; i++) m.look(scene(ONE, ONE));
    expect(m.lane()).toMatchObject({ state: 'Idle', stable: null, waiting: { revision: 'one' } });
    m.look(scene(ONE, ONE, { container: 'app' }));
    expect(m.lane()).toMatchObject({ state: 'Stable', stable: { digest: digest('a') }, waiting: null });
  });

  it('ARTEFACT-7: where none is declared, the one that the pod marks as its main one counts, whatever else changed', () => {
    const annotations = { 'kubectl.kubernetes.io/default-container': 'app' };
    const both = revision('two', { name: 'proxy', image: 'registry.test/proxy:2.0' }, app('b'));
    expect(askedOf(scene({ ...both, annotations }, ONE))?.digest).toBe(digest('b'));
    const declared = askedOf(scene({ ...both, annotations }, ONE, { container: 'proxy' }));
    expect(declared?.digest).toContain('proxy');
    const gone = { ...both, annotations: { 'kubectl.kubernetes.io/default-container': 'other' } };
    expect(askedOf(scene(gone, ONE))?.unclear).toContain('changed together');
  });

  it('ARTEFACT-8: a version that no label can hold is read from the annotation beside it', () => {
    const labels = { app: 'orders', 'app.kubernetes.io/version': '1.4.2_build.7' };
    const annotations = { 'sluice.dev/version': '1.4.2+build.7' };
    const labelled = { ...TWO, labels };
    expect(askedOf(scene({ ...labelled, annotations }, ONE))?.version).toBe('1.4.2+build.7');
    expect(askedOf(scene(labelled, ONE))?.version).toBe('1.4.2_build.7');
  });

  it('ARTEFACT-6: the artefact of a blue-green Rollout is found as that of a canary', () => {
    const blue = scene(TWO, ONE, { strategy: { blueGreen: { activeService: 'orders' } } });
    expect(askedOf(blue)).toEqual(askedOf(scene(TWO, ONE)));
  });
});
