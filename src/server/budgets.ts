import {
  type BudgetDetail,
  type BudgetView,
  budgetSentence,
  budgetsSentence,
  byNeed,
  type ReplayAnswer,
  replaySentence,
} from '../api/budgets.ts';
import type { BudgetEvaluator } from '../controller/budgets/budget-evaluator.ts';
import { countBetween, readBurnDown } from '../controller/budgets/budget-queries.ts';
import { type ChangedRule, replayRelease } from '../controller/replay.ts';
import { isRecordedIn, slosIn } from '../declaration/layout.ts';
import {
  budgetWindowOf,
  burnWindowsOf,
  type Environment,
  type Platform,
  type Slo,
} from '../declaration/platform.ts';
import type { Actor } from '../kit/actor.ts';
import { fail, ok, type Result } from '../kit/result.ts';
import type { LedgerRecord } from '../ledger/record.ts';
import { inWindow, overlapping } from '../runtime/budget.ts';
import type { MetricsPort } from '../runtime/port.ts';
import { BUDGET_REMAINING } from '../runtime/series.ts';
import { type ConsumerParts, consumersOf } from './budgets/consumers.ts';
import { pastReleases } from './past-releases.ts';

/** A time that is to be excluded, in milliseconds since 1970, with why and who approved it. */
interface Exclusion {
  readonly id: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** It is not over, and what came of it until now is excluded. */
  readonly ongoing?: boolean;
  readonly reason: string;
  readonly approver: string;
}

/** Why nothing was excluded, and what to do. */
interface Refusal {
  readonly message: string;
  readonly next: string;
}

/** Questions about budgets, each answered by a view model of `api/`. */
export interface BudgetQueries {
  list(): Promise<{ schema: 'sluice.dev/budgets/v1'; sentence: string; at: number; budgets: BudgetView[] }>;
  /** Undefined: there is no such SLO or environment. */
  detail(environment: string, slo: string): Promise<BudgetDetail | undefined>;
  adjust(
    environment: string,
    slo: string,
    wanted: Exclusion,
    actor: Actor,
  ): Promise<Result<LedgerRecord, Refusal>>;
  replay(rule: ChangedRule, fromMs: number, toMs: number): Promise<Result<ReplayAnswer, string>>;
}

interface BudgetQueryParts extends ConsumerParts {
  readonly platform: Platform;
  readonly budgets: BudgetEvaluator;
}

/** An SLO in one environment. */
interface SloThere {
  readonly slo: Slo;
  readonly environment: Environment;
}

function find(
  { platform }: BudgetQueryParts,
  environmentName: string,
  sloName: string,
): SloThere | undefined {
  const environment = platform.environments.find((e) => e.name === environmentName);
  const slo = platform.slos.find((s) => s.name === sloName);
  return environment && slo && isRecordedIn(platform, slo, environmentName)
    ? { environment, slo }
    : undefined;
}

function viewOf({ budgets, now }: BudgetQueryParts, { slo, environment }: SloThere): BudgetView {
  const status = budgets.statuses.of(slo.name, environment.name);
  const state = budgets.stateOf(slo.name, environment.name);
  const { left, requests, bad, allowed, coverage, fast, slow, exhaustedAt, windowMs } = status;
  return {
    service: slo.service,
    slo: slo.name,
    environment: environment.name,
    objective: slo.objective,
    windowMs,
    state,
    sentence: budgetSentence(`${slo.name} in ${environment.name}`, state, status, now()),
    left,
    requests,
    bad,
    allowed,
    coverage,
    burnFast: fast,
    burnSlow: slow,
    exhaustedAt,
    windows: burnWindowsOf(environment),
  };
}

/** A chart has so much room before the first point of a young budget, and is never shorter. */
const CHART_MARGIN_MS = 600_000;

interface Drawn {
  readonly spanMs: number;
  readonly leftOverTime: [number, number][];
}

/** The budget over its window; a young one fills its chart, too. */
async function burnDown(
  port: MetricsPort | undefined,
  { slo, environment }: SloThere,
  now: number,
): Promise<Drawn> {
  const windowMs = budgetWindowOf(slo, environment);
  if (!port) return { spanMs: Math.min(windowMs, CHART_MARGIN_MS), leftOverTime: [] };
  const read = (spanMs: number) => readBurnDown(port, slo, environment.name, spanMs, now);
  const whole = await read(windowMs);
  const age = now - (whole[0]?.[0] ?? now);
  const spanMs = Math.min(windowMs, Math.max(CHART_MARGIN_MS, age + CHART_MARGIN_MS));
  const drawn = spanMs < windowMs ? await read(spanMs) : whole;
  return { spanMs, leftOverTime: drawn.map(([at, left]) => [at, left]) };
}

/** Exclusions that still count. By the clock: before the first look no status knows what has left the window. */
const adjustmentsOf = ({ budgets, now }: BudgetQueryParts, { slo, environment }: SloThere) =>
  inWindow(budgets.adjustments(slo.name, environment.name), budgetWindowOf(slo, environment), now()).map(
    ({ id, fromMs, toMs, requests, bad, reason, approver, at }) => ({
      id,
      fromMs,
      toMs,
      requests,
      bad,
      reason,
      approver,
      at,
    }),
  );

async function detailOf(parts: BudgetQueryParts, found: SloThere): Promise<BudgetDetail> {
  const { slo, environment } = found;
  const view = viewOf(parts, found);
  const now = parts.now();
  return {
    schema: 'sluice.dev/budget/v1',
    ...view,
    at: now,
    ...(await burnDown(parts.metricsOf(environment.name), found, now)),
    consumers: await consumersOf(parts, slo, environment, view),
    adjustments: adjustmentsOf(parts, found),
    query: `${BUDGET_REMAINING}{slo="${slo.name}",environment="${environment.name}"}`,
  };
}

const iso = (at: number): string => new Date(at).toISOString();

/**
 * Why a time cannot be excluded; null: it can. What is taken off is counted once, when it is recorded: of a time that is
 * still to come there is nothing to count, and what was taken off already would be taken off twice.
 */
function objection(
  { budgets }: BudgetQueryParts,
  { slo, environment }: SloThere,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  now: number,
): Refusal | null {
  const refuse = (message: string, next: string): Refusal => ({ message, next });
  if (fromMs >= now)
    return refuse('an incident that has not begun cannot be excluded', 'exclude it when it has begun');
  if (toMs > now)
    return refuse(
      `an incident that is not over cannot be excluded as a whole: ${iso(toMs)} is in the future, and requests are counted up to now`,
      'exclude what came until now (--to now, at the API "ongoing": true), and the rest when it is over',
    );
  if (toMs <= now - budgetWindowOf(slo, environment))
    return refuse(
      'the incident has left the window of the budget: it does not count any more',
      'sluice budget list shows what remains',
    );
  const twice = overlapping(budgets.adjustments(slo.name, environment.name), fromMs, toMs);
  return (
    (twice &&
      refuse(
        `the time from ${iso(twice.fromMs)} to ${iso(Math.min(twice.toMs, twice.at))} is excluded already ("${twice.reason}"): its requests would be subtracted twice`,
        'exclude only the time before or after it',
      )) ??
    null
  );
}

async function adjustmentOf(
  parts: BudgetQueryParts,
  there: SloThere,
  wanted: Exclusion,
  actor: Actor,
): Promise<Result<LedgerRecord, Refusal>> {
  const { budgets } = parts;
  const { slo, environment } = there;
  const { ongoing = false, ...asked } = wanted;
  const now = parts.now();
  const span = { fromMs: asked.fromMs, toMs: ongoing ? Math.min(asked.toMs, now) : asked.toMs };
  const isAgain = budgets.adjustments(slo.name, environment.name).some(({ id }) => id === wanted.id);
  const wrong = isAgain ? null : objection(parts, there, span, now);
  if (wrong) return fail(wrong);
  const port = parts.metricsOf(environment.name);
  // What came before the window is in no count that it could be subtracted from.
  const begin = Math.max(span.fromMs, now - budgetWindowOf(slo, environment));
  const counted = port ? await countBetween(port, slo, environment.name, begin, span.toMs) : null;
  if (!counted)
    return fail({
      message: 'Prometheus has no counts for this time: nothing was excluded',
      next: 'choose a time for which the rules of this SLO had recorded counts; see /api/v1/budgets',
    });
  const excused = { ...asked, ...span, ...counted };
  return ok(await budgets.adjust(slo, environment.name, excused, actor, parts.now()));
}

/** Releases of a time, judged again by another rule, newest first. */
async function replayOf(
  { journal }: BudgetQueryParts,
  rule: ChangedRule,
  fromMs: number,
  toMs: number,
): Promise<Result<ReplayAnswer, string>> {
  const past = pastReleases(journal);
  const releases: ReplayAnswer['releases'] = [];
  for (const { id } of past.list().filter((r) => r.openedAt >= fromMs && r.openedAt <= toMs)) {
    const found = await past.find(id);
    const replayed = found && replayRelease(found, rule);
    if (replayed && !replayed.ok) return replayed;
    if (replayed) releases.push(replayed.value);
  }
  releases.sort((a, b) => b.openedAt - a.openedAt);
  return ok({ schema: 'sluice.dev/replay/v1', sentence: replaySentence(releases), releases, alerts: [] });
}

export function createBudgetQueries(parts: BudgetQueryParts): BudgetQueries {
  const { platform } = parts;
  return {
    async list() {
      const budgets = platform.environments
        .flatMap((environment) =>
          slosIn(platform, environment).map((slo) => viewOf(parts, { slo, environment })),
        )
        .sort(byNeed);
      const sentence = budgetsSentence(budgets);
      return { schema: 'sluice.dev/budgets/v1', sentence, at: parts.now(), budgets };
    },
    async detail(environment, slo) {
      const found = find(parts, environment, slo);
      return found && detailOf(parts, found);
    },
    async adjust(environment, slo, wanted, actor) {
      const found = find(parts, environment, slo);
      return found
        ? adjustmentOf(parts, found, wanted, actor)
        : fail({ message: `no SLO ${slo} in ${environment}`, next: 'see /api/v1/budgets' });
    },
    replay: (rule, fromMs, toMs) => replayOf(parts, rule, fromMs, toMs),
  };
}
