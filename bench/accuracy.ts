import { compile } from '../src/controller/compile.ts';
import { promtool } from '../src/runtime/adapters/promtool/run.ts';
import { ruleGroups } from '../src/runtime/render/prometheus/rules.ts';
import { groupsText, type RuleGroup } from '../src/runtime/render/prometheus/text.ts';

/** Thirty days of one SLO: ten times the traffic by day, and outages at peak and at trough. */
const DAYS = 30;
const MINUTES = DAYS * 1_440;
const OBJECTIVE = 0.99;
const OUTAGES = [
  { name: 'peak', from: 5 * 1_440 + 720, minutes: 30, share: 0.5 },
  { name: 'trough', from: 12 * 1_440 + 60, minutes: 60, share: 1 },
  { name: 'peak, short', from: 20 * 1_440 + 780, minutes: 10, share: 0.2 },
] as const;

/** Requests of a minute: 1,000 from 8 to 20 o'clock, 100 otherwise. */
const rateAt = (minute: number): number => {
  const hour = Math.floor((minute % 1_440) / 60);
  return hour >= 8 && hour < 20 ? 1_000 : 100;
};

function counters(outages: readonly (typeof OUTAGES)[number][]) {
  const all: number[] = [0];
  const bad: number[] = [0];
  for (let m = 1; m <= MINUTES; m++) {
    const outage = outages.find((o) => m > o.from && m <= o.from + o.minutes);
    all.push(all[m - 1]! + rateAt(m));
    bad.push(bad[m - 1]! + (outage ? rateAt(m) * outage.share : 0));
  }
  return { all, bad };
}

/** Runs of equal steps, in promtool's notation. */
function notation(values: readonly number[]): string {
  const words: string[] = [];
  for (let i = 0; i < values.length; ) {
    const step = (values[i + 1] ?? values[i]!) - values[i]!;
    let n = 1;
    while (i + n < values.length && values[i + n]! - values[i + n - 1]! === step) n++;
    words.push(`${values[i]}+${step}x${n - 1}`);
    i += n;
  }
  return words.join(' ');
}

function rulesWith(gap: { from: number; to: number } | null): string {
  const query = (text: string) => `{ metricSource: { type: Prometheus, spec: { query: '${text}' } } }`;
  const compiled = compile(
    [
      {
        file: 'accuracy.yaml',
        text: `apiVersion: openslo/v1
kind: Service
metadata: { name: api }
---
apiVersion: openslo/v1
kind: SLO
metadata: { name: api-slo }
spec:
  service: api
  indicator: { spec: { ratioMetric: { counter: true, bad: ${query('r_total{code="500"}')}, total: ${query('r_total')} } } }
  timeWindow: [{ duration: 30d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: ${OBJECTIVE} }]
`,
      },
    ],
    { platform: 'optional' },
  );
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  const platform = compiled.value;
  const average = {
    record: 'average:ratio5m',
    expr: 'sum(rate(r_total{code="500"}[5m])) / sum(rate(r_total[5m]))',
    labels: {},
  };
  const groups: RuleGroup[] = [
    ...ruleGroups(platform, platform.environments[0]!),
    { name: 'average', interval: '5m', rules: [average] },
  ];
  // An evaluation that is lost leaves no record: the same as one whose rules find nothing.
  const lost = gap && `and on() (vector(time()) < ${gap.from * 60} or vector(time()) > ${gap.to * 60})`;
  return groupsText(
    groups.map((g) => ({
      ...g,
      rules: g.rules
        .filter((r) => r.record !== undefined)
        .map((r) => (lost ? { ...r, expr: `(${r.expr}) ${lost}` } : r)),
    })),
  );
}

export interface Accuracy {
  readonly name: string;
  readonly exact: number;
  readonly ours: number;
  readonly average: number;
  /** Relative errors of the budget that was spent. */
  readonly error: number;
  readonly averageError: number;
}

async function measure(
  name: string,
  outages: readonly (typeof OUTAGES)[number][],
  gap: { from: number; to: number } | null,
): Promise<Accuracy> {
  const { all, bad } = counters(outages);
  const good = all.map((v, i) => v - bad[i]!);
  const exact = bad[MINUTES]! / all[MINUTES]! / (1 - OBJECTIVE);
  const answers = await promtool()({
    rules: rulesWith(gap),
    intervalMs: 60_000,
    evaluationMs: 300_000,
    series: [
      { series: 'r_total{code="200"}', values: notation(good) },
      { series: 'r_total{code="500"}', values: notation(bad) },
    ],
    questions: [
      { expr: 'sum(1 - slo:error_budget_remaining:ratio)', atMs: MINUTES * 60_000 },
      { expr: `sum(avg_over_time(average:ratio5m[${DAYS}d])) / ${1 - OBJECTIVE}`, atMs: MINUTES * 60_000 },
    ],
  });
  if (!answers.ok) throw new Error(answers.error.message);
  const [ours, average] = answers.value.map((a) => [...a.values()][0] ?? Number.NaN) as [number, number];
  return {
    name,
    exact,
    ours,
    average,
    error: Math.abs(ours / exact - 1),
    averageError: Math.abs(average / exact - 1),
  };
}

/** Budget spent after thirty days, against the exact count. */
export async function accuracy(): Promise<Accuracy[]> {
  const peak = OUTAGES[0];
  // Two at a time: each is one promtool on one core.
  const both = (a: Promise<Accuracy>, b: Promise<Accuracy>) => Promise.all([a, b]);
  return [
    ...(await both(
      measure('all outages', OUTAGES, null),
      // The worst ten minutes there are: in the middle of the outage at the peak.
      measure('ten minutes of evaluation lost in the peak outage', OUTAGES, {
        from: peak.from + 8,
        to: peak.from + 18,
      }),
    )),
    ...(await both(
      measure('an outage at the trough alone', [OUTAGES[1]], null),
      measure('an outage at the peak alone', [peak], null),
    )),
  ];
}
