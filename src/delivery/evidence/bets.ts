/**
 * One question as a bet from a purse of 1: what is left in the pot, and what each suspect holds. Everything is a
 * natural logarithm, so that neither long releases nor great harm leave the range of numbers.
 */
export interface Bets {
  /** ln of what is left in the pot. */
  readonly pot: number;
  /** ln of what each suspect holds; nothing yet is −∞. */
  readonly holdings: readonly number[];
}

/** A suspect's multiple of what the null allows, and its share of every stake (ln). */
export interface Suspect {
  readonly ratio: number;
  readonly weight: number;
}

export const suspects = (ratios: readonly number[], weights: readonly number[]): readonly Suspect[] => {
  const all = weights.reduce((sum, w) => sum + w, 0);
  return ratios.map((ratio, i) => ({ ratio, weight: Math.log(weights[i]! / all) }));
};

export const beginBets = (all: readonly Suspect[]): Bets => ({
  pot: 0,
  holdings: all.map(() => Number.NEGATIVE_INFINITY),
});

/** ln(eᵃ + eᵇ) */
function plus(a: number, b: number): number {
  const [more, less] = a > b ? [a, b] : [b, a];
  return less === Number.NEGATIVE_INFINITY ? more : more + Math.log1p(Math.exp(less - more));
}

/** Puts in a share of what is left, by the suspects' weights. */
export function stake({ pot, holdings }: Bets, all: readonly Suspect[], share: number): Bets {
  const put = pot + Math.log(share);
  return {
    pot: pot + Math.log1p(-share),
    holdings: holdings.map((holding, i) => plus(holding, put + all[i]!.weight)),
  };
}

/** Each holding grows or shrinks by its gain. */
export const settle = ({ pot, holdings }: Bets, gains: readonly number[]): Bets => ({
  pot,
  holdings: holdings.map((holding, i) => holding + gains[i]!),
});

/** Evidence: ln of what is left in the pot and all holdings together. */
export const evidenceIn = ({ pot, holdings }: Bets): number => holdings.reduce(plus, pot);
