import type { Slo } from '../declaration/platform.ts';
import type { MetricType } from './catalog.ts';
import type { Finding } from './live-selectors.ts';

/** What the counters of an SLO said in the last hour; null: nothing. */
export interface SeenCounts {
  readonly total: number | null;
  readonly part: number | null;
  /** How often its counters went down in that hour, by series: a restart is one. */
  readonly mostResets: number | null;
}

/** A process that restarts more often than once in five minutes is seen by more than its counters. */
const MOST_RESETS = 12;
/** Rates at the edges of an hour differ by a scrape. */
const SLACK = 1.02;

type Counters = Extract<Slo['indicator'], { kind: 'counters' }>;

const SUFFIXES = ['', '_total', '_bucket', '_count', '_sum'];
/** A type is told of a family: counters with or without `_total`, histograms without their parts. */
function typeOf(metric: string, types: ReadonlyMap<string, MetricType>): MetricType {
  for (const suffix of SUFFIXES) {
    const family = metric.endsWith(suffix) ? metric.slice(0, metric.length - suffix.length) : null;
    const type = family === null ? undefined : types.get(family);
    if (type !== undefined) return type;
  }
  return 'unknown';
}

/** Counters that are none. */
export function typeFindings(
  metrics: readonly string[],
  types: ReadonlyMap<string, MetricType>,
  counts: SeenCounts,
): Finding[] {
  const gauges = [...new Set(metrics)].filter((metric) => typeOf(metric, types) === 'gauge');
  const found = gauges.map(
    (metric): Finding => ({
      code: 'GAUGE',
      level: 'wrong',
      message: `"${metric}" is a gauge: its increase is not a number of requests`,
      next: 'count by a counter, or declare a thresholdMetric',
    }),
  );
  if (found.length > 0 || counts.mostResets === null || counts.mostResets <= MOST_RESETS) return found;
  return [
    {
      code: 'GAUGE',
      level: 'wrong',
      message: `a series of it went down ${counts.mostResets} times in the last hour: a counter goes down when a process restarts`,
      next: 'is it a gauge, or do two processes write one series?',
    },
  ];
}

/** Good and bad ones compared with all of them. */
export function countFindings(indicator: Counters, counts: SeenCounts): Finding[] {
  const { part, total, partIs } = indicator;
  if (JSON.stringify(part) === JSON.stringify(total))
    return [
      {
        code: 'SAME_COUNTERS',
        level: 'wrong',
        message: `${partIs} and total are the same: ${partIs === 'good' ? 'nothing can ever be bad' : 'everything is bad'}`,
        next: `select the ${partIs} ones`,
      },
    ];
  const { part: some, total: all } = counts;
  if (some === null || all === null) return [];
  if (some < -1)
    return [
      {
        code: 'NEGATIVE',
        level: 'wrong',
        message: `${partIs} ones are fewer than none: ${Math.round(some)} in the last hour`,
        next: 'what is taken off is more than what it is taken off from',
      },
    ];
  if (some > all * SLACK + 1)
    return [
      {
        code: 'MORE_THAN_ALL',
        level: 'wrong',
        message: `${partIs} ones are more than all: ${Math.round(some)} of ${Math.round(all)} in the last hour`,
        next: 'total has to count every request that the other side counts',
      },
    ];
  return partIs === 'bad' && all > 0 && some >= all
    ? [
        {
          code: 'ALL_BAD',
          level: 'note',
          message: `all ${Math.round(all)} requests of the last hour were bad`,
          next: 'if they were not, the selector of bad ones selects all',
        },
      ]
    : [];
}

/** Labels by which a Prometheus, or a second monitor, tells apart what it scraped, and nothing else. */
const SCRAPER = /^(job|endpoint|service|monitor|metrics_path|scrape_job|prometheus|.*replica.*)$/i;

/** Of the labels of targets, those that tell one scrape of a process from another. */
export const scraperLabels = (targetLabels: readonly string[]): string[] =>
  targetLabels.filter((label) => SCRAPER.test(label)).sort();

/** Series that are there more than once, but for who scraped them. */
export function scrapedFindings(labels: readonly string[], times: number | null, example: string): Finding[] {
  if (times === null || times <= 1) return [];
  return [
    {
      code: 'SCRAPED_TWICE',
      level: 'wrong',
      message: `the same process is scraped ${times} times (${example}): everything is counted ${times} times`,
      next: `its series differ by ${labels.join(', ')} alone: remove a monitor, or ask a source that removes duplicates`,
    },
  ];
}

/** What our own rules left. */
export interface SeenRules {
  /** Objective as recorded; null: no rule of ours has been evaluated. */
  readonly objective: number | null;
  /** Seconds since it was recorded. */
  readonly ageSeconds: number | null;
}

/** Recorded rules that are missing, stopped, or of another declaration. */
export function ruleFindings(slo: Slo, rules: SeenRules, evaluationIntervalMs: number): Finding[] {
  const { objective, ageSeconds } = rules;
  if (objective === null || ageSeconds === null)
    return [
      {
        code: 'RULES_MISSING',
        level: 'note',
        message: 'nothing is recorded for it: its rules are not loaded yet',
        next: 'sluice render, and load the rules',
      },
    ];
  const late = (3 * evaluationIntervalMs) / 1_000 + 30;
  return [
    ...(Math.abs(objective - slo.objective) > 1e-9
      ? [
          {
            code: 'RULES_STALE',
            level: 'wrong',
            message: `rules of another declaration are loaded: the objective recorded is ${objective}, declared is ${slo.objective}`,
            next: 'sluice render, and load the rules',
          } satisfies Finding,
        ]
      : []),
    ...(ageSeconds > late
      ? [
          {
            code: 'RULES_STALE',
            level: 'wrong',
            message: `its rules were last evaluated ${Math.round(ageSeconds)} s ago`,
            next: 'see the rules page of Prometheus',
          } satisfies Finding,
        ]
      : []),
  ];
}

/** Arms of a canary that cannot be told apart. */
export function revisionFindings(label: string, without: number, of: number): Finding[] {
  if (without === 0 || of === 0) return [];
  const which = without === of ? 'no series has' : `${without} of ${of} series have no`;
  return [
    {
      code: 'NO_REVISION',
      level: 'wrong',
      message: `${which} label "${label}": a canary cannot be distinguished from the stable version`,
      next: 'add it when scraping, or name the label that does in revisionLabel',
    },
  ];
}
