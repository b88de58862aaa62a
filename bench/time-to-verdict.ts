import type { Counts } from '../src/delivery/evidence.ts';
import { type Random, seededRandom } from '../src/kit/random.ts';
import { burnWatcher, evidenceWatcher, strikesWatcher, type Watcher } from './rules.ts';

const RPS = 100;
const WEIGHT = 0.2;
const STABLE_ERRORS = 0.0002;
const LIMIT_S = 1_800;
const RUNS = 101;

export interface VerdictTime {
  readonly fault: number;
  readonly scrape: number;
  readonly rule: string;
  /** Median seconds from the fault to all traffic on stable; null: never within half an hour. */
  readonly seconds: number | null;
  readonly failedRequests: number;
}

const counts = (random: Random, mean: number, rate: number): Counts => {
  const total = random.poisson(mean);
  return { total, bad: random.binomial(total, rate) };
};

function one(watcher: (history: Counts[]) => Watcher, fault: number, scrape: number, seed: number) {
  const random = seededRandom(seed);
  const history = Array.from({ length: 3_600 / scrape }, () => counts(random, RPS * scrape, STABLE_ERRORS));
  const rule = watcher(history);
  let failed = 0;
  for (let seconds = scrape; seconds <= LIMIT_S; seconds += scrape) {
    const canary = counts(random, RPS * scrape * WEIGHT, fault);
    const stable = counts(random, RPS * scrape * (1 - WEIGHT), STABLE_ERRORS);
    failed += canary.bad;
    if (rule.look({ seconds, canary, stable, step: 0 })) return { seconds, failed };
  }
  return { seconds: null, failed };
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** All three rules over the same traffic, by the same machinery. */
export function timesToVerdict(faults: readonly number[], scrape: number): VerdictTime[] {
  const watchers: ((history: Counts[]) => Watcher)[] = [
    (history) => evidenceWatcher(history, 3),
    (history) => burnWatcher(history, scrape),
    () => strikesWatcher(),
  ];
  return faults.flatMap((fault) =>
    watchers.map((watcher) => {
      const runs = Array.from({ length: RUNS }, (_, i) => one(watcher, fault, scrape, 1_000 + i));
      const seconds = median(runs.map((r) => r.seconds ?? Number.POSITIVE_INFINITY));
      return {
        fault,
        scrape,
        rule: watcher([]).name,
        seconds: Number.isFinite(seconds) ? seconds : null,
        failedRequests: median(runs.map((r) => r.failed)),
      };
    }),
  );
}
