import type { Environment, Platform, Slo } from '../declaration/platform.ts';
import { type Actor, SYSTEM } from '../kit/actor.ts';
import type { Journal } from '../ledger/journal.ts';
import type { Entry, LedgerRecord } from '../ledger/record.ts';
import { quote } from '../promql/scope.ts';
import { type Adjustment, type BudgetState, budgetMove } from '../runtime/budget.ts';
import { type Budgets, budgetKey, RUNTIME_EVENT_VERSION } from '../runtime/events.ts';
import { budgetsFold } from '../runtime/fold.ts';
import type { MetricsPort } from '../runtime/port.ts';
import { BAD_5M, BUDGET_REMAINING, REQUESTS_5M } from '../runtime/series.ts';
import type { MetricsLook } from './metrics-look.ts';
import { createSloStatuses, type SloStatuses } from './slo-statuses.ts';

/** Budgets of every SLO in every environment: their states, kept in the ledger, and what was excused. */
export interface BudgetKeeper {
  stateOf(slo: string, environment: string): BudgetState;
  adjustments(slo: string, environment: string): readonly Adjustment[];
  /** What is known of every SLO now, with what was excluded taken off. */
  readonly statuses: SloStatuses;
  /** Records what the latest looks moved. */
  look(now: number): Promise<void>;
  adjust(slo: Slo, environment: string, wanted: Excused, actor: Actor, now: number): Promise<LedgerRecord>;
}

/** An exclusion as it is asked for: whose it is and when it was recorded follow. */
export type Excused = Omit<Adjustment, 'service' | 'slo' | 'environment' | 'at'>;

export interface KeeperParts {
  readonly platform: Platform;
  readonly journal: Journal;
  metrics(environment: string): MetricsLook;
}

const NO_ADJUSTMENTS: readonly Adjustment[] = [];

/** What was excluded, by SLO and environment; sorted out anew once something is excluded. */
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

export function createBudgets({ platform, journal, metrics }: KeeperParts): BudgetKeeper {
  const budgets = () => journal.state(budgetsFold);
  const stateOf = (slo: string, environment: string) =>
    budgets().states.get(budgetKey(slo, environment)) ?? 'stable';
  const adjustmentsOf = groupedAdjustments(() => budgets().adjustments);
  const statuses = createSloStatuses({ platform, metrics, adjustments: adjustmentsOf });
  const entryOf = (slo: Slo, environment: Environment, now: number): Entry[] => {
    const status = statuses.of(slo.name, environment.name);
    if (status.trouble) return [];
    const { left, fast, slow, rule } = status;
    const from = stateOf(slo.name, environment.name);
    const move = budgetMove(from, { left, fast, slow }, rule);
    return move
      ? [
          {
            at: now,
            type: 'budget.moved',
            v: RUNTIME_EVENT_VERSION,
            subject: `${slo.service}/${environment.name}`,
            actor: SYSTEM,
            cause: null,
            data: { slo: slo.name, from, to: move.to, reason: move.by, left },
          },
        ]
      : [];
  };
  return {
    stateOf,
    adjustments: adjustmentsOf,
    statuses,
    async look(now) {
      const entries = platform.environments.flatMap((e) =>
        platform.slos.flatMap((slo) => entryOf(slo, e, now)),
      );
      if (entries.length > 0) await journal.append(entries);
    },
    async adjust(slo, environment, wanted, actor, now) {
      const known = budgets().adjustments.has(wanted.id);
      if (known)
        return (await journal.read({ type: 'budget.adjusted' })).find(
          (r) => (r.data as { id: string }).id === wanted.id,
        )!;
      const { requests, bad, ...rest } = wanted;
      const [record] = await journal.append([
        {
          at: now,
          type: 'budget.adjusted',
          v: RUNTIME_EVENT_VERSION,
          subject: `${slo.service}/${environment}`,
          actor,
          cause: wanted.id,
          data: { ...rest, requests, bad, slo: slo.name },
        },
      ]);
      return record!;
    },
  };
}

const matcher = (slo: Slo, environment: string): string =>
  `{slo=${quote(slo.name)},service=${quote(slo.service)},environment=${quote(environment)}}`;

const POINTS = 240;
/** Subqueries stand on a grid; a step is never below the tile that is recorded. */
export const burnDownStep = (windowMs: number): number =>
  Math.max(10_000, Math.ceil(windowMs / POINTS / 10_000) * 10_000);

/** A budget over time: what a burn-down is drawn of. */
export async function readBurnDown(
  port: MetricsPort,
  slo: Slo,
  environment: string,
  spanMs: number,
  now: number,
): Promise<readonly (readonly [number, number])[]> {
  const series = `${BUDGET_REMAINING}${matcher(slo, environment)}`;
  const answer = await port.instant(`${series}[${spanMs}ms:${burnDownStep(spanMs)}ms]`, now);
  return answer.ok ? (answer.value[0]?.samples ?? []) : [];
}

/** What was counted between two moments, in tiles: for an incident that is to be excused. */
export async function countBetween(
  port: MetricsPort,
  slo: Slo,
  environment: string,
  fromMs: number,
  toMs: number,
): Promise<{ requests: number; bad: number } | null> {
  const m = matcher(slo, environment);
  // The last tile that holds any of it ends up to five minutes after it.
  const span = `${Math.max(300_000, toMs - fromMs)}ms:5m`;
  const [requests, bad] = await Promise.all(
    [REQUESTS_5M, BAD_5M].map((series) => port.instant(`sum_over_time(${series}${m}[${span}])`, toMs)),
  );
  if (!requests?.ok || !bad?.ok) return null;
  const value = (answer: typeof requests) => (answer.ok ? (answer.value[0]?.samples[0]?.[1] ?? null) : null);
  const [r, b] = [value(requests), value(bad)];
  return r === null || b === null ? null : { requests: r, bad: b };
}
