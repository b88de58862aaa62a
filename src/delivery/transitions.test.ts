import { describe, expect, it } from 'vitest';
import { contextOf, deliveryOf, inShort, laneOf, lookOf, releaseOf, revision } from '../../test/lane.ts';
import { evolve } from './evolve.ts';
import type { Lane, Rejected } from './lane.ts';
import { UNCLEAR_HOLD } from './machine.ts';
import { holdFor, open, startable, stop } from './transitions.ts';

const rejected = (name: string, digest = `sha256:${name}`): Rejected => ({
  revision: name,
  digest,
  identity: null,
  reason: 'HARM_SHOWN',
  release: 'checkout.prod.1',
});
const HOLD = { id: 'f', reason: 'peak', by: 'ops', until: null };
/** At rest on version one, after a release of version two. */
const rest = (more: Partial<Lane> = {}): Partial<Lane> => ({ state: 'Stable', release: null, ...more });
const tried = (attempt: number) => releaseOf({ attempt, endedAt: 1, cause: 'MULTI_WINDOW_BURN' });

/** A revision of that name; one that is relabelled has the digest of the other. */
const named = (name: string) => revision(name, `sha256:${name.replace('-relabelled', '')}`);

describe('what holds a version', () => {
  it('ARTEFACT-5: an ambiguous artefact does, whatever a freeze says; a freeze holds others; nothing holds the rest', () => {
    const unclear = { ...named('two'), unclear: 'two containers changed' };
    const held = { id: UNCLEAR_HOLD, reason: 'two containers changed', by: 'sluice', until: null };
    expect(holdFor(laneOf(), unclear, null)).toEqual(held);
    expect(holdFor(laneOf(), unclear, HOLD)).toEqual(held);
    expect(holdFor(laneOf(), named('three'), HOLD)).toEqual(HOLD);
    expect(holdFor(laneOf(), named('three'), null)).toBeNull();
  });
});

describe('whether a version may begin', () => {
  it.each([
    ['one that was never here', {}, 'two', true],
    ['the one that is stable', {}, 'one', false],
    ['the one that is stable under another version', {}, 'one-relabelled', false],
    ['none at all', {}, null, false],
    ['one that was condemned', { rejected: [rejected('two')] }, 'two', false],
    ['one that a person set aside', { aside: ['two'] }, 'two', false],
    ['one that was tried once', { release: tried(1) }, 'two', true],
    ['one that was tried twice', { release: tried(2) }, 'two', true],
    ['one that was tried three times', { release: tried(3) }, 'two', false],
    ['one that was tried once, while Degraded', { release: tried(1), state: 'Degraded' }, 'two', false],
    ['one that was tried once, in Recovery', { release: tried(1), state: 'Recovery' }, 'two', false],
    ['another one, while Degraded', { release: tried(3), state: 'Degraded' }, 'three', true],
  ] as const)('DECIDE-29: %s', (_, lane, wanted, may) =>
    expect(startable(laneOf(rest(lane as Partial<Lane>)), wanted === null ? null : named(wanted))).toBe(may),
  );
});

describe('the opening of a release', () => {
  const opening = (lane: Partial<Lane> = {}, seen = {}, settings = {}) => {
    const idle = { delivery: deliveryOf({ canary: null, weight: 0, canaryHealth: 'absent' }) } as const;
    return open(contextOf(rest(lane), { ...idle, ...seen }, settings), 'NEW_VERSION');
  };
  const opened = (...args: Parameters<typeof opening>) => {
    const [first] = opening(...args);
    if (first?.type !== 'release.opened') throw new Error('nothing was opened');
    return first.data;
  };
  const baseline = (burn: { fast: number | null; slow: number | null }, target = 'two') => ({
    baseline: { target, history: { s: [] }, cursors: {}, burn },
  });

  it.each([
    ['where we move the traffic', {}, {}, true],
    ['on a Rollout that can be set back', { followed: true }, { returns: true }, true],
    ['not on another one: there the guess decides', { followed: true }, {}, false],
  ] as const)('ROLLOUT-14: it is compared before it is blamed, %s', (_, settings, delivery, compare) => {
    const seen = { delivery: deliveryOf({ canary: null, weight: 0, canaryHealth: 'absent', ...delivery }) };
    expect(opened({}, seen, settings).settings.evidence.compare).toBe(compare);
  });

  it('DECIDE-29: it starts without traffic', () =>
    expect(inShort(opening())).toEqual([
      'opened checkout.prod.2, attempt 1',
      'Deploying: NEW_VERSION; start two 0',
    ]));

  it.each([
    ['without a baseline', { baseline: null }],
    ['with the baseline of another version', baseline({ fast: 0, slow: 0 }, 'three')],
    ['while something holds it', { hold: HOLD }],
    ['where nothing is wanted', { desired: null }],
  ])('DECIDE-13: none %s', (_, seen) => expect(opening({}, seen)).toEqual([]));

  it.each([
    ['calm', { fast: 0, slow: 0 }, true],
    ['firing', { fast: 14, slow: 3 }, false],
    ['without data', { fast: null, slow: null }, false],
  ])('DECIDE-9: the burn rule is armed only if it is not firing at the opening: %s', (_, burn, armed) =>
    expect(opened({}, baseline(burn)).burnArmed).toBe(armed),
  );

  it.each([
    ['Stable', true],
    ['Recovery', true],
    ['Degraded', false],
  ] as const)('DECIDE-17: out of %s, the burn rule judges it: %s', (state, judges) =>
    expect(opened({ state }, {}).burnJudged).toBe(judges),
  );

  it('DECIDE-29: the same version again is another attempt; another one is the first', () => {
    expect(opened({ release: tried(2) }).attempt).toBe(3);
    expect(opened({ release: { ...tried(2), target: revision('three') } }).attempt).toBe(1);
  });

  it('DECIDE-6: with nothing stable there is one step, and no history to compare with', () => {
    const first = opened({ stable: null, state: 'Idle' }, baseline({ fast: 0, slow: 0 }));
    expect([first.settings.weights, first.history, first.from]).toEqual([[100], {}, null]);
    const next = opened({}, baseline({ fast: 0, slow: 0 }));
    expect([next.settings.weights, next.history, next.from]).toEqual([
      [20, 50, 100],
      { s: [] },
      revision('one'),
    ]);
  });

  it('LOOP-11: in observe mode it has no effects, from its opening to its end', () => {
    expect(inShort(opening({}, {}, { mode: 'observe' }))).toEqual([
      'opened checkout.prod.2, attempt 1',
      'Deploying: NEW_VERSION',
    ]);
    const observed = contextOf({ release: releaseOf({ enforced: false }) }, { look: lookOf() });
    expect(inShort([stop(observed, 'OPERATOR')])).toEqual(['Abort: OPERATOR']);
  });

  it('DECIDE-29: what was begun is what the ledger says was begun', () => {
    const lane = opening().reduce((l, e) => evolve(l, e, 5), laneOf(rest()));
    expect(lane).toMatchObject({
      state: 'Deploying',
      releases: 2,
      generation: 5,
      pending: [{ kind: 'start', revision: 'two', weight: 0, generation: 5 }],
    });
  });
});
