import type {
  AlertCondition,
  AlertLevel,
  Environment,
  Platform,
  Slo,
} from '../../../declaration/platform.ts';
import { formatDuration, parseDuration } from '../../../kit/time.ts';
import { reachable } from '../../budget.ts';
import { presenceOf } from '../../presence.ts';
import {
  BAD,
  BUDGET_REMAINING,
  BURN_ALERT,
  burnSeries,
  burnSeriesOf,
  GROUP_ALERT,
  LADDER,
  LADDER_ALERT,
  NO_DATA_ALERT,
  POLICY_ALERT,
  REQUESTS_5M,
  WINDOW_MS,
  windowOf,
} from '../../series.ts';
import type { PrometheusRule } from './text.ts';

/** `{{` in a user's words is text, not a template of Prometheus. */
const escapeTemplate = (text: string): string => text.replaceAll('{{', '{{ "{{" }}');

interface Subject {
  readonly slo: Slo;
  readonly platform: Platform;
  readonly environment: Environment;
  readonly labels: Readonly<Record<string, string>>;
  readonly m: string;
}

/** What an alert is, whatever it is called: routes and inhibitions go by it. */
const KIND_LABEL = 'sluice_alert';

const percent = (ratio: number): string => `${Number((ratio * 100).toPrecision(12))}%`;
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
    summary: `${where(subject)}: SLO ${slo.name} burns its error budget at {{ $value | humanize }} times the sustainable rate`,
    description: `${escapeTemplate(described)}SLO ${slo.name} (${percent(slo.objective)} over ${span(slo)}): ${what}.`,
    since: asked(since, 'humanizeTimestamp', 'just now'),
    budget_left: asked(`${BUDGET_REMAINING}${m}`, 'humanizePercentage', 'not known yet'),
    ...runbook(subject, alert),
    ...slo.alerting.annotations,
  };
}

/** One stray error in an hour of three requests is no page: a floor of bad requests, where requests are counted. */
function floor({ slo, platform, m }: Subject, long: string, suffix = ''): string[] {
  const { minBad } = platform.alerts;
  return slo.budgeting.kind === 'occurrences' && minBad > 0
    ? [`${BAD}:increase${long}${suffix}${m} >= ${minBad}`]
    : [];
}

/** What one level adds to an alert: its severity, its labels, how long it waits. */
function levelled(subject: Subject, level: AlertLevel, kind: string, rule: PrometheusRule): PrometheusRule {
  const { alerting } = subject.slo;
  return {
    ...rule,
    ...(level.forMs > 0 ? { for: formatDuration(level.forMs) } : {}),
    labels: {
      ...subject.labels,
      ...alerting.labels,
      ...level.labels,
      ...rule.labels,
      severity: level.severity,
      [KIND_LABEL]: kind,
    },
    annotations: { ...rule.annotations, ...level.annotations },
  };
}

function pair(subject: Subject): PrometheusRule[] {
  const { environment, m, slo } = subject;
  const { fast, slow } = environment.burn;
  const { page, name } = slo.alerting;
  if (!page.enabled || page.windows || !reachable(slo.objective, fast.threshold)) return [];
  const terms = [`${burnSeriesOf(fast.windowMs)}${m} >= ${fast.threshold}`];
  if (slow) terms.push(`${burnSeriesOf(slow.windowMs)}${m} >= ${slow.threshold}`);
  const short = formatDuration(fast.windowMs);
  const long = formatDuration((slow ?? fast).windowMs);
  const what = `${short} burn rate at or above ${fast.threshold}${slow ? `, ${long} at or above ${slow.threshold}` : ''}`;
  const alert = name ?? BURN_ALERT;
  return [
    levelled(subject, page, 'burn-page', {
      alert,
      expr: [...terms, ...floor(subject, long)].join(' and '),
      labels: { long_window: slow ? long : '1h', short_window: short },
      annotations: annotations(subject, alert, long, what),
    }),
  ];
}

interface Step {
  readonly long: string;
  readonly short: string;
  readonly threshold: number;
}

/** Steps of one level: as declared for the SLO, or those of the workbook. */
function stepsOf({ slo, platform }: Subject, which: 'page' | 'ticket'): Step[] {
  const level = slo.alerting[which];
  if (!level.enabled) return [];
  const steps = level.windows
    ? level.windows.map((w) => ({
        long: formatDuration(w.longMs),
        short: formatDuration(w.shortMs),
        threshold: w.factor,
      }))
    : platform.alerts.ladder
      ? LADDER.filter((step) => step.severity === which)
      : [];
  return steps.filter((step) => reachable(slo.objective, step.threshold));
}

const stepTerms = (subject: Subject, { long, short, threshold }: Step, suffix = ''): string => {
  const burn = (window: string) => `slo:burn_rate_${window}${suffix}${subject.m} >= ${threshold}`;
  return [`${burn(long)} and ${burn(short)}`, ...floor(subject, long, suffix)].join(' and ');
};

const ladder = (subject: Subject): PrometheusRule[] =>
  (['page', 'ticket'] as const).flatMap((which) =>
    stepsOf(subject, which).map((step) => {
      const { name } = subject.slo.alerting;
      const alert = name ?? LADDER_ALERT;
      const what = `${step.long} and ${step.short} burn rates at or above ${step.threshold}`;
      return levelled(subject, subject.slo.alerting[which], `ladder-${which}`, {
        alert,
        expr: stepTerms(subject, step),
        labels: { long_window: step.long, short_window: step.short },
        annotations: annotations(subject, alert, step.long, what),
      });
    }),
  );

/** Groups are alerted like the whole, one rule a level: their labels say which of them it is. */
function groups(subject: Subject): PrometheusRule[] {
  const { slo, environment, m } = subject;
  const { groupBy, alerting } = slo;
  if (!groupBy) return [];
  const suffix = ':by_group';
  const named = groupBy.labels.map((l) => `${l}={{ $labels.${l} }}`).join(', ');
  const { fast, slow } = environment.burn;
  const recorded = windowOf(fast.windowMs) && (!slow || windowOf(slow.windowMs));
  return (['page', 'ticket'] as const).flatMap((which): PrometheusRule[] => {
    const level = alerting[which];
    const steps = stepsOf(subject, which).map((step) => stepTerms(subject, step, suffix));
    if (
      which === 'page' &&
      recorded &&
      level.enabled &&
      !level.windows &&
      reachable(slo.objective, fast.threshold)
    ) {
      const long = formatDuration((slow ?? fast).windowMs);
      const terms = [`${burnSeriesOf(fast.windowMs)}${suffix}${m} >= ${fast.threshold}`];
      if (slow) terms.push(`${burnSeriesOf(slow.windowMs)}${suffix}${m} >= ${slow.threshold}`);
      steps.unshift([...terms, ...floor(subject, long, suffix)].join(' and '));
    }
    if (steps.length === 0) return [];
    const alert = alerting.name ?? GROUP_ALERT;
    return [
      levelled(subject, level, `group-${which}`, {
        alert,
        expr: steps.map((s) => `(${s})`).join('\nor '),
        annotations: {
          summary: `${where(subject)}: SLO ${slo.name} burns its error budget at {{ $value | humanize }} times the sustainable rate for ${named}`,
          description: `SLO ${slo.name} (${percent(slo.objective)} over ${span(slo)}), for ${named} alone.`,
          ...runbook(subject, alert),
          ...alerting.annotations,
        },
      }),
    ];
  });
}

/** Series that are absent, whatever the traffic: a target that went, a metric that was renamed. */
function absent(subject: Subject): PrometheusRule[] {
  const { slo, labels } = subject;
  const { enabled, afterMs, severity } = slo.alerting.noData;
  if (!enabled) return [];
  return [
    {
      alert: NO_DATA_ALERT,
      expr: `absent(group(${presenceOf(slo.indicator)}))`,
      for: formatDuration(afterMs),
      labels: { ...labels, ...slo.alerting.labels, severity, [KIND_LABEL]: 'no-data' },
      annotations: {
        summary: `${where(subject)}: SLO ${slo.name} has no data: its series are absent`,
        description: `No series of SLO ${slo.name} was there for ${formatDuration(afterMs)}: a target is not scraped, or a metric was renamed. Its error budget is unknown.`,
        ...runbook(subject, NO_DATA_ALERT),
      },
    },
  ];
}

/** Severities of OpenSLO are free words; ours are page and ticket. */
const severityOf = (severity: string): 'page' | 'ticket' =>
  /^(page|critical|high|sev-?1|p1|1)$/i.test(severity) ? 'page' : 'ticket';

function declared(subject: Subject, condition: AlertCondition): PrometheusRule[] {
  const window = windowOf(condition.windowMs)!;
  const labels = {
    ...subject.labels,
    severity: severityOf(condition.severity),
    declared_severity: condition.severity,
    policy: condition.policy,
    notify: condition.targets.join(','),
    long_window: window,
    short_window: window,
    [KIND_LABEL]: `policy-${severityOf(condition.severity)}`,
  };
  const wait = condition.forMs > 0 ? { for: formatDuration(condition.forMs) } : {};
  const breach: PrometheusRule = {
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
  const noData: PrometheusRule = {
    alert: NO_DATA_ALERT,
    expr: `absent(${REQUESTS_5M}${subject.m} > 0)`,
    for: formatDuration(Math.max(condition.forMs, 300_000)),
    labels: { ...labels, [KIND_LABEL]: 'no-data' },
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
): PrometheusRule[] {
  const own = Object.fromEntries(
    Object.entries({ ...platform.alerts.labels, ...slo.labels }).map(([k, v]) => [k, escapeTemplate(v)]),
  );
  const subject = { slo, platform, environment, labels: { ...series, ...own }, m };
  return [
    ...pair(subject),
    ...ladder(subject),
    ...groups(subject),
    ...absent(subject),
    ...slo.conditions.flatMap((c) => declared(subject, c)),
  ];
}
