import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { compile } from '../../../src/controller/compile.ts';
import { adopt } from '../../../src/declaration/import/rollouts/adopt.ts';
import { importMetric } from '../../../src/declaration/import/rollouts/metrics.ts';
import { boundOf, withinBound } from '../../../src/declaration/import/rollouts/queries.ts';
import { readManifests } from '../../../src/declaration/import/rollouts/resources.ts';
import { runCli } from '../../cli/run.ts';
import { temporaryFolder } from '../../folder.ts';

/** A Rollout and an AnalysisTemplate as most are, of 34 and 28 public ones that were read: there was no way in. */
const HERE = import.meta.dirname;
const text = (file: string) => ({ file, text: readFileSync(join(HERE, file), 'utf8') });
const FILES = [text('rollout.yaml'), text('analysis-template.yaml')];
const both = (more = '') => adopt(readManifests([...FILES, { file: 'more.yaml', text: more }]));
interface Slo {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly objectives: readonly { readonly target: number }[];
    readonly indicator: {
      readonly spec: { readonly ratioMetric: Record<string, { metricSource: { spec: { query: string } } }> };
    };
  };
}
const queries = (slo: Slo) =>
  Object.fromEntries(
    ['good', 'bad', 'total'].flatMap((side) => {
      const query = slo.spec.indicator.spec.ratioMetric[side]?.metricSource.spec.query;
      return query ? [[side, query]] : [];
    }),
  );

describe('n18: Rollouts and AnalysisTemplates as most are', () => {
  it('FIELD-39: what is an objective becomes one, what is none a guard, and each is said', () => {
    const [orders] = both().rollouts;
    expect(orders!.metrics.map((m) => [m.metric, m.as, m.note])).toEqual([
      [
        'success-rate',
        'slo',
        '98% good; irate uses only the last two samples; Sluice counts every request of a window',
      ],
      ['p95', 'slo', '95% within 0.3'],
      ['restarts', 'guard', '<= 0; it does not say of how many requests'],
    ]);
    const slos = orders!.slos as Slo[];
    expect(slos.map((s) => [s.metadata.name, s.spec.objectives[0]!.target])).toEqual([
      ['orders-api-success-rate', 0.98],
      ['orders-api-p95', 0.95],
    ]);
    expect(queries(slos[0]!)).toEqual({
      good: 'http_requests_total{service="orders",code!~"5.."}',
      total: 'http_requests_total{service="orders"}',
    });
    expect(queries(slos[1]!)).toEqual({
      good: 'http_request_seconds_bucket{service="orders",le="0.3"}',
      total: 'http_request_seconds_count{service="orders"}',
    });
    expect(orders!.entry).toMatchObject({
      name: 'orders-api',
      slos: ['orders-api-success-rate', 'orders-api-p95'],
      guards: [{ name: 'restarts', max: 0 }],
    });
  });

  it('ADOPT-2: what could not be told is asked: the container, the label, the bucket', () => {
    const { rollouts, questions, prometheus } = both();
    const asked = rollouts[0]!.questions.join('\n');
    expect(asked).toContain('Which container of orders-api is the service: proxy, app?');
    expect(asked).toContain('Which label of the metrics of orders-api distinguishes its versions?');
    expect(asked).toContain('Is there a bucket le="0.3"');
    expect(questions).toEqual([]);
    expect(prometheus).toEqual(['http://prometheus.monitoring:9090']);
  });

  it('ADOPT-2: what its revisions and its monitor tell is not asked', () => {
    const more = `
apiVersion: apps/v1
kind: ReplicaSet
metadata: { name: orders-api-1, ownerReferences: [{ kind: Rollout, name: orders-api }] }
spec: { template: { spec: { containers: [{ name: proxy, image: 'example.test/proxy:1.9' }, { name: app, image: 'example.test/orders:2.3.0' }] } } }
---
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: { name: orders }
spec: { selector: { matchLabels: { app: orders } }, podTargetLabels: [rollouts-pod-template-hash], podMetricsEndpoints: [{ port: http }] }
`;
    const [orders] = both(more).rollouts;
    expect(orders!.entry).toMatchObject({ container: 'app', revisionLabel: 'rollouts_pod_template_hash' });
    expect(orders!.questions).toHaveLength(1);
  });

  it('ADOPT-3: a query that is narrowed to the canary tells the label, and counts both versions', () => {
    const template = FILES[1]!.text.replaceAll(
      '{{args.service-name}}"',
      '{{args.service-name}}",pod_hash="{{args.hash}}"',
    );
    const rollout = FILES[0]!.text.replace(
      'args: [{',
      'args: [{ name: hash, valueFrom: { podTemplateHashValue: Latest } }, {',
    );
    const [orders] = adopt(
      readManifests([
        { file: 'r', text: rollout },
        { file: 't', text: template },
      ]),
    ).rollouts;
    expect(orders!.entry).toMatchObject({ revisionLabel: 'pod_hash' });
    expect(queries(orders!.slos[0] as Slo)['total']).toBe('http_requests_total{service="orders"}');
  });

  it('ADOPT-4: the patch waits before any traffic and at each weight; its own steps stay as they are', () => {
    const [{ patch }] = both().patches as unknown as [
      { patch: { spec: { strategy: { canary: { steps: Record<string, unknown>[] } } } } },
    ];
    const word = (step: Record<string, unknown>) =>
      (step['analysis'] as { templates: [{ templateName: string }] } | undefined)?.templates[0]
        .templateName ?? step;
    expect(patch.spec.strategy.canary.steps.map(word)).toEqual([
      'sluice-start',
      { setWeight: 10 },
      'sluice-verdict',
      { pause: {} },
      { setWeight: 40 },
      'sluice-verdict',
      { pause: { duration: '10m' } },
    ]);
  });

  it.each([
    [
      'a list, as kubectl puts it out',
      (all: string) =>
        `apiVersion: v1\nkind: List\nitems:\n${all
          .split('---')
          .map((d) => JSON.stringify(parse(d)))
          .map((d) => `  - ${d}`)
          .join('\n')}`,
    ],
    [
      'several documents and Helm remarks',
      (all: string) => `---\n# Source: chart/templates/x.yaml\n${all}\n---\n# nothing here\n`,
    ],
  ])('ADOPT-5: manifests in any form: %s', (_, form) => {
    const all = FILES.map((f) => f.text).join('---\n');
    const [orders] = adopt(readManifests([{ file: 'all.yaml', text: form(all) }])).rollouts;
    expect(orders!.metrics.map((m) => m.as)).toEqual(['slo', 'slo', 'guard']);
  });

  it('ADOPT-5: one that cannot be read is said with its place, and hides no other', () => {
    const { rollouts, questions } = both(
      'apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: { labels: 3 }\n',
    );
    expect(rollouts).toHaveLength(1);
    expect(questions[0]).toMatch(/^more\.yaml:1 could not be read: Rollout/);
  });

  it('ADOPT-6: the command writes what validates, observes at first, and never writes over anything', async () => {
    const out = join(temporaryFolder('adopt'), 'sluice');
    const first = await runCli(['adopt', HERE, '--out', out]);
    expect(first).toMatchObject({ exit: 1 });
    expect(first.out).toContain('adopted in part: 1 of 1 Rollouts');
    const read = (file: string) => readFileSync(join(out, file), 'utf8');
    expect(parse(read('platform.yaml'))).toMatchObject({
      spec: {
        environments: [
          { name: 'prod', mode: 'observe', delivery: 'argo-rollouts', cluster: { namespace: 'default' } },
        ],
      },
    });
    const files = ['platform.yaml', 'orders-api.yaml', 'patch-prod-orders-api.yaml'].map((file) => ({
      file,
      text: read(file),
    }));
    expect(compile(files)).toMatchObject({ ok: true });
    expect(read('questions.md')).toContain('- [ ] Which container of orders-api');
    const again = await runCli(['import', 'rollouts', HERE, '--out', out]);
    expect(again).toMatchObject({ exit: 2 });
    expect(again.err).toContain('would be overwritten');
    const nothing = await runCli(['adopt', temporaryFolder('empty'), '--out', `${out}-2`]);
    expect(nothing).toMatchObject({ exit: 2 });
    expect(nothing.err).toContain('no Rollout of argoproj.io was found');
  });
});

describe('templates of one name', () => {
  it('FIELD-52: (n18) those that differ are asked about, those that are alike are one', () => {
    const template = FILES[1]!.text;
    const twice = (text: string) =>
      both(text).questions.filter((q) => q.startsWith('Which AnalysisTemplate is meant?'));
    expect(twice(template)).toEqual([]);
    expect(twice(template.replace('0.98', '0.97'))).toEqual([
      'Which AnalysisTemplate is meant? 2 are called success-rate in namespace default, and they differ: the first was taken. Adopt the folders apart, or name the one that runs.',
    ]);
  });
});

describe('conditions and queries as they are written', () => {
  it.each([
    ['result[0] >= 0.95', undefined, '>= 0.95'],
    ['len(result) == 0 || result[0] >= 0.98', undefined, '>= 0.98'],
    ['isNaN(result[0]) || result[0] < 500', undefined, '< 500'],
    ['(result[0] <= 0.05)', undefined, '<= 0.05'],
    ['0.95 <= result[0]', undefined, '>= 0.95'],
    ['default(result, 0) <= 1', undefined, '<= 1'],
    ['result[0]>=.95', undefined, '>= 0.95'],
    ['result[0] < 5.', undefined, '< 5'],
    [undefined, 'result[0] > 0', '<= 0'],
    [undefined, 'len(result) > 0 && result[0] < 0.9', '>= 0.9'],
    ['result[0] >= 0.9 && result[0] <= 1', undefined, null],
    ['all(result, {# < 5})', undefined, null],
    [undefined, undefined, null],
  ])('ADOPT-7: %s / %s is %s', (success, failure, words) => {
    const bound = boundOf(success, failure);
    expect(bound && `${bound.op} ${bound.value}`).toBe(words);
  });

  const asked = (query: string, condition: string, hashes: readonly string[] = []) => {
    const metric = { name: 'm', successCondition: condition, provider: { prometheus: { query } } };
    const given = { values: new Map([['ns', 'shop']]), hashes: new Set(hashes) };
    return importMetric('s', 't', metric, given);
  };
  const counted = (query: string, condition: string, hashes: readonly string[] = []) => {
    const { slo, imported } = asked(query, condition, hashes);
    if (!slo) return `${imported.as}: ${imported.note}`;
    const { good, bad, total } = queries(slo as Slo);
    const { target } = (slo as Slo).spec.objectives[0]!;
    return `${target} ${good === undefined ? `not ${bad}` : good} of ${total}`;
  };

  it.each([
    ['sum(rate(a{c="2"}[5m])) / sum(rate(a[5m]))', '> 0.9', '0.9 a{c="2"} of a'],
    ['100 * (sum(irate(a{c="2"}[1m])) / sum(irate(a[1m])))', '>= 90', '0.9 a{c="2"} of a'],
    ['100 * sum(rate(a{c="2"}[1m])) / sum(rate(a[1m]))', '>= 90', '0.9 a{c="2"} of a'],
    ['100 - sum(rate(e[1m])) / sum(rate(a[1m])) * 100', '>= 90', '0.9 not e of a'],
    ['(sum(increase(e[5m])) or vector(0)) / sum(increase(a[5m]))', '< 0.1', '0.9 not e of a'],
    ['1 - sum(rate(e[5m])) / sum(rate(a[5m]))', '>= 0.9', '0.9 not e of a'],
    ['scalar(sum(rate(e[1m])) / sum(rate(a[1m])))', '< 0.05', '0.95 not e of a'],
    ['scalar(sum(rate(e[1m]))) / scalar(sum(rate(a[1m])))', '< 0.05', '0.95 not e of a'],
    [
      'histogram_quantile(0.99, sum(rate(d_bucket{a="b"}[5m])) by (le)) * 1000',
      '< 500',
      '0.99 d_bucket{a="b",le="0.5"} of d_count{a="b"}',
    ],
    ['avg_over_time(a:ratio[5m])', '> 0.9', 'guard: > 0.9; it does not say of how many requests'],
    [
      'sum by (pod) (rate(a{c="2"}[1m])) / sum by (pod) (rate(a[1m]))',
      '> 0.9',
      'guard: > 0.9; it applies to each group, not to the whole service',
    ],
    ['a / b', '> 0.9', 'guard: > 0.9; it does not say of how many requests'],
    [
      'sum(increase(e[5m])) / sum(rate(a[5m]))',
      '< 0.1',
      'guard: < 0.1; it does not say of how many requests',
    ],
  ])('ADOPT-7: %s %s', (query, bound, words) => expect(counted(query, `result[0] ${bound}`)).toBe(words));

  it.each([
    [
      'sum(rate(d_sum[5m])) / sum(rate(d_count[5m]))',
      'guard: < 0.05; it is a mean of observed values, not a share of requests',
    ],
    ['1000 * sum(rate(d_sum[5m])) / sum(rate(d_count[5m]))', null],
    [
      'sum(rate(a{v="new",c=~"5.."}[5m])) / sum(rate(a{v="old",c=~"5.."}[5m]))',
      'guard: < 0.05; it compares requests with others, and is not a share of them',
    ],
    [
      'sum(rate(a{c=~"5.."}[5m])) / sum(rate(a{c="200"}[5m]))',
      'guard: < 0.05; it compares requests with others, and is not a share of them',
    ],
    [
      'sum(rate(a{c="500"}[5m])) / sum(rate(a{c!~"5.."}[5m]))',
      'guard: < 0.05; it compares requests with others, and is not a share of them',
    ],
    ['sum(rate(a{c="500"}[5m])) / sum(rate(a{c=~"[245].."}[5m]))', '0.95 not a{c="500"} of a{c=~"[245].."}'],
    ['sum(rate(e{job="x"}[5m])) / sum(rate(a{job="y"}[5m]))', '0.95 not e{job="x"} of a{job="y"}'],
    [
      'sum(rate(d_bucket{le="0.5"}[5m])) / sum(rate(d_bucket{le="+Inf"}[5m]))',
      '0.95 not d_bucket{le="0.5"} of d_bucket{le="+Inf"}',
    ],
  ])('ADOPT-15: %s', (query, words) => {
    const found = counted(query, 'result[0] < 0.05');
    if (words === null) expect(found).toMatch(/^guard: /);
    else expect(found).toBe(words);
  });

  it('ADOPT-7: a condition has its arguments in place, or asks for them', () => {
    const least = (name: string) =>
      counted('sum(rate(a{c="2"}[5m])) / sum(rate(a[5m]))', `result[0] >= {{ args.${name} }}`);
    const given = { values: new Map([['min', '0.9']]), hashes: new Set<string>() };
    const metric = {
      name: 'm',
      successCondition: 'result[0] >= {{args.min}}',
      failureCondition: undefined,
      provider: { prometheus: { query: 'sum(rate(a{c="2"}[5m])) / sum(rate(a[5m]))' } },
    };
    expect(importMetric('s', 't', metric, given).imported).toMatchObject({ as: 'slo', note: '90% good' });
    expect(least('max')).toBe('null: no value is known for its argument max');
  });

  const canary = (matcher: string) =>
    `sum(rate(a{ns="{{args.ns}}",${matcher},c="2"}[5m])) / sum(rate(a{ns="{{args.ns}}",${matcher}}[5m]))`;
  it.each([
    ['pod=~"api-{{args.hash}}.*"', 'pod=~"api-[a-z0-9]+.*"'],
    ['pod=~"{{ args.ns }}-{{ args.hash }}"', 'pod=~"shop-[a-z0-9]+"'],
    ['rs="my.api-{{args.hash}}"', 'rs=~"my\\\\.api-[a-z0-9]+"'],
  ])('ADOPT-7: a name that holds the hash of the canary counts every version: %s', (matcher, every) =>
    expect(counted(canary(matcher), 'result[0] > 0.9', ['hash'])).toBe(
      `0.9 a{ns="shop",${every},c="2"} of a{ns="shop",${every}}`,
    ),
  );

  it('ADOPT-7: a whole bound is matched as Prometheus 2 and 3 write it', () => {
    expect(withinBound('d_bucket', 1)).toEqual({ good: 'd_bucket{le=~"1(\\\\.0)?"}', total: 'd_count' });
  });
});
