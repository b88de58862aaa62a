import { type Burn, type BurnRule, type BurnWord, burnWord } from '../runtime/burn.ts';

const RANK = { firing: 2, 'no-data': 1, false: 0 } as const satisfies Record<BurnWord, number>;

/** Of several SLOs, the one that matters most: firing, then without data, then the fastest burning. */
export function worstBurn(burns: readonly Burn[], rule: BurnRule): Burn {
  const ranked = [...burns].sort(
    (a, b) => RANK[burnWord(b, rule)] - RANK[burnWord(a, rule)] || (b.fast ?? 0) - (a.fast ?? 0),
  );
  return ranked[0] ?? { fast: null, slow: null };
}
