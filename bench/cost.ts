import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { request } from 'undici';
import { parse } from 'yaml';
import { compile } from '../src/controller/compile.ts';
import { systemClock } from '../src/io/clock.ts';
import { freePort } from '../src/io/ports.ts';
import { parseDuration } from '../src/kit/time.ts';
import { ruleGroups } from '../src/runtime/render/prometheus/rules.ts';
import { slothProgram } from './sloth-program.ts';

/** What our rules and the common generator's cost one and the same Prometheus, in samples read. */
const SCRAPE_SECONDS = 15;
const HOURS = 73;
const CODES = ['200', '201', '404', '500', '503'];
const PODS = ['a', 'b', 'c', 'd'];
const LONG = ['30m', '1h', '2h', '6h', '1d', '3d'];
const END = 1_700_000_000;

/** 20 series of raw counters, and the records that a running Prometheus would hold of either rule set. */
function openMetrics(): string {
  const begin = END - HOURS * 3_600;
  const out: string[] = [];
  const series = (
    name: string,
    labels: string,
    every: number,
    value: (i: number) => number,
    type: string,
  ) => {
    for (let i = 0, t = begin; t <= END; t += every, i++) out.push(`${name}${labels} ${value(i)} ${t}`);
    void type;
  };
  out.push('# TYPE http_requests counter');
  for (const code of CODES)
    for (const pod of PODS)
      series(
        'http_requests_total',
        `{service="api",code="${code}",pod="${pod}"}`,
        SCRAPE_SECONDS,
        (i) => i * 10,
        'counter',
      );
  const labels = '{service="api",slo="api-slo"}';
  for (const side of ['slo:requests', 'slo:bad_requests']) {
    for (const name of [
      'increase5m',
      ...LONG.map((w) => `increase${w}`),
      ...LONG.map((w) => `increase${w}_30m_ago`),
      'increase_window',
    ]) {
      out.push(`# TYPE ${side}:${name} gauge`);
      series(`${side}:${name}`, labels, 60, () => 100, 'gauge');
    }
  }
  const sloth = '{sloth_id="api-slo",sloth_service="api",sloth_slo="slo",sloth_window="5m"}';
  out.push('# TYPE slo:sli_error:ratio_rate5m gauge');
  // As often as Sloth's rules are evaluated beside ours.
  series('slo:sli_error:ratio_rate5m', sloth, SCRAPE_SECONDS, () => 0.1, 'gauge');
  for (const name of [
    'slo:error_budget:ratio',
    'slo:objective:ratio',
    'slo:error_budget_remaining:ratio',
    'common:ratio5m',
  ]) {
    out.push(`# TYPE ${name} gauge`);
    series(name, name === 'common:ratio5m' ? '{}' : labels, 60, () => 0.1, 'gauge');
  }
  return `${out.join('\n')}\n# EOF\n`;
}

/** The common generator's shape: a ratio of rates a window over raw series, the long one from the short. */
const commonRules = (): string[] => [
  ...['5m', '30m', '1h', '2h', '6h', '1d', '3d'].map(
    (w) =>
      `sum(rate(http_requests_total{service="api",code=~"5.."}[${w}])) / sum(rate(http_requests_total{service="api"}[${w}]))`,
  ),
  'sum_over_time(common:ratio5m[30d]) / count_over_time(common:ratio5m[30d])',
];

const query = (text: string) => `{ metricSource: { type: Prometheus, spec: { query: '${text}' } } }`;
const SLO = `apiVersion: openslo/v1
kind: Service
metadata: { name: api }
---
apiVersion: openslo/v1
kind: SLO
metadata: { name: api-slo }
spec:
  service: api
  indicator: { spec: { ratioMetric: { counter: true, bad: ${query('http_requests_total{service="api",code=~"5.."}')}, total: ${query('http_requests_total{service="api"}')} } } }
  timeWindow: [{ duration: 30d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: 0.999 }]
`;
/** Three environments that look every 15 s, each with a Prometheus of its own. */
const PLATFORM = `apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: cost }
spec:
  environments:
${['dev', 'stage', 'prod'].map((name) => `    - { name: ${name}, prometheus: { address: "http://127.0.0.1:9090", scrapeInterval: 15s, evaluationInterval: 15s } }`).join('\n')}
  services: [{ name: api, slos: [api-slo] }]
`;
const SLOTH = `version: prometheus/v1
service: api
slos:
  - name: slo
    objective: 99.9
    sli:
      events:
        error_query: sum(rate(http_requests_total{service="api",code=~"5.."}[{{.window}}]))
        total_query: sum(rate(http_requests_total{service="api"}[{{.window}}]))
    alerting: { name: Api, page_alert: {}, ticket_alert: {} }
`;

/** Expressions that are evaluated together, so often. */
interface Evaluated {
  readonly seconds: number;
  readonly expressions: readonly string[];
}

function ourGroups(...files: readonly string[]): Evaluated[] {
  const given = files.map((text, i) => ({ file: `${i}.yaml`, text }));
  const compiled = compile(given, { platform: 'optional' });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  return ruleGroups(compiled.value, compiled.value.environments[0]!).map(({ interval, rules }) => ({
    seconds: parseDuration(interval)! / 1_000,
    // One environment is like another: the records that lie there are those of no environment.
    expressions: rules.map(({ expr }) => expr.replaceAll(/,?environment="dev"/g, '')),
  }));
}

const ourRecords = (): string[] => {
  const compiled = compile([{ file: 'cost.yaml', text: SLO }], { platform: 'optional' });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
  return ruleGroups(compiled.value, compiled.value.environments[0]!).flatMap((g) =>
    g.rules.flatMap((r) => (r.record === undefined ? [] : [r.expr])),
  );
};

/** Sloth's own rules of the same specification, alerts included; null: no Sloth on PATH, and none built. */
async function slothRules(folder: string): Promise<string[] | null> {
  const program = slothProgram();
  if (!program) return null;
  const [from, to] = [join(folder, 'sloth.yaml'), join(folder, 'sloth-rules.yaml')];
  writeFileSync(from, SLOTH);
  await execa(program, ['generate', '--input', from, '--out', to]);
  const { groups } = parse(readFileSync(to, 'utf8')) as { groups: { rules: { expr: string }[] }[] };
  return groups.flatMap((g) => g.rules.map((rule) => rule.expr));
}

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data?: { readonly stats?: { readonly samples?: { readonly totalQueryableSamples: number } } };
}

/** What Prometheus itself counts, query by query: the sum is `prometheus_engine_query_samples_total`, which 2.42 has not. */
async function samplesOf(address: string, rules: readonly string[]): Promise<number> {
  let sum = 0;
  for (const query of rules) {
    const answer = await request(`${address}/api/v1/query`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ query, time: String(END), stats: 'all' }).toString(),
    });
    const body = (await answer.body.json()) as Answer;
    if (body.status !== 'success') throw new Error(`${query}: ${body.error}`);
    sum += body.data?.stats?.samples?.totalQueryableSamples ?? Number.NaN;
  }
  return sum;
}

/** Samples a second of all rules of one SLO, evaluated as often as each other. */
interface Pace {
  readonly seconds: number;
  readonly ours: number;
  readonly sloth: number;
}

export interface Cost {
  readonly ours: number;
  readonly common: number;
  readonly rules: { readonly ours: number; readonly common: number };
  /** Objectives alone, and one of three environments; empty: there is no Sloth here. */
  readonly paces: readonly (Pace & { readonly what: string })[];
}

/** What is read a second where both are evaluated as often: ours at the interval of each of its groups. */
async function paces(address: string, sloth: readonly string[] | null): Promise<Cost['paces']> {
  if (!sloth) return [];
  const theirs = await samplesOf(address, sloth);
  const of = async (what: string, groups: readonly Evaluated[]) => {
    let ours = 0;
    for (const { seconds, expressions } of groups) ours += (await samplesOf(address, expressions)) / seconds;
    const seconds = Math.min(...groups.map((g) => g.seconds));
    return { what, seconds, ours, sloth: theirs / seconds };
  };
  return [
    await of('objectives alone', ourGroups(SLO)),
    await of('each of three environments', ourGroups(SLO, PLATFORM)),
  ];
}

/** Samples that one evaluation of every recording rule reads. */
export async function ruleCost(): Promise<Cost> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-cost-'));
  const stop = new AbortController();
  try {
    writeFileSync(join(directory, 'data.om'), openMetrics());
    await execa('promtool', [
      'tsdb',
      'create-blocks-from',
      'openmetrics',
      join(directory, 'data.om'),
      join(directory, 'tsdb'),
    ]);
    writeFileSync(join(directory, 'prometheus.yml'), 'global: { evaluation_interval: 1h }\n');
    const port = await freePort();
    const server = execa(
      'prometheus',
      [
        `--config.file=${join(directory, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(directory, 'tsdb')}`,
        '--storage.tsdb.retention.time=100y',
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { reject: false, cancelSignal: stop.signal, stdout: 'ignore', stderr: 'ignore' },
    );
    const address = `http://127.0.0.1:${port}`;
    for (let i = 0; i < 200; i++) {
      const ready = await request(`${address}/-/ready`).then(
        async (r) => {
          await r.body.dump();
          return r.statusCode === 200;
        },
        () => false,
      );
      if (ready) break;
      await systemClock.sleep(100);
    }
    const [ours, common] = [ourRecords(), commonRules()];
    const cost = {
      ours: await samplesOf(address, ours),
      common: await samplesOf(address, common),
      rules: { ours: ours.length, common: common.length },
      paces: await paces(address, await slothRules(directory)),
    };
    stop.abort();
    await server;
    return cost;
  } finally {
    stop.abort();
    rmSync(directory, { recursive: true, force: true });
  }
}
