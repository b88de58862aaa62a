import { slosIn } from '../../declaration/layout.ts';
import type { Platform, Slo } from '../../declaration/platform.ts';
import type { Actor } from '../../kit/actor.ts';
import { laneName } from '../../kit/lane.ts';
import type { Journal } from '../../ledger/journal.ts';
import type { LedgerRecord } from '../../ledger/record.ts';
import type { Adjustment, BudgetState } from '../../runtime/budget.ts';
import { type Budgets, budgetKey, RUNTIME_EVENT_VERSION } from '../../runtime/events.ts';
import { budgetsFold } from '../../runtime/fold.ts';
import { openPlane } from '../flow/plane.ts';
import { inTurn } from '../flow/turns.ts';
import type { MetricsSnapshot } from '../metrics-snapshot.ts';
import { createSloStatuses, type SloStatuses } from '../slo-statuses.ts';
import { type BudgetSituation, planBudgets } from './planner.ts';

/** Error budgets of every SLO in every environment: their recorded states, and the exclusions. */
export interface BudgetEvaluator {
  stateOf(slo: string, environment: string): BudgetState;
  adjustments(slo: string, environment: string): readonly Adjustment[];
  /** The status of every SLO now, with exclusions subtracted. */
  readonly statuses: SloStatuses;
  /** Records budgets that changed their state since the last tick. */
  tick(now: number): Promise<void>;
  adjust(slo: Slo, environment: string, wanted: Excused, actor: Actor, now: number): Promise<LedgerRecord>;
}

/** An exclusion as requested; its service, SLO, environment and time are added when it is recorded. */
type Excused = Omit<Adjustment, 'service' | 'slo' | 'environment' | 'at'>;

interface BudgetParts {
  readonly platform: Platform;
  readonly journal: Journal;
  metrics(environment: string): MetricsSnapshot;
  /** How many environments are planned in each tick although nothing was reported about them; default: none. */
  readonly inTurn?: number | undefined;
  warn?(details: object, message: string): void;
}

/** How long a tick waits for its appends. */
const PATIENCE_MS = 10_000;
const NO_ADJUSTMENTS: readonly Adjustment[] = [];

/** Exclusions by SLO and environment; grouped again after a new one. */
function groupedAdjustments(all: () => Budgets['adjustments']) {
  let from: Budgets['adjustments'] | null = null;
  let grouped = new Map<string, Adjustment[]>();
  return (slo: string, environment: string): readonly Adjustment[] => {
    const every = all();
    if (every !== from) {
      from = every;
      grouped = Map.groupBy(every.values(), (a) => budgetKey(a.slo, a.environment));
    }
    return grouped.get(budgetKey(slo, environment)) ?? NO_ADJUSTMENTS;
  };
}

/** Records an exclusion once: the same id is the same exclusion. */
async function recordAdjustment(
  journal: Journal,
  slo: Slo,
  environment: string,
  wanted: Excused,
  actor: Actor,
  now: number,
): Promise<LedgerRecord> {
  if (journal.state(budgetsFold).adjustments.has(wanted.id))
    return (await journal.read({ type: 'budget.adjusted' })).find(
      (r) => (r.data as { id: string }).id === wanted.id,
    )!;
  const { requests, bad, ...rest } = wanted;
  const [record] = await journal.append([
    {
      at: now,
      type: 'budget.adjusted',
      v: RUNTIME_EVENT_VERSION,
      subject: laneName(slo.service, environment),
      actor,
      cause: wanted.id,
      data: { ...rest, requests, bad, slo: slo.name },
    },
  ]);
  return record!;
}

/** Evaluates error budgets, environment by environment, and records where one moved to another state. */
export function createBudgetEvaluator(parts: BudgetParts): BudgetEvaluator {
  const { platform, journal, metrics } = parts;
  const recorded = new Map(platform.environments.map((e) => [e.name, slosIn(platform, e)]));
  const budgets = () => journal.state(budgetsFold);
  const stateOf = (slo: string, environment: string) =>
    budgets().states.get(budgetKey(slo, environment)) ?? 'stable';
  const adjustmentsOf = groupedAdjustments(() => budgets().adjustments);
  const statuses = createSloStatuses({
    platform,
    metrics,
    adjustments: adjustmentsOf,
    allAdjustments: () => budgets().adjustments,
  });
  const changed = statuses.watch();
  const turn = inTurn(
    platform.environments.map((e) => e.name),
    parts.inTurn ?? 0,
  );
  const plane = openPlane<BudgetSituation>({
    journal,
    runner: null,
    planner: { plan: planBudgets },
    situation: (environment, now) =>
      Object.freeze({
        now,
        environment,
        slos: (recorded.get(environment) ?? []).map((slo) => ({
          slo,
          status: statuses.of(slo.name, environment),
          state: stateOf(slo.name, environment),
        })),
      }),
    patienceMs: PATIENCE_MS,
    warn: (environment, { message }) =>
      parts.warn?.({ environment, error: message }, 'budgets could not be evaluated; Sluice tries again'),
    log: () => {},
  });
  return {
    stateOf,
    adjustments: adjustmentsOf,
    statuses,
    tick: (now) => plane.tick(now, [...changed(), ...turn()]),
    adjust: (slo, environment, wanted, actor, now) =>
      recordAdjustment(journal, slo, environment, wanted, actor, now),
  };
}
