import type { AlertCondition, Environment, Platform, Slo } from '../../../declaration/platform.ts';
import { formatDuration, parseDuration } from '../../../kit/time.ts';
import { reachable } from '../../budget.ts';
import {
  BAD,
  BUDGET_REMAINING,
  BURN_ALERT,
  burnSeries,
  burnSeriesOf,
  LADDER,
  LADDER_ALERT,
  NO_DATA_ALERT,
  POLICY_ALERT,
  REQUESTS_5M,
  WINDOW_MS,
  windowOf,
} from '../../series.ts';
import type { Rule } from './text.ts';

/** `{{` in a user's words is text, not a template of Prometheus. */
export const escapeTemplate = (text: string): string => text.replaceAll('{{', '{{ "{{" }}');

interface Subject {
  readonly slo: Slo;
  readonly platform: Platform;
  readonly environment: Environment;
  readonly labels: Readonly<Record<string, string>>;
  readonly m: string;
}

const percent = (ratio: number): string => `${Number((ratio * 100).toPrecision(12))} %`;
const where = ({ slo, environment }: Subject): string =>
  environment.name ? `${slo.service} in ${environment.name}` : slo.service;
const span = (slo: Slo): string =>
  slo.calendar ? `${slo.calendar.count}${slo.calendar.unit} by the calendar` : formatDuration(slo.windowMs);

function runbook({ slo, platform, environment }: Subject, alert: string): Record<string, string> {
  const link = slo.runbook ?? platform.alerts.runbook;
  if (!link) return {};
  const filled = link
    .replaceAll('{service}', encodeURIComponent(slo.service))
    .replaceAll('{slo}', encodeURIComponent(slo.name))
    .replaceAll('{environment}', encodeURIComponent(environment.name))
    .replaceAll('{alert}', alert);
  return { runbook_url: escapeTemplate(filled) };
}

/** A query of a template; it may find nothing, and then says so. */
const asked = (query: string, format: string, none: string): string =>
  `{{ with query ${JSON.stringify(query)} }}{{ . | first | value | ${format} }}{{ else }}${none}{{ end }}`;

/** What, how bad, since when, what is left, what to do. */
function annotations(subject: Subject, alert: string, long: string, what: string): Record<string, string> {
  const { slo, m } = subject;
  const longMs = parseDuration(long)!;
  const step =
    longMs < WINDOW_MS['5m'] ? formatDuration(subject.environment.prometheus.evaluationIntervalMs) : '5m';
  const since = `min_over_time((timestamp(${burnSeriesOf(longMs)}${m} >= 1))[${long}:${step}])`;
  const described = slo.description ? `${slo.description.trim()} ` : '';
  return {
    summary: `${where(subject)} burns its error budget at {{ $value | humanize }} times the sustainable rate`,
    description: `${escapeTemplate(described)}SLO ${slo.name} (${percent(slo.objective)} over ${span(slo)}): ${what}.`,
    since: asked(since, 'humanizeTimestamp', 'just now'),
    budget_left: asked(`${BUDGET_REMAINING}${m}`, 'humanizePercentage', 'not known yet'),
    ...runbook(subject, alert),
  };
}

/** One stray error in an hour of three requests is no page: a floor of bad requests, where requests are counted. */
function floor({ slo, platform, m }: Subject, long: string): string[] {
  const { minBad } = platform.alerts;
  return slo.budgeting.kind === 'occurrences' && minBad > 0
    ? [`${BAD}:increase${long}${m} >= ${minBad}`]
    : [];
}

function pair(subject: Subject): Rule[] {
  const { environment, labels, m, slo } = subject;
  const { fast, slow } = environment.burn;
  const terms = [`${burnSeriesOf(fast.windowMs)}${m} >= ${fast.threshold}`];
  if (slow) terms.push(`${burnSeriesOf(slow.windowMs)}${m} >= ${slow.threshold}`);
  const short = formatDuration(fast.windowMs);
  const long = formatDuration((slow ?? fast).windowMs);
  const what = `${short} burn rate at or above ${fast.threshold}${slow ? `, ${long} at or above ${slow.threshold}` : ''}`;
  return reachable(slo.objective, fast.threshold)
    ? [
        {
          alert: BURN_ALERT,
          expr: [...terms, ...floor(subject, long)].join(' and '),
          labels: {
            ...labels,
            severity: 'page',
            long_window: slow ? long : '1h',
            short_window: short,
          },
          annotations: annotations(subject, BURN_ALERT, long, what),
        },
      ]
    : [];
}

const ladder = (subject: Subject): Rule[] =>
  LADDER.filter((step) => reachable(subject.slo.objective, step.threshold)).map(
    ({ long, short, threshold, severity }) => ({
      alert: LADDER_ALERT,
      expr: [
        `${burnSeries(long)}${subject.m} >= ${threshold} and ${burnSeries(short)}${subject.m} >= ${threshold}`,
        ...floor(subject, long),
      ].join(' and '),
      labels: { ...subject.labels, severity, long_window: long, short_window: short },
      annotations: annotations(
        subject,
        LADDER_ALERT,
        long,
        `${long} and ${short} burn rates at or above ${threshold}`,
      ),
    }),
  );

/** Severities of OpenSLO are free words; ours are page and ticket. */
export const severityOf = (severity: string): 'page' | 'ticket' =>
  /^(page|critical|high|sev-?1|p1|1)$/i.test(severity) ? 'page' : 'ticket';

function declared(subject: Subject, condition: AlertCondition): Rule[] {
  const window = windowOf(condition.windowMs)!;
  const labels = {
    ...subject.labels,
    severity: severityOf(condition.severity),
    declared_severity: condition.severity,
    policy: condition.policy,
    notify: condition.targets.join(','),
    long_window: window,
    short_window: window,
  };
  const wait = condition.forMs > 0 ? { for: formatDuration(condition.forMs) } : {};
  const breach: Rule = {
    alert: POLICY_ALERT,
    expr: `${burnSeries(window)}${subject.m} ${condition.op} ${condition.threshold}`,
    ...wait,
    labels,
    annotations: annotations(
      subject,
      POLICY_ALERT,
      window,
      `${window} burn rate ${condition.op} ${condition.threshold}, as policy ${condition.policy} says`,
    ),
  };
  const noData: Rule = {
    alert: NO_DATA_ALERT,
    expr: `absent(${REQUESTS_5M}${subject.m} > 0)`,
    for: formatDuration(Math.max(condition.forMs, 300_000)),
    labels,
    annotations: {
      summary: `${where(subject)} has no data for SLO ${subject.slo.name}`,
      description: `No request was counted: no traffic, or metrics that do not arrive.`,
      ...runbook(subject, NO_DATA_ALERT),
    },
  };
  return [...(condition.whenBreaching ? [breach] : []), ...(condition.whenNoData ? [noData] : [])];
}

/** Every alert of one SLO in one environment. */
export function sloAlerts(
  slo: Slo,
  platform: Platform,
  environment: Environment,
  series: Readonly<Record<string, string>>,
  m: string,
): Rule[] {
  const own = Object.fromEntries(
    Object.entries({ ...platform.alerts.labels, ...slo.labels }).map(([k, v]) => [k, escapeTemplate(v)]),
  );
  const subject = { slo, platform, environment, labels: { ...series, ...own }, m };
  return [
    ...pair(subject),
    ...(platform.alerts.ladder ? ladder(subject) : []),
    ...slo.conditions.flatMap((c) => declared(subject, c)),
  ];
}
