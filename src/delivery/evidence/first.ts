import { fail, ok, type Result } from '../../kit/result.ts';
import {
  type Counts,
  type EvidenceSettings,
  exposureOf,
  guessedRate,
  type Interval,
  type Known,
  ll,
  llOfShares,
  NOTHING_SEEN,
  newStep,
  numbersFrom,
  type RuleNumbers,
  remember,
} from './shared.ts';

const SUSPECTED_MULTIPLES = [1.5, 2, 4, 8, 16, 32, 64, 128, 256, 475] as const;
const RATIOS = [1.5, 2, 3, 5, 10, 30, 100, 1000] as const;
const MOST_SUSPECTED = 0.95;

/** The numbers that follow from the settings alone. */
export interface FirstRule extends RuleNumbers {
  readonly edition: 1;
  readonly capA: number;
  readonly capR: number;
  readonly suspected: readonly number[];
}

/** Refuses settings under which one interval could fail a release, or which have no meaning. */
export function firstRule(settings: EvidenceSettings): Result<FirstRule, string> {
  const { steps, slos, alpha } = settings;
  const numbers = numbersFrom(settings);
  if (!numbers.ok) return numbers;
  if (!Number.isInteger(steps) || steps < 1)
    return fail(`steps must be a whole number above 0, not ${steps}`);
  if (steps * 10 >= slos / alpha)
    return fail(`${steps} steps are too many for alpha ${alpha}: 10 × steps must be below slos / alpha`);
  const { p0, bar } = numbers.value;
  const suspected = [...new Set(SUSPECTED_MULTIPLES.map((k) => Math.min(p0 * k, MOST_SUSPECTED)))].filter(
    (q) => q > p0,
  );
  return ok({
    ...numbers.value,
    edition: 1,
    suspected,
    capA: (bar + Math.log(steps) + Math.log(suspected.length)) / 2,
    capR: (bar + Math.log(steps) + Math.log(RATIOS.length)) / 2,
  });
}

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

/** Everything the rule remembers of one SLO of one release. A value: `observeFirst` returns the next. */
export interface FirstEvidence extends Known {
  readonly rule: FirstRule;
  /** Sums of the started sets, over the suspected errors and over the ratios. */
  readonly over: readonly (readonly number[])[];
  readonly worse: readonly (readonly number[])[];
  readonly dispersion: Dispersion;
  readonly recent: readonly Counts[];
}

const HISTORY_STEP = -1;

/** A fresh record, knowing the stable version's last hour (missing intervals are null). */
export function beginFirst(rule: FirstRule, history: readonly (Counts | null)[]): FirstEvidence {
  let dispersion: Dispersion = { squares: 0, sums: 0, previous: null };
  for (const stable of history) dispersion = disperse(dispersion, stable, HISTORY_STEP);
  return {
    ...NOTHING_SEEN,
    rule,
    over: [rule.suspected.map(() => 0)],
    worse: [RATIOS.map(() => 0)],
    dispersion,
    recent: history.reduce<readonly Counts[]>(remember, []),
  };
}

/** What one interval adds to each sum of the question "over budget". */
function overIncrements(rule: FirstRule, canary: Counts, d: number): readonly number[] {
  return rule.suspected.map((q) => Math.min(ll(q, rule.p0, canary.bad, canary.total) / d, rule.capA));
}

/** What one interval adds to each sum of "worse than stable", against stable's traffic or its recent past. */
function worseIncrements(e: FirstEvidence, canary: Counts, stable: Counts, d: number): readonly number[] {
  const { capR, settings } = e.rule;
  if (stable.total > 0)
    return RATIOS.map((r) => Math.min(llOfShares(r, settings.rho, canary, stable) / d, capR));
  const p = guessedRate(e.rule, e.recent, d);
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

function enterStep(e: FirstEvidence, step: number): FirstEvidence {
  const over = [...e.over];
  const worse = [...e.worse];
  while (over.length < Math.min(step + 1, e.rule.settings.steps)) {
    over.push(e.rule.suspected.map(() => 0));
    worse.push(RATIOS.map(() => 0));
  }
  return { ...e, ...newStep(step), over, worse };
}

/** Takes in one interval. Intervals come in order; steps never go back. */
export function observeFirst(before: FirstEvidence, interval: Interval): FirstEvidence {
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

/** How strongly the stable version's errors clump, at least 1. */
export const dispersion = (e: FirstEvidence): number => dispersionOf(e.dispersion);
