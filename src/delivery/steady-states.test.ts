import { describe, expect, it } from 'vitest';
import {
  contextOf,
  deliveryOf,
  inShort,
  lookOf,
  NOW,
  releaseOf,
  revision,
  SETTINGS,
  wasStable,
} from '../../test/lane.ts';
import { decide } from './decide.ts';
import type { Hold } from './events.ts';
import type { Lane } from './lane.ts';
import type { LaneSettings, Observation } from './observation.ts';
import { degraded, recovering, resting, waiting } from './steady-states.ts';

type Case = readonly [string, Partial<Lane>, Partial<Observation>, readonly string[]];
const { forMs } = SETTINGS.recovery;
const HOLD: Hold = { id: 'f', reason: 'peak', by: 'ops', until: null };
/** Version one serves alone, and is what is wanted. */
const AT_REST: Partial<Observation> = {
  desired: revision('one'),
  delivery: deliveryOf({ canary: null, weight: 0, canaryHealth: 'absent' }),
  baseline: null,
};
const burn = (fast: number | null, slow: number | null) => ({ look: lookOf({ burn: { fast, slow } }) });
const quiet = (looksUnder: number, since: number | null = null) => ({ quiet: { looksUnder, since } });
const baseline = { target: 'two', history: {}, cursors: {}, burn: { fast: 0, slow: 0 } };
const wanted = { desired: revision('two'), baseline };

const after =
  (state: Lane['state'], next: typeof degraded) =>
  (lane: Partial<Lane>, seen: Partial<Observation>, settings: Partial<LaneSettings> = {}): string[] =>
    inShort(next(contextOf({ state, release: null, ...lane }, { ...AT_REST, ...seen }, settings)));

describe('a service that is Degraded', () => {
  const cases: Case[] = [
    ['a first look under the fast threshold', quiet(0), burn(13.99, 5), ['quiet: 1 looks, since null']],
    ['as many looks under it as declared', quiet(1), burn(13.99, 5), ['Recovery: ERRORS_REDUCED']],
    ['a look at the threshold', quiet(0), burn(14, 0), []],
    ['a look at the threshold, after one under it', quiet(1), burn(14, 0), ['quiet: 0 looks, since null']],
    ['a look without data, after one under it', quiet(1), burn(null, 0), ['quiet: 0 looks, since null']],
    ['nobody looked', quiet(1), { look: null }, []],
    ['nothing is stable', { ...quiet(1), stable: null }, burn(0, 0), []],
    ['it cannot be seen', quiet(1), { ...burn(0, 0), delivery: null }, []],
    ['a canary has traffic', quiet(1), { ...burn(0, 0), delivery: deliveryOf() }, []],
    [
      'another version is wanted: it goes forward',
      quiet(1),
      { ...wanted, ...burn(100, 100) },
      ['opened checkout.prod.2, attempt 1', 'Deploying: FIX_FORWARD; start two 0'],
    ],
  ];
  it.each(cases)('DECIDE-23: Degraded: %s', (_, lane, seen, events) =>
    expect(after('Degraded', degraded)(lane, seen)).toEqual(events),
  );
});

describe('a service in Recovery', () => {
  const since = NOW - forMs;
  const superseded = releaseOf({ cause: 'SUPERSEDED', endedAt: NOW - 1 });
  const cases: Case[] = [
    ['it is calm for the first time', {}, burn(0.99, 0.5), [`quiet: 0 looks, since ${NOW}`]],
    ['it is calm for a moment less than declared', quiet(0, since + 1), burn(0.99, 0.5), []],
    ['it is calm for as long as declared', quiet(0, since), burn(0.99, 0.5), ['Stable: RECOVERED']],
    ['its burn is at the bound', quiet(0, since), burn(1, 0.5), ['quiet: 0 looks, since null']],
    ['its slow window has no data', quiet(0, since), burn(0.5, null), ['quiet: 0 looks, since null']],
    ['its fast window has no data', quiet(0, since), burn(null, 0.5), ['quiet: 0 looks, since null']],
    ['it burns as fast as before', quiet(0, since), burn(14, 3), ['Degraded: RELAPSE']],
    ['its fast window alone burns as fast as before', {}, burn(14, 2.9), []],
    ['nobody looked', quiet(0, since), { look: null }, []],
    ['what was stopped had not failed', { release: superseded }, burn(null, null), ['Stable: NOT_FAILED']],
    [
      'what was stopped had not failed, but it burns',
      { release: superseded },
      burn(14, 3),
      ['Degraded: RELAPSE'],
    ],
    [
      'what was stopped had not failed, and nothing was stable before it',
      { release: { ...superseded, from: null } },
      burn(null, null),
      [],
    ],
    [
      'another version is wanted: it goes forward',
      {},
      { ...wanted, ...burn(5, 1) },
      ['opened checkout.prod.2, attempt 1', 'Deploying: FIX_FORWARD; start two 0'],
    ],
  ];
  it.each(cases)('DECIDE-23: Recovery: %s', (_, lane, seen, events) =>
    expect(after('Recovery', recovering)(lane, seen)).toEqual(events),
  );
});

describe('a service at rest', () => {
  const cases: Case[] = [
    ['nothing new', {}, {}, []],
    ['it burns', {}, burn(14, 3), ['Degraded: BURNING']],
    ['one window alone burns', {}, burn(14, 2.9), []],
    ['it burns, and another version is wanted', {}, { ...wanted, ...burn(14, 3) }, ['Degraded: BURNING']],
    [
      'another version is wanted',
      {},
      wanted,
      ['opened checkout.prod.2, attempt 1', 'Deploying: NEW_VERSION; start two 0'],
    ],
    [
      'nothing was ever here, and it burns all the same',
      { state: 'Idle', stable: null },
      { ...wanted, ...burn(14, 3), delivery: deliveryOf({ stable: null, canary: null, weight: 0 }) },
      ['opened checkout.prod.2, attempt 1', 'Deploying: FIRST_RELEASE; start two 0'],
    ],
    [
      'something serves that we never released',
      { state: 'Idle', stable: null },
      {},
      ['adopted one', 'Stable: ADOPTED'],
    ],
    [
      'a person asks for something',
      { commands: [{ id: 'c1', command: 'abort', reason: 'r' }] },
      wanted,
      ['done c1: nothing to abort in Stable'],
    ],
  ];
  it.each(cases)('DECIDE-24: %s', (_, lane, seen, events) =>
    expect(after('Stable', resting)(lane, seen)).toEqual(events),
  );

  const other = deliveryOf({
    stable: 'two',
    canary: null,
    weight: 0,
    canaryHealth: 'absent',
    serves: revision('two'),
  });
  it.each([
    [
      'it made another version stable',
      true,
      other,
      ['drifted: two (two) serves as stable, wanted one (one)', 'adopted two'],
    ],
    ['it has a canary still', true, { ...other, canary: 'three' }, []],
    ['it cannot tell what that version is', true, { ...other, serves: undefined }, []],
    ['nginx delivers', false, other, []],
  ])('ROLLOUT-7: what Argo Rollouts made stable is stable: %s', (_, followed, delivery, events) =>
    expect(
      after('Stable', resting)({}, { delivery: delivery as Observation['delivery'] }, { followed }),
    ).toEqual(events),
  );
});

describe('what waits', () => {
  const told = (target: string, hold?: Hold) => ({ waiting: revision(target), hold: hold ?? null });
  const cases: [string, Lane['state'], Partial<Lane>, Partial<Observation>, readonly string[]][] = [
    [
      'a version without numbers to begin with',
      'Stable',
      {},
      { ...wanted, baseline: null },
      ['waiting: two'],
    ],
    ['the same, told already', 'Stable', told('two'), { ...wanted, baseline: null }, []],
    ['a newer one in its place', 'Stable', told('three'), { ...wanted, baseline: null }, ['waiting: two']],
    ['one that may begin now', 'Stable', told('two'), wanted, ['waiting: nothing']],
    ['one that is held', 'Stable', {}, { ...wanted, hold: HOLD }, ['waiting: two, held by f']],
    ['one that is held, told already', 'Stable', told('two', HOLD), { ...wanted, hold: HOLD }, []],
    [
      'one that is held by another freeze by now',
      'Stable',
      told('two', HOLD),
      { ...wanted, hold: { ...HOLD, id: 'g' } },
      ['waiting: two, held by g'],
    ],
    [
      'one that goes back to what was stable: no hold is told',
      'Stable',
      wasStable(revision('two'), revision('one')),
      { ...wanted, hold: HOLD },
      [],
    ],
    [
      'a condemned one: it does not wait',
      'Stable',
      {
        rejected: [
          { revision: 'two', digest: 'sha256:two', reason: 'HARM_SHOWN', identity: null, release: 'r' },
        ],
      },
      { ...wanted, baseline: null },
      [],
    ],
    [
      'during a rollback, another one than failed',
      'Rollback',
      { release: releaseOf() },
      { desired: revision('three') },
      ['waiting: three'],
    ],
    [
      'during a rollback, the one that failed',
      'Rollback',
      { release: releaseOf() },
      { desired: revision('two') },
      [],
    ],
    [
      'during a rollback, the one that serves',
      'Abort',
      { release: releaseOf() },
      { desired: revision('one') },
      [],
    ],
    [
      'during a release, nothing',
      'Canary',
      { release: releaseOf() },
      { desired: revision('three'), baseline: null },
      [],
    ],
    [
      'what is wanted no more',
      'Rollback',
      { release: releaseOf(), ...told('three') },
      { desired: null },
      ['waiting: nothing'],
    ],
  ];
  it.each(cases)('DECIDE-25: %s', (_, state, lane, seen, events) =>
    expect(after(state, waiting)(lane, seen)).toEqual(events),
  );
});

describe('one look', () => {
  const looks = { recovery: { looks: 2, burnBelow: 1, forMs: 300_000 } };
  const after = (lane: Partial<Lane>) => {
    const c = contextOf(
      { state: 'Degraded', release: releaseOf({ endedAt: 1, cause: 'HARM_SHOWN', blamed: true }), ...lane },
      { desired: revision('one'), delivery: deliveryOf({ canary: null, weight: 0, canaryHealth: 'absent' }) },
      looks,
    );
    return inShort(decide(c.lane, c.seen, c.settings, c.now));
  };

  it('DECIDE-23: counts once, however often it is decided upon at once', () => {
    expect(after({ quiet: { looksUnder: 0, since: null } })).toEqual(['quiet: 1 looks, since null']);
    expect(after({ quiet: { looksUnder: 1, since: null } })[0]).toContain('Recovery: ERRORS_REDUCED');
  });
});

describe('what a recovery and a drift say of themselves', () => {
  const calm = deliveryOf({ canary: null, weight: 0, canaryHealth: 'absent' });
  const ended = releaseOf({ endedAt: 1, cause: 'HARM_SHOWN', blamed: true });

  it.each([
    [
      'nobody asked',
      { idle: true as const },
      'nobody asked anything within its burn windows, so nothing burns',
    ],
    ['users asked', {}, undefined],
  ])('DECIDE-23: why the errors are fewer, where %s', (_, idle, note) => {
    const c = contextOf(
      { state: 'Degraded', release: ended, quiet: { looksUnder: 1, since: null } },
      { desired: revision('one'), delivery: calm, look: lookOf(idle) },
    );
    const [first] = degraded(c);
    expect(first?.data).toHaveProperty('to', 'Recovery');
    expect((first as { data: { note?: string } }).data.note).toBe(note);
  });

  it('DECIDE-22: another revision that serves as stable is a drift of a generation of its own', () => {
    const other = revision('three');
    const c = contextOf(
      { state: 'Stable', release: null },
      { desired: revision('one'), delivery: { ...calm, stable: 'three', serves: other } },
      { followed: true },
    );
    const drifted = resting(c).find((e) => e.type === 'lane.drifted');
    expect(drifted?.data).toMatchObject({ generation: c.lane.generation + 1 });
  });
});
