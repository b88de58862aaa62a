const Z = 1.96;

/** Wilson's limits of a share, 95 %: what `hits` of `runs` may stand for. */
export function shareWithin(hits: number, runs: number): readonly [low: number, high: number] {
  const share = hits / runs;
  const z2 = Z ** 2 / runs;
  const middle = (share + z2 / 2) / (1 + z2);
  const half = (Z / (1 + z2)) * Math.sqrt((share * (1 - share)) / runs + z2 / (4 * runs));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

/** Median and its 95 % limits by order; what never came is infinite. */
export function medianWithin(values: readonly number[]): {
  readonly median: number;
  readonly low: number;
  readonly high: number;
} {
  const sorted = [...values].sort((a, b) => a - b);
  const n = sorted.length;
  const half = (Z * Math.sqrt(n)) / 2;
  const at = (i: number) => sorted[Math.min(n - 1, Math.max(0, Math.floor(i)))]!;
  return { median: at(n / 2), low: at(n / 2 - half), high: at(n / 2 + half) };
}
