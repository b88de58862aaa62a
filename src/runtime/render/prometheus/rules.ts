import type { Environment, Maintenance, Platform, Slo } from '../../../declaration/platform.ts';
import { formatDuration } from '../../../kit/time.ts';
import type { Selector } from '../../../promql/parse.ts';
import { escapeRegex, quote } from '../../../promql/scope.ts';
import { errorBudget } from '../../budget.ts';
import { calendarStartExpression } from '../../calendar.ts';
import {
  BAD,
  BAD_5M,
  BUDGET,
  briefWindows,
  burnSeriesOf,
  CALENDAR_START,
  CANARY_ALERT,
  increaseSeriesOf,
  MAINTENANCE,
  OBJECTIVE,
  REQUESTS_5M,
  REVISION_ERRORS,
  REVISION_REQUESTS,
  STATE_METRIC,
  TOTAL,
} from '../../series.ts';
import { sloAlerts } from './alerts.ts';
import { type Counting, countingOf, matcherOf, summed, TILE_SECONDS } from './counting.ts';
import {
  briefBudget,
  budgetWindow,
  calendarWindow,
  freshnessOf,
  longWindows,
  REREAD_MS,
  rereadSeries,
  type Scope,
  shortWindows,
} from './ladder.ts';
import { groupsText, type Rule, type RuleGroup } from './text.ts';

type Labels = Readonly<Record<string, string>>;

/** A rule group knows how to look back by itself since Prometheus 2.53. */
export const knowsQueryOffset = (version: string | null): boolean => {
  const [major = 0, minor = 0] = (version ?? '0.0').split('.').map(Number);
  return major > 2 || (major === 2 && minor >= 53);
};

const labelsOf = (slo: Slo, environment: Environment): Labels => ({
  service: slo.service,
  slo: slo.name,
  ...(environment.name ? { environment: environment.name } : {}),
});

/** Bad ones: counted directly, or what is left of the total. */
function badOf(counting: Counting, total: string): string {
  return counting.partIs === 'bad'
    ? `${counting.part}\nor vector(0)`
    : `clamp_min(${total} - on() (${counting.part}\nor vector(0)), 0)`;
}

const concerns = (item: Maintenance, slo: Slo, environment: Environment): boolean =>
  (item.services === null || item.services.includes(slo.service)) &&
  (item.environments === null || item.environments.includes(environment.name));

/** Tiles that overlap a maintenance do not count: 1 while one does. */
function maintenanceRule(
  slo: Slo,
  environment: Environment,
  items: readonly Maintenance[],
  labels: Labels,
): Rule[] {
  const mine = items.filter((item) => concerns(item, slo, environment));
  if (mine.length === 0) return [];
  const spans = mine.map(
    ({ fromMs, toMs }) => `(vector(time()) >= ${fromMs / 1_000} < ${toMs / 1_000 + TILE_SECONDS})`,
  );
  return [{ record: MAINTENANCE, expr: `(${spans.join('\nor ')}) * 0 + 1`, labels }];
}

/** What one SLO counts, from raw samples: the only rules that read them. */
function countRules(slo: Slo, platform: Platform, environment: Environment, offsetMs: number): Rule[] {
  const labels = labelsOf(slo, environment);
  const m = matcherOf(labels);
  const counting = countingOf(slo, environment.prometheus, offsetMs);
  const maintained = maintenanceRule(slo, environment, platform.maintenance, labels);
  const spared = (expr: string) =>
    maintained.length > 0 ? `(${expr}) unless on() ${MAINTENANCE}${m}` : expr;
  return [
    ...maintained,
    { record: REQUESTS_5M, expr: `${spared(counting.total)}\nor vector(0)`, labels },
    {
      record: BAD_5M,
      expr:
        maintained.length > 0
          ? `${spared(badOf(counting, REQUESTS_5M + m))}\nor vector(0)`
          : badOf(counting, REQUESTS_5M + m),
      labels,
    },
    { record: OBJECTIVE, expr: `vector(${slo.objective})`, labels },
    { record: BUDGET, expr: `vector(${errorBudget(slo.objective)})`, labels },
    ...briefRules(slo, environment, offsetMs, labels),
    ...groupRules(slo, environment, offsetMs, labels),
    ...revisionRules(slo, platform, environment, labels),
  ];
}

/** Tiles that were not recorded half an hour ago, read again from raw samples. */
function rereadRules(slo: Slo, environment: Environment, offsetMs: number): Rule[] {
  const labels = labelsOf(slo, environment);
  const m = matcherOf(labels);
  const back = REREAD_MS;
  const counting = countingOf(slo, environment.prometheus, offsetMs + back);
  const total = rereadSeries(TOTAL);
  const fresh = formatDuration(freshnessOf(environment.prometheus.evaluationIntervalMs));
  const missing = `last_over_time(${REQUESTS_5M}${m}[${fresh}] offset ${formatDuration(back)})`;
  const spared = ` unless on() ${MAINTENANCE}${m} offset ${formatDuration(back)}`;
  return [
    { record: total, expr: `(${counting.total}) unless on() ${missing}${spared}`, labels },
    {
      record: rereadSeries(BAD),
      expr:
        counting.partIs === 'bad'
          ? `((${counting.part}\nor vector(0)) and on() ${total}${m})`
          : badOf(counting, total + m),
      labels,
    },
  ];
}

/** Windows that are declared shorter than a tile are tiles of their own length, read from raw samples. */
function briefRules(slo: Slo, environment: Environment, offsetMs: number, labels: Labels): Rule[] {
  const m = matcherOf(labels);
  const budget = errorBudget(slo.objective);
  return briefWindows(environment).flatMap((windowMs): Rule[] => {
    const counting = countingOf(slo, environment.prometheus, offsetMs, '', windowMs);
    const [total, bad] = [increaseSeriesOf(TOTAL, windowMs), increaseSeriesOf(BAD, windowMs)];
    return [
      { record: total, expr: `${counting.total}\nor vector(0)`, labels },
      { record: bad, expr: badOf(counting, total + m), labels },
      { record: burnSeriesOf(windowMs), expr: `${bad}${m} / (${total}${m} > 0) / ${budget}`, labels },
    ];
  });
}

/** Per route or tenant, bounded: the busiest ones. */
function groupRules(slo: Slo, environment: Environment, offsetMs: number, labels: Labels): Rule[] {
  if (!slo.groupBy || slo.indicator.kind !== 'counters' || slo.budgeting.kind !== 'occurrences') return [];
  const by = ` by (${slo.groupBy.labels.join(', ')})`;
  const m = matcherOf(labels);
  const counting = countingOf(slo, environment.prometheus, offsetMs, by);
  const total = `${REQUESTS_5M}:by_group`;
  const on = `on(${slo.groupBy.labels.join(', ')})`;
  const part = `(${counting.part} or ${on} 0 * ${total}${m})`;
  const bad =
    counting.partIs === 'bad'
      ? `${part} and ${on} ${total}${m}`
      : `clamp_min(${total}${m} - ${on} ${part}, 0)`;
  const hour = (series: string) => `sum_over_time(${series}:by_group${m}[3599999ms:5m])`;
  const budget = errorBudget(slo.objective);
  return [
    { record: total, expr: `topk(${slo.groupBy.limit}, ${counting.total})`, labels },
    { record: `${BAD_5M}:by_group`, expr: bad, labels },
    {
      record: 'slo:burn_rate_5m:by_group',
      expr: `${BAD_5M}:by_group${m} / (${total}${m} > 0) / ${budget}`,
      labels,
    },
    {
      record: 'slo:burn_rate_1h:by_group',
      expr: `${hour(BAD_5M)} / (${hour(REQUESTS_5M)} > 0) / ${budget}`,
      labels,
    },
  ];
}

/** Error ratio and traffic of each revision, where releases are judged by this SLO. */
function revisionRules(slo: Slo, platform: Platform, environment: Environment, labels: Labels): Rule[] {
  if (!environment.name || slo.indicator.kind !== 'counters') return [];
  const service = platform.services.find((s) => s.name === slo.service);
  if (!service?.slos.includes(slo.name)) return [];
  const window = formatDuration(Math.max(60_000, 4 * environment.prometheus.scrapeIntervalMs));
  const by = ` by (${service.revisionLabel}, ${service.versionLabel})`;
  const rate = (selectors: readonly Selector[]) => summed(selectors, by, (x) => `rate(${x}[${window}])`);
  const { part, total, partIs } = slo.indicator;
  const on = `on${by.slice(3)}`;
  const share = `(${rate(part)} or ${on} 0 * ${REVISION_REQUESTS}${matcherOf(labels)}) / ${on} (${REVISION_REQUESTS}${matcherOf(labels)} > 0)`;
  return [
    { record: REVISION_REQUESTS, expr: rate(total), labels },
    { record: REVISION_ERRORS, expr: partIs === 'bad' ? share : `1 - ${share}`, labels },
  ];
}

/** One selector for the recorded series of all these SLOs. */
function allOf(slos: readonly Slo[], environment: Environment): string {
  if (environment.name) return matcherOf({ environment: environment.name });
  const services = [...new Set(slos.map((s) => s.service))].sort();
  return `{environment="",service=~${quote(services.map(escapeRegex).join('|'))}}`;
}

/** Budgets by length of window: each length is one set of rules for all SLOs that have it. */
function budgetRules(slos: readonly Slo[], environment: Environment, scope: Scope): Rule[] {
  if (environment.budgetWindowMs !== null)
    return briefBudget(scope, environment.budgetWindowMs, environment.prometheus.evaluationIntervalMs);
  const lengths = [...new Set(slos.filter((s) => !s.calendar).map((s) => s.windowMs))].sort((a, b) => a - b);
  const rolling = lengths.flatMap((windowMs) => {
    const mine = slos.filter((s) => !s.calendar && s.windowMs === windowMs);
    const all = lengths.length === 1 && mine.length === slos.length;
    return budgetWindow(all ? scope : { ...scope, m: narrowed(scope.m, mine) }, windowMs);
  });
  const byCalendar = slos
    .filter((slo) => slo.calendar)
    .flatMap((slo) => {
      const labels = labelsOf(slo, environment);
      const rules = calendarWindow(matcherOf(labels), CALENDAR_START, slo.windowMs);
      const start: Rule = { record: CALENDAR_START, expr: calendarStartExpression(slo.calendar!), labels };
      return [start, ...rules];
    });
  return [...rolling, ...byCalendar];
}

const narrowed = (m: string, slos: readonly Slo[]): string =>
  `${m.slice(0, -1)},slo=~${quote(slos.map((s) => escapeRegex(s.name)).join('|'))}}`;

/** Of our own metrics, where Prometheus scrapes us: a canary's own alert, which silences its service's. */
function releaseGroup(environment: Environment, interval: string): RuleGroup[] {
  if (!environment.name) return [];
  const m = matcherOf({ environment: environment.name });
  const failing: Rule = {
    alert: CANARY_ALERT,
    expr: `max by (service, environment) (${STATE_METRIC}${m.slice(0, -1)},state=~"Abort|Rollback"}) == 1`,
    labels: { severity: 'info' },
    annotations: {
      summary: '{{ $labels.service }} in {{ $labels.environment }}: a release is being taken back',
      description: 'Traffic returns to the stable version. sluice status says why.',
    },
  };
  return [{ name: 'sluice-releases', interval, rules: [failing] }];
}

interface ServiceRules {
  readonly service: string;
  readonly counts: readonly Rule[];
  readonly reread: readonly Rule[];
  readonly alerts: readonly Rule[];
}

function serviceRules(platform: Platform, environment: Environment, offsetMs: number): ServiceRules[] {
  const byService = new Map<string, Slo[]>();
  for (const slo of platform.slos) {
    const mine = byService.get(slo.service);
    if (mine) mine.push(slo);
    else byService.set(slo.service, [slo]);
  }
  return [...byService]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([service, slos]) => ({
      service,
      counts: slos.flatMap((slo) => countRules(slo, platform, environment, offsetMs)),
      reread: slos.flatMap((slo) => rereadRules(slo, environment, offsetMs)),
      alerts: slos.flatMap((slo) => {
        const labels = labelsOf(slo, environment);
        return sloAlerts(slo, platform, environment, labels, matcherOf(labels));
      }),
    }));
}

/**
 * Up to so many SLOs are one group: its rules are evaluated in order at one moment, so that windows end now.
 * A large fleet is many groups, evaluated side by side; each at moments of its own, always equally far apart.
 */
const ONE_GROUP_AT_MOST = 40;

/** Rule groups of one environment: counts and alerts of each service, windows for all of them. */
export function ruleGroups(platform: Platform, environment: Environment): RuleGroup[] {
  if (platform.slos.length === 0) return [];
  const { prometheus } = environment;
  const often = formatDuration(prometheus.evaluationIntervalMs);
  const seldom = formatDuration(prometheus.budgetIntervalMs);
  const byGroup = prometheus.latenessMs > 0 && knowsQueryOffset(prometheus.version);
  const queryOffset = byGroup ? { queryOffset: formatDuration(prometheus.latenessMs) } : {};
  const m = allOf(platform.slos, environment);
  const quick: Scope = { m, freshMs: freshnessOf(prometheus.evaluationIntervalMs) };
  const services = serviceRules(platform, environment, byGroup ? 0 : prometheus.latenessMs);
  const releases = releaseGroup(environment, often);
  if (platform.slos.length <= ONE_GROUP_AT_MOST) {
    const rules = [
      ...services.flatMap((s) => s.counts),
      ...shortWindows(quick),
      ...services.flatMap((s) => s.reread),
      ...longWindows(quick),
      ...budgetRules(platform.slos, environment, quick),
      ...services.flatMap((s) => s.alerts),
    ];
    return [{ name: 'sluice', interval: often, ...queryOffset, rules }, ...releases];
  }
  const slow: Scope = { m, freshMs: freshnessOf(prometheus.budgetIntervalMs) };
  return [
    ...services.flatMap(({ service, counts, reread, alerts }): RuleGroup[] => [
      { name: `sluice-${service}`, interval: often, ...queryOffset, rules: [...counts, ...alerts] },
      { name: `sluice-${service}-reread`, interval: seldom, ...queryOffset, rules: reread },
    ]),
    ...releases,
    { name: 'sluice-windows', interval: often, ...queryOffset, rules: shortWindows(quick) },
    {
      name: 'sluice-budgets',
      interval: seldom,
      ...queryOffset,
      rules: [...longWindows(slow), ...budgetRules(platform.slos, environment, slow)],
    },
  ];
}

/** Recording and alerting rules of one environment, as Prometheus reads them. */
export const renderRules = (platform: Platform, environment: Environment): string =>
  groupsText(ruleGroups(platform, environment));
