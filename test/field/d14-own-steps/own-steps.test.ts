import { describe, expect, it } from 'vitest';
import { isPromoted } from '../../../src/delivery/machine.ts';
import { type Machine, machine } from '../cluster/machine.ts';
import { aborted, analysisRun, pod, type RolloutState } from '../cluster/objects.ts';
import { sceneOf } from '../cluster/scene.ts';
import { ONE, recorded, stablePods, TWO } from '../faults/rows.ts';

/**
 * A Rollout goes through its own steps (10, a pause, 40, no 100) and ends well: it was on record as overridden. Its own
 * AnalysisTemplate failed: it was on record as stopped by a person (Sluice at dc1fc67).
 */
const both = [...stablePods, pod(TWO, 0)];
const scene = (state: Partial<RolloutState>, promotedInFull: string | null = null) =>
  sceneOf(recorded(state, both), null, promotedInFull);
const STABLE = scene({ asked: ONE, stable: ONE, stepIndex: 4 });
const DONE = scene({ stable: TWO, stepIndex: 4 });
const VERDICT = { analysis: { templates: [{ templateName: 'orders-verdict' }] } };

function begun(mode: 'enforce' | 'observe', more: Partial<RolloutState> = {}): Machine {
  const m = machine({ mode });
  m.look(STABLE);
  m.look(scene({ stepIndex: 0, ...more }));
  m.look(scene({ weight: 10, ...more }));
  m.look(scene({ weight: 10, ...more }));
  m.look(scene({ weight: 10, ...more }), { verdict: 'inconclusive' });
  return m;
}
const ending = (m: Machine) => m.moves().find((move) => move.to === 'Promote' || move.to === 'Abort');

describe.each(['enforce', 'observe'] as const)('d14: a Rollout with steps of its own, mode %s', (mode) => {
  it('OWNSTEPS-1: its weights are those of its own steps, whatever is declared', () => {
    const m = begun(mode);
    expect(m.lane().release?.settings.weights).toEqual([10, 40]);
    expect(m.lane().release?.confirmedAt[0]).toBeGreaterThan(0);
  });

  it('FIELD-36: it ends well: promoted, by what was seen of it', () => {
    const m = begun(mode);
    m.look(scene({ weight: 40, stepIndex: 3 }));
    m.look(scene({ weight: 40, stepIndex: 3 }));
    expect(m.lane().release).toMatchObject({ step: 1 });
    expect(m.events.filter((e) => e.type === 'lane.drifted')).toEqual([]);
    m.look(scene({ weight: 40, stepIndex: 3 }), { verdict: 'pass' });
    m.look(scene({ weight: 40, stepIndex: 3 }), { verdict: 'pass' });
    expect(m.lane().state).toBe('Evaluating');
    m.look(DONE);
    m.look(DONE);
    expect(ending(m)).toMatchObject({ reason: 'PASSED' });
    expect(m.lane()).toMatchObject({ state: 'Stable', stable: { revision: 'two' }, rejected: [] });
  });

  it('FIELD-36: it is through before it was judged: that is said, and nobody overrode it', () => {
    const m = begun(mode);
    m.look(DONE);
    m.look(DONE);
    const end = ending(m)!;
    expect(end.reason).toBe('OWN_STEPS');
    expect(end.note).toContain('inconclusive: TOO_FEW_REQUESTS');
    expect(isPromoted(m.lane().release!.cause)).toBe(true);
    expect(m.lane().state).toBe('Stable');
  });

  it('OWNSTEPS-3: promoted in full by hand is on record as that', () => {
    const m = begun(mode);
    m.look(sceneOf(recorded({ stable: TWO, stepIndex: 4 }, both), null, 'two'));
    expect(ending(m)).toMatchObject({ reason: 'OVERRIDDEN' });
  });

  it('OWNSTEPS-4: its own analysis that fails is called what it is', () => {
    const m = begun(mode);
    const cause =
      'Background analysis phase error/failed: Metric "success-rate" assessed Failed due to failed (3) > failureLimit (2)';
    m.look(
      sceneOf(
        recorded({ abort: true, conditions: [aborted(cause)] }, both, {
          runs: [analysisRun(TWO, 'success-rate', 'Failed', '[0.91]')],
        }),
      ),
    );
    expect(ending(m)).toMatchObject({ reason: 'OWN_ANALYSIS', blamed: false });
    expect(ending(m)!.note).toContain('success-rate');
    expect(ending(m)!.note).toContain('[0.91]');
  });
});

describe('d14: steps that wait for us', () => {
  const steps = [{ setWeight: 10 }, VERDICT, { setWeight: 40 }, VERDICT];

  it('OWNSTEPS-5: a last weight below 100 that we pass is promoted by its Rollout, not by us in full', () => {
    const m = begun('enforce', { steps });
    m.look(scene({ weight: 10, steps }), { verdict: 'pass' });
    m.look(scene({ weight: 40, stepIndex: 3, steps }));
    m.look(scene({ weight: 40, stepIndex: 3, steps }), { verdict: 'pass' });
    m.look(scene({ weight: 40, stepIndex: 3, steps }), { verdict: 'pass' });
    const end = ending(m)!;
    expect(end).toMatchObject({ reason: 'PASSED', effects: [{ kind: 'promote', weight: 40 }] });
    m.look(scene({ stable: TWO, stepIndex: 4, steps }));
    expect(m.lane().state).toBe('Stable');
  });

  it('OWNSTEPS-6: through without our pass, somebody skipped us', () => {
    const m = begun('enforce', { steps });
    m.look(scene({ stable: TWO, stepIndex: 4, steps }));
    expect(ending(m)).toMatchObject({ reason: 'OVERRIDDEN' });
  });

  it('OWNSTEPS-7: while it waits to take over another version may replace it', () => {
    const m = begun('enforce', { steps });
    m.look(scene({ weight: 10, steps }), { verdict: 'pass' });
    m.look(scene({ weight: 40, stepIndex: 3, steps }));
    m.look(scene({ weight: 40, stepIndex: 3, steps }), { verdict: 'pass' });
    m.look(scene({ weight: 40, stepIndex: 3, steps }), { verdict: 'pass' });
    expect(m.lane().state).toBe('Promote');
    m.look(STABLE);
    expect(m.moves().at(-1)).toMatchObject({ from: 'Abort', to: 'Rollback' });
    expect(m.lane().release).toMatchObject({ cause: 'SUPERSEDED', blamed: false });
  });
});

describe('d14: steps that wait for something else than us', () => {
  const steps = [{ setWeight: 10 }, VERDICT, { pause: {} }, { setWeight: 40 }, VERDICT, { pause: {} }];
  const HOURS = 3_600_000;
  const calm = (m: Machine) => {
    expect(m.events.filter((e) => e.type === 'release.held')).toEqual([]);
    expect(m.moves().filter((move) => move.to === 'Abort')).toEqual([]);
  };

  it('OWNSTEPS-8: a pause between weights takes as long as it takes, and the next weight has its whole time', () => {
    const m = begun('enforce', { steps });
    m.look(scene({ weight: 10, steps }), { verdict: 'pass' });
    for (let i = 0; i < 6; i++) {
      m.wait(2 * HOURS);
      m.look(scene({ weight: 10, stepIndex: 2, steps }), { verdict: 'pass' });
    }
    // Nor while its cluster cannot be looked at.
    m.look(scene({ weight: 10, stepIndex: 2, steps }), { unseen: true });
    calm(m);
    m.look(scene({ weight: 40, stepIndex: 4, steps }));
    m.look(scene({ weight: 40, stepIndex: 4, steps }), { verdict: 'inconclusive' });
    m.look(scene({ weight: 40, stepIndex: 4, steps }), { verdict: 'inconclusive' });
    calm(m);
    m.wait(HOURS);
    m.look(scene({ weight: 40, stepIndex: 4, steps }), { verdict: 'inconclusive' });
    expect(m.events.filter((e) => e.type === 'release.held')).toHaveLength(1);
  });

  it('OWNSTEPS-8: harm in such a pause stops it all the same', () => {
    const m = begun('enforce', { steps });
    m.look(scene({ weight: 10, steps }), { verdict: 'pass' });
    m.wait(2 * HOURS);
    m.look(scene({ weight: 10, stepIndex: 2, steps }), { verdict: 'fail' });
    expect(ending(m)).toMatchObject({ to: 'Abort', reason: 'HARM_SHOWN', blamed: true });
  });

  it('OWNSTEPS-9: before its first weight it may wait without pods: it did not fail to start', () => {
    const first = [{ pause: {} }, { setWeight: 10 }, VERDICT];
    const m = machine();
    m.look(STABLE);
    for (let i = 0; i < 3; i++) {
      m.look(sceneOf(recorded({ stepIndex: 0, steps: first }, stablePods), null, null));
      m.wait(2 * HOURS);
    }
    expect(m.lane().state).toBe('Deploying');
    calm(m);
  });

  it.each(['enforce', 'observe'] as const)(
    'OWNSTEPS-10: it passed, and its Rollout waits for a person at the end: nobody is asked about it, mode %s',
    (mode) => {
      const own = [{ setWeight: 10 }, { pause: {} }];
      const m = begun(mode, { steps: own });
      m.look(scene({ weight: 10, steps: own }), { verdict: 'pass' });
      m.wait(8 * HOURS);
      m.look(scene({ weight: 10, stepIndex: 1, steps: own }), { noLook: true });
      m.look(scene({ weight: 10, stepIndex: 1, steps: own }), { verdict: 'pass' });
      calm(m);
      m.look(scene({ stable: TWO, stepIndex: 2, steps: own }));
      expect(ending(m)).toMatchObject({ reason: 'PASSED' });
    },
  );
});
