import type { Environment, Platform, Slo } from '../declaration/platform.ts';
import { matcherOf } from './render/prometheus/counting.ts';
import { ruleGroups } from './render/prometheus/rules.ts';
import type { PrometheusRule } from './render/prometheus/text.ts';
import {
  BAD,
  BAD_5M,
  BUDGET,
  BUDGET_REMAINING,
  CALENDAR_START,
  COVERAGE,
  MAINTENANCE,
  OBJECTIVE,
  REQUESTS_5M,
  REVISION_ERRORS,
  REVISION_REQUESTS,
  TOTAL,
} from './series.ts';

/** One rule of an SLO: what it is for, and the query that gives its numbers. */
export interface ExplainedRule {
  readonly group: string;
  /** Name of the recorded series, or of the alert with its severity. */
  readonly rule: string;
  readonly what: string;
  /** What Prometheus has of it now; null for an alert. */
  readonly query: string;
  readonly expr: string;
}

const KNOWN: Readonly<Record<string, string>> = {
  [REQUESTS_5M]: 'requests (or samples, or slices) of the last 5 minutes, counted from raw samples',
  [BAD_5M]: 'the bad ones among them',
  [OBJECTIVE]: 'the objective, as declared',
  [BUDGET]: 'what may be bad: 1 - objective',
  [BUDGET_REMAINING]: 'share of the error budget that remains over the window of the SLO',
  [COVERAGE]: 'share of that window for which anything was recorded',
  [MAINTENANCE]: '1 while a declared maintenance keeps requests from counting',
  [CALENDAR_START]: 'when the calendar window began',
  [REVISION_ERRORS]: 'error ratio of each revision, for people to compare',
  [REVISION_REQUESTS]: 'requests per second of each revision',
};

/** In words for people, from the name that a series has. */
function purposeOf(record: string): string {
  const name = record.replace(/:by_group$/, '');
  const whose = record === name || KNOWN[record] ? '' : ', of each group';
  if (KNOWN[record] ?? KNOWN[name]) return `${KNOWN[record] ?? KNOWN[name]}${whose}`;
  const burn = /^slo:burn_rate_(.+)$/.exec(name)?.[1];
  if (burn) return `burn rate over ${burn}: 1 spends the budget exactly by the end of its window${whose}`;
  const side = name.startsWith(BAD) ? 'bad requests' : name.startsWith(TOTAL) ? 'requests' : 'numbers';
  if (name.endsWith(':reread5m'))
    return `${side} of a tile that was not recorded half an hour ago, read again`;
  const ago = /:increase(.+)_30m_ago$/.exec(name)?.[1];
  if (ago) return `${side} over ${ago} as of half an hour ago, with gaps read again`;
  const window = /:increase_?(.+)$/.exec(name)?.[1];
  return `${side} over ${window === 'window' ? 'the window of the SLO' : window}${whose}`;
}

function explained(
  group: string,
  rule: PrometheusRule,
  own: Readonly<Record<string, string>>,
): ExplainedRule {
  const { record, alert, expr, labels, annotations } = rule;
  if (record !== undefined)
    return { group, rule: record, what: purposeOf(record), query: `${record}${matcherOf(own)}`, expr };
  const severity = labels?.['severity'] ?? '';
  const windows = labels?.['long_window'] ? ` (${labels['long_window']} and ${labels['short_window']})` : '';
  return {
    group,
    rule: `${alert} ${severity}`.trim(),
    what: `alert${windows}: ${annotations?.['description'] ?? ''}`,
    query: `ALERTS${matcherOf({ alertname: alert!, severity, ...own })}`,
    expr,
  };
}

/** Every rule that concerns one SLO in one environment, in the order in which they are evaluated. */
export function explainRules(platform: Platform, environment: Environment, slo: Slo): ExplainedRule[] {
  const labels = {
    service: slo.service,
    slo: slo.name,
    ...(environment.name ? { environment: environment.name } : {}),
  };
  const alone = { ...platform, slos: [slo] };
  return ruleGroups(alone, environment)
    .filter(({ name }) => name !== 'sluice:releases')
    .flatMap(({ name, rules }) => rules.map((rule) => explained(name, rule, labels)));
}
