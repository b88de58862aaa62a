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
import { abortConditions } from './abort-conditions.ts';
import type { Lane } from './lane.ts';
import type { Observation } from './observation.ts';

const FIRING = { burn: { fast: 14, slow: 3 } };
const { holdMs } = SETTINGS.release;
const abort = { id: 'c1', command: 'abort' as const, reason: 'by hand' };
const pause = { id: 'c1', command: 'pause' as const, reason: 'by hand' };
const stopped = (by: 'burn' | 'hand') => deliveryOf({ stopped: { by, note: 'there' } });
type Case = readonly [string, Partial<Lane>, Partial<Observation>, readonly string[]];

const stoppedBy = (reason: string, blamed = false) =>
  `Abort: ${reason}${blamed ? ', blamed' : ''}; abort two 0`;

describe('what stops a release that has traffic', () => {
  const cases: Case[] = [
    ['nothing', {}, {}, []],
    ['nothing, where it passes', {}, { assessment: assessmentOf('pass') }, []],
    ['harm', {}, { assessment: assessmentOf('fail', 'HARM_SHOWN') }, [stoppedBy('HARM_SHOWN', true)]],
    [
      'a failed guard',
      {},
      { assessment: assessmentOf('fail', 'GUARD_FAILED') },
      [stoppedBy('GUARD_FAILED', true)],
    ],
    [
      'a failed guard of a fix that goes forward out of Degraded',
      { release: releaseOf({ burnJudged: false }) },
      { assessment: assessmentOf('fail', 'GUARD_FAILED') },
      [stoppedBy('GUARD_FAILED', true)],
    ],
    [
      'its process ended',
      {},
      { delivery: deliveryOf({ canaryHealth: 'exited' }) },
      [stoppedBy('CANARY_DOWN', true)],
    ],
    [
      'no process that ended since it was told to stop: that is how it was stopped there',
      {},
      {
        delivery: deliveryOf({
          canaryHealth: 'exited',
          aborted: true,
          stopped: { by: 'hand', note: 'there' },
        }),
      },
      [stoppedBy('OPERATOR')],
    ],
    [
      'no process that ended since burn rates in its cluster told it to stop',
      {},
      {
        delivery: deliveryOf({
          canaryHealth: 'exited',
          aborted: true,
          stopped: { by: 'burn', note: 'there' },
        }),
      },
      [stoppedBy('MULTI_WINDOW_BURN')],
    ],
    [
      'no process that ended since it was told to stop, while nobody knows by whom',
      {},
      { delivery: deliveryOf({ canaryHealth: 'exited', aborted: true }) },
      [],
    ],
    [
      'its process ended, and its deadline is what told it to stop',
      {},
      {
        delivery: deliveryOf({
          canaryHealth: 'exited',
          aborted: true,
          stopped: { by: 'deadline', note: 'late' },
        }),
      },
      [stoppedBy('CANARY_DOWN', true)],
    ],
    ['one look in which nothing of it answered: nothing yet', {}, { unreachableLooks: 1 }, []],
    [
      'a second look in which nothing of it answered',
      {},
      { unreachableLooks: 2 },
      [stoppedBy('CANARY_DOWN', true)],
    ],
    ['its cluster, by burn rates', {}, { delivery: stopped('burn') }, [stoppedBy('MULTI_WINDOW_BURN')]],
    ['a person, in its cluster', {}, { delivery: stopped('hand') }, [stoppedBy('OPERATOR')]],
    ['a person, with a reason', { commands: [abort] }, {}, ['done c1: aborting', stoppedBy('OPERATOR')]],
    ['no person who asks for something else', { commands: [pause] }, {}, []],
    ['another version that is wanted', {}, { desired: revision('three') }, [stoppedBy('SUPERSEDED')]],
    ['a repository that says nothing: no', {}, { desired: null }, []],
    ['a hold that has a moment to go: not yet', { release: releaseOf({ heldAt: NOW - holdMs + 1 }) }, {}, []],
    [
      'a hold that is over',
      { release: releaseOf({ heldAt: NOW - holdMs }) },
      {},
      [stoppedBy('HOLD_EXPIRED')],
    ],
  ];
  it.each(cases)('DECIDE-18: %s', (_, lane, seen, events) =>
    expect(inShort(abortConditions(contextOf(lane, seen)))).toEqual(events),
  );

  const burning: Case[] = [
    ['it fires', {}, { look: lookOf(FIRING) }, [stoppedBy('MULTI_WINDOW_BURN')]],
    ['it does not', {}, { look: lookOf() }, []],
    ['there is no data', {}, { look: lookOf({ burn: { fast: null, slow: 3 } }) }, []],
    ['nobody looked', {}, { look: null }, []],
    [
      'it fired before the release began and has not stopped since',
      { release: releaseOf({ burnArmed: false }) },
      { look: lookOf(FIRING) },
      [],
    ],
  ];
  it.each(burning)('DECIDE-9: the burn rule: %s', (_, lane, seen, events) =>
    expect(inShort(abortConditions(contextOf(lane, seen)))).toEqual(events),
  );

  it('DECIDE-17: the burn rule does not stop a fix that goes forward out of Degraded', () => {
    const fix = { release: releaseOf({ burnJudged: false }) };
    expect(abortConditions(contextOf(fix, { look: lookOf(FIRING) }))).toEqual([]);
  });

  /** Each cause in the order in which they outrank each other. */
  const causes: [string, Partial<Lane>, Partial<Observation>][] = [
    ['HARM_SHOWN', {}, { assessment: assessmentOf('fail', 'HARM_SHOWN') }],
    ['CANARY_DOWN', {}, { unreachableLooks: 2 }],
    ['MULTI_WINDOW_BURN', {}, { look: lookOf(FIRING) }],
    ['OPERATOR', { commands: [abort] }, {}],
    ['SUPERSEDED', {}, { desired: revision('three') }],
    ['HOLD_EXPIRED', { release: releaseOf({ heldAt: NOW - holdMs }) }, {}],
  ];
  const pairs = causes.flatMap((graver, i) => causes.slice(i + 1).map((other) => ({ graver, other })));
  it.each(pairs)('DECIDE-18: $graver.0 is told before $other.0', ({ graver, other }) => {
    const both = contextOf({ ...graver[1], ...other[1] }, { ...graver[2], ...other[2] });
    const moved = abortConditions(both).find((e) => e.type === 'lane.moved');
    expect(moved?.data.reason).toBe(graver[0]);
  });
});
