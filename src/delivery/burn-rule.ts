import type { Burn } from './events.ts';

/** The declared burn rule: all its windows must exceed their thresholds. One window where slow is null. */
export interface BurnRule {
  readonly fast: number;
  readonly slow: number | null;
}

export type BurnWord = 'false' | 'firing' | 'no-data';

/** A window without data is no answer: it blocks a pass and never fails a canary. */
export function burnWord(burn: Burn, rule: BurnRule): BurnWord {
  const fast = burn.fast;
  const slow = rule.slow === null ? 0 : burn.slow;
  if (fast === null || slow === null || Number.isNaN(fast) || Number.isNaN(slow)) return 'no-data';
  return fast >= rule.fast && (rule.slow === null || slow >= rule.slow) ? 'firing' : 'false';
}

const RANK = { firing: 2, 'no-data': 1, false: 0 } as const satisfies Record<BurnWord, number>;

/** Of several SLOs, the one that matters most: firing, then without data, then the fastest burning. */
export function worstBurn(burns: readonly Burn[], rule: BurnRule): Burn {
  const ranked = [...burns].sort(
    (a, b) => RANK[burnWord(b, rule)] - RANK[burnWord(a, rule)] || (b.fast ?? 0) - (a.fast ?? 0),
  );
  return ranked[0] ?? { fast: null, slow: null };
}
