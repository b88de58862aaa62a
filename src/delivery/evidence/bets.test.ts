import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../kit/random.ts';
import { type Bets, beginBets, evidenceIn, settle, stake, suspects } from './bets.ts';
import { evidenceDefaults, harmShown } from './evidence.ts';
import { beginSecond, observeSecond, type SecondEvidence, secondRule } from './second.ts';

const RUNS = 10_000;
const INTERVALS = 12;

const begin = (more: object): SecondEvidence => {
  const rule = secondRule({ ...evidenceDefaults(2), objective: 0.99, ...more });
  if (!rule.ok) throw new Error(rule.error);
  return beginSecond(rule.value, []);
};

/** So many canaries in two steps, with these error rates at an interval. */
function canaries(first: SecondEvidence, rates: (interval: number) => { canary: number; stable: number }) {
  return Array.from({ length: RUNS }, (_, seed) => {
    const random = seededRandom(seed + 1);
    const arm = (total: number, p: number) => ({ total, bad: random.binomial(total, p) });
    let e = first;
    for (let i = 0; i < INTERVALS; i++) {
      const { canary, stable } = rates(i);
      const step = Math.floor((2 * i) / INTERVALS);
      e = observeSecond(e, { step, canary: arm(20 + (i % 3) * 20, canary), stable: arm(80, stable) });
    }
    return e;
  });
}

/** Mean of a suspect's holding over its share of all stakes, less four standard errors: at most 1 under its null. */
function surelyAtLeast(all: readonly Bets[], suspect: number, weight: number): number {
  const held = all.map(({ pot, holdings }) => Math.exp(holdings[suspect]!) / ((1 - Math.exp(pot)) * weight));
  const mean = held.reduce((a, b) => a + b, 0) / held.length;
  const spread = held.reduce((a, b) => a + (b - mean) ** 2, 0) / (held.length - 1);
  return mean - 4 * Math.sqrt(spread / held.length);
}

describe('bets', () => {
  it('JUDGE-15: at its budget a canary wins nobody more than was staked, in expectation', () => {
    const all = canaries(begin({}), (i) => ({ canary: 0.01, stable: i % 7 === 0 ? 0.2 : 0.001 }));
    for (const [i, w] of [1, 2, 3, 3, 2, 1].entries())
      expect(
        surelyAtLeast(
          all.map((e) => e.over),
          i,
          w / 12,
        ),
        `suspect ${i}`,
      ).toBeLessThanOrEqual(1);
  });

  it('JUDGE-15: a canary as bad as stable wins nobody more than was staked, whatever both do', () => {
    const both = (i: number) => (i > 9 && i < 15 ? 0.2 : 0.01);
    const all = canaries(begin({}), (i) => ({ canary: both(i), stable: both(i) }));
    for (const bets of ['worse', 'guess'] as const)
      for (let i = 0; i < 4; i++)
        expect(
          surelyAtLeast(
            all.map((e) => e[bets]),
            i,
            1 / 4,
          ),
          `${bets}, suspect ${i}`,
        ).toBeLessThanOrEqual(1);
  });

  it('JUDGE-15: within budget, or no worse than stable: condemned no oftener than promised', () => {
    const condemned = (rates: Parameters<typeof canaries>[1]) =>
      canaries(begin({ alpha: 0.05, minBad: 1 }), rates).filter(harmShown).length / RUNS;
    const most = 0.05 + 4 * Math.sqrt((0.05 * 0.95) / RUNS);
    expect(condemned(() => ({ canary: 0.01, stable: 0 }))).toBeLessThanOrEqual(most);
    expect(condemned(() => ({ canary: 0.1, stable: 0.1 }))).toBeLessThanOrEqual(most);
    expect(
      condemned(() => ({ canary: 0.1, stable: 0 })),
      'and a bad one is',
    ).toBeGreaterThan(0.5);
  });

  it('JUDGE-16: the order of suspects changes nothing', () =>
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 2, max: 300 }), { minLength: 2, maxLength: 6 }).chain((ratios) =>
          fc.record({
            ratios: fc.constant(ratios),
            order: fc.shuffledSubarray([...ratios.keys()], { minLength: ratios.length }),
            weights: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 6, maxLength: 6 }),
            gains: fc.array(
              fc.array(fc.double({ min: -20, max: 6, noNaN: true }), { minLength: 6, maxLength: 6 }),
              {
                maxLength: 20,
              },
            ),
          }),
        ),
        ({ ratios, order, weights, gains }) => {
          const play = (at: readonly number[]) => {
            const all = suspects(
              at.map((i) => ratios[i]!),
              at.map((i) => weights[i]!),
            );
            let bets = beginBets(all);
            for (const [n, gain] of gains.entries())
              bets = settle(
                stake(bets, all, n % 5 === 0 ? 0.5 : 0.02),
                at.map((i) => gain[i]!),
              );
            return evidenceIn(bets);
          };
          expect(play(order)).toBeCloseTo(play([...ratios.keys()]), 9);
        },
      ),
    ));

  it('JUDGE-15: nothing that is put on nothing stays nothing', () => {
    const all = suspects([2, 4], [1, 3]);
    const staked = stake(beginBets(all), all, 0);
    expect(staked).toEqual({ pot: 0, holdings: [-Infinity, -Infinity] });
    expect(evidenceIn(staked)).toBe(0);
    expect(evidenceIn({ pot: -Infinity, holdings: [-Infinity] })).toBe(-Infinity);
  });

  it('JUDGE-15: what is left and what is held come from a purse of 1', () => {
    const all = suspects([2, 4], [1, 3]);
    const staked = stake(stake(beginBets(all), all, 0.5), all, 0.02);
    expect(Math.exp(staked.pot)).toBeCloseTo(0.49, 12);
    expect(staked.holdings.map(Math.exp)).toEqual([expect.closeTo(0.1275, 12), expect.closeTo(0.3825, 12)]);
    expect(evidenceIn(staked)).toBeCloseTo(0, 12);
  });
});
