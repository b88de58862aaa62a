import { z } from 'zod';
import { partsOfLane } from '../kit/lane.ts';
import { PersistentMap } from '../kit/persistent-map.ts';
import { invariant } from '../kit/result.ts';
import { type Adjustment, BUDGET_MOVES, BUDGET_STATES, type BudgetMove, type BudgetState } from './budget.ts';

/** What the runtime plane puts into the ledger; subject is the lane, `service/environment`. */
export const runtimeEvents = {
  'budget.moved': z.object({
    slo: z.string(),
    from: z.enum(BUDGET_STATES),
    to: z.enum(BUDGET_STATES),
    reason: z.enum(Object.keys(BUDGET_MOVES) as [BudgetMove, ...BudgetMove[]]),
    left: z.number().nullable(),
  }),
  'budget.adjusted': z.object({
    id: z.string(),
    slo: z.string(),
    fromMs: z.number(),
    toMs: z.number(),
    requests: z.number().nonnegative(),
    bad: z.number().nonnegative(),
    reason: z.string().min(1),
    approver: z.string().min(1),
  }),
} as const;
export const RUNTIME_EVENT_VERSION = 1;

interface Recorded {
  readonly type: string;
  readonly v: number;
  readonly subject: string;
  readonly at: number;
  readonly data: unknown;
}

/** Every budget's state and every adjustment, folded from records. */
export interface Budgets {
  readonly states: PersistentMap<string, BudgetState>;
  /** By id: asked for again, it is the same. */
  readonly adjustments: PersistentMap<string, Adjustment>;
}
export const budgetKey = (slo: string, environment: string): string => `${slo}@${environment}`;
export const noBudgets: Budgets = {
  states: new PersistentMap(),
  adjustments: new PersistentMap(),
};

/** Reads a recorded event of any version that was ever written. */
export function evolve(before: Budgets, record: Recorded): Budgets {
  if (!(record.type in runtimeEvents)) return before;
  invariant(record.v === RUNTIME_EVENT_VERSION, `${record.type} has version ${record.v}`);
  const [service, environment] = partsOfLane(record.subject);
  if (record.type === 'budget.moved') {
    const { slo, to } = runtimeEvents['budget.moved'].parse(record.data);
    return { ...before, states: before.states.with(budgetKey(slo, environment), to) };
  }
  const data = runtimeEvents['budget.adjusted'].parse(record.data);
  return {
    ...before,
    adjustments: before.adjustments.with(data.id, { ...data, service, environment, at: record.at }),
  };
}
