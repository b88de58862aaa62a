/** Burn rates of one SLO: multiples of the rate that spends its budget exactly by the end of its window. */
export interface BurnRates {
  /** Null: there is no number. */
  readonly fast: number | null;
  readonly slow: number | null;
}

/** The declared burn rule: all its windows must reach their thresholds. */
export interface BurnRule {
  readonly fast: number;
  /** Null: one window decides. */
  readonly slow: number | null;
}

export type BurnState = 'false' | 'firing' | 'no-data';

const known = (value: number | null): value is number => value !== null && !Number.isNaN(value);

/**
 * Whether the burn rule fires. A window without a number is no answer: it blocks a pass and never fails anything.
 * The only place that compares burn rates with a rule.
 */
export function burnState(burn: BurnRates, rule: BurnRule): BurnState {
  if (!known(burn.fast)) return 'no-data';
  if (rule.slow === null) return burn.fast >= rule.fast ? 'firing' : 'false';
  if (!known(burn.slow)) return 'no-data';
  return burn.fast >= rule.fast && burn.slow >= rule.slow ? 'firing' : 'false';
}

export const burnFires = (burn: BurnRates, rule: BurnRule): boolean => burnState(burn, rule) === 'firing';
