import { describe, expect, it } from 'vitest';
import { folderWith } from '../command.ts';

const TEMPLATE = (namespace: string, metric = 'queue_failed_total') => `apiVersion: flagger.app/v1beta1
kind: MetricTemplate
metadata: { name: slow-queue, namespace: ${namespace} }
spec:
  provider: { type: prometheus, address: 'http://prometheus.obs:9090' }
  query: |
    max(rate(${metric}{namespace="{{ namespace }}",workload="{{ target }}"}[{{ interval }}]))
`;
const CANARY = (more = 'provider: istio') => `apiVersion: flagger.app/v1beta1
kind: Canary
metadata: { name: stock, namespace: retail }
spec:
  ${more}
  targetRef: { apiVersion: apps/v1, kind: Deployment, name: stock }
  service: { port: 8080 }
  analysis:
    interval: 1m
    threshold: 5
    maxWeight: 50
    stepWeight: 10
    metrics:
      - { name: request-success-rate, thresholdRange: { min: 99 }, interval: 5m }
      - { name: request-duration, thresholdRange: { max: 500 }, interval: 5m }
      - { name: queue-failures, templateRef: { name: slow-queue, namespace: obs }, thresholdRange: { max: 0.02 }, interval: 30m }
`;
const OTHER = 'provider: istio\n  metricsServer: http://prometheus:9090';
const WORKLOAD =
  'reporter="destination",destination_workload_namespace="retail",destination_workload="stock"';
const CASES = (bound: string) => `apiVersion: sluice.dev/v1
kind: SloTest
metadata: { name: cases }
spec:
  environment: prod
  interval: 15s
  cases:
    - name: every request is fast
      input:
        - { series: 'istio_request_duration_milliseconds_count{${WORKLOAD}}', values: '0+1500x240' }
        - { series: 'istio_request_duration_milliseconds_bucket{${WORKLOAD},le="${bound}"}', values: '0+1500x240' }
      expect:
        - { at: 50m, slo: stock-latency, burn: { 5m: '< 0.5', 1h: '< 0.5' }, budget: '> 0.9', alerts: [] }
`;

describe('Flagger’s Canaries as teams have them', () => {
  it.each(['500', '500.0'])('FIELD-22: (n16) a bucket that is stored as le="%s" is found', async (bound) => {
    const { cwd: _, run } = folderWith({
      'in/canary.yaml': CANARY(),
      'in/template.yaml': TEMPLATE('obs'),
      'sluice/cases.yaml': CASES(bound),
    });
    expect((await run('import', 'flagger', 'in')).exit).toBe(0);
    const { exit, out } = await run('test', 'sluice');
    expect([exit, out]).toEqual([0, expect.stringContaining('1 cases passed')]);
  });

  it('FIELD-22: (n16) a template is found in its own namespace, and filled in with its check’s own interval', async () => {
    const { run, read } = folderWith({
      'in/canary.yaml': CANARY(OTHER),
      'templates/other.yaml': TEMPLATE('elsewhere', 'wrong_total'),
      'templates/right.yaml': TEMPLATE('obs'),
    });
    expect((await run('import', 'flagger', 'in', 'templates')).exit).toBe(0);
    const platform = read('sluice/platform.yaml');
    expect(platform).toContain('queue_failed_total{namespace="retail",workload="stock"}[30m]');
    expect(platform).not.toContain('wrong_total');
    const { exit, answer } = await folderWith({ 'in/canary.yaml': CANARY() }).json('import', 'flagger', 'in');
    expect([exit, answer.refused]).toMatchObject([
      1,
      [
        {
          line: 16,
          message: expect.stringContaining('template "slow-queue" of namespace obs is not in these files'),
        },
      ],
    ]);
  });

  it('FIELD-22: (n16) a Canary without a provider is told so, and read with --provider', async () => {
    const { json, run, read } = folderWith({
      'in/canary.yaml': CANARY('skipAnalysis: false'),
      't/t.yaml': TEMPLATE('obs'),
    });
    const { exit, answer } = await json('import', 'flagger', 'in', 't');
    expect([exit, answer.files]).toEqual([1, []]);
    expect(answer.refused.map((p: { line: number }) => p.line)).toEqual([9, 14, 15]);
    expect(answer.refused[1].message).toContain('--provider');
    expect((await run('import', 'flagger', 'in', 't', '--provider', 'linkerd')).exit).toBe(0);
    expect(read('sluice/stock.yaml')).toContain(
      'response_total{namespace="retail",deployment=~"stock(-primary)?"',
    );
  });

  it('DECL-10: a ratio of counters within a bound is an SLO, in per cent or as a share; anything else stays a guard', async () => {
    const sum = (more: string) => `sum(rate(till_total{namespace="{{ namespace }}"${more}}[{{ interval }}]))`;
    const metric = (name: string, query: string, range: string) =>
      `      - { name: ${name}, thresholdRange: { ${range} }, query: '${query}' }\n`;
    const canary = CANARY('skipAnalysis: false')
      .replace(/ {6}- \{ name: .*\n/g, '')
      .concat(
        metric('error share', `${sum(',code=~"5.."')} / ${sum('')}`, 'max: 0.02'),
        metric('success', `100 - ${sum(',code=~"5.."')} / ${sum('')} * 100`, 'min: 99.5'),
        metric(
          'p99',
          'histogram_quantile(0.99, sum by (le) (rate(till_seconds_bucket[{{ interval }}])))',
          'max: 0.5',
        ),
      );
    const { json, read } = folderWith({ 'in/canary.yaml': canary });
    const { exit, answer } = await json('import', 'flagger', 'in');
    expect([exit, answer.canaries[0].checks.map((c: { as: string }) => c.as)]).toEqual([
      0,
      ['slo', 'slo', 'guard'],
    ]);
    const slos = read('sluice/stock.yaml');
    expect(slos).toMatch(
      /stock-error-share[\s\S]*bad:\n.*\n.*\n.*\n +query: till_total\{namespace="retail",code=~"5.."\}[\s\S]*target: 0.98/,
    );
    expect(slos).toMatch(
      /stock-success[\s\S]*bad:\n.*\n.*\n.*\n +query: till_total\{namespace="retail",code=~"5.."\}[\s\S]*target: 0.995/,
    );
  });

  it('DECL-10: of two Canaries of one name, the one that can be judged is kept; all that is missing is told at once', async () => {
    const blue = CANARY().replace(/ {6}- \{ name: .*\n/g, '');
    const { json } = folderWith({ 'in/a.yaml': blue, 'in/b.yaml': CANARY(), 'in/t.yaml': TEMPLATE('obs') });
    const { exit, answer } = await json('import', 'flagger', 'in');
    expect([exit, answer.files, answer.refused]).toMatchObject([
      1,
      ['stock.yaml', 'platform.yaml'],
      [{ file: 'in/a.yaml' }],
    ]);
    const bare = CANARY('skipAnalysis: false').replace(', namespace: retail', '');
    const missing = await folderWith({ 'a.yaml': bare }).json('import', 'flagger', '.');
    expect(missing.answer.refused[1].message).toMatch(/--provider.*--namespace/);
  });

  it('DECL-10: a low objective is read with burn thresholds that it can meet', async () => {
    const { run } = folderWith({
      'in/canary.yaml': CANARY()
        .replace('min: 99', 'min: 80')
        .replace(/ {6}- \{ name: queue.*\n/, ''),
    });
    expect((await run('import', 'flagger', 'in')).exit).toBe(0);
    expect((await run('validate', 'sluice')).exit).toBe(0);
  });

  it('DECL-10: one Canary that cannot be judged hides no other; matches and iterations are said', async () => {
    const blue = CANARY()
      .replace('name: stock, ', 'name: blue, ')
      .replace(
        / {4}maxWeight: 50\n {4}stepWeight: 10\n/,
        '    iterations: 3\n    match: [{ headers: { x: { exact: y } } }]\n',
      )
      .replace(/ {6}- \{ name: request-.*\n/g, '');
    const { json } = folderWith({ 'in/a.yaml': blue, 'in/b.yaml': CANARY(), 'in/t.yaml': TEMPLATE('obs') });
    const { exit, answer } = await json('import', 'flagger', 'in');
    expect([exit, answer.files]).toEqual([1, ['stock.yaml', 'platform.yaml']]);
    expect(answer.refused).toMatchObject([
      { file: 'in/a.yaml', message: expect.stringContaining('Canary blue has no check') },
    ]);
    expect(answer.canaries[0].notes.join()).toMatch(/3 iterations.*matches by header/);
  });
});
