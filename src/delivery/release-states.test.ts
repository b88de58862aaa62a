import { describe, expect, it } from 'vitest';
import {
  assessmentOf,
  contextOf,
  deliveryOf,
  inShort,
  lookOf,
  NOW,
  releaseOf,
  revision,
  SETTINGS,
} from '../../test/lane.ts';
import type { Event, ReleaseEffect } from './events.ts';
import type { Lane, Release } from './lane.ts';
import type { Observation } from './observation.ts';
import { aborting, canary, deploying, evaluating, promoting, rollingBack } from './release-states.ts';

type Case = readonly [string, Partial<Release>, Partial<Observation>, readonly string[], Partial<Lane>?];
/** Where nothing is said of the rest of the lane, it is as usual. */
const full = (cases: readonly Case[]) =>
  cases.map(([name, release, seen, events, lane = {}]) => [name, release, seen, events, lane] as const);
const { deadlineMs } = SETTINGS.release;
const order = (command: Lane['commands'][number]['command']) => ({
  commands: [{ id: 'c1', command, reason: 'by hand' }],
});
const pending: ReleaseEffect[] = [
  { id: 'e', lane: 'checkout/prod', generation: 4, kind: 'step', revision: 'two', weight: 20 },
];
const counted = { look: lookOf(), assessment: assessmentOf('inconclusive') };
const passed = { assessment: assessmentOf('pass') };

/** What follows in one state from one release, what is seen, and the rest of its lane. */
const in_ =
  (state: Lane['state'], next: typeof canary) =>
  (release: Partial<Release>, seen: Partial<Observation>, lane: Partial<Lane> = {}): string[] =>
    inShort(next(contextOf({ state, release: releaseOf(release), ...lane }, seen)));

describe('a version that starts', () => {
  const ready = { delivery: deliveryOf({ weight: 0 }) };
  const starting = { delivery: deliveryOf({ weight: 0, canaryHealth: 'starting' }) };
  const cases: Case[] = [
    ['is ready: its first share of traffic', {}, ready, ['Canary: CANARY_STARTED; step two 20']],
    ['is starting', {}, starting, []],
    ['is not seen yet, another is ready', {}, { delivery: deliveryOf({ canary: 'other', weight: 0 }) }, []],
    ['cannot be seen at all', {}, { delivery: null }, []],
    [
      'ended',
      {},
      { delivery: deliveryOf({ weight: 0, canaryHealth: 'exited' }) },
      ['Abort: CANARY_DOWN, blamed; abort two 0'],
    ],
    ['has a moment to go before its deadline', { openedAt: NOW - deadlineMs + 1 }, starting, []],
    [
      'is past its deadline',
      { openedAt: NOW - deadlineMs },
      starting,
      ['Abort: FAILED_TO_START, blamed; abort two 0'],
    ],
    [
      'is not wanted any more',
      {},
      { ...ready, desired: revision('three') },
      ['Abort: SUPERSEDED; abort two 0'],
    ],
    [
      'is stopped by a person',
      {},
      ready,
      ['done c1: aborting', 'Abort: OPERATOR; abort two 0'],
      order('abort'),
    ],
    [
      'is stopped in its cluster',
      {},
      { delivery: deliveryOf({ weight: 0, stopped: { by: 'hand', note: 'there' } }) },
      ['Abort: OPERATOR; abort two 0'],
    ],
  ];
  it.each(full(cases))('DECIDE-20: a version that %s', (_, release, seen, events, lane) =>
    expect(in_('Deploying', deploying)({ confirmedAt: [], ...release }, seen, lane)).toEqual(events),
  );
});

describe('a canary', () => {
  const unconfirmed = { confirmedAt: [] };
  const cases: Case[] = [
    ['its share is served', unconfirmed, {}, ['confirmed step 0 at 20 %']],
    [
      'another version has that share: that confirms nothing',
      unconfirmed,
      { delivery: deliveryOf({ canary: 'other' }) },
      [],
    ],
    [
      'its share is not served yet, and on its way',
      unconfirmed,
      { delivery: deliveryOf({ weight: 0 }) },
      [],
      { pending },
    ],
    ['requests of both versions were counted', {}, counted, ['Evaluating: COUNTS_ARRIVED']],
    ['a look brought no interval', {}, { look: lookOf({ intervals: [] }) }, []],
    ['a look brought counts beside trouble', {}, { look: lookOf({ trouble: 'NOT_A_NUMBER' }) }, []],
    ['nobody looked', {}, { look: null }, []],
    [
      'it has another share than it was given: put back',
      {},
      { delivery: deliveryOf({ weight: 50 }) },
      ['drifted: 50 %, wanted 20 %; step two 20'],
    ],
    [
      'it has another share, and an effect is on its way',
      {},
      { delivery: deliveryOf({ weight: 50 }), look: null },
      [],
      { pending },
    ],
    [
      'it has another share in observe mode',
      { enforced: false },
      { delivery: deliveryOf({ weight: 50 }), look: null },
      [],
    ],
    ['its deadline is a moment away', { enteredStepAt: NOW - deadlineMs + 1 }, { look: null }, []],
    ['its deadline is over', { enteredStepAt: NOW - deadlineMs }, { look: null }, ['held']],
    [
      'its deadline is over, and it is held already',
      { enteredStepAt: 0, heldAt: NOW - 5 },
      { look: null },
      [],
    ],
    ['a person pauses it', {}, {}, ['done c1: paused', 'paused'], order('pause')],
    ['a person lets it go on', { paused: true }, {}, ['done c1: resumed', 'resumed'], order('resume')],
    [
      'a person lets it go on, and it was held',
      { heldAt: NOW - 5 },
      {},
      ['done c1: resumed', 'resumed', 'no longer held'],
      order('resume'),
    ],
    [
      'a person promotes it',
      {},
      {},
      ['done c1: promoting', 'Promote: OVERRIDDEN; promote two 100'],
      order('promote'),
    ],
    [
      'a person promotes it, and it fails',
      {},
      { assessment: assessmentOf('fail', 'HARM_SHOWN') },
      ['Abort: HARM_SHOWN, blamed; abort two 0'],
      order('promote'),
    ],
  ];
  it.each(full(cases))('DECIDE-21: %s', (_, release, seen, events, lane) =>
    expect(in_('Canary', canary)(release, seen, lane)).toEqual(events),
  );
});

describe('a canary that is judged', () => {
  const last = { step: 2, confirmedAt: [1, 2, 3] };
  const atLast = { delivery: deliveryOf({ weight: 100 }) };
  const cases: Case[] = [
    ['passes: one step on', {}, passed, ['Canary: NEXT_STEP; step two 50']],
    [
      'passes the step before the last: the last step, and no promotion yet',
      { step: 1, confirmedAt: [1, 2] },
      { ...passed, delivery: deliveryOf({ weight: 50 }) },
      ['Canary: NEXT_STEP; step two 100'],
    ],
    ['passes the last step', last, { ...passed, ...atLast }, ['Promote: PASSED; promote two 100']],
    ['passes while paused', { paused: true }, passed, []],
    ['passes while held for a person', { heldAt: NOW - 5 }, passed, []],
    ['passes as its deadline ends: held first', { enteredStepAt: NOW - deadlineMs }, passed, ['held']],
    [
      'passes with another share than it was given: put back first',
      {},
      { ...passed, delivery: deliveryOf({ weight: 50 }) },
      ['drifted: 50 %, wanted 20 %; step two 20'],
    ],
    ['has not enough requests yet', {}, counted, []],
    [
      'has trouble with its numbers: back to waiting for some',
      {},
      { look: lookOf({ trouble: 'STALE_DATA' }) },
      ['Canary: NOT_ENOUGH_EVIDENCE'],
    ],
    ['was not looked at', {}, { look: null, assessment: null }, []],
  ];
  it.each(full(cases))('DECIDE-21: it %s', (_, release, seen, events, lane) =>
    expect(in_('Evaluating', evaluating)(release, seen, lane)).toEqual(events),
  );
});

describe('a canary that looks bad with nothing beside it', () => {
  const asked = {
    assessment: assessmentOf('inconclusive', 'STEP_BACK'),
    delivery: deliveryOf({ weight: 100 }),
  };
  const last = { step: 2, confirmedAt: [1, 2, 3] };
  const back = ['Canary: STEP_BACK; step two 50'];
  /** It stepped back so often, and is at the step that follows. */
  const compared = (times: number) => ({
    step: 1 + 2 * times,
    stepsBack: times,
    confirmedAt: Array.from({ length: 2 + 2 * times }, (_, i) => i + 1),
  });
  const atHalf = { ...passed, delivery: deliveryOf({ weight: 50 }) };
  const cases: Case[] = [
    ['goes back to the weight before full traffic', last, asked, back],
    ['goes back also while it is paused', { ...last, paused: true }, asked, back],
    ['goes back also while it is held', { ...last, heldAt: NOW - 5 }, asked, back],
    ['goes back before it is held', { ...last, enteredStepAt: NOW - deadlineMs }, asked, back],
    ['goes back a second time', { ...compared(1), step: 4, confirmedAt: [1, 2, 3, 4, 5] }, asked, back],
    [
      'is put back to its step first, where somebody moved it',
      last,
      { ...asked, delivery: deliveryOf({ weight: 20 }) },
      ['drifted: 20 %, wanted 100 %; step two 100'],
    ],
    ['has stable beside it: nowhere to go', {}, { ...asked, delivery: deliveryOf() }, []],
    [
      'was a first step of all traffic: nowhere to go',
      { settings: { ...SETTINGS.release, weights: [100] } },
      asked,
      [],
    ],
    ['shows no harm beside stable: on again', compared(1), atHalf, ['Canary: NEXT_STEP; step two 100']],
    ['shows no harm a second time: a person decides', compared(2), atHalf, ['held']],
    ['was let go on by a person', { ...compared(2), letOn: 5 }, atHalf, ['Canary: NEXT_STEP; step two 100']],
    ['was let go on before it stepped back', { ...compared(2), letOn: 4 }, atHalf, ['held']],
    [
      'shows harm beside stable',
      compared(1),
      { assessment: assessmentOf('fail', 'HARM_SHOWN'), delivery: deliveryOf({ weight: 50 }) },
      ['Abort: HARM_SHOWN, blamed; abort two 0'],
    ],
    [
      'passes full traffic after it was compared',
      { ...compared(1), step: 4, confirmedAt: [1, 2, 3, 4, 5] },
      { ...passed, delivery: deliveryOf({ weight: 100 }) },
      ['Promote: PASSED; promote two 100'],
    ],
  ];
  it.each(full(cases))('DECIDE-31: it %s', (_, release, seen, events, lane) =>
    expect(in_('Evaluating', evaluating)(release, seen, lane)).toEqual(events),
  );
});

describe('a version that takes over', () => {
  const taken = { delivery: deliveryOf({ stable: 'two', canary: null, weight: 0, canaryHealth: 'absent' }) };
  const cases: Case[] = [
    ['serves as stable: the one before goes', {}, taken, ['Stable: FULL_TRAFFIC; clean one 0']],
    ['serves as stable, the first one here', { from: null }, taken, ['Stable: FULL_TRAFFIC']],
    [
      'serves as stable, and some traffic goes to a canary still',
      {},
      { delivery: deliveryOf({ stable: 'two', weight: 20 }) },
      [],
    ],
    ['does not serve as stable yet', {}, { delivery: deliveryOf({ weight: 0 }) }, []],
    [
      'ends before it took over',
      {},
      { delivery: deliveryOf({ canaryHealth: 'exited' }) },
      ['Abort: CANARY_DOWN, blamed; abort two 0'],
    ],
    [
      'is stopped by a person before it took over',
      {},
      {},
      ['done c1: aborting', 'Abort: OPERATOR; abort two 0'],
      order('abort'),
    ],
    ['is asked to pause: too late', {}, {}, ['done c1: nothing to pause in Promote'], order('pause')],
  ];
  it.each(full(cases))('DECIDE-22: it %s', (_, release, seen, events, lane) =>
    expect(in_('Promote', promoting)(release, seen, lane)).toEqual(events),
  );
});

describe('a version that is stopped', () => {
  const away = { delivery: deliveryOf({ weight: 0 }) };
  const gone = { delivery: deliveryOf({ canary: null, weight: 0, canaryHealth: 'absent' }) };
  const abortCases: Case[] = [
    ['has traffic still', {}, { delivery: deliveryOf({ weight: 1 }) }, []],
    ['cannot be seen', {}, { delivery: null }, []],
    ['has no traffic any more: its processes go', {}, away, ['Rollback: TRAFFIC_RESTORED; clean two 0']],
    ['is paused: too late', {}, away, ['done c1: nothing to pause in Abort'], order('pause')],
  ];
  it.each(full(abortCases))('DECIDE-22: in Abort it %s', (_, release, seen, events, lane) =>
    expect(in_('Abort', aborting)(release, seen, lane)).toEqual(events),
  );
  const rollbackCases: Case[] = [
    ['runs still', { cause: 'HARM_SHOWN' }, away, []],
    ['cannot be seen', { cause: 'HARM_SHOWN' }, { delivery: null }, []],
    ['is gone', { cause: 'HARM_SHOWN' }, gone, ['Degraded: CANARY_STOPPED']],
    ['is gone, and had only been replaced', { cause: 'SUPERSEDED' }, gone, ['Recovery: NOT_FAILED']],
    [
      'is gone, was replaced, and nothing was stable before it',
      { cause: 'SUPERSEDED', from: null },
      gone,
      ['Degraded: CANARY_STOPPED'],
    ],
  ];
  it.each(full(rollbackCases))('DECIDE-22: in Rollback it %s', (_, release, seen, events, lane) =>
    expect(in_('Rollback', rollingBack)(release, seen, lane)).toEqual(events),
  );
});

describe('what a correction and a step back say of themselves', () => {
  const dataOf = (events: readonly Event[]) => events[0]?.data as { generation?: number; step?: number };

  it('DECIDE-22: a correction has a generation of its own: it replaces what was still to do', () => {
    const c = contextOf({}, { delivery: deliveryOf({ weight: 50 }) });
    expect(dataOf(evaluating(c))).toMatchObject({ generation: c.lane.generation + 1 });
  });

  it('DECIDE-31: a step back is the step after the one that it leaves', () => {
    const c = contextOf(
      { release: releaseOf({ step: 2, confirmedAt: [1, 2, 3] }) },
      { assessment: assessmentOf('inconclusive', 'STEP_BACK'), delivery: deliveryOf({ weight: 100 }) },
    );
    expect(dataOf(evaluating(c))).toMatchObject({ step: 3, effects: [{ back: true, weight: 50 }] });
  });

  it.each([
    ['passed', 'pass', []],
    ['has not passed', 'inconclusive', ['held']],
  ] as const)(
    'OWNSTEPS-8: past its deadline a Rollout that goes on by itself, and %s',
    (_, verdict, said) => {
      const release = releaseOf({
        step: 2,
        confirmedAt: [1, 2, 3],
        enteredStepAt: NOW - SETTINGS.release.deadlineMs,
      });
      const delivery = deliveryOf({ weight: 100, asks: [20, 50] });
      const c = contextOf({ release }, { delivery, assessment: assessmentOf(verdict) }, { followed: true });
      expect(inShort(evaluating(c))).toEqual(said);
    },
  );
});
