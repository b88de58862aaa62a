import type { Counts } from '../src/delivery/evidence/evidence.ts';
import { type Random, seededRandom } from '../src/kit/random.ts';
import { medianWithin } from './confidence.ts';
import { RULES, type WatchRule } from './rules.ts';

const RPS = 100;
const WEIGHT = 0.2;
const OBJECTIVE = 0.999;
const STABLE_ERRORS = 0.0002;
const LIMIT_S = 1_800;
const STEP_S = LIMIT_S / 3;

/** Both editions are slower or never; the canary is at 20 % of three steps. */
export interface VerdictTime {
  readonly fault: number;
  readonly scrape: number;
  /** Seconds after the canary's first request at which it begins to fail. */
  readonly begins: number;
  readonly rule: string;
  /** Median seconds from the fault to all traffic on stable, with 95 % limits; null: never within half an hour. */
  readonly seconds: number | null;
  readonly within: readonly [low: number | null, high: number | null];
  readonly failedRequests: number;
}

const counts = (random: Random, mean: number, rate: number): Counts => {
  const total = random.poisson(mean);
  return { total, bad: random.binomial(total, rate) };
};

interface Asked {
  readonly fault: number;
  readonly scrape: number;
  readonly begins: number;
}

function one(rule: WatchRule, { fault, scrape, begins }: Asked, seed: number) {
  const random = seededRandom(seed);
  const history = Array.from({ length: 3_600 / scrape }, () => counts(random, RPS * scrape, STABLE_ERRORS));
  const watcher = rule.watch({ history, scrape, objective: OBJECTIVE, steps: 3 });
  let failed = 0;
  for (let seconds = scrape; seconds <= LIMIT_S; seconds += scrape) {
    const canary = counts(random, RPS * scrape * WEIGHT, seconds > begins ? fault : STABLE_ERRORS);
    const stable = counts(random, RPS * scrape * (1 - WEIGHT), STABLE_ERRORS);
    failed += canary.bad;
    const step = Math.min(2, Math.floor((seconds - 1) / STEP_S));
    if (watcher.look({ seconds, canary, stable, step }) === 'stop')
      return { seconds: seconds - begins, failed };
  }
  return { seconds: Number.POSITIVE_INFINITY, failed };
}

const known = (seconds: number): number | null => (Number.isFinite(seconds) ? seconds : null);

/** All rules over the same traffic, by the same machinery. */
export function timesToVerdict(
  faults: readonly number[],
  scrape: number,
  runs: number,
  begins = 0,
): VerdictTime[] {
  return faults.flatMap((fault) =>
    RULES.map((rule) => {
      const all = Array.from({ length: runs }, (_, i) => one(rule, { fault, scrape, begins }, 1_000 + i));
      const { median, low, high } = medianWithin(all.map((r) => r.seconds));
      return {
        fault,
        scrape,
        begins,
        rule: rule.name,
        seconds: known(median),
        within: [known(low), known(high)] as const,
        failedRequests: medianWithin(all.map((r) => r.failed)).median,
      };
    }),
  );
}
