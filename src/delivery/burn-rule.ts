import { type BurnRates, type BurnRule, type BurnState, burnState } from '../runtime/burn.ts';

const RANK = { firing: 2, 'no-data': 1, false: 0 } as const satisfies Record<BurnState, number>;

/** Of several SLOs, the one that matters most: firing, then without data, then the fastest burning. */
export function worstBurn(burns: readonly BurnRates[], rule: BurnRule): BurnRates {
  const ranked = [...burns].sort(
    (a, b) => RANK[burnState(b, rule)] - RANK[burnState(a, rule)] || (b.fast ?? 0) - (a.fast ?? 0),
  );
  return ranked[0] ?? { fast: null, slow: null };
}
