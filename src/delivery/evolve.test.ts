import { describe, expect, it } from 'vitest';
import { laneOf, NOW, releaseOf, revision } from '../../test/lane.ts';
import type { EventData, LoadResult, ReleaseEffect } from './events.ts';
import { evolve } from './evolve.ts';
import type { Lane } from './lane.ts';
import { isAlone, isCompared, weightNow, weightsOf } from './steps.ts';

const effect = (generation: number, kind: ReleaseEffect['kind'] = 'step'): ReleaseEffect => ({
  id: `${generation}.${kind}`,
  lane: 'checkout/prod',
  generation,
  kind,
  revision: 'two',
  weight: 20,
});
const moved = (more: Partial<EventData<'lane.moved'>>) => ({
  type: 'lane.moved' as const,
  data: {
    release: 'checkout.prod.1',
    from: 'Evaluating' as const,
    to: 'Abort' as const,
    reason: 'HARM_SHOWN' as const,
    step: 0,
    generation: 5,
    blamed: false,
    effects: [],
    ...more,
  },
});
const ids = (lane: Lane) => lane.pending.map((e) => e.id);

describe('what a recorded event changes', () => {
  it.each([
    [
      'one of a newer generation replaces older ones',
      [effect(3), effect(4)],
      [effect(5, 'abort')],
      ['5.abort'],
    ],
    [
      'those of one generation are done side by side',
      [effect(5)],
      [effect(5, 'clean')],
      ['5.step', '5.clean'],
    ],
    ['a move without effects leaves them', [effect(4)], [], ['4.step']],
  ])('DECIDE-26: effects that are still to do: %s', (_, pending, effects, left) => {
    expect(ids(evolve(laneOf({ pending }), moved({ effects }), NOW))).toEqual(left);
    const drifted = { seen: '', wanted: '', generation: 5, effects };
    expect(ids(evolve(laneOf({ pending }), { type: 'lane.drifted', data: drifted }, NOW))).toEqual(left);
  });

  it('DECIDE-26: a release that begins takes each of its facts from its record', () => {
    const { release, settings, history, cursors } = { ...releaseOf(), release: 'checkout.prod.9' };
    const facts = (data: EventData<'release.opened'>) => {
      const begun = evolve(laneOf({ release: null }), { type: 'release.opened', data }, NOW).release!;
      const { id, target, from, attempt, declaration, enforced, burnArmed, burnJudged } = begun;
      return { release: id, target, from, attempt, declaration, enforced, burnArmed, burnJudged };
    };
    const one = {
      release,
      target: revision('nine'),
      from: revision('eight'),
      attempt: 3,
      declaration: `sha256:${'9'.repeat(64)}`,
      enforced: true,
      burnArmed: true,
      burnJudged: true,
    };
    const other = { ...one, from: null, attempt: 1, enforced: false, burnArmed: false, burnJudged: false };
    for (const data of [one, other])
      expect(facts({ ...data, settings, history, cursors } as EventData<'release.opened'>)).toEqual(data);
  });

  it('DECIDE-26: an effect that is settled is done, and no other', () => {
    const lane = laneOf({ pending: [effect(4), effect(4, 'clean')] });
    expect(
      ids(evolve(lane, { type: 'effect.settled', data: { id: '4.step', result: 'done' } }, NOW)),
    ).toEqual(['4.clean']);
  });

  it.each([
    ['HARM_SHOWN', true, ['two'], [NOW], []],
    ['SUPERSEDED', false, [], [], []],
    ['OPERATOR', false, [], [], ['two']],
    ['HOLD_EXPIRED', false, [], [], ['two']],
  ] as const)(
    'DECIDE-26: an abort by %s condemns, or sets aside, or neither',
    (reason, blamed, refused, failures, aside) => {
      const lane = evolve(laneOf(), moved({ reason, blamed }), NOW);
      expect(lane.rejected.map((r) => r.revision)).toEqual(refused);
      expect([lane.failures, lane.aside]).toEqual([failures, aside]);
      expect(lane.release).toMatchObject({ cause: reason, blamed });
    },
  );

  it('DECIDE-26: a new step begins without a verdict, a hold or the time of the one before', () => {
    const verdict = { verdict: 'pass' as const, reasons: [], numbers: [] };
    const before = laneOf({ release: releaseOf({ verdict, heldAt: 5, enteredStepAt: 5 }) });
    const on = moved({ to: 'Canary', reason: 'NEXT_STEP', step: 1 });
    expect(evolve(before, on, NOW).release).toMatchObject({
      step: 1,
      verdict: null,
      heldAt: null,
      enteredStepAt: NOW,
    });
    const waits = moved({ to: 'Canary', reason: 'NOT_ENOUGH_EVIDENCE' });
    expect(evolve(before, waits, NOW).release).toMatchObject({
      step: 0,
      verdict,
      heldAt: 5,
      enteredStepAt: 5,
    });
  });

  it('DECIDE-31: a step back is a step of its own, without a verdict, and is counted', () => {
    const verdict = { verdict: 'inconclusive' as const, reasons: [], numbers: [] };
    const before = laneOf({ release: releaseOf({ step: 2, verdict, heldAt: 5 }) });
    const back = moved({ to: 'Canary', reason: 'STEP_BACK', step: 3 });
    const after = evolve(before, back, NOW).release!;
    expect(after).toMatchObject({ step: 3, stepsBack: 1, verdict: null, heldAt: null, enteredStepAt: NOW });
    expect([weightsOf(after), weightNow(after), isCompared(after)]).toEqual([
      [20, 50, 100, 50, 100],
      50,
      true,
    ]);
    expect(isCompared({ ...after, step: 1 }), 'at the same weight on its way up').toBe(false);
    expect(isAlone({ ...after, step: 4 })).toBe(true);
  });

  it('DECIDE-31: the step that a person lets go on is remembered', () => {
    const hold = (held: boolean) => ({
      type: 'release.held' as const,
      data: { release: 'checkout.prod.1', held },
    });
    const before = laneOf({ release: releaseOf({ step: 5 }) });
    expect(evolve(before, hold(true), 50).release?.letOn).toBeNull();
    expect(evolve(before, hold(false), 70).release?.letOn).toBe(5);
  });

  it('DECIDE-26: held and let go, a step gets its whole time anew', () => {
    const hold = (held: boolean) => ({
      type: 'release.held' as const,
      data: { release: 'checkout.prod.1', held },
    });
    const before = laneOf({ release: releaseOf({ enteredStepAt: 5 }) });
    expect(evolve(before, hold(true), 50).release).toMatchObject({ heldAt: 50, enteredStepAt: 50 });
    expect(evolve(before, hold(false), 70).release).toMatchObject({ heldAt: null, enteredStepAt: 70 });
  });

  it('DECIDE-26: what takes over is stable, and remembered once, as the latest', () => {
    const lane = laneOf({ state: 'Promote', served: ['sha256:two', 'sha256:one'] });
    const after = evolve(lane, moved({ from: 'Promote', to: 'Stable', reason: 'FULL_TRAFFIC' }), NOW);
    expect(after).toMatchObject({
      state: 'Stable',
      stable: { revision: 'two' },
      served: ['sha256:one', 'sha256:two'],
      release: { endedAt: NOW },
    });
  });

  it('DECIDE-26: a service that recovers to Stable keeps what was stable', () => {
    const lane = laneOf({ state: 'Recovery', release: releaseOf({ cause: 'HARM_SHOWN', endedAt: 5 }) });
    const after = evolve(lane, moved({ from: 'Recovery', to: 'Stable', reason: 'RECOVERED' }), NOW);
    expect(after).toMatchObject({
      stable: { revision: 'one' },
      served: ['sha256:one'],
      release: { endedAt: 5 },
    });
  });

  it('DECIDE-26: looks below the threshold are counted anew in Degraded and in Recovery', () => {
    const quiet = { looksUnder: 3, since: 7 };
    const after = (from: Lane['state'], to: Lane['state'], reason: EventData<'lane.moved'>['reason']) =>
      evolve(laneOf({ state: from, quiet }), moved({ from, to, reason, release: null }), NOW).quiet;
    const none = { looksUnder: 0, since: null };
    expect(after('Degraded', 'Recovery', 'ERRORS_REDUCED')).toEqual(none);
    expect(after('Recovery', 'Degraded', 'RELAPSE')).toEqual(none);
    expect(after('Recovery', 'Stable', 'RECOVERED')).toEqual(quiet);
  });

  it('DECIDE-26: what is adopted without a digest was not stable before as any artefact', () => {
    const adopt = (digest: string) =>
      evolve(laneOf(), { type: 'lane.adopted', data: { stable: revision('zero', digest) } }, NOW);
    expect(adopt('')).toMatchObject({ stable: { revision: 'zero' }, served: ['sha256:one'] });
    expect(adopt('sha256:zero').served).toEqual(['sha256:one', 'sha256:zero']);
  });

  it('LIFT-1: lifting frees that digest alone, and what is tried anew is tried for the first time', () => {
    const rejected = ['two', 'three'].map((name) => ({
      revision: name,
      digest: `sha256:${name}`,
      reason: 'HARM_SHOWN' as const,
      identity: null,
      release: 'r',
    }));
    const lift = { type: 'lane.lifted' as const, data: { digest: 'sha256:two', reason: 'fixed' } };
    const at = (state: Lane['state']) =>
      evolve(laneOf({ state, rejected, release: releaseOf({ attempt: 3 }) }), lift, NOW);
    expect(at('Stable').rejected.map((r) => r.revision)).toEqual(['three']);
    expect([at('Stable').release?.attempt, at('Canary').release?.attempt]).toEqual([0, 3]);
  });

  const load = (run: string, release = 'checkout.prod.1') => ({
    type: 'release.loaded' as const,
    data: { run, release, outcome: 'passed' } as LoadResult & { release: string },
  });
  it.each([
    ['one run', [load('a')], ['a']],
    ['two runs', [load('a'), load('b')], ['a', 'b']],
    ['one run, told twice', [load('a'), load('a')], ['a']],
    ['a run of a release before', [load('a', 'checkout.prod.0')], []],
  ])('LOAD-9: a result is taken up once, for its own release: %s', (_, events, runs) => {
    const lane = events.reduce((l, event) => evolve(l, event, NOW), laneOf());
    expect(lane.release?.loads.map((l) => l.run)).toEqual(runs);
  });

  it('DECIDE-26: an order that was answered is gone, and no other', () => {
    const order = (id: string) => ({ id, command: 'pause' as const, reason: 'r' });
    const lane = laneOf({ commands: [order('a'), order('b')] });
    expect(evolve(lane, { type: 'command.done', data: { id: 'a', outcome: '' } }, NOW).commands).toEqual([
      order('b'),
    ]);
  });

  it('DECIDE-26: a look adds its counts to those before, and its positions replace theirs', () => {
    const interval = (bad: number) => ({ step: 0, canary: { total: 9, bad }, stable: null });
    const lane = laneOf({
      release: releaseOf({
        intervals: { s: [interval(1)] },
        lookTimes: [5],
        cursors: { x: [1, 1], y: [1, 1] },
      }),
    });
    const looked = evolve(
      lane,
      {
        type: 'release.looked',
        data: {
          release: 'checkout.prod.1',
          step: 0,
          intervals: { s: [interval(2), interval(3)] },
          cursors: { x: [9, 9] },
          burn: { fast: 1, slow: 1 },
          burnArmed: true,
          verdict: { verdict: 'inconclusive', reasons: [], numbers: [] },
          asked: 'sha256:0',
        },
      },
      NOW,
    );
    expect(looked.release).toMatchObject({
      intervals: { s: [interval(1), interval(2), interval(3)] },
      lookTimes: [5, NOW, NOW],
      cursors: { x: [9, 9], y: [1, 1] },
    });
  });
});

describe('what is recorded of one release leaves others alone', () => {
  it('DECIDE-26: a move is from the state that the lane is in', () => {
    expect(() => evolve(laneOf({ state: 'Canary' }), moved({ from: 'Evaluating' }), NOW)).toThrow(
      'moves from Evaluating but is in Canary',
    );
    expect(() => evolve(laneOf(), moved({ to: 'Idle' as never }), NOW)).toThrow('is undeclared');
  });

  it('DECIDE-26: a move of another release ends, blames and changes nothing of this one', () => {
    const release = releaseOf();
    const other = moved({
      release: 'checkout.prod.0',
      to: 'Canary',
      reason: 'NEXT_STEP',
      step: 2,
      blamed: true,
    });
    expect(evolve(laneOf({ release }), other, NOW).release).toEqual(release);
    expect(evolve(laneOf({ release: null }), other, NOW).release).toBeNull();
  });

  it('DECIDE-26: the release that users return to is one until another one begins', () => {
    const { target } = releaseOf();
    const opened = {
      type: 'release.opened' as const,
      data: {
        ...releaseOf(),
        release: 'checkout.prod.2',
        declaration: 'sha256:test',
      },
    };
    const after = (returning: Lane['returning']) =>
      evolve(laneOf({ returning, release: null }), opened as never, NOW).returning;
    expect(after(target)).toEqual(target);
    expect(after(revision('three'))).toBeNull();
    expect(after(null)).toBeNull();
  });

  it('DECIDE-26: a retry takes back what a person set aside, of that revision alone', () => {
    const lane = laneOf({ aside: ['two', 'three'], release: releaseOf({ attempt: 3 }) });
    const retried = (name: string) =>
      evolve(lane, { type: 'lane.retried', data: { revision: name } } as never, NOW);
    expect([retried('two').aside, retried('two').release?.attempt]).toEqual([['three'], 0]);
    expect([retried('three').aside, retried('three').release?.attempt]).toEqual([['two'], 3]);
  });

  it('DECIDE-26: what users leave is rejected by the release that it came with, if it came with one', () => {
    const data = { from: revision('two'), to: revision('one') };
    const rejected = (release: Lane['release']) =>
      evolve(laneOf({ release }), { type: 'lane.returned', data } as never, NOW).rejected.at(-1);
    expect(rejected(releaseOf())).toMatchObject({ revision: 'two', release: 'checkout.prod.1' });
    expect(rejected(null)).toMatchObject({ revision: 'two', release: '' });
  });
});
