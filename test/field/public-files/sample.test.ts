import { describe, expect, it } from 'vitest';
import { folderWith } from '../command.ts';

/** Shapes that a second sample of public files brought up, each written anew. */
const sloth = (bad: string, total: string, names = ['error_query', 'total_query']) => `version: prometheus/v1
service: kiosk
slos:
  - name: sales
    objective: 99
    sli: { events: { ${names[0]}: '${bad}', ${names[1]}: '${total}' } }
`;
const sales = (labels: string) => `sum(rate(kiosk_sales_total{${labels}}[{{.window}}]))`;

describe('a place in a template', () => {
  it.each(['zone="$zone"', 'zone="$zone/a"', 'zone!="$ZONE"', 'zone=~"$x"', 'time_zone="$zone"'])(
    'FIELD-44: %s is refused at its line',
    async (place) => {
      const { json } = folderWith({ 's.yaml': sloth(sales(`${place},ok="no"`), sales(place)) });
      const { exit, answer } = await json('import', 'sloth', 's.yaml');
      expect([exit, answer.refused]).toMatchObject([
        1,
        [{ line: 6, message: expect.stringContaining(`${place} is a place in a template`) }],
      ]);
    },
  );

  it('FIELD-44: a value that only looks like a place is counted, and that is reported', async () => {
    const { json } = folderWith({
      's.yaml': sloth(sales('route="$default",ok="no"'), sales('route="$default"')),
    });
    const { exit, answer } = await json('import', 'sloth', 's.yaml');
    expect([exit, answer.slos[0].notes]).toEqual([0, [expect.stringContaining('is taken for a value')]]);
  });

  it('FIELD-44: a route with a parameter of its own is a value', async () => {
    const { run } = folderWith({ 's.yaml': sloth(sales('route="/kiosks/$id",ok="no"'), sales('')) });
    expect((await run('import', 'sloth', 's.yaml')).exit).toBe(0);
  });
});

const CANARY = (name: string, query: string, kind = 'Deployment') => `apiVersion: flagger.app/v1beta1
kind: Canary
metadata: { name: kiosk, namespace: fair }
spec:
  provider: istio
  targetRef: { apiVersion: apps/v1, kind: ${kind}, name: kiosk.v }
  service: { port: 80, name: kiosk-web }
  analysis:
    metrics:
      - name: sales
        templateRef: { name: ${name} }
        thresholdRange: { max: 2 }
---
apiVersion: flagger.app/v1beta1
kind: MetricTemplate
metadata: { name: sales, namespace: fair }
spec:
  provider: { type: prometheus, address: 'http://prometheus:9090' }
  query: '${query}'
`;
const failing = (labels: string) =>
  `100 * sum(rate(sales_total{${labels},ok="no"}[{{ interval }}])) / sum(rate(sales_total{${labels}}[{{ interval }}]))`;

describe('the query of a Canary that names the canary', () => {
  it.each([
    ['workload="{{ target }}"', 'workload=~"kiosk\\\\.v(-primary)?"'],
    ['workload!="{{ target }}"', 'workload!~"kiosk\\\\.v(-primary)?"'],
    ['pod=~"{{ target }}-[0-9a-z]+-.*"', 'pod=~"kiosk\\\\.v(-primary)?-[0-9a-z]+-.*"'],
    ['host="{{ service }}-canary.fair"', 'host=~"kiosk-web-(canary|primary)\\\\.fair"'],
    ['host="{{ service }}.fair"', 'host="kiosk-web.fair"'],
    ['workload="{{ target }}-primary"', 'workload="kiosk.v-primary"'],
  ])('FIELD-53: %s becomes %s', async (asked, counted) => {
    const { run, read } = folderWith({ 'c.yaml': CANARY('sales', failing(asked)) });
    expect((await run('import', 'flagger', 'c.yaml')).exit).toBe(0);
    const text = read('sluice/kiosk.yaml');
    expect(text).toContain(`sales_total{${counted}}`);
    expect(text).toContain(`sales_total{${counted},ok="no"}`);
  });

  it('FIELD-53: a guard asks about the canary alone, and what has no primary is not widened', async () => {
    const { run, read } = folderWith({
      'c.yaml': CANARY('sales', failing('workload="{{ target }}"'), 'Service'),
      'g.yaml': CANARY('sales', 'max(sales_waiting{workload="{{ target }}"})')
        .replaceAll('kiosk', 'till')
        .replace(
          '    metrics:\n',
          '    metrics:\n      - { name: request-success-rate, thresholdRange: { min: 99 } }\n',
        ),
    });
    expect((await run('import', 'flagger', 'c.yaml', '--out', 'c')).exit).toBe(0);
    expect(read('c/kiosk.yaml')).toContain('sales_total{workload="kiosk.v"}');
    expect((await run('import', 'flagger', 'g.yaml', '--out', 'g')).exit).toBe(0);
    expect(read('g/platform.yaml')).toContain('max(sales_waiting{workload="till.v"})');
  });

  it('FIELD-22: a template of another namespace is reported with it', async () => {
    const text = CANARY('sales', failing('workload="{{ target }}"')).replace(
      'sales, namespace: fair',
      'sales, namespace: obs',
    );
    const { exit, answer } = await folderWith({ 'c.yaml': text }).json('import', 'flagger', 'c.yaml');
    expect([exit, answer.refused[1].message]).toEqual([
      1,
      expect.stringMatching(/namespace fair is not in these files: one of this name is in namespace obs/),
    ]);
  });
});

const OPENSLO = (window: string, version = 'v1') => `apiVersion: openslo/${version}
kind: SLO
metadata: { name: sales }
spec:
  service: kiosk
  indicator:
    metadata: { name: sales }
    spec:
      ratioMetric:
        counter: true
        good: { metricSource: { type: Prometheus, spec: { query: 'kiosk_sales_total{ok="yes"}' } } }
        total: { metricSource: { type: Prometheus, spec: { query: 'kiosk_sales_total' } } }
  timeWindow: [{ ${window} }]
  budgetingMethod: Occurrences
  objectives: [{ target: 0.99 }]
`;

describe('what can be read in one way only', () => {
  it('FIELD-54: a window that says only how long it is rolls, and that is reported', async () => {
    const { json, run } = folderWith({ 'o.yaml': OPENSLO('duration: 4w') });
    const { exit, answer } = await json('import', 'openslo', 'o.yaml');
    expect([exit, answer.slos[0].notes]).toEqual([0, [expect.stringContaining('is read as rolling')]]);
    expect((await run('validate', 'slos')).exit).toBe(0);
  });

  it('FIELD-54: a window that is declared as not rolling needs its calendar', async () => {
    const { json } = folderWith({ 'o.yaml': OPENSLO('duration: 4w, isRolling: false') });
    const { exit, answer } = await json('import', 'openslo', 'o.yaml');
    expect([exit, answer.refused[0].message]).toEqual([
      1,
      expect.stringContaining('needs its start and zone'),
    ]);
  });

  it('FIELD-54: names of Sloth’s other form are read and reported, and refused at their own line', async () => {
    const names = ['errorQuery', 'totalQuery'];
    const right = folderWith({ 's.yaml': sloth(sales('ok="no"'), sales(''), names) });
    const { exit, answer } = await right.json('import', 'sloth', 's.yaml');
    expect([exit, answer.slos[0].notes]).toEqual([
      0,
      [expect.stringContaining("errorQuery is a name of Sloth's other form")],
    ]);
    const wrong = folderWith({ 's.yaml': sloth(sales('ok="no"'), 'sum(', names) });
    const refused = (await wrong.json('import', 'sloth', 's.yaml')).answer.refused;
    expect(refused).toMatchObject([{ line: 6, path: expect.stringContaining('totalQuery') }]);
  });
});
