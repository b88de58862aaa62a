import {
  beginEvidence,
  type Counts,
  EVIDENCE_DEFAULTS,
  harmShown,
  observe,
  ruleOf,
} from '../src/delivery/evidence.ts';
import { type Random, seededRandom } from '../src/kit/random.ts';

/** Half-hour canaries of healthy versions: how many are condemned all the same. */
export interface FalseCase {
  readonly name: string;
  readonly rps: number;
  /** Error rate of both versions at a second of the release. */
  readonly errors: (second: number) => number;
  /** Errors come together, so many at once, and meet both versions by their share of traffic. */
  readonly burst: number;
  /** Scrapes of the two arms fall apart, and some are lost. */
  readonly ragged: boolean;
  /** An incident keeps a canary from 100 %, where there is no stable traffic left to compare with. */
  readonly weights: readonly number[];
  readonly most: number;
}

const BUDGET = 0.001;
const MINUTES = 30;
const SCRAPE_S = 5;
const DECLARED_STEPS = 3;
const HISTORY = 360;
const INCIDENT_AT_S = 1_000;
const ALL = [0.2, 0.5, 1] as const;
const SPLIT = [0.2, 0.5] as const;

const atBudget = () => BUDGET;
const incident = (rate: number) => (second: number) => (second > INCIDENT_AT_S ? rate : BUDGET * 0.2);

export const CASES: readonly FalseCase[] = [
  ...[1, 10, 100].map((rps) => ({
    name: `healthy, errors at the budget, ${rps} rps, ragged scrapes`,
    rps,
    errors: atBudget,
    burst: 1,
    ragged: true,
    weights: ALL,
    most: 1 / 1_000,
  })),
  {
    name: 'errors in bursts of 20',
    rps: 100,
    errors: atBudget,
    burst: 20,
    ragged: false,
    weights: ALL,
    most: 1 / 200,
  },
  ...[0.05, 0.01].flatMap((rate) =>
    [1, 20].map((burst) => ({
      name: `shared incident of ${100 * rate} % mid-release${burst > 1 ? `, in bursts of ${burst}` : ''}`,
      rps: 100,
      errors: incident(rate),
      burst,
      ragged: false,
      weights: SPLIT,
      most: 1 / 200,
    })),
  ),
];

/** One interval of a service: requests and errors, each falling on the canary by its weight. */
function interval(random: Random, mean: number, weight: number, rate: number, burst: number) {
  const requests = random.poisson(mean);
  const toCanary = random.binomial(requests, weight);
  const arm = (total: number, bad: number): Counts => ({ total, bad: Math.min(total, bad) });
  if (burst === 1)
    return {
      canary: arm(toCanary, random.binomial(toCanary, rate)),
      stable: arm(requests - toCanary, random.binomial(requests - toCanary, rate)),
    };
  const errors = burst * random.poisson((requests * rate) / burst);
  const onCanary = random.binomial(errors, weight);
  return { canary: arm(toCanary, onCanary), stable: arm(requests - toCanary, errors - onCanary) };
}

function oneCanary(one: FalseCase, seed: number): boolean {
  const random = seededRandom(seed);
  const rule = ruleOf({ ...EVIDENCE_DEFAULTS, objective: 1 - BUDGET, steps: DECLARED_STEPS });
  if (!rule.ok) throw new Error(rule.error);
  const mean = one.rps * SCRAPE_S;
  const history = Array.from(
    { length: HISTORY },
    () => interval(random, mean, 0, one.errors(0), one.burst).stable,
  );
  let e = beginEvidence(rule.value, history);
  const intervals = (MINUTES * 60) / SCRAPE_S;
  let before = 1;
  for (let i = 0; i < intervals; i++) {
    const step = Math.min(one.weights.length - 1, Math.floor((i * one.weights.length) / intervals));
    const rate = one.errors(i * SCRAPE_S);
    // A late scrape moves requests of one arm, with their errors, into the next interval.
    const late = one.ragged ? 0.6 + 0.8 * random.next() : 1;
    const seen = interval(random, mean * (1 + late - before), one.weights[step]!, rate, one.burst);
    const other = one.ragged ? interval(random, mean, one.weights[step]!, rate, one.burst) : seen;
    before = late;
    const lost = one.ragged && random.chance(0.03);
    e = observe(e, { step, canary: lost ? null : seen.canary, stable: other.stable });
    if (harmShown(e)) return true;
  }
  return false;
}

export interface FalseResult {
  readonly name: string;
  readonly canaries: number;
  readonly condemned: number;
  readonly most: number;
  readonly held: boolean;
}

export function falseRollbacks(one: FalseCase, canaries: number): FalseResult {
  let condemned = 0;
  for (let seed = 1; seed <= canaries; seed++) if (oneCanary(one, seed * 31 + 7)) condemned++;
  return { name: one.name, canaries, condemned, most: one.most, held: condemned <= one.most * canaries };
}
