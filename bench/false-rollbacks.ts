import type { Counts } from '../src/delivery/evidence/evidence.ts';
import { type Random, seededRandom } from '../src/kit/random.ts';
import { shareWithin } from './confidence.ts';
import type { WatchRule } from './rules.ts';

/** Errors of both versions at a second of the release. */
interface Errors {
  readonly canary: number;
  readonly stable: number;
}

/** Half-hour canaries of healthy versions: how many are condemned all the same. */
export interface FalseCase {
  readonly name: string;
  readonly rps: (second: number) => number;
  readonly objective: number;
  readonly errors: (second: number) => Errors;
  /** Errors come together, so many at once, and meet both versions by their share of traffic. */
  readonly burst: number;
  /** A burst meets one version whole, as a pool of connections does; otherwise both, request by request. */
  readonly whole: boolean;
  /** Bursts that last: errors come in spans of so many seconds, in which a share of all requests fails. */
  readonly lasting: { readonly seconds: number; readonly share: number } | null;
  /** Whether the hour before knew of such errors, or was quiet. */
  readonly history: 'known' | 'quiet';
  /** Scrapes of the two arms fall apart, and some are lost. */
  readonly ragged: boolean;
  readonly weights: readonly number[];
  /** Share that the second edition condemns at the most, with two witnesses. */
  readonly most: number;
}

const MINUTES = 30;
const SCRAPE_S = 5;
const SECONDS = MINUTES * 60;
const HISTORY = 360;
const QUIET = 0.00002;
const ALL = [0.2, 0.5, 1] as const;
const INCIDENT_AT_S = 1_000;
/** The last third is at full traffic. */
const FULL_AT_S = (2 * SECONDS) / 3;

const alike = (rate: (second: number) => number) => (second: number) => ({
  canary: rate(second),
  stable: rate(second),
});
const always = (rate: number) => alike(() => rate);

const base: Omit<FalseCase, 'name'> = {
  rps: () => 100,
  objective: 0.999,
  errors: always(0.001),
  burst: 1,
  whole: false,
  lasting: null,
  history: 'known',
  ragged: false,
  weights: ALL,
  most: 0.001,
};

const healthy = [1, 10, 100, 1_000].map((rps) => ({
  ...base,
  name: `healthy, errors at the budget, ${rps} rps, diurnal, ragged scrapes`,
  rps: (second: number) => rps * (1 + 0.5 * Math.sin((2 * Math.PI * second) / SECONDS)),
  ragged: true,
}));

const atBudget = [
  [0.999, 100],
  [0.99, 20],
  [0.999, 10],
].map(([objective, rps]) => ({
  ...base,
  name: `canary at its budget, stable near 0: ${100 * objective!} %, ${rps} rps`,
  rps: () => rps!,
  objective: objective!,
  errors: () => ({ canary: 1 - objective!, stable: QUIET }),
  weights: [0.2, 0.2, 0.2],
}));

const bursts: FalseCase[] = [
  { ...base, name: 'errors in bursts of 20, known from history', burst: 20, whole: true },
  {
    ...base,
    name: 'errors in bursts of 20, quiet history',
    burst: 20,
    whole: true,
    history: 'quiet',
    most: 0.002,
  },
  { ...base, name: 'errors in bursts that last 10 s', lasting: { seconds: 10, share: 0.2 }, most: 0.02 },
];

const shared = (name: string, rate: number, more: Partial<FalseCase>): FalseCase => ({
  ...base,
  name: `shared ${100 * rate} %${name}`,
  errors: always(rate),
  ...more,
});
const SHARED: FalseCase[] = [
  shared(' in bursts of 20 at equal weights, quiet history', 0.01, {
    burst: 20,
    whole: true,
    history: 'quiet',
    weights: [0.5, 0.5, 0.5],
    most: 0.025,
  }),
  shared(' in bursts of 20 at equal weights, known', 0.01, {
    burst: 20,
    whole: true,
    weights: [0.5, 0.5, 0.5],
    most: 0.01,
  }),
  shared(' in bursts of 5 at 20 %, known', 0.01, {
    burst: 5,
    whole: true,
    weights: [0.2, 0.2, 0.2],
    most: 0.01,
  }),
  shared(' with retries: threes, beginning in the middle', 0.05, {
    burst: 3,
    whole: true,
    errors: alike((s) => (s > INCIDENT_AT_S ? 0.05 : 0.0002)),
    weights: [0.2, 0.5],
    most: 0.01,
  }),
  shared(' beginning in the middle', 0.01, {
    errors: alike((s) => (s > INCIDENT_AT_S ? 0.01 : 0.0002)),
    weights: [0.2, 0.5],
  }),
  shared(' beginning at full traffic', 0.05, { errors: alike((s) => (s > FULL_AT_S + 60 ? 0.05 : 0.0002)) }),
  shared(' in bursts of 10 s', 0.05, {
    lasting: { seconds: 10, share: 0.5 },
    weights: [0.2, 0.5],
    most: 0.15,
  }),
];

export const CASES: readonly FalseCase[] = [...healthy, ...atBudget, ...bursts, ...SHARED];

/** The traffic of one service, second by second, with a memory of the burst that is on. */
function createTraffic(one: FalseCase, random: Random) {
  let burstUntil = Number.NEGATIVE_INFINITY;
  /** Share of requests that fail now, in bursts that last: spans so frequent that they make up the rate. */
  const lastingRate = (second: number, rate: number): number => {
    const { seconds, share } = one.lasting!;
    if (second >= burstUntil && random.chance(rate / share / seconds)) burstUntil = second + seconds;
    return second < burstUntil ? share : 0;
  };
  const arm = (total: number, bad: number): Counts => ({ total, bad: Math.min(total, bad) });
  return (second: number, weight: number, errors: Errors): { canary: Counts; stable: Counts } => {
    const requests = random.poisson(one.rps(second) * SCRAPE_S);
    const toCanary = random.binomial(requests, weight);
    if (one.burst > 1) {
      const bursts = random.poisson((requests * errors.stable) / one.burst);
      const bad = one.burst * bursts;
      const onCanary = one.whole ? one.burst * random.binomial(bursts, weight) : random.binomial(bad, weight);
      return { canary: arm(toCanary, onCanary), stable: arm(requests - toCanary, bad - onCanary) };
    }
    if (one.lasting === null)
      return {
        canary: arm(toCanary, random.binomial(toCanary, errors.canary)),
        stable: arm(requests - toCanary, random.binomial(requests - toCanary, errors.stable)),
      };
    let [canary, stable] = [0, 0];
    for (let s = 0; s < SCRAPE_S; s++) {
      const rate = lastingRate(second + s, errors.stable);
      canary += random.binomial(Math.round(toCanary / SCRAPE_S), rate);
      stable += random.binomial(Math.round((requests - toCanary) / SCRAPE_S), rate);
    }
    return { canary: arm(toCanary, canary), stable: arm(requests - toCanary, stable) };
  };
}

const COMPARED_S = 60;

/**
 * Where a release stands: steps of equal length; after a step back it is compared for a minute at the weight before,
 * then it goes on, and after the second it is held there to the end.
 */
function createSteps(weights: readonly number[]) {
  let [extra, backUntil, backs] = [0, Number.NEGATIVE_INFINITY, 0];
  let wasBack = false;
  const planned = (second: number) =>
    Math.min(weights.length - 1, Math.floor((second * weights.length) / SECONDS));
  return {
    at(second: number): { step: number; weight: number } {
      const back = second < backUntil || (backs > 1 && wasBack);
      if (back !== wasBack) extra += 1;
      wasBack = back;
      const step = planned(second);
      return { step: step + extra, weight: back ? (weights[step - 1] ?? 0.5) : weights[step]! };
    },
    back(second: number) {
      backs += 1;
      backUntil = second + COMPARED_S;
    },
  };
}

function isCondemned(one: FalseCase, rule: WatchRule, seed: number): boolean {
  const random = seededRandom(seed);
  const traffic = createTraffic(one, random);
  const before = (i: number) =>
    one.history === 'known' ? one.errors((i - HISTORY) * SCRAPE_S) : { canary: QUIET, stable: QUIET };
  const history = Array.from(
    { length: HISTORY },
    (_, i) => traffic((i - HISTORY) * SCRAPE_S, 0, before(i)).stable,
  );
  const { objective } = one;
  const watcher = rule.watch({ history, scrape: SCRAPE_S, objective, steps: 3 });
  const steps = createSteps(one.weights);
  for (let second = 0; second < SECONDS; second += SCRAPE_S) {
    const { step, weight } = steps.at(second);
    const errors = one.errors(second);
    const seen = traffic(second, weight, errors);
    // A late scrape of one arm tells of other requests than that of the other; some are lost.
    const other = one.ragged ? traffic(second, weight, errors) : seen;
    const lost = one.ragged && random.chance(0.03);
    const canary = lost ? null : seen.canary;
    const word = watcher.look({ seconds: second + SCRAPE_S, step, canary, stable: other.stable });
    if (word === 'stop') return true;
    if (word === 'step back') steps.back(second + SCRAPE_S);
  }
  return false;
}

export interface FalseResult {
  readonly name: string;
  readonly rule: string;
  readonly canaries: number;
  readonly condemned: number;
  /** 95 % limits of the share. */
  readonly within: readonly [low: number, high: number];
}

/** So many canaries of one case by one rule: the same traffic for every rule. */
export function falseRollbacks(one: FalseCase, rule: WatchRule, canaries: number): FalseResult {
  let condemned = 0;
  for (let seed = 1; seed <= canaries; seed++) if (isCondemned(one, rule, seed * 31 + 7)) condemned++;
  return {
    name: one.name,
    rule: rule.name,
    canaries,
    condemned,
    within: shareWithin(condemned, canaries),
  };
}
