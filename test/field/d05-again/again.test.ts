import { describe, expect, it } from 'vitest';
import { askedOf } from '../../../src/delivery/adapters/argo-rollouts/observed.ts';
import { answerFor } from '../../../src/delivery/answer.ts';
import { obstacle } from '../../../src/delivery/retry.ts';
import { type Machine, machine } from '../cluster/machine.ts';
import { aborted, crashing, pod } from '../cluster/objects.ts';
import { sceneOf } from '../cluster/scene.ts';
import { canaryPods, ONE, recorded, stablePods, TWO } from '../faults/rows.ts';

/**
 * A version was aborted by hand, or its hold expired, and is wanted again (argo-rollouts#3120, flagger#237): it never
 * began, whatever was ordered (Sluice at dc1fc67).
 */
const both = [...stablePods, ...canaryPods(undefined)];
const STABLE = sceneOf(recorded({ asked: ONE, stable: ONE, stepIndex: 4 }, stablePods));
const GATE = sceneOf(recorded({ stepIndex: 0 }, stablePods));
const AT_10 = sceneOf(recorded({ weight: 10 }, both));
const ABORTED = sceneOf(recorded({ abort: true, conditions: [aborted()] }, stablePods));
const HOURS = 3_600_000;

/** Aborted by hand, and at rest again. */
function abortedByHand(): Machine {
  const m = machine();
  for (const scene of [STABLE, GATE, AT_10, AT_10]) m.look(scene);
  for (let i = 0; i < 6; i++) m.look(ABORTED);
  expect(m.lane()).toMatchObject({ state: 'Stable', aside: ['two'], rejected: [] });
  return m;
}
const opened = (m: Machine) => m.events.filter((e) => e.type === 'release.opened').length;

describe('d05: what was stopped and is wanted again', () => {
  it('FIELD-33: it does not begin by itself, and who asks is told what would help', () => {
    const m = abortedByHand();
    expect(opened(m)).toBe(1);
    const said = answerFor(m.lane(), null, { revision: 'two', step: 0, phase: 'start' });
    expect(said).toEqual({ verdict: 'inconclusive', reasons: ['UNKNOWN_RELEASE'] });
    expect(obstacle(m.lane(), askedOf(ABORTED))).toContain('sluice release retry orders prod starts it');
    m.order('promote');
    m.look(ABORTED);
    expect(m.outcomes()[0]).toContain('sluice release retry orders prod starts it');
  });

  it('RETRY-2: an order begins it, at once', () => {
    const m = abortedByHand();
    m.order('retry');
    m.look(ABORTED);
    expect(opened(m)).toBe(2);
    expect(m.lane()).toMatchObject({ state: 'Deploying', aside: [], release: { attempt: 1 } });
    expect(m.moves().at(-1)!.effects).toMatchObject([{ kind: 'start', revision: 'two' }]);
  });

  it('RETRY-2: an order while it is still being stopped is kept until that is over', () => {
    const m = machine();
    for (const scene of [STABLE, GATE, AT_10, AT_10]) m.look(scene);
    m.order('abort');
    m.look(AT_10);
    m.order('retry');
    for (let i = 0; i < 6; i++) m.look(ABORTED);
    expect(opened(m)).toBe(2);
  });

  it('RETRY-3: a retry in Argo Rollouts begins it', () => {
    const m = abortedByHand();
    m.look(GATE);
    expect(opened(m)).toBe(2);
  });

  it('RETRY-4: asked for no more, and then again: the commit made again begins it', () => {
    const m = abortedByHand();
    m.look(STABLE);
    expect(m.lane().aside).toEqual([]);
    m.look(GATE);
    expect(opened(m)).toBe(2);
  });

  it('RETRY-5: so does what was held to its end, and what was superseded however often', () => {
    const held = machine();
    for (const scene of [STABLE, GATE, AT_10, AT_10]) held.look(scene);
    held.wait(HOURS);
    const told = { verdict: 'inconclusive', reasons: ['GUARD_NO_DATA'] } as const;
    for (let i = 0; i < 3; i++) held.look(AT_10, told);
    held.wait(5 * HOURS);
    held.look(AT_10, told);
    expect(held.moves().at(-1)).toMatchObject({ to: 'Abort', reason: 'HOLD_EXPIRED', blamed: false });
    for (let i = 0; i < 6; i++) held.look(ABORTED);
    held.order('retry');
    held.look(ABORTED);
    expect(opened(held)).toBe(2);

    const superseded = machine();
    superseded.look(STABLE);
    for (let round = 0; round < 6; round++) {
      for (const scene of [GATE, AT_10, AT_10]) superseded.look(scene);
      for (let i = 0; i < 4; i++) superseded.look(STABLE);
    }
    expect(opened(superseded)).toBe(6);
  });

  it('RETRY-6: what was tried three times begins by an order as well', () => {
    const m = machine();
    const failing = sceneOf(
      recorded(
        {
          abort: true,
          conditions: [aborted('Background analysis phase error/failed: Metric "burn" assessed Error')],
        },
        stablePods,
      ),
    );
    m.look(STABLE);
    for (let round = 0; round < 5; round++) {
      for (const scene of [GATE, AT_10, AT_10]) m.look(scene);
      for (let i = 0; i < 6; i++) m.look(failing);
    }
    expect(opened(m)).toBe(3);
    m.order('retry');
    m.look(failing);
    expect(opened(m)).toBe(4);
  });

  it('RETRY-7: only what was condemned needs a lift, and an order to try it says so', () => {
    const m = machine();
    for (const scene of [STABLE, GATE]) m.look(scene);
    const crashed = [...stablePods, pod(TWO, 0, { ready: false, containers: { app: crashing() } })];
    m.look(sceneOf(recorded({}, crashed)));
    for (let i = 0; i < 6; i++) m.look(ABORTED);
    m.order('retry');
    m.look(ABORTED);
    expect(opened(m)).toBe(1);
    expect(m.outcomes().at(-1)).toContain(
      'was rejected: sluice release lift orders prod --digest sha256:bbb',
    );
  });

  it('RETRY-8: there is nothing to try again where what is wanted serves', () => {
    const m = machine();
    m.look(STABLE);
    m.order('retry');
    m.look(STABLE);
    expect(m.outcomes().at(-1)).toContain('nothing to try again');
  });
});
