import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../kit/random.ts';
import { judgeTrace, traceSchema } from '../trace.ts';
import { evidenceDefaults, goodRequestsNeeded, harmShown, triedEnough } from './evidence.ts';
import {
  beginFirst as beginEvidence,
  type FirstEvidence,
  type FirstRule,
  firstRule,
  observeFirst,
} from './first.ts';
import type { Interval } from './shared.ts';

interface Vector {
  readonly name: string;
  readonly expected: {
    readonly firstPass: number | null;
    readonly firstFail: number | null;
    readonly at: readonly {
      index: number;
      overBudget: number;
      worseThanStable: number;
      exposure: number;
      verdict: string;
    }[];
  };
}

const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../test/vectors/evidence-1.json'), 'utf8'),
) as Vector[];

const rule = (objective = 0.999, more: object = {}): FirstRule => {
  const made = firstRule({ ...evidenceDefaults(1), objective, steps: 3, ...more });
  if (!made.ok) throw new Error(made.error);
  return made.value;
};

const feed = (e: FirstEvidence, intervals: readonly Interval[]) => intervals.reduce(observeFirst, e);

describe('the evidence rule, first edition', () => {
  it.each(vectors.map((v) => [v.name, v] as const))('JUDGE-1: %s: every number to 1e-9', (_, vector) => {
    const answer = judgeTrace(traceSchema.parse(vector), 1);
    if (!answer.ok) throw new Error(answer.error);
    expect(answer.value).toMatchObject({
      firstPass: vector.expected.firstPass,
      firstFail: vector.expected.firstFail,
    });
    for (const at of vector.expected.at) {
      const got = answer.value.intervals[at.index]!;
      for (const number of ['overBudget', 'worseThanStable', 'exposure'] as const)
        expect(Math.abs(got[number] - at[number]), `${number} at ${at.index}`).toBeLessThan(1e-9);
      expect(got.verdict).toBe(at.verdict);
    }
  });

  it('JUDGE-2: at 99.9 % a step needs 332 good requests', () => expect(goodRequestsNeeded(rule())).toBe(332));

  it.each([
    [{ objective: 0.5 }, 'objective'],
    [{ objective: 1 }, 'objective'],
    [{ objective: Number.NaN }, 'objective'],
    [{ steps: 100 }, 'too many'],
    [{ steps: 2.5 }, 'whole'],
    [{ alpha: 2 }, 'alpha'],
    [{ detect: 0.5 }, 'detect'],
  ])('JUDGE-3: settings %j are refused', (more, why) => {
    const made = firstRule({ ...evidenceDefaults(1), objective: 0.999, steps: 3, ...more });
    expect(made.ok ? '' : made.error).toContain(why);
  });

  it('JUDGE-4: no single interval condemns a release without earlier evidence, however bad', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e7 }), fc.integer({ min: 0, max: 1e7 }), (bad, stable) => {
        const interval = { step: 0, canary: { total: bad, bad }, stable: { total: stable, bad: 0 } };
        return !harmShown(observeFirst(beginEvidence(rule(), []), interval));
      }),
    ));

  it('JUDGE-5: a missing arm changes no sum', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.boolean(), (total, canaryMissing) => {
        const before = feed(beginEvidence(rule(), []), [
          { step: 0, canary: { total: 100, bad: 2 }, stable: { total: 400, bad: 1 } },
        ]);
        const counts = { total, bad: total };
        const after = observeFirst(before, {
          step: 0,
          canary: canaryMissing ? null : counts,
          stable: canaryMissing ? counts : null,
        });
        expect([after.overBudget, after.worseThanStable, after.exposure, after.badSeen]).toEqual([
          before.overBudget,
          before.worseThanStable,
          before.exposure,
          before.badSeen,
        ]);
        expect(after.dispersion.squares).toBe(before.dispersion.squares);
        expect(after.recent).toBe(before.recent);
      }),
    ));

  it('JUDGE-6: warm-up is seen and not held against the canary', () => {
    const e = feed(
      beginEvidence(rule(), []),
      Array.from({ length: 20 }, () => ({
        step: 0,
        canary: { total: 50, bad: 50 },
        stable: { total: 200, bad: 0 },
        warmUp: true,
      })),
    );
    expect(e).toMatchObject({ overBudget: 0, worseThanStable: 0, badSeen: 0 });
    expect(triedEnough(e)).toBe(false);
  });

  it('JUDGE-7: harm, once shown, stays shown', () => {
    const bad = { step: 0, canary: { total: 50, bad: 25 }, stable: { total: 200, bad: 0 } };
    const good = { step: 1, canary: { total: 5_000, bad: 0 }, stable: { total: 5_000, bad: 0 } };
    const shown = feed(beginEvidence(rule(), []), [bad, bad, bad]);
    expect(harmShown(shown)).toBe(true);
    expect(harmShown(feed(shown, [good, good, good]))).toBe(true);
  });

  it('JUDGE-7: harm, once shown, stays shown when the stable version turns out worse', () => {
    const bad = { step: 0, canary: { total: 50, bad: 25 }, stable: { total: 200, bad: 0 } };
    const worse = { step: 0, canary: { total: 50, bad: 0 }, stable: { total: 500, bad: 500 } };
    const after = feed(beginEvidence(rule(), []), [bad, bad, bad, worse, worse, worse]);
    expect(after.worseThanStable).toBeLessThan(after.rule.bar);
    expect(harmShown(after)).toBe(true);
  });

  it('JUDGE-5: which arm was missing is said, until both are there again', () => {
    const counts = { total: 10, bad: 0 };
    const said = (canary: typeof counts | null, stable: typeof counts | null) => ({
      step: 0,
      canary,
      stable,
    });
    const missing = (...intervals: Interval[]) => feed(beginEvidence(rule(), []), intervals).missing;
    expect(missing(said(null, counts))).toBe('NO_DATA');
    expect(missing(said(counts, null))).toBe('STABLE_MISSING');
    expect(missing(said(null, null))).toBe('NO_DATA');
    expect(missing(said(null, counts), said(counts, counts))).toBeNull();
  });

  it('JUDGE-2: each step is tried anew: requests and exposure are those of the step', () => {
    const at = (step: number) => ({ step, canary: { total: 100, bad: 0 }, stable: { total: 100, bad: 0 } });
    const [one, again] = [
      feed(beginEvidence(rule(), []), [at(0)]),
      feed(beginEvidence(rule(), []), [at(0), at(1)]),
    ];
    expect(again).toMatchObject({ stepRequests: 100, exposure: one.exposure, intervals: 2 });
  });

  it('JUDGE-8: evidence stays a number over long and large traffic', () => {
    let e = beginEvidence(rule(), []);
    for (let i = 0; i < 3_000; i++)
      e = observeFirst(e, {
        step: Math.min(2, Math.floor(i / 1_000)),
        canary: { total: 1e6, bad: i % 2 },
        stable: { total: 1e6, bad: 0 },
      });
    expect(Number.isFinite(e.overBudget)).toBe(true);
    expect(Number.isFinite(e.worseThanStable)).toBe(true);
  });

  it('JUDGE-9: a shared incident does not condemn: 300 seeded canaries, none', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = seededRandom(seed);
      const at = (total: number, p: number) => ({ total, bad: random.binomial(total, p) });
      let e = beginEvidence(
        rule(),
        Array.from({ length: 100 }, () => at(500, 0.0002)),
      );
      for (let i = 0; i < 72; i++) {
        const p = i > 20 ? 0.05 : 0.0002;
        e = observeFirst(e, { step: Math.floor(i / 24), canary: at(100, p), stable: at(400, p) });
      }
      expect(harmShown(e), `seed ${seed}`).toBe(false);
    }
  });
});
