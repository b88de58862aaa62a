import { EVIDENCE_DEFAULTS as DEFAULTS } from '../declaration/defaults.ts';
import { fail, ok, type Result } from '../kit/result.ts';

/** Requests of one arm in one interval: exact counts, differences of counter samples. */
export interface Counts {
  readonly total: number;
  readonly bad: number;
}

/** One scrape interval of one SLO. An arm without samples is null: missing, not zero. */
export interface Interval {
  readonly step: number;
  readonly canary: Counts | null;
  readonly stable: Counts | null;
  /** Seen while a version warms up: shown and counted as exposure, but never held against the canary. */
  readonly warmUp?: boolean | undefined;
}

export interface EvidenceSettings {
  /** Share of good requests promised, above 0.5 and below 1. */
  readonly objective: number;
  /** How many canary steps there are (m). */
  readonly steps: number;
  /** How many SLOs are judged together. */
  readonly slos: number;
  readonly tolerance: number;
  readonly detect: number;
  readonly rho: number;
  readonly alpha: number;
  readonly beta: number;
  readonly minBad: number;
}

export const EVIDENCE_DEFAULTS = { ...DEFAULTS, slos: 1 } as const;

const SUSPECTED_MULTIPLES = [1.5, 2, 4, 8, 16, 32, 64, 128, 256, 475] as const;
const RATIOS = [1.5, 2, 3, 5, 10, 30, 100, 1000] as const;
const MOST_SUSPECTED = 0.95;
const MOST_STABLE = 0.9;
const RECENT_INTERVALS = 12;

/** The numbers that follow from the settings alone. */
export interface Rule {
  readonly settings: EvidenceSettings;
  readonly budget: number;
  readonly p0: number;
  readonly p1: number;
  /** Evidence at which a question is answered: ln(slos / alpha). */
  readonly bar: number;
  readonly capA: number;
  readonly capR: number;
  readonly suspected: readonly number[];
  /** Exposure at which a step has been tried enough: ln(beta). */
  readonly enough: number;
  readonly perBad: number;
  readonly perGood: number;
}

/** Refuses settings under which one interval could condemn a release, or which mean nothing. */
export function ruleOf(settings: EvidenceSettings): Result<Rule, string> {
  const { objective, steps, slos, tolerance, detect, rho, alpha, beta, minBad } = settings;
  const numbers = { objective, steps, slos, tolerance, detect, rho, alpha, beta, minBad };
  for (const [name, value] of Object.entries(numbers))
    if (!Number.isFinite(value) || value <= 0) return fail(`${name} must be a number above 0, not ${value}`);
  if (objective <= 0.5 || objective >= 1)
    return fail(`objective must be above 0.5 and below 1, not ${objective}`);
  if (!Number.isInteger(steps) || !Number.isInteger(slos))
    return fail('steps and slos must be whole numbers');
  if (alpha >= 1 || beta >= 1) return fail('alpha and beta must be below 1');
  if (steps * 10 >= slos / alpha)
    return fail(`${steps} steps are too many for alpha ${alpha}: 10 × steps must be below slos / alpha`);
  const budget = 1 - objective;
  const p0 = Math.min(tolerance * budget, 0.5);
  const p1 = Math.min(detect * budget, 0.5);
  if (p1 <= budget) return fail(`detect ${detect} leaves nothing to detect at objective ${objective}`);
  const bar = Math.log(slos / alpha);
  const suspected = [...new Set(SUSPECTED_MULTIPLES.map((k) => Math.min(p0 * k, MOST_SUSPECTED)))].filter(
    (q) => q > p0,
  );
  return ok({
    settings,
    budget,
    p0,
    p1,
    bar,
    suspected,
    capA: (bar + Math.log(steps) + Math.log(suspected.length)) / 2,
    capR: (bar + Math.log(steps) + Math.log(RATIOS.length)) / 2,
    enough: Math.log(beta),
    perBad: Math.log(p1 / budget),
    perGood: Math.log((1 - p1) / (1 - budget)),
  });
}

/** ln likelihood of x bad in n under q, over the same under p. */
const ll = (q: number, p: number, x: number, n: number): number =>
  x * Math.log(q / p) + (n - x) * Math.log((1 - q) / (1 - p));

/** Dispersion of the stable version's own errors, from successive differences. */
interface Dispersion {
  readonly squares: number;
  readonly sums: number;
  readonly previous: { readonly bad: number; readonly step: number } | null;
}

const dispersionOf = (d: Dispersion): number => (d.sums > 0 ? Math.max(1, d.squares / d.sums) : 1);

function disperse(d: Dispersion, stable: Counts | null, step: number): Dispersion {
  if (stable === null || stable.total === 0) return { ...d, previous: null };
  const previous = { bad: stable.bad, step };
  if (d.previous === null || d.previous.step !== step) return { ...d, previous };
  return {
    squares: d.squares + (stable.bad - d.previous.bad) ** 2,
    sums: d.sums + stable.bad + d.previous.bad,
    previous,
  };
}

/** Everything the rule remembers of one SLO of one release. A value: `observe` returns the next. */
export interface Evidence {
  readonly rule: Rule;
  readonly step: number;
  /** Sums of the started sets, over the suspected errors and over the ratios. */
  readonly over: readonly (readonly number[])[];
  readonly worse: readonly (readonly number[])[];
  readonly overBudget: number;
  readonly worseThanStable: number;
  readonly overAnswered: boolean;
  readonly worseAnswered: boolean;
  readonly badSeen: number;
  readonly exposure: number;
  /** Good and bad requests of the step so far, for people. */
  readonly stepRequests: number;
  readonly dispersion: Dispersion;
  readonly recent: readonly Counts[];
  /** Why the last interval was not judged, if it was not. */
  readonly missing: 'NO_DATA' | 'STABLE_MISSING' | null;
  readonly intervals: number;
}

const HISTORY_STEP = -1;

const remember = (recent: readonly Counts[], stable: Counts | null): readonly Counts[] =>
  stable === null || stable.total === 0 ? recent : [...recent.slice(-(RECENT_INTERVALS - 1)), stable];

/** A fresh record, knowing the stable version's last hour (missing intervals are null). */
export function beginEvidence(rule: Rule, history: readonly (Counts | null)[]): Evidence {
  let dispersion: Dispersion = { squares: 0, sums: 0, previous: null };
  let recent: readonly Counts[] = [];
  for (const stable of history) {
    dispersion = disperse(dispersion, stable, HISTORY_STEP);
    recent = remember(recent, stable);
  }
  return {
    rule,
    step: 0,
    over: [rule.suspected.map(() => 0)],
    worse: [RATIOS.map(() => 0)],
    overBudget: 0,
    worseThanStable: 0,
    overAnswered: false,
    worseAnswered: false,
    badSeen: 0,
    exposure: 0,
    stepRequests: 0,
    dispersion,
    recent,
    missing: null,
    intervals: 0,
  };
}

/** What one interval adds to each sum of the question "over budget". */
function overIncrements(rule: Rule, canary: Counts, d: number): readonly number[] {
  return rule.suspected.map((q) => Math.min(ll(q, rule.p0, canary.bad, canary.total) / d, rule.capA));
}

/** What one interval adds to each sum of "worse than stable", against stable's traffic or its recent past. */
function worseIncrements(e: Evidence, canary: Counts, stable: Counts, d: number): readonly number[] {
  const { p0, capR, settings } = e.rule;
  if (stable.total > 0) {
    const share = (r: number) =>
      (r * settings.rho * canary.total) / (r * settings.rho * canary.total + stable.total);
    const x = canary.bad;
    return RATIOS.map((r) => Math.min(ll(share(r), share(1), x, x + stable.bad) / d, capR));
  }
  let total = 0;
  let bad = 0;
  for (const counts of e.recent) {
    total += counts.total;
    bad += counts.bad;
  }
  const known = total > 0 ? Math.max(p0, (settings.rho * (bad + d)) / (total + d)) : p0;
  const p = Math.min(known, MOST_STABLE);
  return RATIOS.map((r) => {
    const q = Math.min(r * p, MOST_SUSPECTED);
    return q > p ? Math.min(ll(q, p, canary.bad, canary.total) / d, capR) : 0;
  });
}

/** ln of the mean over m sets of the mean over the grid of e^sum; a set not yet started counts 1. */
function mixture(sets: readonly (readonly number[])[], m: number): number {
  const waiting = m - sets.length;
  let most = waiting > 0 ? 0 : Number.NEGATIVE_INFINITY;
  for (const set of sets) for (const sum of set) if (sum > most) most = sum;
  let total = waiting > 0 ? waiting * Math.exp(-most) : 0;
  for (const set of sets) {
    let mean = 0;
    for (const sum of set) mean += Math.exp(sum - most);
    total += mean / set.length;
  }
  return most + Math.log(total / m);
}

const addTo = (
  sets: readonly (readonly number[])[],
  increments: readonly number[],
): readonly (readonly number[])[] => sets.map((set) => set.map((sum, i) => sum + increments[i]!));

function enterStep(e: Evidence, step: number): Evidence {
  const over = [...e.over];
  const worse = [...e.worse];
  while (over.length < Math.min(step + 1, e.rule.settings.steps)) {
    over.push(e.rule.suspected.map(() => 0));
    worse.push(RATIOS.map(() => 0));
  }
  return { ...e, step, over, worse, exposure: 0, stepRequests: 0 };
}

const exposureOf = (rule: Rule, canary: Counts): number =>
  canary.bad * rule.perBad + (canary.total - canary.bad) * rule.perGood;

/** Takes in one interval. Intervals come in order; steps never go back. */
export function observe(before: Evidence, interval: Interval): Evidence {
  const e = interval.step === before.step ? before : enterStep(before, interval.step);
  const intervals = e.intervals + 1;
  const { canary, stable } = interval;
  if (canary === null || stable === null)
    return {
      ...e,
      intervals,
      missing: canary === null ? 'NO_DATA' : 'STABLE_MISSING',
      dispersion: { ...e.dispersion, previous: null },
    };
  const seen = {
    ...e,
    intervals,
    missing: null,
    exposure: e.exposure + exposureOf(e.rule, canary),
    stepRequests: e.stepRequests + canary.total,
    dispersion: disperse(e.dispersion, stable, interval.step),
    recent: remember(e.recent, stable),
  };
  if (canary.total === 0 || interval.warmUp) return seen;
  const d = dispersionOf(e.dispersion);
  const over = addTo(e.over, overIncrements(e.rule, canary, d));
  const worse = addTo(e.worse, worseIncrements(e, canary, stable, d));
  const overBudget = mixture(over, e.rule.settings.steps);
  const worseThanStable = mixture(worse, e.rule.settings.steps);
  return {
    ...seen,
    over,
    worse,
    overBudget,
    worseThanStable,
    overAnswered: e.overAnswered || overBudget >= e.rule.bar,
    worseAnswered: e.worseAnswered || worseThanStable >= e.rule.bar,
    badSeen: e.badSeen + canary.bad,
  };
}

/** Both questions answered, with bad requests enough to speak of. */
export const harmShown = (e: Evidence): boolean =>
  e.overAnswered && e.worseAnswered && e.badSeen >= e.rule.settings.minBad;

/** The step has carried enough good traffic. */
export const triedEnough = (e: Evidence): boolean => e.exposure <= e.rule.enough;

export const dispersion = (e: Evidence): number => dispersionOf(e.dispersion);

/** Good requests the step still needs, if none of them fails. */
export const goodRequestsLeft = (e: Evidence): number =>
  Math.max(0, Math.ceil((e.rule.enough - e.exposure) / e.rule.perGood));

/** Good requests a whole step needs. */
export const goodRequestsNeeded = (rule: Rule): number => Math.ceil(rule.enough / rule.perGood);
