import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerStanding, type RolloutStanding } from './answer.ts';
import type { Revision } from './events.ts';
import { emptyLane, type Lane, type Release } from './lane.ts';

const target: Revision = { revision: 'two', version: '2', digest: 'sha256:two', config: {} };
/** A lane as its record tells it: so many of its steps are passed. */
const laneAt = (weights: readonly number[], passed: number, more: Partial<Release> = {}): Lane => ({
  ...emptyLane('a/prod'),
  state: passed === weights.length ? 'Promote' : 'Canary',
  release: {
    target,
    settings: { weights },
    step: Math.min(passed, weights.length - 1),
    cause: passed === weights.length ? 'PASSED' : null,
    endedAt: null,
    blamed: false,
    enforced: true,
    paused: false,
    heldAt: null,
    stepsBack: 0,
    verdict: { verdict: 'pass', reasons: ['TRIED_ENOUGH'], numbers: [] },
    ...more,
  } as unknown as Release,
});
/** It stepped back from full traffic, and has to pass the weight before once more. */
const setBack = (more: Partial<Release>): Lane =>
  laneAt([20, 50, 100], 2, { step: 3, stepsBack: 1, ...more });
const at = (weight: number, more: Partial<RolloutStanding> = {}): RolloutStanding => ({
  revision: 'two',
  weight,
  aborted: false,
  ...more,
});
const ask = (lane: Lane, standing: RolloutStanding | null) => answerStanding(lane, target, 'two', standing);

describe('a verdict without a step', () => {
  it.each([
    ['at a step that is passed on record', laneAt([10, 40], 1), at(10), 'pass', 'TRIED_ENOUGH'],
    ['at the step after it', laneAt([10, 40], 1), at(40), 'inconclusive', 'NOT_YET'],
    ['at the last one, passed', laneAt([10, 40], 2), at(40), 'pass', 'TRIED_ENOUGH'],
    ['before any weight, once its release is on record', laneAt([10, 40], 0), at(0), 'pass', undefined],
    ['before any weight, without a release', emptyLane('a/prod'), at(0), 'inconclusive', 'UNKNOWN_RELEASE'],
    ['that cannot be read', laneAt([10, 40], 1), null, 'inconclusive', 'STANDING_UNKNOWN'],
    ['that cannot be read, all passed', laneAt([10, 40], 2), null, 'inconclusive', 'STANDING_UNKNOWN'],
    [
      'that asks for something else by now',
      laneAt([10, 40], 2),
      at(40, { revision: 'three' }),
      'inconclusive',
      'OTHER_STEP',
    ],
    [
      'whose controller has not seen what is asked for',
      laneAt([10, 40], 2),
      at(40, { revision: '' }),
      'inconclusive',
      'OTHER_STEP',
    ],
    ['that was aborted', laneAt([10, 40], 2), at(40, { aborted: true }), 'inconclusive', 'OTHER_STEP'],
    ['below its first weight', laneAt([10, 40], 1), at(5), 'inconclusive', 'OTHER_STEP'],
    ['that has not gone back yet', setBack({}), at(100), 'inconclusive', 'OTHER_STEP'],
    [
      'that went back, before a verdict on it',
      setBack({ verdict: null }),
      at(50),
      'inconclusive',
      'OTHER_STEP',
    ],
    ['that went back, and passed nowhere else', setBack({}), at(50), 'inconclusive', 'NOT_YET'],
    ['at a weight before the one that it went back to', setBack({}), at(20), 'pass', 'TRIED_ENOUGH'],
    ['that may go on again', setBack({ step: 4 }), at(50), 'pass', 'TRIED_ENOUGH'],
    ['at full traffic again', setBack({ step: 4 }), at(100), 'inconclusive', 'NOT_YET'],
    ['that went back twice', setBack({ step: 5, stepsBack: 2 }), at(100), 'inconclusive', 'OTHER_STEP'],
    ['at full traffic again, passed', setBack({ step: 4, cause: 'PASSED' }), at(100), 'pass', 'TRIED_ENOUGH'],
    ['between two weights', laneAt([10, 40], 1), at(20), 'pass', 'TRIED_ENOUGH'],
    [
      'condemned, wherever it stands',
      laneAt([10, 40], 1, { blamed: true, cause: 'HARM_SHOWN' }),
      null,
      'fail',
      'TRIED_ENOUGH',
    ],
  ] as const)('VERDICT-4: a Rollout %s', (_, lane, standing, verdict, reason) => {
    const said = ask(lane, standing);
    expect(said.verdict).toBe(verdict);
    expect(said.reasons[0]).toBe(reason);
  });

  it('ROLLOUT-15: after any number of steps back it passes below the present weight alone', () => {
    const weights = fc.uniqueArray(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(
        weights,
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        fc.nat(),
        (below, stepsBack, again, n) => {
          const own = [...below.sort((a, b) => a - b), 100];
          const step = own.length + 2 * (stepsBack - 1) + (again ? 1 : 0);
          const weight = own[n % own.length]!;
          const said = ask(laneAt(own, 0, { step, stepsBack }), at(weight));
          expect(said.verdict).toBe(weight < (again ? 100 : own.at(-2)!) ? 'pass' : 'inconclusive');
        },
      ),
    );
  });

  it('VERDICT-4: however far behind a server is, nothing goes past a step that is not passed on record', () => {
    const weights = fc
      .uniqueArray(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 5 })
      .map((list) => list.sort((a, b) => a - b));
    // What happens next: the record grows, or the Rollout asks a server that knows an older one.
    const happenings = fc.array(fc.tuple(fc.boolean(), fc.nat(6), fc.boolean()), {
      minLength: 1,
      maxLength: 60,
    });
    const property = ([steps, events]: readonly [
      readonly number[],
      readonly (readonly [boolean, number, boolean])[],
    ]) => {
      let passed = 0;
      let stands = 0;
      for (const [grows, lag, read] of events) {
        if (grows) passed = Math.min(steps.length, passed + 1);
        else if (stands < steps.length) {
          const behind = Math.max(0, passed - lag);
          const { verdict } = ask(laneAt(steps, behind), read ? at(steps[stands]!) : null);
          expect(verdict === 'pass' && (stands >= passed || !read)).toBe(false);
          if (verdict === 'pass') stands++;
        }
        expect(stands).toBeLessThanOrEqual(passed);
      }
    };
    fc.assert(fc.property(fc.tuple(weights, happenings), property), { numRuns: 500 });
    // It does go on where its server is not behind.
    expect(ask(laneAt([10], 1), at(10)).verdict).toBe('pass');
  });
});
