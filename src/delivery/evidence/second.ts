import { fail, ok, type Result } from '../../kit/result.ts';
import { type Bets, beginBets, evidenceIn, type Suspect, settle, stake, suspects } from './bets.ts';
import { type Clumps, clump, clumpFactor, cut, NO_CLUMPS } from './clumps.ts';
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

/** Multiples of the budget, and of the stable version's rate, that a canary is suspected of. */
const OVER: readonly Suspect[] = suspects([2, 4, 8, 16, 50, 300], [1, 2, 3, 3, 2, 1]);
const WORSE: readonly Suspect[] = suspects([2, 5, 20, 100], [1, 1, 1, 1]);
/** Both questions have a largest weight of a quarter. */
const LARGEST_WEIGHT = 1 / 4;
const MOST_SUSPECTED = 0.95;
const FIRST_STAKE = 0.5;
const STAKE = 0.02;
/** Evidence at which stable gets traffic next to the canary again, whatever the bar. */
const STEP_BACK_BAR = Math.log(20);

/** The numbers that follow from the settings alone. */
export interface SecondRule extends RuleNumbers {
  readonly edition: 2;
  /** What one interval may add to a holding: so many witnesses are needed from nothing to the bar. */
  readonly cap: number;
  /** What one bad and one good request say of each suspect of question A. */
  readonly over: readonly { readonly bad: number; readonly good: number }[];
}

/** Refuses settings under which one interval could fail a release, or which have no meaning. */
export function secondRule(settings: EvidenceSettings): Result<SecondRule, string> {
  const numbers = numbersFrom(settings);
  if (!numbers.ok) return numbers;
  const { slos, alpha, witnesses } = settings;
  if (alpha / slos >= 1 / 8)
    return fail(`alpha ${alpha} is too much for ${slos} SLOs: alpha / slos must be below 1/8`);
  if (!Number.isInteger(witnesses) || witnesses < 2)
    return fail(`witnesses must be a whole number of 2 or more, not ${witnesses}`);
  const cap = (numbers.value.bar + Math.LN2 - Math.log(LARGEST_WEIGHT)) / witnesses;
  const { p0 } = numbers.value;
  const over = OVER.map(({ ratio }) => {
    const q = Math.min(ratio * p0, MOST_SUSPECTED);
    return { bad: ll(q, p0, 1, 1), good: ll(q, p0, 0, 1) };
  });
  return ok({ ...numbers.value, edition: 2, cap, over });
}

/** Everything the rule remembers of one SLO of one release. A value: `observeSecond` returns the next. */
export interface SecondEvidence extends Known {
  readonly rule: SecondRule;
  /** A: is it over budget? B: is it worse than stable? G: an estimate of B while stable has no traffic. */
  readonly over: Bets;
  readonly worse: Bets;
  readonly guess: Bets;
  /** Whether the first stake of the current step was placed. */
  readonly staked: boolean;
  readonly clumps: Clumps;
  readonly recent: readonly Counts[];
  /** Whether the last interval requires a comparison with stable traffic before the canary is blamed. */
  readonly stepBack: boolean;
  /** The lowest evidence of A and G since the present step began, and its bad requests: what the step itself shows. */
  readonly inStep: { readonly over: number; readonly guess: number; readonly bad: number };
}

/** A fresh record, knowing the stable version's last hour (missing intervals are null). */
export function beginSecond(rule: SecondRule, history: readonly (Counts | null)[]): SecondEvidence {
  return {
    ...NOTHING_SEEN,
    rule,
    over: beginBets(OVER),
    worse: beginBets(WORSE),
    guess: beginBets(WORSE),
    staked: false,
    clumps: NO_CLUMPS,
    recent: history.reduce<readonly Counts[]>(remember, []),
    stepBack: false,
    inStep: { over: 0, guess: 0, bad: 0 },
  };
}

/** What an interval's bad requests say of each suspect, before clumps and cap; null: nothing at all. */
type Says = readonly (number | null)[];

const saysOver = ({ over }: SecondRule, { total, bad }: Counts): Says =>
  over.map((says) => (total > 0 ? bad * says.bad + (total - bad) * says.good : null));

/** Of the bad requests of both, how many would be the canary's, were it no worse than stable? */
function saysWorse({ settings: { rho } }: SecondRule, canary: Counts, stable: Counts): Says {
  if (canary.total === 0 || stable.total === 0) return WORSE.map(() => null);
  return WORSE.map(({ ratio }) => llOfShares(ratio, rho, canary, stable));
}

/** Against the stable version's traffic or, without any, against an estimate from its recent past. */
function saysGuess(rule: SecondRule, recent: readonly Counts[], canary: Counts, stable: Counts, d: number) {
  if (stable.total > 0) return saysWorse(rule, canary, stable);
  const p = guessedRate(rule, recent, d);
  return WORSE.map(({ ratio }) => {
    const q = Math.min(ratio * p, MOST_SUSPECTED);
    return q > p ? ll(q, p, canary.bad, canary.total) : null;
  });
}

/** Takes in one interval that both arms brought counts for. */
function judged(e: SecondEvidence, canary: Counts, stable: Counts): SecondEvidence {
  const { rule } = e;
  const share = e.staked ? STAKE : FIRST_STAKE;
  const before = clumpFactor(e.clumps);
  const clumps = clump(e.clumps, canary, stable);
  const d = clumpFactor(clumps);
  // D before is known beforehand, which the proof needs; the smaller of both gains only lowers a holding.
  const gains = (says: Says) => says.map((v) => (v === null ? 0 : Math.min(v / before, v / d, rule.cap)));
  const over = settle(stake(e.over, OVER, share), gains(saysOver(rule, canary)));
  const worse = settle(stake(e.worse, WORSE, share), gains(saysWorse(rule, canary, stable)));
  const guess = settle(stake(e.guess, WORSE, share), gains(saysGuess(rule, e.recent, canary, stable, d)));
  const overBudget = evidenceIn(over);
  const guessed = evidenceIn(guess);
  const worseThanStable = rule.settings.compare ? evidenceIn(worse) : guessed;
  const next = {
    ...e,
    over,
    worse,
    guess,
    clumps,
    staked: true,
    overBudget,
    worseThanStable,
    overAnswered: e.overAnswered || overBudget >= rule.bar,
    worseAnswered: e.worseAnswered || worseThanStable >= rule.bar,
    badSeen: e.badSeen + canary.bad,
    recent: remember(e.recent, stable),
  };
  const harm = next.overAnswered && next.worseAnswered && next.badSeen >= rule.settings.minBad;
  const alone = canary.total > 0 && stable.total === 0;
  const strong = overBudget >= STEP_BACK_BAR && guessed >= STEP_BACK_BAR;
  const stepBack = rule.settings.compare && alone && strong && next.badSeen >= rule.settings.minBad && !harm;
  const inStep = {
    over: Math.min(e.inStep.over, overBudget),
    guess: Math.min(e.inStep.guess, guessed),
    bad: e.inStep.bad + canary.bad,
  };
  return { ...next, stepBack, inStep };
}

/**
 * Whether the current step alone would require it. Evidence accumulates: after a comparison that showed no harm,
 * earlier evidence is answered, and another step back needs a new cause.
 */
export function stepBackAnew(e: SecondEvidence): boolean {
  const { over, guess, bad } = e.inStep;
  const risen = e.overBudget - over >= STEP_BACK_BAR && evidenceIn(e.guess) - guess >= STEP_BACK_BAR;
  return e.stepBack && risen && bad >= e.rule.settings.minBad;
}

const entered = (before: SecondEvidence, step: number) => ({
  ...newStep(step),
  staked: false,
  clumps: cut(before.clumps),
  inStep: { over: before.overBudget, guess: evidenceIn(before.guess), bad: 0 },
});

/** Takes in one interval. Intervals come in order; steps never go back: a step back is a step of its own. */
export function observeSecond(before: SecondEvidence, interval: Interval): SecondEvidence {
  const { canary, stable, step } = interval;
  const e: SecondEvidence = {
    ...before,
    ...(step === before.step ? {} : entered(before, step)),
    intervals: before.intervals + 1,
    missing: canary === null ? 'NO_DATA' : stable === null ? 'STABLE_MISSING' : null,
    stepBack: false,
  };
  if (canary === null || stable === null) return { ...e, clumps: cut(e.clumps) };
  const seen = {
    ...e,
    exposure: e.exposure + exposureOf(e.rule, canary),
    stepRequests: e.stepRequests + canary.total,
  };
  // While a version warms up question 1 is not asked of it; what stable did meanwhile is its recent past.
  return interval.warmUp
    ? { ...seen, clumps: cut(e.clumps), recent: remember(e.recent, stable) }
    : judged(seen, canary, stable);
}
