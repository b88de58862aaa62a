import { describe, expect, it } from 'vitest';
import { noticesFold } from '../../../src/api/notices/fold.ts';
import { laneSentence } from '../../../src/api/sentences.ts';
import { beginRelease } from '../../../src/delivery/assess.ts';
import type { LedgerRecord } from '../../../src/ledger/record.ts';
import { type Machine, machine, type Told } from '../cluster/machine.ts';
import { sceneOf } from '../cluster/scene.ts';
import { canaryPods, ONE, recorded, stablePods } from '../faults/rows.ts';

/**
 * A healthy service with an objective of 99.9 % and half a request a second: the good requests that it takes do not
 * come in time (pyrra#1925, flagger#1353, argo-rollouts#1905). It was held, and taken back after four hours (Sluice at
 * dc1fc67).
 */
const HOUR = 3_600_000;
const STABLE = sceneOf(recorded({ asked: ONE, stable: ONE, stepIndex: 4 }, stablePods));
const AT_10 = sceneOf(recorded({ weight: 10 }, [...stablePods, ...canaryPods(undefined)]));
const quiet: Told = { verdict: 'inconclusive', reasons: ['TOO_FEW_REQUESTS'] };

/** Held past its deadline, then for so many hours, by one look each. */
function held(told: Told, hours: number): Machine {
  const m = machine();
  for (const scene of [STABLE, sceneOf(recorded({ stepIndex: 0 }, stablePods)), AT_10, AT_10]) m.look(scene);
  m.look(AT_10, told);
  m.wait(HOUR);
  for (let i = 0; i < 3; i++) m.look(AT_10, told);
  expect(m.lane().release!.heldAt).not.toBeNull();
  for (let i = 0; i < hours; i++) {
    m.wait(HOUR);
    m.look(AT_10, told);
  }
  return m;
}
const reminders = (m: Machine) => m.events.filter((e) => e.type === 'release.held');

describe('d18: too few requests come', () => {
  it('FIELD-38: at the end of its hold a healthy version waits on, and a person is reminded', () => {
    const m = held(quiet, 13);
    expect(m.moves().filter((move) => move.to === 'Abort')).toEqual([]);
    expect(m.lane()).toMatchObject({ state: 'Evaluating', rejected: [], aside: [] });
    expect(reminders(m)).toHaveLength(4);
  });

  it.each([
    [['GUARD_NO_DATA', 'TOO_FEW_REQUESTS']],
    [['BURN_FIRING', 'TOO_FEW_REQUESTS']],
    [['SOURCE_UNAVAILABLE', 'TOO_FEW_REQUESTS']],
  ] as const)('FIELD-38: with any other doubt a hold ends as before: %j', (reasons) => {
    const m = held({ verdict: 'inconclusive', reasons }, 5);
    expect(m.moves().find((move) => move.to === 'Abort')).toMatchObject({
      reason: 'HOLD_EXPIRED',
      blamed: false,
    });
  });

  it('FIELD-38: each reminder is a message anew, and it goes on once it is resumed and judged', () => {
    const m = held(quiet, 5);
    const release = m.lane().release!.id;
    const record = (seq: number, type: string, data: object) =>
      ({
        seq,
        at: seq,
        type,
        v: 1,
        subject: 'orders/prod',
        actor: { id: 's', kind: 'system' },
        data,
      }) as unknown as LedgerRecord;
    const target = m.lane().release!.target;
    const told = [
      record(1, 'release.opened', { release, target, from: null }),
      ...reminders(m).map((e, i) => record(i + 2, e.type, e.data)),
    ].reduce(noticesFold.apply, noticesFold.initial);
    expect(told.threads.get(release)).toMatchObject({ kind: 'needs-a-person', rev: 3 });
    m.order('resume');
    m.look(AT_10, { verdict: 'pass' });
    m.look(AT_10, { verdict: 'pass' });
    expect(m.moves().at(-1)).toMatchObject({ to: 'Canary', reason: 'NEXT_STEP' });
  });

  it('QUIET-2: it says how many came of how many', () => {
    const m = held(quiet, 1);
    const said = laneSentence(m.lane(), beginRelease(m.lane().release!), null, 0);
    expect(said).toMatch(
      /held at 10%: it received 0 of \d+ good requests before its deadline\. No check failed/,
    );
  });
});
