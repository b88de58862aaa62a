import type { RuleRunner } from '../runtime/rule-runner.ts';

/** Runs rendered rules over given series: by promtool. */
export const openRuleRunner = async (): Promise<RuleRunner> =>
  (await import('../runtime/adapters/promtool/run.ts')).promtool();
