import { type BurnRule, burnFires } from './burn.ts';

/** An error budget in numbers. Shares of it, never percents; requests, or slices of time. */
interface BudgetCounts {
  readonly requests: number;
  readonly bad: number;
}

/** What may be spent, as a share, without binary noise: 1 - 0.999 is 0.001 here. */
export const errorBudget = (objective: number): number => Number((1 - objective).toPrecision(12));

/** A burn rate is at most 1 / budget: a threshold beyond that is never met. */
export const reachable = (objective: number, threshold: number): boolean =>
  threshold * errorBudget(objective) <= 1 + 1e-9;

/** An incident that was excluded: what it spent does not count, for a reason and by somebody. */
export interface Adjustment {
  readonly id: string;
  readonly service: string;
  readonly slo: string;
  readonly environment: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly requests: number;
  readonly bad: number;
  readonly reason: string;
  readonly approver: string;
  readonly at: number;
}

interface Budget {
  /** Bad ones that the window's requests allow. */
  readonly allowed: number;
  readonly bad: number;
  readonly requests: number;
  /** Share spent; above 1 where more was spent than there was. */
  readonly spent: number;
  readonly left: number;
  /** When nothing is left if it burns on like the last hour; null: it does not, or it is gone already. */
  readonly exhaustedAt: number | null;
}

/** What came after an exclusion was recorded was not counted for it, whatever end it was given. */
const endOf = ({ toMs, at }: Adjustment): number => Math.min(toMs, at);

/** Adjustments that still lie within the window; one that left it has nothing to excuse any more. */
export const inWindow = (adjustments: readonly Adjustment[], windowMs: number, now: number): Adjustment[] =>
  adjustments.filter((a) => endOf(a) > now - windowMs);

/** An exclusion that has taken requests of this time off already; undefined: none has. */
export const overlapping = (
  adjustments: readonly Adjustment[],
  fromMs: number,
  toMs: number,
): Adjustment | undefined => adjustments.find((a) => a.fromMs < toMs && endOf(a) > fromMs);

/**
 * What is spent and left of a budget. Null: nothing was requested, so nothing can be said.
 * `burn` is a multiple of the rate that spends the budget exactly by the end of the window.
 */
export function budgetOf(
  counts: BudgetCounts,
  objective: number,
  windowMs: number,
  burn: number | null,
  adjustments: readonly Adjustment[],
  now: number,
): Budget | null {
  const excused = inWindow(adjustments, windowMs, now);
  const requests = Math.max(0, counts.requests - excused.reduce((sum, a) => sum + a.requests, 0));
  const bad = Math.max(0, counts.bad - excused.reduce((sum, a) => sum + a.bad, 0));
  if (requests <= 0) return null;
  const allowed = requests * errorBudget(objective);
  const spent = bad / allowed;
  const left = 1 - spent;
  const exhaustedAt = burn !== null && burn > 0 && left > 0 ? now + (left * windowMs) / burn : null;
  return { allowed, bad, requests, spent, left, exhaustedAt };
}

/** Over so little of its window, or so few requests, a budget freezes nothing. */
export const ENOUGH = { coverage: 0.1, requests: 1_000 } as const;
export const enoughSeen = (coverage: number | null, requests: number): boolean =>
  (coverage ?? 0) >= ENOUGH.coverage || requests >= ENOUGH.requests;

/** The lifecycle of the architecture, section 5: within budget, burning fast, gone, and on the way back. */
export const BUDGET_STATES = ['stable', 'burning', 'exhausted', 'recovering'] as const;
export type BudgetState = (typeof BUDGET_STATES)[number];

export const BUDGET_MOVES = {
  BURNS_FAST: 'every window of the rule is at or above its threshold',
  SPENT: 'the error budget is spent',
  ERRORS_REDUCED: 'the burn rate is below the thresholds again',
  BUDGET_BACK: 'the bad requests left the window, or were excluded',
  WITHIN_BUDGET: 'the last hour burns no faster than the budget allows',
} as const;
export type BudgetMove = keyof typeof BUDGET_MOVES;

export const BUDGET_TABLE: readonly { from: BudgetState; to: BudgetState; by: BudgetMove }[] = [
  { from: 'stable', to: 'exhausted', by: 'SPENT' },
  { from: 'stable', to: 'burning', by: 'BURNS_FAST' },
  { from: 'burning', to: 'exhausted', by: 'SPENT' },
  { from: 'burning', to: 'recovering', by: 'ERRORS_REDUCED' },
  { from: 'exhausted', to: 'recovering', by: 'BUDGET_BACK' },
  { from: 'recovering', to: 'exhausted', by: 'SPENT' },
  { from: 'recovering', to: 'burning', by: 'BURNS_FAST' },
  { from: 'recovering', to: 'stable', by: 'WITHIN_BUDGET' },
];

/** What one look shows; null where there is no data. */
interface BudgetSeen {
  readonly left: number | null;
  readonly fast: number | null;
  readonly slow: number | null;
}
function holds(by: BudgetMove, seen: BudgetSeen, rule: BurnRule): boolean {
  const { left, fast, slow } = seen;
  const over = burnFires(seen, rule);
  switch (by) {
    case 'BURNS_FAST':
      return over;
    case 'SPENT':
      return left !== null && left <= 0;
    case 'BUDGET_BACK':
      return left !== null && left > 0;
    // Without traffic nothing burns, and nothing shows that errors were reduced either: it stays.
    case 'ERRORS_REDUCED':
      return fast !== null && !over;
    case 'WITHIN_BUDGET':
      return left !== null && left > 0 && slow !== null && slow <= 1 && fast !== null && fast <= 1;
  }
}

/** The next state and why, or null: it stays. The first row of the table that holds. */
export function budgetMove(
  from: BudgetState,
  seen: BudgetSeen,
  rule: BurnRule,
): { to: BudgetState; by: BudgetMove } | null {
  const row = BUDGET_TABLE.find((r) => r.from === from && holds(r.by, seen, rule));
  return row ? { to: row.to, by: row.by } : null;
}
