import { describe, expect, it } from 'vitest';
import { type BurnRates, burnState } from '../runtime/burn.ts';
import { worstBurn } from './burn-rule.ts';

const PAIR = { fast: 14, slow: 3 };
const FAST_ONLY = { fast: 14, slow: null };
const burn = (fast: number | null, slow: number | null): BurnRates => ({ fast, slow });

describe('the declared burn rule', () => {
  it.each([
    ['both windows at their thresholds', burn(14, 3), PAIR, 'firing'],
    ['the fast window a little below', burn(13.99, 3), PAIR, 'false'],
    ['the slow window a little below', burn(14, 2.99), PAIR, 'false'],
    ['nothing burning', burn(0, 0), PAIR, 'false'],
    ['no fast window', burn(null, 3), PAIR, 'no-data'],
    ['no slow window', burn(100, null), PAIR, 'no-data'],
    ['a fast window that is no number', burn(Number.NaN, 3), PAIR, 'no-data'],
    ['a slow window that is no number', burn(100, Number.NaN), PAIR, 'no-data'],
    ['one declared window at its threshold', burn(14, 0), FAST_ONLY, 'firing'],
    ['one declared window, the other without data', burn(14, null), FAST_ONLY, 'firing'],
    ['one declared window a little below', burn(13.99, 100), FAST_ONLY, 'false'],
    ['one declared window without data', burn(null, 100), FAST_ONLY, 'no-data'],
  ] as const)('JUDGE-13: %s', (_, seen, rule, word) => expect(burnState(seen, rule)).toBe(word));

  it.each([
    ['one that fires before one that burns faster', [burn(100, 0), burn(14, 3)], burn(14, 3)],
    ['one that fires before one without data', [burn(null, null), burn(14, 3)], burn(14, 3)],
    ['one without data before one that is calm', [burn(13, 2), burn(null, 2)], burn(null, 2)],
    ['the fastest of those that are calm', [burn(1, 2), burn(2, 0), burn(0, 0)], burn(2, 0)],
    ['of no SLO nothing is known', [], burn(null, null)],
  ])('JUDGE-13: of several SLOs the worst speaks: %s', (_, burns, worst) =>
    expect(worstBurn(burns, PAIR)).toEqual(worst),
  );
});
