import { slosIn } from '../../../declaration/layout.ts';
import type { Environment, Maintenance, Platform, Slo } from '../../../declaration/platform.ts';
import { counted } from '../../../kit/counted.ts';
import { formatDuration } from '../../../kit/time.ts';
import type { Counter } from '../../../promql/counters.ts';
import { anyOf, escapeRegex, quote } from '../../../promql/scope.ts';
import { isSince } from '../../../promql/types.ts';
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
import { type Counting, countingOf, groupCountingOf, matcherOf, summed, TILE_SECONDS } from './counting.ts';
import { missingRules } from './itself.ts';
import {
  briefBudget,
  budgetWindow,
  calendarWindow,
  freshnessOf,
  groupWindows,
  longWindows,
  REREAD_MS,
  type RuleScope,
  rereadSeries,
  shortWindows,
} from './ladder.ts';
import { groupsText, type PrometheusRule, type RuleGroup } from './text.ts';
import { verified } from './verify.ts';

type Labels = Readonly<Record<string, string>>;

/** A rule group knows how to look back by itself since then. */
const QUERY_OFFSET_SINCE = '2.53';

const labelsOf = (slo: Slo, environment: Environment): Labels => ({
  service: slo.service,
  slo: slo.name,
  ...(environment.name ? { environment: environment.name } : {}),
});

/** Bad ones: counted directly, or what is left of the total. */
function badOf(counting: Counting, total: string): string {
  return counting.partIs === 'bad'
    ? `(${counting.part})\nor vector(0)`
    : `clamp_min(${total} - on() ((${counting.part})\nor vector(0)), 0)`;
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
): PrometheusRule[] {
  const mine = items.filter((item) => concerns(item, slo, environment));
  if (mine.length === 0) return [];
  const spans = mine.map(
    ({ fromMs, toMs }) => `(vector(time()) >= ${fromMs / 1_000} < ${toMs / 1_000 + TILE_SECONDS})`,
  );
  return [{ record: MAINTENANCE, expr: `(${anyOf(spans)}) * 0 + 1`, labels }];
}

/** What one SLO counts, from raw samples: the only rules that read them. */
function countRules(
  slo: Slo,
  platform: Platform,
  environment: Environment,
  offsetMs: number,
): PrometheusRule[] {
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
function rereadRules(slo: Slo, environment: Environment, offsetMs: number): PrometheusRule[] {
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
function briefRules(slo: Slo, environment: Environment, offsetMs: number, labels: Labels): PrometheusRule[] {
  const m = matcherOf(labels);
  const budget = errorBudget(slo.objective);
  return briefWindows(environment).flatMap((windowMs): PrometheusRule[] => {
    const counting = countingOf(slo, environment.prometheus, offsetMs, '', windowMs);
    const [total, bad] = [increaseSeriesOf(TOTAL, windowMs), increaseSeriesOf(BAD, windowMs)];
    return [
      { record: total, expr: `${counting.total}\nor vector(0)`, labels },
      { record: bad, expr: badOf(counting, total + m), labels },
      { record: burnSeriesOf(windowMs), expr: `${bad}${m} / (${total}${m} > 0) / ${budget}`, labels },
    ];
  });
}

/** Tiles of each route or tenant, bounded: the busiest ones. Everything longer is made of them, for all SLOs at once. */
function groupRules(slo: Slo, environment: Environment, offsetMs: number, labels: Labels): PrometheusRule[] {
  if (!slo.groupBy) return [];
  const names = slo.groupBy.labels.join(', ');
  const m = matcherOf(labels);
  const counting = groupCountingOf(slo, slo.groupBy, environment.prometheus, offsetMs);
  const total = `${REQUESTS_5M}:by_group`;
  const on = `on (${names})`;
  const part = `((${counting.part}) or ${on} 0 * ${total}${m})`;
  const bad =
    counting.partIs === 'bad'
      ? `${part} and ${on} ${total}${m}`
      : `clamp_min(${total}${m} - ${on} ${part}, 0)`;
  return [
    { record: total, expr: `topk(${slo.groupBy.limit}, ${counting.total})`, labels },
    { record: `${BAD_5M}:by_group`, expr: bad, labels },
  ];
}

/** Error ratio and traffic of each revision, where releases are judged by this SLO. */
function revisionRules(
  slo: Slo,
  platform: Platform,
  environment: Environment,
  labels: Labels,
): PrometheusRule[] {
  if (!environment.name || slo.indicator.kind !== 'counters') return [];
  const service = platform.services.find((s) => s.name === slo.service);
  if (!service?.slos.includes(slo.name)) return [];
  const window = formatDuration(Math.max(60_000, 4 * environment.prometheus.scrapeIntervalMs));
  const by = ` by (${service.revisionLabel}, ${service.versionLabel})`;
  const rate = (counters: readonly Counter[]) => summed(counters, by, (x) => `rate(${x}[${window}])`);
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
function budgetRules(slos: readonly Slo[], environment: Environment, scope: RuleScope): PrometheusRule[] {
  if (environment.budgetWindowMs !== null)
    return scope.byGroup
      ? []
      : briefBudget(scope, environment.budgetWindowMs, environment.prometheus.evaluationIntervalMs);
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
      const rules = calendarWindow({ ...scope, m: matcherOf(labels) }, CALENDAR_START, slo.windowMs);
      const start: PrometheusRule = {
        record: CALENDAR_START,
        expr: calendarStartExpression(slo.calendar!),
        labels,
      };
      return scope.byGroup ? rules : [start, ...rules];
    });
  return [...rolling, ...byCalendar];
}

const narrowed = (m: string, slos: readonly Slo[]): string =>
  `${m.slice(0, -1)},slo=~${quote(slos.map((s) => escapeRegex(s.name)).join('|'))}}`;

/** Of our own metrics, where Prometheus scrapes us: a canary's own alert, which silences its service's. */
function releaseGroup(environment: Environment, interval: string): RuleGroup[] {
  if (!environment.name) return [];
  const m = matcherOf({ environment: environment.name });
  const failing: PrometheusRule = {
    alert: CANARY_ALERT,
    expr: `max by (service, environment) (${STATE_METRIC}${m.slice(0, -1)},state=~"Abort|Rollback"}) == 1`,
    labels: { severity: 'info' },
    annotations: {
      summary: '{{ $labels.service }} in {{ $labels.environment }}: a release is being rolled back',
      description: 'Traffic returns to the stable version. sluice status says why.',
    },
  };
  const about = "Releases that are being rolled back, from Sluice's own metrics.";
  const missing = 'Sluice itself, or its answers, missing for five minutes: releases wait meanwhile.';
  return [
    { name: 'sluice:releases', interval, about, rules: [failing] },
    { name: 'sluice:itself', interval, about: missing, rules: missingRules(environment, m) },
  ];
}

/** Up to so many SLOs everything is evaluated as often as the tiles; budgets of a large fleet more seldom. */
const FEW = 40;

interface Rhythm {
  readonly often: string;
  readonly seldom: string;
  readonly quick: RuleScope;
  readonly slow: RuleScope;
  readonly queryOffset: Pick<RuleGroup, 'queryOffset'>;
  /** How far rules look back by themselves, where a group cannot. */
  readonly offsetMs: number;
  readonly below: string;
}

function rhythmOf(platform: Platform, { prometheus }: Environment, m: string): Rhythm {
  const byGroup = prometheus.latenessMs > 0 && isSince(prometheus.version, QUERY_OFFSET_SINCE);
  const few = platform.slos.length <= FEW;
  const seldomMs = few ? prometheus.evaluationIntervalMs : prometheus.budgetIntervalMs;
  return {
    often: formatDuration(prometheus.evaluationIntervalMs),
    seldom: formatDuration(seldomMs),
    quick: { m, freshMs: freshnessOf(prometheus.evaluationIntervalMs) },
    slow: { m, freshMs: freshnessOf(seldomMs) },
    queryOffset: byGroup ? { queryOffset: formatDuration(prometheus.latenessMs) } : {},
    offsetMs: byGroup ? 0 : prometheus.latenessMs,
    below: commonFolder(Object.values(platform.origin.places).map((p) => p.file)),
  };
}

/** The folder that all SLOs are declared below: what is rendered is the same from wherever it is. */
function commonFolder(files: readonly string[]): string {
  const [first = '', ...rest] = files.map((file) => file.slice(0, file.lastIndexOf('/') + 1));
  return rest.reduce((common, folder) => {
    let at = common;
    while (!folder.startsWith(at)) at = at.slice(0, at.lastIndexOf('/', at.length - 2) + 1);
    return at;
  }, first);
}

/** What a group is for, and where its SLO is declared. */
function aboutOf(slo: Slo, { origin }: Platform, below: string, what: string): string {
  const place = origin.places[slo.name];
  const at = place ? `, declared at ${place.file.slice(below.length)}:${place.line}` : '';
  return `SLO ${slo.name} of ${slo.service} (${Number((slo.objective * 100).toPrecision(12))}%)${at}: ${what}`;
}

/** Groups of one SLO: what it counts, what it missed half an hour ago, when it alerts. */
function sloGroups(slo: Slo, platform: Platform, environment: Environment, rhythm: Rhythm) {
  const { often, seldom, queryOffset, offsetMs } = rhythm;
  const labels = labelsOf(slo, environment);
  const group = (
    purpose: string,
    interval: string,
    what: string,
    rules: readonly PrometheusRule[],
  ): RuleGroup[] =>
    rules.length === 0
      ? []
      : [
          {
            name: `sluice:${slo.name}:${purpose}`,
            interval,
            ...queryOffset,
            about: aboutOf(slo, platform, rhythm.below, what),
            rules,
          },
        ];
  return {
    counts: group(
      'counts',
      often,
      'what it counts, by tiles of 5 minutes',
      countRules(slo, platform, environment, offsetMs),
    ),
    reread: group(
      'reread',
      seldom,
      'tiles that were not recorded half an hour ago, read again',
      rereadRules(slo, environment, offsetMs),
    ),
    alerts: group(
      'alerts',
      often,
      'alerts',
      sloAlerts(slo, platform, environment, labels, matcherOf(labels)),
    ),
  };
}

/** Windows of all SLOs at once: one rule serves them all. */
function windowGroups(platform: Platform, environment: Environment, rhythm: Rhythm) {
  const { often, seldom, quick, slow, queryOffset } = rhythm;
  const slos = slosIn(platform, environment);
  const grouped = slos.filter((slo) => slo.groupBy);
  const all = counted(slos.length, 'SLO');
  const long: RuleGroup[] = [
    {
      name: 'sluice:budgets',
      interval: seldom,
      ...queryOffset,
      about: `Windows of 2h to 3d and error budgets of ${all}, from what is counted.`,
      rules: [...longWindows(slow), ...budgetRules(slos, environment, slow)],
    },
  ];
  if (grouped.length > 0) {
    const scope: RuleScope = { ...quick, byGroup: true };
    long.push({
      name: 'sluice:groups',
      interval: often,
      ...queryOffset,
      about: `Windows and error budgets by group, of ${counted(grouped.length, 'SLO')}.`,
      rules: [...groupWindows(scope), ...budgetRules(grouped, environment, scope)],
    });
  }
  const short: RuleGroup = {
    name: 'sluice:windows',
    interval: often,
    ...queryOffset,
    about: `Windows of 5m to 1h of ${all}, from what is counted.`,
    rules: shortWindows(quick),
  };
  return { short, long };
}

const byService = (a: Slo, b: Slo): number =>
  a.service < b.service ? -1 : a.service > b.service ? 1 : a.name < b.name ? -1 : 1;

/** Rule groups of one environment: counts and alerts of each SLO, windows for all of them. */
export function ruleGroups(platform: Platform, environment: Environment): readonly RuleGroup[] {
  const slos = slosIn(platform, environment);
  if (slos.length === 0) return [];
  const rhythm = rhythmOf(platform, environment, allOf(slos, environment));
  const own = slos.sort(byService).map((slo) => sloGroups(slo, platform, environment, rhythm));
  const { short, long } = windowGroups(platform, environment, rhythm);
  const groups = [
    ...own.flatMap((o) => o.counts),
    short,
    ...own.flatMap((o) => o.reread),
    ...long,
    ...own.flatMap((o) => o.alerts),
    ...releaseGroup(environment, rhythm.often),
  ];
  return verified(groups, environment.prometheus.version);
}

/** Recording and alerting rules of one environment, as Prometheus reads them. */
export const renderRules = (platform: Platform, environment: Environment): string =>
  groupsText(ruleGroups(platform, environment));
