import { EVIDENCE_DEFAULTS } from '../../declaration/defaults.ts';
import type { EvidenceOptions } from '../../declaration/judging.ts';
import { fail, ok, type Result } from '../../kit/result.ts';

/** The edition of the evidence rule. The first one is kept, since releases end under the edition they began under. */
export type Edition = EvidenceOptions['edition'];

/** Requests of one arm in one interval: exact counts, differences of counter samples. */
export interface Counts {
  readonly total: number;
  readonly bad: number;
}

/** One interval of one SLO. An arm without samples is null: missing, not zero. */
export interface Interval {
  readonly step: number;
  readonly canary: Counts | null;
  readonly stable: Counts | null;
  /** Seen while a version warms up: shown and counted as exposure, but never held against the canary. */
  readonly warmUp?: boolean | undefined;
}

/** What is declared of the rule, and what it is asked about. */
export interface EvidenceSettings extends EvidenceOptions {
  /** Share of good requests promised, above 0.5 and below 1. */
  readonly objective: number;
  /** How many canary steps there are (m). The first edition alone asks. */
  readonly steps: number;
  /** How many SLOs are judged together. */
  readonly slos: number;
}

/** What an edition takes where nothing is declared. */
export const evidenceDefaults = (edition: Edition) =>
  ({ ...EVIDENCE_DEFAULTS[edition], edition, slos: 1, steps: 1, compare: true }) as const;

/** The numbers that follow from the settings alone, in both editions. */
export interface RuleNumbers {
  readonly settings: EvidenceSettings;
  readonly budget: number;
  readonly p0: number;
  readonly p1: number;
  /** Evidence at which a question is answered: ln(slos / alpha). */
  readonly bar: number;
  /** Exposure at which a step has been tried enough: ln(beta). */
  readonly enough: number;
  readonly perBad: number;
  readonly perGood: number;
}

/** ln((1−q)/(1−p)): what one good request says of q against p, in full precision also where both are small. */
const lnGood = (q: number, p: number): number => Math.log1p(-q) - Math.log1p(-p);

/** What both editions ask of their settings, and what follows; refused in words. */
export function numbersFrom(settings: EvidenceSettings): Result<RuleNumbers, string> {
  const { objective, slos, tolerance, detect, rho, alpha, beta, minBad } = settings;
  const numbers = { objective, slos, tolerance, detect, rho, alpha, beta, minBad };
  for (const [name, value] of Object.entries(numbers))
    if (!Number.isFinite(value) || value <= 0) return fail(`${name} must be a number above 0, not ${value}`);
  if (objective <= 0.5 || objective >= 1)
    return fail(`objective must be above 0.5 and below 1, not ${objective}`);
  if (!Number.isInteger(slos)) return fail(`slos must be a whole number, not ${slos}`);
  if (alpha >= 1 || beta >= 1) return fail('alpha and beta must be below 1');
  const budget = 1 - objective;
  const p0 = Math.min(tolerance * budget, 0.5);
  const p1 = Math.min(detect * budget, 0.5);
  const perGood = lnGood(p1, budget);
  if (perGood >= 0) return fail(`detect ${detect} leaves nothing to detect at objective ${objective}`);
  if (p0 === 0) return fail(`tolerance ${tolerance} leaves no budget at objective ${objective}`);
  const bar = Math.log(slos / alpha);
  if (!Number.isFinite(bar))
    return fail(`alpha ${alpha} and slos ${slos} set a bar that no evidence reaches`);
  return ok({
    settings,
    budget,
    p0,
    p1,
    bar,
    enough: Math.log(beta),
    perBad: Math.log(p1 / budget),
    perGood,
  });
}

/** What both editions know of one SLO of one release. Evidence and exposure are natural logarithms. */
export interface Known {
  readonly rule: RuleNumbers;
  readonly step: number;
  readonly overBudget: number;
  readonly worseThanStable: number;
  /** Answered for good: the evidence once reached the bar. */
  readonly overAnswered: boolean;
  readonly worseAnswered: boolean;
  readonly badSeen: number;
  readonly exposure: number;
  /** Good and bad requests of the step so far, for people. */
  readonly stepRequests: number;
  /** Why the last interval was not judged, if it was not. */
  readonly missing: 'NO_DATA' | 'STABLE_MISSING' | null;
  readonly intervals: number;
}

/** The evidence before the first interval. */
export const NOTHING_SEEN = {
  step: 0,
  overBudget: 0,
  worseThanStable: 0,
  overAnswered: false,
  worseAnswered: false,
  badSeen: 0,
  exposure: 0,
  stepRequests: 0,
  missing: null,
  intervals: 0,
} as const satisfies Omit<Known, 'rule'>;

/** Every step starts with exposure and counts of its own. */
export const newStep = (step: number) => ({ step, exposure: 0, stepRequests: 0 });

/** ln likelihood of x bad in n under q, over the same under p. */
export const ll = (q: number, p: number, x: number, n: number): number =>
  x * Math.log(q / p) + (n - x) * lnGood(q, p);

/**
 * Of the bad requests of both, how many are the canary's, were it r·rho times as bad as stable, over the same at rho.
 * The shares themselves are not computed: where one arm is far larger than the other, they round to 1, and the
 * likelihood to no number at all.
 */
export function llOfShares(r: number, rho: number, canary: Counts, stable: Counts): number {
  const u = stable.total / (rho * canary.total);
  return canary.bad * Math.log1p((r - 1) / (1 + r / u)) - stable.bad * Math.log1p((r - 1) / (1 + u));
}

export const exposureOf = (rule: RuleNumbers, canary: Counts): number =>
  canary.bad * rule.perBad + (canary.total - canary.bad) * rule.perGood;

const RECENT_INTERVALS = 12;

/** The stable version's last intervals with traffic, the latest last. */
export const remember = (recent: readonly Counts[], stable: Counts | null): readonly Counts[] =>
  stable === null || stable.total === 0 ? recent : [...recent.slice(-(RECENT_INTERVALS - 1)), stable];

/**
 * What the stable version's error rate may be by its recent past, where it has no traffic now: at least p0, at most
 * nine in ten. D stands in for errors that clumping hides: a quiet past is no proof of none.
 */
export function guessedRate(rule: RuleNumbers, recent: readonly Counts[], d: number): number {
  let total = 0;
  let bad = 0;
  for (const counts of recent) {
    total += counts.total;
    bad += counts.bad;
  }
  const known = total > 0 ? Math.max(rule.p0, (rule.settings.rho * (bad + d)) / (total + d)) : rule.p0;
  return Math.min(known, 0.9);
}
