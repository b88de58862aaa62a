import {
  type BudgetDetail,
  type BudgetView,
  budgetSentence,
  budgetsSentence,
  byNeed,
  type Consumer,
  type ReplayAnswer,
  replaySentence,
} from '../api/budgets.ts';
import { type BudgetKeeper, countBetween, readBurnDown } from '../controller/budgets.ts';
import type { Controller } from '../controller/loop.ts';
import { type ChangedRule, replayRelease } from '../controller/replay.ts';
import { budgetWindowOf, type Environment, type Platform, type Slo } from '../declaration/platform.ts';
import type { Actor } from '../kit/actor.ts';
import { fail, ok, type Result } from '../kit/result.ts';
import type { Journal } from '../ledger/journal.ts';
import type { LedgerRecord } from '../ledger/record.ts';
import { inWindow } from '../runtime/budget.ts';
import type { MetricsPort } from '../runtime/port.ts';
import { BUDGET_REMAINING } from '../runtime/series.ts';
import { pastReleases } from './past-releases.ts';

/** Questions about budgets, each answered by a view model of `api/`. */
export interface BudgetHouse {
  list(): Promise<{ schema: 'sluice.dev/budgets/v1'; sentence: string; at: number; budgets: BudgetView[] }>;
  detail(environment: string, slo: string): Promise<BudgetDetail | undefined>;
  adjust(
    environment: string,
    slo: string,
    wanted: { id: string; fromMs: number; toMs: number; reason: string; approver: string },
    actor: Actor,
  ): Promise<Result<LedgerRecord, string>>;
  replay(rule: ChangedRule, fromMs: number, toMs: number): Promise<Result<ReplayAnswer, string>>;
}

export interface BudgetParts {
  readonly platform: Platform;
  readonly controller: Controller;
  readonly journal: Journal;
  readonly keeper: BudgetKeeper;
  metricsOf(environment: string): MetricsPort | undefined;
  now(): number;
}

function viewOf(parts: BudgetParts, slo: Slo, environment: Environment): BudgetView {
  const { keeper, now } = parts;
  const status = keeper.statuses.of(slo.name, environment.name);
  const state = keeper.stateOf(slo.name, environment.name);
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
  };
}

interface AlertData {
  readonly id: string;
  readonly status: string;
  readonly startsAt: string;
  readonly alert: string;
  readonly slo: string;
}

/** Times in which an alert of this SLO fired, joined where they touch. */
function incidents(
  records: readonly LedgerRecord[],
  slo: string,
  now: number,
): { from: number; to: number; name: string }[] {
  const ends = new Map<string, { from: number; to: number; name: string }>();
  for (const record of records) {
    const data = record.data as AlertData;
    if (record.type !== 'alert.received' || data.slo !== slo) continue;
    const from = Date.parse(data.startsAt);
    const key = `${from}`;
    const open = ends.get(key) ?? { from, to: now, name: data.alert };
    ends.set(key, { ...open, to: data.status === 'resolved' ? record.at : open.to });
  }
  const spans = [...ends.values()].sort((a, b) => a.from - b.from);
  return spans.reduce<{ from: number; to: number; name: string }[]>((joined, span) => {
    const last = joined.at(-1);
    if (last && span.from <= last.to) last.to = Math.max(last.to, span.to);
    else joined.push({ ...span });
    return joined;
  }, []);
}

/** What spent the budget: the canaries' own bad requests, then what failed while alerts fired, then the rest. */
async function consumersOf(
  parts: BudgetParts,
  slo: Slo,
  environment: Environment,
  view: BudgetView,
): Promise<Consumer[]> {
  const lane = `${slo.service}/${environment.name}`;
  const windowMs = budgetWindowOf(slo, environment);
  const since = parts.now() - windowMs;
  const allowed = view.allowed ?? 0;
  const share = (bad: number) => (allowed > 0 ? bad / allowed : 0);
  const releases = pastReleases(parts.journal)
    .list()
    .filter((r) => r.lane === lane && r.openedAt > since)
    .map(({ id, version, openedAt, badBySlo }) => {
      const bad = badBySlo[slo.name] ?? 0;
      const name = `${slo.service} ${version}`;
      return { kind: 'release' as const, name, at: openedAt, bad, share: share(bad), release: id };
    })
    .filter((r) => r.bad > 0);
  const port = parts.metricsOf(environment.name);
  const alerts = await parts.journal.read({ subject: lane, type: 'alert.received' });
  const spans = incidents(alerts, slo.name, parts.now()).filter((s) => s.to > since);
  const failed = await Promise.all(
    spans.map(async ({ from, to, name }) => {
      const counted = port ? await countBetween(port, slo, environment.name, from, to) : null;
      // A canary's own failures are counted as its release.
      const own = releases
        .filter((r) => r.at >= from - 300_000 && r.at <= to)
        .reduce((sum, r) => sum + r.bad, 0);
      const bad = Math.max(0, (counted?.bad ?? 0) - own);
      return { kind: 'incident' as const, name, at: from, bad, share: share(bad), release: null };
    }),
  );
  const known = [...releases, ...failed.filter((f) => f.bad > 0)];
  const rest = Math.max(0, (view.bad ?? 0) - known.reduce((sum, k) => sum + k.bad, 0));
  const other: Consumer[] =
    rest > 0
      ? [
          {
            kind: 'other',
            name: 'everyday errors',
            at: parts.now(),
            bad: rest,
            share: share(rest),
            release: null,
          },
        ]
      : [];
  return [...known, ...other].sort((a, b) => b.bad - a.bad);
}

export function createBudgetHouse(parts: BudgetParts): BudgetHouse {
  const { platform, keeper, journal, now } = parts;
  const find = (environmentName: string, sloName: string) => {
    const environment = platform.environments.find((e) => e.name === environmentName);
    const slo = platform.slos.find((s) => s.name === sloName);
    return environment && slo ? { environment, slo } : undefined;
  };
  return {
    async list() {
      const budgets = platform.environments
        .flatMap((environment) => platform.slos.map((slo) => viewOf(parts, slo, environment)))
        .sort(byNeed);
      return { schema: 'sluice.dev/budgets/v1', sentence: budgetsSentence(budgets), at: now(), budgets };
    },
    async detail(environmentName, sloName) {
      const found = find(environmentName, sloName);
      if (!found) return undefined;
      const { environment, slo } = found;
      const windowMs = budgetWindowOf(slo, environment);
      const port = parts.metricsOf(environment.name);
      const view = viewOf(parts, slo, environment);
      const whole = port ? await readBurnDown(port, slo, environment.name, windowMs, now()) : [];
      // A young budget fills its chart, too.
      const spanMs = Math.min(windowMs, Math.max(600_000, now() - (whole[0]?.[0] ?? now()) + 600_000));
      const drawn =
        port && spanMs < windowMs ? await readBurnDown(port, slo, environment.name, spanMs, now()) : whole;
      return {
        schema: 'sluice.dev/budget/v1',
        ...view,
        at: now(),
        spanMs,
        leftOverTime: drawn.map(([at, left]): [number, number] => [at, left]),
        consumers: await consumersOf(parts, slo, environment, view),
        // By the clock: before the first look no status knows what has left the window.
        adjustments: inWindow(keeper.adjustments(slo.name, environment.name), windowMs, now()).map(
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
        ),
        query: `${BUDGET_REMAINING}{slo="${slo.name}",environment="${environment.name}"}`,
      };
    },
    async adjust(environmentName, sloName, wanted, actor) {
      const found = find(environmentName, sloName);
      if (!found) return fail(`no SLO ${sloName} in ${environmentName}`);
      if (wanted.fromMs > now()) return fail('an incident that has not begun cannot be excluded');
      const port = parts.metricsOf(environmentName);
      const counted = port
        ? await countBetween(port, found.slo, environmentName, wanted.fromMs, Math.min(wanted.toMs, now()))
        : null;
      if (!counted) return fail('Prometheus has no counts for this time: nothing was excluded');
      return ok(await keeper.adjust(found.slo, environmentName, { ...wanted, ...counted }, actor, now()));
    },
    async replay(rule, fromMs, toMs) {
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
    },
  };
}
