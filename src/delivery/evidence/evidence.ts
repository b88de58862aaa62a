import type { Result } from '../../kit/result.ts';
import { clumpFactor } from './clumps.ts';
import {
  beginFirst,
  dispersion,
  type FirstEvidence,
  type FirstRule,
  firstRule,
  observeFirst,
} from './first.ts';
import {
  beginSecond,
  observeSecond,
  type SecondEvidence,
  type SecondRule,
  secondRule,
  stepBackAnew,
} from './second.ts';
import type { Counts, EvidenceSettings, Interval, RuleNumbers } from './shared.ts';

/** The evidence rule in both its editions: which one is judged by is a setting of the release. */
export type EvidenceRule = FirstRule | SecondRule;
export type Evidence = FirstEvidence | SecondEvidence;
export {
  type Counts,
  type Edition,
  type EvidenceSettings,
  evidenceDefaults,
  type Interval,
} from './shared.ts';

const isFirst = (e: Evidence): e is FirstEvidence => e.rule.edition === 1;

/** Refuses settings under which the rule would not keep its promise; the error is for people. */
export const ruleOf = (settings: EvidenceSettings): Result<EvidenceRule, string> =>
  settings.edition === 1 ? firstRule(settings) : secondRule(settings);

/** A fresh record, knowing the stable version's last hour (missing intervals are null). */
export const beginEvidence = (rule: EvidenceRule, history: readonly (Counts | null)[]): Evidence =>
  rule.edition === 1 ? beginFirst(rule, history) : beginSecond(rule, history);

/** Takes in one interval. Intervals come in order; steps never go back. */
export const observe = (e: Evidence, interval: Interval): Evidence =>
  isFirst(e) ? observeFirst(e, interval) : observeSecond(e, interval);

/** Both questions are answered, with enough bad requests. */
export const harmShown = (e: Evidence): boolean =>
  e.overAnswered && e.worseAnswered && e.badSeen >= e.rule.settings.minBad;

/** Whether the last interval requires a comparison with stable traffic before the canary is blamed. Never in the first edition. */
export const stepBackShown = (e: Evidence): boolean => !isFirst(e) && e.stepBack && !harmShown(e);

/** The same for a step that follows a comparison: only by the evidence of this step. */
export const stepBackShownAnew = (e: Evidence): boolean => stepBackShown(e) && !isFirst(e) && stepBackAnew(e);

/** Whether the step has served enough good requests. */
export const triedEnough = (e: Evidence): boolean => e.exposure <= e.rule.enough;

/** How many bad requests count as one, since errors come in clumps; at least 1. */
export const clumpsOf = (e: Evidence): number => (isFirst(e) ? dispersion(e) : clumpFactor(e.clumps));

/** Good requests the step still needs, if none of them fails. */
export const goodRequestsLeft = (e: Evidence): number =>
  Math.max(0, Math.ceil((e.rule.enough - e.exposure) / e.rule.perGood));

/** Good requests a whole step needs. */
export const goodRequestsNeeded = (rule: RuleNumbers): number => Math.ceil(rule.enough / rule.perGood);
