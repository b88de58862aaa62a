import type { Slo } from '../../declaration/platform.ts';
import { SYSTEM } from '../../kit/actor.ts';
import { laneName } from '../../kit/lane.ts';
import type { Ms } from '../../kit/time.ts';
import type { Entry } from '../../ledger/record.ts';
import { type BudgetState, budgetMove } from '../../runtime/budget.ts';
import { RUNTIME_EVENT_VERSION } from '../../runtime/events.ts';
import type { SloStatus } from '../../runtime/slo-status.ts';
import { NOTHING, type Plan } from '../flow/types.ts';

/** The budgets of one environment at one moment. */
export interface BudgetSituation {
  readonly now: Ms;
  readonly environment: string;
  readonly slos: readonly {
    readonly slo: Slo;
    readonly status: SloStatus;
    /** As recorded last. */
    readonly state: BudgetState;
  }[];
}

/** Records each budget that changes its state. Only readings and exclusions change a budget. */
export function planBudgets({ now, environment, slos }: BudgetSituation): Plan {
  const entries = slos.flatMap(({ slo, status, state }): Entry[] => {
    if (status.trouble) return [];
    const { left, fast, slow, rule } = status;
    const move = budgetMove(state, { left, fast, slow }, rule);
    if (!move) return [];
    const data = { slo: slo.name, from: state, to: move.to, reason: move.by, left };
    const subject = laneName(slo.service, environment);
    return [
      { at: now, type: 'budget.moved', v: RUNTIME_EVENT_VERSION, subject, actor: SYSTEM, cause: null, data },
    ];
  });
  // The same reading may cause the next transition as well.
  return { ...NOTHING, entries, wakeAt: entries.length > 0 ? now : null };
}
