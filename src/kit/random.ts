/** A seeded stream of numbers in [0, 1): the same seed gives the same run (mulberry32). */
export interface Random {
  next(): number;
  /** An integer in [0, below). */
  below(below: number): number;
  /** How many of n independent trials of probability p succeed. */
  binomial(n: number, p: number): number;
  poisson(mean: number): number;
  chance(p: number): boolean;
}

export function seededRandom(seed: number): Random {
  let a = seed >>> 0;
  const next = () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = a;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  // Skipping from success to success costs the number of successes, not of trials.
  const skips = (n: number, p: number): number => {
    const log = Math.log1p(-p);
    let hits = 0;
    for (let at = Math.floor(Math.log1p(-next()) / log); at < n; hits++)
      at += 1 + Math.floor(Math.log1p(-next()) / log);
    return hits;
  };
  const binomial = (n: number, p: number): number => {
    if (p <= 0 || n <= 0) return 0;
    if (p >= 1) return n;
    return p > 0.5 ? n - skips(n, 1 - p) : skips(n, p);
  };
  const poisson = (mean: number): number => {
    if (mean > 30) {
      const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
      return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal));
    }
    let count = -1;
    for (let left = 1; left > Math.exp(-mean); count++) left *= next();
    return Math.max(0, count);
  };
  return { next, below: (n) => Math.floor(next() * n), binomial, poisson, chance: (p) => next() < p };
}
