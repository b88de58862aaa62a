import type { CaseInput, SloCase, SloTestDocument } from '../declaration/cases.ts';
import { EXPECTED } from '../declaration/cases.ts';
import type { Environment, Platform, Slo } from '../declaration/platform.ts';
import { countersOf } from '../declaration/platform.ts';
import { judgeTrace, traceSchema } from '../delivery/trace.ts';
import { fail, ok, type Result } from '../kit/result.ts';
import { parseDuration } from '../kit/time.ts';
import { parseSelectorSum } from '../promql/parse.ts';
import { baselineCounts, closeIntervals, type Sli } from '../runtime/counts.ts';
import type { Sample, Series } from '../runtime/port.ts';
import { matcherOf } from '../runtime/render/prometheus/counting.ts';
import {
  BAD_5M,
  BUDGET_REMAINING,
  burnSeries,
  REQUESTS_5M,
  WINDOWS,
  type Window,
} from '../runtime/series.ts';

/** A question to promtool, and the expected answer. */
export interface Question {
  readonly what: string;
  readonly expr: string;
  readonly atMs: number;
  readonly wanted: string | number;
}

const ms = (text: string): number => parseDuration(text)!;

/** Values of a template, in promtool's own words: counters that rise by so many an interval. */
export function templateValues(input: CaseInput, intervalMs: number): string {
  const n = Math.max(2, Math.round(ms(input.for) / intervalMs));
  const half = Math.floor(n / 2);
  const rise = input.perInterval;
  switch (input.template) {
    case 'good':
    case undefined:
      return `0+${rise}x${n}`;
    case 'bad':
      return `0x${half} ${rise}+${rise}x${n - half - 1}`;
    case 'nan':
      return `0+${rise}x${half} ${Array.from({ length: n - half }, () => 'NaN').join(' ')}`;
    case 'empty':
      return `_x${n}`;
    case 'late':
      return `_x${half} 0+${rise}x${n - half - 1}`;
    case 'reset':
      return `0+${rise}x${half} 0+${rise}x${n - half - 1}`;
    case 'flapping': {
      const parts: string[] = [];
      let value = 0;
      for (let at = 0; at < n; at += 20) {
        const length = Math.min(10, n - at);
        parts.push(`${value}+${rise}x${length - 1}`);
        value += rise * (length - 1);
        if (n - at > 10) parts.push(`${value}x${Math.min(10, n - at - 10) - 1}`);
      }
      return parts.join(' ');
    }
  }
}

export const valuesOf = (input: CaseInput, intervalMs: number): string =>
  input.values ?? templateValues(input, intervalMs);

const STEP = /^(_|stale|[-+]?(?:\d+(?:\.\d+)?(?:e[-+]?\d+)?|NaN|Inf))(?:([-+]\d+(?:\.\d+)?))?(?:x(\d+))?$/i;
const MAX_SAMPLES = 200_000;

/** Reads promtool's notation: `1+2x3` is 1 3 5 7, `_` is nothing. */
export function expandValues(text: string): Result<(number | null)[], string> {
  const out: (number | null)[] = [];
  for (const word of text.trim().split(/\s+/)) {
    const match = STEP.exec(word);
    if (!match || (/^(_|stale)$/i.test(match[1]!) && match[2] !== undefined))
      return fail(`"${word}" is not a value: expected 5, 0+10x20, _x5 or stale`);
    const [, first, step, times] = match;
    const gap = /^(_|stale)$/i.test(first!);
    const count = times === undefined ? 1 : gap ? Number(times) : Number(times) + 1;
    if (out.length + count > MAX_SAMPLES) return fail(`more than ${MAX_SAMPLES} samples`);
    for (let i = 0; i < count; i++) out.push(gap ? null : Number(first) + i * Number(step ?? 0));
  }
  return ok(out);
}

/** `none` expects no value; otherwise a comparison, a range, or the number within one millionth. */
export function meets(wanted: string | number, got: number | null): boolean {
  const match = EXPECTED.exec(String(wanted));
  if (!match) return false;
  const [, operator, number, low, high] = match;
  if (number === undefined && low === undefined) return got === null;
  if (got === null) return false;
  if (low !== undefined) return got >= Number(low) && got <= Number(high);
  const value = Number(number);
  switch (operator) {
    case '<':
      return got < value;
    case '<=':
      return got <= value;
    case '>':
      return got > value;
    case '>=':
      return got >= value;
    default:
      return Math.abs(got - value) <= Math.abs(value) * 1e-6 + 1e-9;
  }
}

export const groupText = (group: Readonly<Record<string, string>>): string =>
  Object.entries(group)
    .map(([label, value]) => `${label}=${value}`)
    .join(', ');

/** A group that no rule records could never be there. */
function groupProblem({ name, groupBy }: Slo, group: Readonly<Record<string, string>>): string | null {
  if (!groupBy) return `SLO "${name}" is not grouped`;
  const stray = Object.keys(group).find((label) => !groupBy.labels.includes(label));
  return stray ? `SLO "${name}" is grouped by ${groupBy.labels.join(', ')}, not by ${stray}` : null;
}

/** The questions to promtool for one case; unknown names are reported instead. */
export function questionsOf(
  one: SloCase,
  platform: Platform,
  environment: Environment,
): Result<Question[], string> {
  const questions: Question[] = [];
  for (const { at, slo: name, burn, budget, requests, bad, group } of one.expect) {
    const slo = platform.slos.find((s) => s.name === name);
    if (!slo) return fail(`no SLO is named "${name}"; known: ${platform.slos.map((s) => s.name).join(', ')}`);
    const m = matcherOf({
      service: slo.service,
      slo: name,
      ...(environment.name ? { environment: environment.name } : {}),
      ...group,
    });
    const wrong = group && groupProblem(slo, group);
    if (wrong) return fail(wrong);
    const [whose, suffix] = group ? [`${name} of ${groupText(group)}`, ':by_group'] : [name, ''];
    const ask = (what: string, series: string, wanted: string | number | undefined) => {
      const expr = `sum(${series}${suffix}${m})`;
      if (wanted !== undefined) questions.push({ what: `${whose} ${what}`, expr, atMs: ms(at), wanted });
    };
    for (const window of WINDOWS) ask(`burn ${window}`, burnSeries(window), burn?.[window as Window]);
    ask('budget remaining', BUDGET_REMAINING, budget);
    ask('requests of 5m', REQUESTS_5M, requests);
    ask('bad requests of 5m', BAD_5M, bad);
  }
  return ok(questions);
}

/** Alerts are series too: which of an SLO's fire at a time. */
export const alertsExpr = (slo: string, group: Readonly<Record<string, string>> = {}): string =>
  `count by (alertname) (ALERTS${matcherOf({ alertstate: 'firing', slo, ...group })})`;

const seriesOf = (one: SloCase, intervalMs: number): Result<Series[], string> => {
  const out: Series[] = [];
  for (const input of one.input) {
    const parsed = parseSelectorSum(input.series);
    if (!parsed.ok || parsed.value.length !== 1 || parsed.value[0]!.matchers.some((m) => m.op !== '='))
      return fail(`"${input.series}" is not a series: expected name{label="value"}`);
    const { metric, matchers } = parsed.value[0]!;
    const values = expandValues(valuesOf(input, intervalMs));
    if (!values.ok) return values;
    const samples = values.value.flatMap((v, i): Sample[] => (v === null ? [] : [[i * intervalMs, v]]));
    out.push({
      labels: { __name__: metric, ...Object.fromEntries(matchers.map((m) => [m.label, m.value])) },
      samples,
    });
  }
  return ok(out);
};

interface VerdictAnswer {
  readonly verdict: 'pass' | 'fail' | 'inconclusive';
  readonly bar: number;
  /** The stronger of the two lines of evidence, by interval. */
  readonly evidence: readonly number[];
}

/** Judges the case's own series as a release would be: exact counts, then the evidence rule. */
export function judgeCase(
  one: SloCase,
  wanted: SloCase['verdicts'][number],
  platform: Platform,
  intervalMs: number,
): Result<VerdictAnswer, string> {
  const slo = platform.slos.find((s) => s.name === wanted.slo);
  if (!slo) return fail(`no SLO is named "${wanted.slo}"`);
  if (slo.indicator.kind !== 'counters')
    return fail(`SLO "${slo.name}" does not count by counters: nothing can be judged by it`);
  const service = platform.services.find((s) => s.name === slo.service)!;
  const series = seriesOf(one, intervalMs);
  if (!series.ok) return series;
  const sli: Sli = { slo: slo.name, ...countersOf(slo) };
  const arms = { label: service.revisionLabel, canary: wanted.canary, stable: wanted.stable };
  const from = ms(wanted.from);
  const split = (keep: (at: number) => boolean) =>
    series.value
      .map((s) => ({ ...s, samples: s.samples.filter(([at]) => keep(at)) }))
      .filter((s) => s.samples.length > 0);
  const before = baselineCounts(
    split((at) => at <= from),
    [sli],
    arms,
    intervalMs,
  );
  const end = Math.max(...series.value.flatMap((s) => s.samples.map(([at]) => at)), from);
  const closed = closeIntervals({
    series: split((at) => at > from),
    slis: [sli],
    arms,
    cursors: before.cursors,
    closedAt: from,
    intervalMs,
    now: end + intervalMs,
    zero: { canary: false, stable: false },
  });
  const rounded = (c: { total: number; bad: number } | null | undefined) =>
    c ? { total: Math.round(c.total), bad: Math.round(c.bad) } : null;
  const { edition, ...declared } = platform.evidence;
  const answer = judgeTrace(
    traceSchema.parse({
      settings: {
        ...declared,
        objective: slo.objective,
        steps: service.strategy.steps.length,
        slos: Math.max(1, service.slos.length),
      },
      history: (before.history[slo.name] ?? []).map(rounded),
      intervals: closed.intervals.map(({ counts }) => ({
        step: 0,
        canary: rounded(counts[slo.name]?.canary),
        stable: rounded(counts[slo.name]?.stable),
      })),
    }),
    edition,
  );
  if (!answer.ok) return answer;
  const { firstFail, firstPass, bar, intervals } = answer.value;
  const verdict = firstFail !== null ? 'fail' : firstPass !== null ? 'pass' : 'inconclusive';
  return ok({ verdict, bar, evidence: intervals.map((i) => Math.max(i.overBudget, i.worseThanStable)) });
}

/** Rules as promtool evaluates them: at most once per sample, so that a case of hours takes seconds. */
export function testedEnvironment(environment: Environment, intervalMs: number): Environment {
  const { prometheus } = environment;
  const often = Math.max(prometheus.evaluationIntervalMs, Math.min(intervalMs, 60_000));
  const tile =
    [1_000, 5_000, 10_000, 15_000, 20_000, 30_000, 60_000].filter((i) => i <= often).at(-1) ?? often;
  return {
    ...environment,
    prometheus: {
      ...prometheus,
      evaluationIntervalMs: tile,
      budgetIntervalMs: Math.max(prometheus.budgetIntervalMs, 60_000),
    },
  };
}

export const environmentOf = (platform: Platform, spec: SloTestDocument['spec']): Environment | undefined =>
  spec.environment === undefined
    ? platform.environments[0]
    : platform.environments.find((e) => e.name === spec.environment);
