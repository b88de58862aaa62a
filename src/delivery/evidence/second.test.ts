import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeTrace, traceSchema } from '../trace.ts';
import { clumpFactor } from './clumps.ts';
import {
  type EvidenceSettings,
  evidenceDefaults,
  goodRequestsNeeded,
  harmShown,
  stepBackShown,
  stepBackShownAnew,
  triedEnough,
} from './evidence.ts';
import { beginSecond, observeSecond, type SecondEvidence, secondRule } from './second.ts';
import type { Counts, Interval } from './shared.ts';

const LN_20 = Math.log(20);

interface Vector {
  readonly name: string;
  readonly settings: { readonly objective: number };
  readonly expected: {
    readonly firstPass: number | null;
    readonly firstFail: number | null;
    readonly firstStepBack: number | null;
    readonly at: readonly {
      index: number;
      overBudget: number;
      worseThanStable: number;
      exposure: number;
      clumps: number;
      verdict: string;
      stepBack: boolean;
    }[];
  };
}
const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../test/vectors/evidence-2.json'), 'utf8'),
) as Vector[];

const made = (more: Partial<EvidenceSettings> = {}) =>
  secondRule({ ...evidenceDefaults(2), objective: 0.999, ...more });
const begin = (more: Partial<EvidenceSettings> = {}, history: readonly Counts[] = []): SecondEvidence => {
  const rule = made(more);
  if (!rule.ok) throw new Error(rule.error);
  return beginSecond(rule.value, history);
};
const feed = (e: SecondEvidence, intervals: readonly Interval[]) => intervals.reduce(observeSecond, e);
const at = (
  canary: readonly [number, number] | null,
  stable: readonly [number, number] | null,
  step = 0,
): Interval => {
  const arm = (a: typeof canary) => (a ? { total: a[0], bad: a[1] } : null);
  return { step, canary: arm(canary), stable: arm(stable) };
};
const times = (n: number, interval: Interval) => Array.from({ length: n }, () => interval);

describe('the evidence rule, second edition', () => {
  it.each(vectors.map((v) => [v.name, v] as const))('JUDGE-1: %s: every number to 1e-9', (_, vector) => {
    const answer = judgeTrace(traceSchema.parse(vector), 2);
    if (!answer.ok) throw new Error(answer.error);
    const { firstPass, firstFail, firstStepBack } = vector.expected;
    expect(answer.value).toMatchObject({ firstPass, firstFail, firstStepBack });
    for (const wanted of vector.expected.at) {
      const got = answer.value.intervals[wanted.index]!;
      for (const number of ['overBudget', 'worseThanStable', 'exposure', 'clumps'] as const)
        expect(Math.abs(got[number] - wanted[number]), `${number} at ${wanted.index}`).toBeLessThan(1e-9);
      expect([got.verdict, got.stepBack], `at ${wanted.index}`).toEqual([wanted.verdict, wanted.stepBack]);
    }
  });

  it('JUDGE-2: at 99.9 % a step needs 332 good requests, and each step is tried anew', () => {
    expect(goodRequestsNeeded(begin().rule)).toBe(332);
    expect(triedEnough(feed(begin(), [at([332, 0], [10, 0])]))).toBe(true);
    expect(triedEnough(feed(begin(), [at([331, 0], [10, 0])]))).toBe(false);
    // A new step begins at nothing, also where its first interval cannot be judged.
    expect(feed(begin(), [at([332, 0], [10, 0]), at(null, [10, 0], 1)]).exposure).toBe(0);
  });

  it.each([
    [{ objective: 0.5 }, 'objective'],
    [{ objective: Number.NaN }, 'objective'],
    [{ alpha: 1 / 8 }, '1/8'],
    [{ alpha: 0.3, slos: 2 }, '1/8'],
    [{ witnesses: 1 }, 'witnesses'],
    [{ witnesses: 2.5 }, 'witnesses'],
    [{ detect: 0.5 }, 'detect'],
    [{ tolerance: 0 }, 'tolerance'],
    [{ tolerance: 5e-324 }, 'tolerance'],
    [{ alpha: 1e-320 }, 'a bar that no evidence reaches'],
    [{ slos: 1e308 }, 'a bar that no evidence reaches'],
  ])('JUDGE-3: settings %j are refused', (more, why) => {
    const rule = made(more);
    expect(rule.ok ? '' : rule.error).toContain(why);
  });
  it('JUDGE-3: any number of steps will do', () => expect(made({ steps: 1_000 }).ok).toBe(true));

  it('JUDGE-4: no single interval condemns, after any number of good ones and at any settings', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e7 }),
        fc.integer({ min: 0, max: 1e7 }),
        fc.integer({ min: 0, max: 40 }),
        fc.double({ min: 1e-9, max: 0.124, noNaN: true }),
        fc.integer({ min: 2, max: 5 }),
        fc.boolean(),
        (bad, stable, before, alpha, witnesses, compare) => {
          const good = times(before, at([100, 0], [400, 0]));
          const e = feed(begin({ alpha, witnesses, compare }), [...good, at([bad, bad], [stable, 0], 1)]);
          return !harmShown(e) && e.overBudget < e.rule.bar;
        },
      ),
    ));

  it('JUDGE-4: so many intervals as there are witnesses may condemn, and not one fewer', () => {
    const bad = at([500, 500], [2_000, 0]);
    for (const witnesses of [2, 3, 4]) {
      expect(harmShown(feed(begin({ witnesses }), times(witnesses - 1, bad)))).toBe(false);
      expect(harmShown(feed(begin({ witnesses }), times(witnesses + 1, bad)))).toBe(true);
    }
  });

  it('JUDGE-10: both questions are needed, and bad requests enough to speak of', () => {
    const shared = feed(begin(), times(60, at([100, 5], [400, 20])));
    expect([shared.overAnswered, shared.worseAnswered, harmShown(shared)]).toEqual([true, false, false]);
    const within = feed(begin(), times(60, at([40_000, 20], [160_000, 4])));
    expect([within.overAnswered, within.worseAnswered, harmShown(within)]).toEqual([false, true, false]);
    const apart = feed(begin(), [
      ...times(60, at([40_000, 20], [160_000, 4])),
      ...times(60, at([100, 5], [400, 20])),
    ]);
    expect(harmShown(apart), 'the two may be answered at different looks').toBe(true);
    const few = feed(begin({ minBad: 1_000_000 }), times(60, at([100, 5], [400, 0])));
    expect([few.overAnswered, few.worseAnswered, harmShown(few)]).toEqual([true, true, false]);
  });

  it('JUDGE-5: a missing arm changes no holding, stakes nothing and is said', () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 500 }),
        fc.constantFrom('canary', 'stable', 'both'),
        (total, missing) => {
          const before = feed(begin(), [at([100, 2], [400, 1]), at([100, 0], [400, 0])]);
          const arm = (name: string): [number, number] | null =>
            missing === name || missing === 'both' ? null : [total, total];
          const after = observeSecond(before, at(arm('canary'), arm('stable')));
          for (const part of [
            'over',
            'worse',
            'guess',
            'overBudget',
            'exposure',
            'badSeen',
            'recent',
          ] as const)
            expect(after[part], part).toBe(before[part]);
          expect(clumpFactor(after.clumps)).toBe(clumpFactor(before.clumps));
          expect(after.missing).toBe(missing === 'stable' ? 'STABLE_MISSING' : 'NO_DATA');
          expect(stepBackShown(after)).toBe(false);
        },
      ),
    ));

  it('JUDGE-5: a gap cuts the runs of the clump factor, of both arms', () => {
    const [many, none] = [at([100, 40], [400, 40]), at([100, 0], [400, 0])];
    const apart = feed(begin(), [many, at(null, [400, 0]), none]);
    expect(clumpFactor(apart.clumps)).toBe(1);
    expect(clumpFactor(feed(begin(), [many, none]).clumps)).toBeGreaterThan(10);
  });

  it('JUDGE-6: warm-up is seen and not held against the canary', () => {
    const warm = times(20, { ...at([50, 50], [200, 0]), warmUp: true });
    const e = feed(begin(), warm);
    expect(e).toMatchObject({ overBudget: 0, worseThanStable: 0, badSeen: 0, staked: false });
    expect(e.recent).toHaveLength(12);
    expect(triedEnough(e)).toBe(false);
  });

  it('JUDGE-7: harm, once shown, stays shown, and no step back is asked for any more', () => {
    const shown = feed(begin(), times(4, at([50, 25], [200, 0])));
    expect(harmShown(shown)).toBe(true);
    const after = feed(shown, [...times(30, at([50, 0], [500, 500])), ...times(3, at([50, 50], [0, 0], 1))]);
    expect(after.worseThanStable).toBeLessThan(after.rule.bar);
    expect([harmShown(after), stepBackShown(after)]).toEqual([true, false]);
  });

  it('JUDGE-8: evidence stays a number over long and large traffic', () => {
    let e = begin();
    for (let i = 0; i < 40_000; i++) e = observeSecond(e, at([1e6, i % 2], [1e6, 0], Math.floor(i / 10_000)));
    for (const n of [e.overBudget, e.worseThanStable, e.exposure, clumpFactor(e.clumps)])
      expect(Number.isFinite(n)).toBe(true);
    const bad = feed(begin(), times(5_000, at([1e6, 1e6], [1e6, 0])));
    expect(Number.isFinite(bad.overBudget)).toBe(true);
  });

  it.each([1, 1e-320, 1e16, 1e308])(
    'JUDGE-8: evidence stays a number however unlike the arms, at rho %d',
    (rho) => {
      const most = Number.MAX_SAFE_INTEGER;
      for (const canary of [1, 1e6, 1e14, most])
        for (const stable of [1, 1e6, 1e14, most])
          for (const [x, y] of [
            [0, 0],
            [1, 0],
            [canary, stable],
          ] as const) {
            const e = feed(begin({ rho }), times(3, at([canary, x], [stable, y])));
            for (const n of [e.overBudget, e.worseThanStable, e.exposure])
              expect(Number.isFinite(n)).toBe(true);
          }
    },
  );

  it('JUDGE-8: next to a single request of stable, a larger canary changes the evidence only by as much as it is larger', () => {
    const evidence = (total: number) =>
      feed(begin(), times(6, at([total, total / 2], [1, 1]))).worseThanStable;
    // In the limit each of stable's bad requests divides a holding by its ratio, whatever the canary's.
    for (const total of [1e12, 1e13, 1e14, 9e15]) expect(evidence(total)).toBeCloseTo(-0.763991419534621, 9);
  });

  it('JUDGE-14: alone at full traffic it is not blamed: stable is to be put beside it, at every interval anew', () => {
    const calm = times(20, at([100, 0], [400, 0]));
    const alone = at([500, 25], [0, 0], 1);
    const e = feed(
      begin(
        {},
        times(12, at(null, [500, 0])).map((i) => i.stable!),
      ),
      [...calm, ...times(8, alone)],
    );
    expect([stepBackShown(e), harmShown(e), e.overAnswered]).toEqual([true, false, true]);
    expect(stepBackShown(observeSecond(e, at([0, 0], [0, 0], 1))), 'without traffic of its own').toBe(false);
    expect(stepBackShown(observeSecond(e, at([500, 25], null, 1))), 'not judged').toBe(false);
    expect(stepBackShown(observeSecond(e, at([500, 25], [1, 0], 1))), 'beside stable').toBe(false);
    expect(stepBackShown(observeSecond(e, alone))).toBe(true);
    const judged = feed(e, times(3, at([250, 12], [250, 0], 2)));
    expect(harmShown(judged), 'beside stable it is').toBe(true);
  });

  it('JUDGE-14: where there is nothing to step back to, the guess decides', () => {
    const bad = times(3, at([200, 12], [0, 0]));
    expect(harmShown(feed(begin({ compare: false }), bad))).toBe(true);
    expect(harmShown(feed(begin({ compare: true }), bad))).toBe(false);
    expect(stepBackShown(feed(begin({ compare: false }), bad))).toBe(false);
  });

  it('JUDGE-14: a step back takes as many bad requests as are declared, and not one more', () => {
    const alone = times(4, at([500, 25], [0, 0]));
    const asked = (minBad: number) => stepBackShown(feed(begin({ minBad }), alone));
    expect([asked(99), asked(100), asked(101)]).toEqual([true, true, false]);
  });

  it('JUDGE-14: a stable version that had errors of late makes the guess careful', () => {
    const history = times(12, at(null, [500, 30])).map((i) => i.stable!);
    const e = feed(begin({}, history), times(8, at([500, 25], [0, 0])));
    expect([e.overAnswered, stepBackShown(e)]).toEqual([true, false]);
  });

  it.each([
    ['both questions rose by the bar', {}, true],
    ['the first question rose by less', { overBudget: LN_20 - 1e-9 }, false],
    ['the first question was as high before', { overBudget: LN_20 + 0.5, over: 1 }, false],
    ['the second question rose by less', { guess: LN_20 - 1e-9 }, false],
    ['the second question was as high before', { guess: LN_20 + 0.5, before: 1 }, false],
    ['a bad request is missing', { bad: 4 }, false],
  ])('JUDGE-20: another step back: %s', (_, given, expected) => {
    const { overBudget, over, guess, before, bad } = {
      ...{ overBudget: LN_20, over: 0, guess: LN_20, before: 0, bad: 5 },
      ...given,
    };
    const e: SecondEvidence = {
      ...begin(),
      ...{ stepBack: true, overBudget, guess: { pot: guess, holdings: [] } },
      inStep: { over, guess: before, bad },
    };
    expect(stepBackShownAnew(e)).toBe(expected);
  });

  it('JUDGE-20: after a comparison without harm another step back wants another cause', () => {
    const calm = [...times(20, at([100, 0], [400, 0])), ...times(4, at([500, 20], [0, 0], 1))];
    const compared = feed(begin(), [...calm, ...times(6, at([250, 0], [250, 0], 2))]);
    const anew = (...then: Interval[]) => {
      const e = feed(compared, then);
      return [stepBackShown(e), stepBackShownAnew(e)];
    };
    expect(stepBackShownAnew(feed(begin(), calm)), 'a first one shows it by itself').toBe(true);
    expect(anew(at([500, 0], [0, 0], 3)), 'evidence does not forget').toEqual([true, false]);
    expect(anew(...times(3, at([500, 1], [0, 0], 3)))).toEqual([true, false]);
    expect(anew(...times(3, at([500, 0], [0, 0], 3)), ...times(2, at([500, 20], [0, 0], 3)))).toEqual([
      true,
      true,
    ]);
  });
});
