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
  /** Errors come together, so many at once. */
  readonly burst: number;
  /** Scrapes of the two arms fall apart, and some are lost. */
  readonly ragged: boolean;
  readonly most: number;
}

const BUDGET = 0.001;
const MINUTES = 30;
const SCRAPE_S = 5;
const STEPS = [0.2, 0.5, 1] as const;
const HISTORY = 360;

const incident = (rate: number) => (second: number) => (second > 500 ? rate : BUDGET * 0.2);

export const CASES: readonly FalseCase[] = [
  {
    name: 'healthy, errors at the budget, 1 rps',
    rps: 1,
    errors: () => BUDGET,
    burst: 1,
    ragged: true,
    most: 1 / 1_000,
  },
  {
    name: 'healthy, errors at the budget, 10 rps',
    rps: 10,
    errors: () => BUDGET,
    burst: 1,
    ragged: true,
    most: 1 / 1_000,
  },
  {
    name: 'healthy, errors at the budget, 100 rps',
    rps: 100,
    errors: () => BUDGET,
    burst: 1,
    ragged: true,
    most: 1 / 1_000,
  },
  {
    name: 'errors in bursts of 20, 100 rps',
    rps: 100,
    errors: () => BUDGET,
    burst: 20,
    ragged: false,
    most: 1 / 200,
  },
  {
    name: 'shared incident of 5 % mid-release',
    rps: 100,
    errors: incident(0.05),
    burst: 1,
    ragged: false,
    most: 1 / 200,
  },
  {
    name: 'shared incident of 5 % in bursts of 20',
    rps: 100,
    errors: incident(0.05),
    burst: 20,
    ragged: false,
    most: 1 / 200,
  },
];

/** Bad requests of an arm: independent, or in bursts of which each falls on this arm by its share. */
function draw(random: Random, total: number, rate: number, burst: number): number {
  if (burst === 1) return random.binomial(total, rate);
  return Math.min(total, burst * random.poisson((total * rate) / burst));
}

function counts(random: Random, mean: number, rate: number, burst: number): Counts {
  const total = random.poisson(mean);
  return { total, bad: draw(random, total, rate, burst) };
}

function oneCanary(one: FalseCase, seed: number): { condemned: boolean; intervals: number } {
  const random = seededRandom(seed);
  const rule = ruleOf({ ...EVIDENCE_DEFAULTS, objective: 1 - BUDGET, steps: STEPS.length });
  if (!rule.ok) throw new Error(rule.error);
  const history = Array.from({ length: HISTORY }, () =>
    counts(random, one.rps * SCRAPE_S, one.errors(0), one.burst),
  );
  let e = beginEvidence(rule.value, history);
  const intervals = (MINUTES * 60) / SCRAPE_S;
  // A scrape that is late moves requests, with their errors, from one interval of one arm into the next.
  let early = 1;
  for (let i = 0; i < intervals; i++) {
    const step = Math.min(STEPS.length - 1, Math.floor((i * STEPS.length) / intervals));
    const rate = one.errors(i * SCRAPE_S);
    const mean = one.rps * SCRAPE_S;
    const late = one.ragged ? 0.6 + 0.8 * random.next() : 1;
    const canary = counts(random, mean * STEPS[step]! * late, rate, one.burst);
    const stable = counts(random, mean * (1 - STEPS[step]!) * Math.max(0.2, 2 - early), rate, one.burst);
    early = late;
    const lost = one.ragged && random.chance(0.03);
    e = observe(e, { step, canary: lost ? null : canary, stable });
    if (harmShown(e)) return { condemned: true, intervals: i + 1 };
  }
  return { condemned: false, intervals };
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
  for (let seed = 1; seed <= canaries; seed++) if (oneCanary(one, seed * 31 + 7).condemned) condemned++;
  return { name: one.name, canaries, condemned, most: one.most, held: condemned <= one.most * canaries };
}
