import type { Result } from '../kit/result.ts';

/** Series go in, rules run over them, and each question is answered: labels as text → value. */
interface RuleRun {
  readonly rules: string;
  readonly intervalMs: number;
  /** How often the rules are evaluated; as often as samples come, where left out. */
  readonly evaluationMs?: number;
  readonly series: readonly { readonly series: string; readonly values: string }[];
  readonly questions: readonly { readonly expr: string; readonly atMs: number }[];
}
type Answers = readonly ReadonlyMap<string, number>[];
interface RuleFailure {
  readonly code: 'NO_PROMTOOL' | 'RULES_REFUSED';
  readonly message: string;
}
export type RuleRunner = (run: RuleRun) => Promise<Result<Answers, RuleFailure>>;
