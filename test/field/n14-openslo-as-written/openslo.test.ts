import { describe, expect, it } from 'vitest';
import { folderWith } from '../command.ts';

const source = (query: string, type = 'Prometheus') =>
  `{ metricSource: { type: ${type}, spec: { query: '${query}' } } }`;
const v1 = (
  name: string,
  good: string,
  total: string,
  more: Readonly<Record<string, string>> = {},
) => `apiVersion: ${more['apiVersion'] ?? 'openslo/v1'}
kind: SLO
metadata: { name: ${name}, namespace: money, labels: { service: purse, team: money, tier: 1 } }
spec:
  description: Answers without a server error
  service: ${more['service'] ?? 'purse'}
  indicator:
    metadata: { name: answers }
    spec:
      ratioMetric:
        ${more['counter'] ?? 'counter: true'}
        good: ${good}
        total: ${total}
  timeWindow: ${more['timeWindow'] ?? '[{ duration: 28d, isRolling: true }]'}
  budgetingMethod: Occurrences
  objectives: [{ displayName: three nines, target: ${more['target'] ?? '0.999'} }]
`;
const COUNTERS = v1('purse-counters', source('purse_http_total{code!~"5.."}'), source('purse_http_total'));
const ALPHA = `apiVersion: openslo/v1alpha
kind: SLO
metadata: { name: purse-latency, displayName: Purse latency }
spec:
  service: purse
  budgetingMethod: Occurrences
  timeWindows: [{ unit: Day, count: 28, isRolling: true }]
  objectives:
    - displayName: fast
      target: 0.95
      ratioMetrics:
        incremental: true
        good: { source: prometheus, queryType: promql, query: 'purse_http_seconds_bucket{le="0.3"}' }
        total: { source: prometheus, queryType: promql, query: purse_http_seconds_count }
    - displayName: fast enough
      target: 0.99
      ratioMetrics:
        incremental: true
        good: { source: prometheus, queryType: promql, query: 'purse_http_seconds_bucket{le="1.0"}' }
        total: { source: prometheus, queryType: promql, query: purse_http_seconds_count }
`;

describe('OpenSLO as people write it', () => {
  it('DECL-16: no Service is needed, labels may have any name, and what is left out is said', async () => {
    const { json } = folderWith({
      'slo.yaml': COUNTERS.replace('labels: { service: purse', 'labels: { service: other'),
    });
    const { exit, answer } = await json('validate', '.');
    expect([exit, answer.slos, answer.services]).toEqual([0, ['purse-counters'], ['purse']]);
    const said = answer.warnings.filter((w: { code: string }) => w.code === 'LABEL_LEFT_OUT');
    expect(said).toMatchObject([
      { line: 3, message: expect.stringContaining('label "service" is left out') },
    ]);
  });

  it('DECL-16: a service one slip away from a declared one is asked about', async () => {
    const declared = 'apiVersion: openslo/v1\nkind: Service\nmetadata: { name: purse }\n';
    const slip = COUNTERS.replace('service: purse\n', 'service: prse\n');
    const { json } = folderWith({ 'slo.yaml': `${declared}---\n${slip}` });
    const { exit, answer } = await json('validate', '.');
    expect([exit, answer.problems]).toMatchObject([
      2,
      [{ line: 10, next: expect.stringContaining('did you mean "purse"?') }],
    ]);
  });

  it('DECL-16: v1alpha and openslo.com/v1 are read as v1, each objective that counts by itself an SLO', async () => {
    const group = COUNTERS.replace('openslo/v1', 'openslo.com/v1').replaceAll(
      'purse-counters',
      'purse-group',
    );
    const { json, run } = folderWith({ 'a.yaml': ALPHA, 'b.yaml': group });
    const { exit, answer } = await json('validate', '.');
    expect([exit, answer.slos]).toEqual([
      0,
      ['purse-group', 'purse-latency-fast', 'purse-latency-fast-enough'],
    ]);
    expect((await run('render', '.', '--out', 'rules')).exit).toBe(0);
  });

  it('DECL-31: the value that v1alpha asks of every objective means nothing for a ratio', async () => {
    const valued = ALPHA.replace('target: 0.99\n', 'target: 0.99\n      value: 1\n');
    expect(valued).not.toBe(ALPHA);
    const right = folderWith({ 'a.yaml': valued });
    const plain = folderWith({ 'a.yaml': ALPHA });
    const { exit, answer } = await right.json('validate', '.');
    expect([exit, answer.slos]).toEqual([0, (await plain.json('validate', '.')).answer.slos]);
    const compared = folderWith({ 'a.yaml': valued.replace('value: 1', 'value: 1\n      op: lte') });
    const refused = await compared.json('validate', '.');
    expect([refused.exit, refused.answer.problems[0].code]).toEqual([2, 'UNUSED_THRESHOLD']);
  });

  it('DECL-16: what is wrong with v1alpha is told in its own words, at its own line', async () => {
    const wrong = ALPHA.replace('le="0.3"}', 'le="0.3"').replace('target: 0.99\n', 'target: 99\n');
    const { json } = folderWith({ 'a.yaml': wrong });
    const { exit, answer } = await json('validate', '.');
    expect(exit).toBe(2);
    expect(
      answer.problems.map((p: { line: number; path: string; message: string }) => [p.line, p.path]),
    ).toEqual([
      [13, 'spec.objectives[0].ratioMetrics.good.query'],
      [16, 'spec.objectives[1].target'],
    ]);
    expect(answer.problems[1].message).toBe('target is a share: write 0.99, or targetPercent: 99');
  });

  it('DECL-16: numbers in quotes, a single time window, PromQL under other names and of relatives of Prometheus are read', async () => {
    const relaxed = v1(
      'purse-relaxed',
      `{ metricSource: { type: Mimir, spec: { promql: 'purse_http_total{code!~"5.."}' } } }`,
      source('purse_http_total', 'thanos'),
      {
        counter: '# none said: their names say it',
        target: '"0.999"',
        timeWindow: '{ duration: 28d, isRolling: true }',
      },
    );
    const hidden = COUNTERS.replace(/ {2}timeWindow:.*\n/, '').replace(
      'target: 0.999',
      'target: 0.999, timeWindow: [{ duration: 7d, isRolling: true }]',
    );
    const { json, run } = folderWith({ 'a.yaml': relaxed, 'b.yaml': hidden });
    const { exit, answer } = await json('import', 'openslo', '.');
    expect([exit, answer.slos.map((s: { as: string }) => s.as)]).toEqual([0, ['counters', 'counters']]);
    expect((await run('validate', 'slos')).exit).toBe(0);
    const no = folderWith({ 'a.yaml': COUNTERS.replace('counter: true', 'counter: false') });
    const refused = await no.json('validate', '.');
    expect([refused.exit, refused.answer.problems[0].message]).toEqual([
      2,
      expect.stringContaining('expected counter: true'),
    ]);
  });

  it('FIELD-21: (n14) another backend is refused alone; references that lead nowhere are left out and said', async () => {
    const other = v1(
      'purse-datadog',
      source('sum:hits{!error}', 'Datadog'),
      source('sum:hits{*}', 'Datadog'),
    );
    const policies = COUNTERS.concat('  alertPolicies: [purse-burns]\n');
    const { json, run } = folderWith({
      'in/a.yaml': `${other}---\n${policies}---\n${ALPHA}---\napiVersion: v1\nkind: Namespace\nmetadata: { name: money }\n`,
    });
    const { exit, answer } = await json('import', 'openslo', 'in');
    expect([exit, answer.files]).toEqual([1, ['purse.yaml']]);
    expect(answer.refused.map((p: { line: number; message: string }) => [p.line, p.message])).toEqual([
      [12, 'expected Prometheus: "Datadog" is not read'],
      [13, 'expected Prometheus: "Datadog" is not read'],
    ]);
    const notes = answer.slos.find((s: { slo: string }) => s.slo === 'purse-counters').notes;
    expect(notes).toEqual(['alert policy "purse-burns" is left out: no document declares it']);
    expect(answer.skipped).toMatchObject([{ document: 'Namespace money' }]);
    expect((await run('validate', 'slos')).exit).toBe(0);
  });
});
