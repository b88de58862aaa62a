import { describe, expect, it } from 'vitest';
import { argumentsOf, importMetric } from '../../../src/declaration/import/rollouts/metrics.ts';
import { folderWith } from '../command.ts';

/** Shapes that a third sample of public files brought up, each written anew. */
const ferry = (slos: readonly string[]) => `version: prometheus/v1
service: ferry
slos:
${slos.map((sli, i) => `  - { name: s${i}, objective: 99, sli: ${sli} }`).join('\n')}
`;
const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
const events = (bad: string, total: string) =>
  `{ events: { error_query: ${quoted(bad)}, total_query: ${quoted(total)} } }`;
const raw = (ratio: string) => `{ raw: { error_ratio_query: ${quoted(ratio)} } }`;
const crossings = (labels = '') => `sum(rate(ferry_crossings_total${labels}[{{.window}}]))`;
const imported = async (sli: string) => {
  const { exit, answer } = await folderWith({ 's.yaml': ferry([sli]) }).json('import', 'sloth', 's.yaml');
  return { exit, refused: answer.refused, notes: answer.slos[0].notes as string[] };
};

describe('a query that cannot mean what it says', () => {
  it.each([
    ['a sum of zeros', events('sum(up{job="ferry"} == 0)', 'count(up{job="ferry"})')],
    ['with a guard', events('sum(up{job="ferry"} == 0) or vector(0)', 'count(up{job="ferry"})')],
    ['from the other side', events('max(0 == up{job="ferry"})', 'count(up{job="ferry"})')],
    ['of rates', events('sum(rate(ferry_late_total[{{.window}}]) == 0)', crossings())],
    ['in one ratio', raw('sum(up{job="ferry"} == 0) / count(up{job="ferry"})')],
  ])('FIELD-60: %s is refused: it is never anything but zero', async (_, sli) => {
    const { exit, refused } = await imported(sli);
    expect([exit, refused]).toMatchObject([
      1,
      [{ line: 4, message: expect.stringMatching(/is never anything but zero: .*write count\(/) }],
    ]);
  });

  it.each([
    ['count(up{job="ferry"} == 0)'],
    ['sum(up{job="ferry"} == bool 0)'],
    ['sum(up{job="ferry"} == 1)'],
  ])('FIELD-60: %s counts', async (bad) => {
    expect((await imported(events(bad, 'count(up{job="ferry"})'))).exit).toBe(0);
  });

  it.each([
    [
      'yes or no',
      `${crossings('{late="yes"}')} / ${crossings()} > bool 0.1`,
      /is 1 or 0, not a number of req/,
    ],
    ['a share', `(${crossings('{late="yes"}')} / ${crossings()})`, /is a ratio already, not a number of req/],
  ])('FIELD-60: %s over the rate of requests is refused', async (_, bad, why) => {
    const { exit, refused } = await imported(events(bad, crossings()));
    expect([exit, refused[0].message]).toEqual([1, expect.stringMatching(why)]);
    expect((await imported(events(bad, 'vector(1)'))).exit).toBe(0);
  });

  it.each([
    ['code="5.."', 'code=~"5.."'],
    ['code!="5.*"', 'code!~"5.*"'],
  ])('FIELD-60: %s is refused, and %s is what to write', async (wrong, right) => {
    const { exit, refused } = await imported(events(crossings(`{${wrong}}`), crossings()));
    expect([exit, refused[0].message]).toEqual([1, expect.stringContaining(`write ${right}`)]);
    expect((await imported(events(crossings(`{${right}}`), crossings()))).exit).toBe(0);
  });

  it('FIELD-60: the declaration refuses and reports as imports do, and so do imports of it', async () => {
    const slo = (bad: string) => `apiVersion: openslo/v1
kind: SLO
metadata: { name: crossings }
spec:
  service: ferry
  indicator:
    spec:
      ratioMetric:
        counter: true
        bad: { metricSource: { type: Prometheus, spec: { query: '${bad}' } } }
        total: { metricSource: { type: Prometheus, spec: { query: ferry_crossings_total } } }
  timeWindow: [{ duration: 30d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: 0.99 }]
`;
    const told = async (bad: string, ...args: string[]) => {
      const { exit, answer } = await folderWith({ 's.yaml': slo(bad) }).json(...args);
      return [exit, JSON.stringify(answer)];
    };
    for (const [refused, ...args] of [
      [2, 'validate', '.'],
      [1, 'import', 'openslo', '.'],
    ] as const) {
      const [wrong, odd] = ['code="5.."', 'outcome="success"'].map((m) => `ferry_crossings_total{${m}}`);
      expect(await told(wrong!, ...args)).toEqual([
        refused,
        expect.stringContaining('compares with the text 5..'),
      ]);
      expect(await told(odd!, ...args)).toEqual([
        0,
        expect.stringContaining('read like those that went well'),
      ]);
    }
  });
});

const CANARY = (query: string) => `apiVersion: flagger.app/v1beta1
kind: Canary
metadata: { name: ferry, namespace: harbour }
spec:
  provider: istio
  targetRef: { apiVersion: apps/v1, kind: Deployment, name: ferry }
  service: { port: 80 }
  analysis:
    metrics:
      - { name: request-success-rate, thresholdRange: { min: 99 } }
      - { name: boarding, templateRef: { name: boarding }, thresholdRange: { max: 5 } }
---
apiVersion: flagger.app/v1beta1
kind: MetricTemplate
metadata: { name: boarding, namespace: harbour }
spec:
  provider: { type: prometheus, address: 'http://prometheus:9090' }
  query: |
    ${query}
`;

describe('a number that is a guard', () => {
  it.each([
    ['max(boarding_queue{code="5.."})', 'compares with the text 5..'],
    ['histogram_quantile(0.9, sum(rate(boarding_seconds_bucket[1m])))', 'drops the label le'],
  ])('FIELD-60: %s is left out with the reason', async (query, why) => {
    const { exit, answer } = await folderWith({ 'c.yaml': CANARY(query) }).json('import', 'flagger', '.');
    expect([exit, answer.refused[0].message]).toEqual([1, expect.stringContaining(why)]);
  });

  const guardOf = (query: string) => {
    const metric = {
      name: 'queue',
      provider: { prometheus: { query } },
      successCondition: 'result[0] <= 5',
    };
    const { guard, imported } = importMetric('ferry', 'boarding', metric, argumentsOf([], [], new Map()));
    return [(guard as { query: string } | null)?.query, imported.note];
  };

  it('FIELD-60: an analysis is read as every other query is: without comments, with the blanks of its texts', () => {
    const [query] = guardOf('max( # the longest one\n  boarding_queue{gate="a  b"}\n)');
    expect(query).toBe('max(boarding_queue{gate="a  b"})');
    expect(guardOf('max(boarding_queue{code="5.."})')).toEqual([
      undefined,
      expect.stringContaining('compares with the text 5..'),
    ]);
  });
});

describe('a query that says what is probably not meant', () => {
  it.each([
    ['good ones as bad', crossings('{outcome="success"}'), 'these read like those that went well'],
    ['true of what is fine', crossings('{ok="true"}'), 'these read like those that went well'],
    [
      'bad ones as good',
      `${crossings()} - ${crossings('{code=~"5..|error"}')}`,
      'these read like those that failed',
    ],
    ['a list as a text', crossings('{code="500|503"}'), 'a pattern needs =~'],
    ['a pattern as a text', crossings('{pier!="north.*"}'), 'a pattern needs !~'],
  ])('FIELD-61: %s: counted as written, and reported', async (_, bad, told) => {
    const { exit, notes } = await imported(events(bad, crossings()));
    expect([exit, notes]).toEqual([0, [expect.stringContaining(told)]]);
  });

  it('FIELD-61: a bucket of one histogram over the count of another is reported', async () => {
    const [count, bucket] = ['sum(rate(ferry_wait_seconds_count[5m]))', 'ferry_turn_seconds_bucket'];
    const slow = `${count} - sum(rate(${bucket}{le="60"}[5m]))`.replaceAll('5m', '{{.window}}');
    const { notes } = await imported(events(slow, count.replace('5m', '{{.window}}')));
    expect(notes).toEqual([expect.stringContaining('are of two histograms')]);
  });

  it.each([
    [crossings('{outcome!="success"}')],
    [crossings('{failed="true"}')],
    [crossings('{code=~"5..|429"}')],
    [`${crossings()} - ${crossings('{code=~"2..|3.."}')}`],
    [crossings('{route="/piers/.*",code=~"5.."}')],
    ['sum(rate(ferry_missed_count[{{.window}}]))'],
  ])('FIELD-61: nothing is said of %s', async (bad) => {
    expect((await imported(events(bad, crossings()))).notes).toEqual([]);
  });

  it('FIELD-61: series of a gauge that are not aggregated are all meant, and that is reported', async () => {
    const alone = await imported(raw('1 - avg_over_time(probe_success{job="ferry"}[{{.window}}])'));
    expect(alone.notes).toContain('the query does not aggregate its series: all of them together are meant');
    const sums = (fn: string) => `${fn}(probe_success{job="ferry"}[{{.window}}])`;
    const pair = await imported(
      events(`${sums('count_over_time')} - ${sums('sum_over_time')}`, sums('count_over_time')),
    );
    expect(pair.notes).toContain('the query does not aggregate its series: all of them together are meant');
    const whole = await imported(raw('1 - avg(avg_over_time(probe_success{job="ferry"}[{{.window}}]))'));
    expect(whole.notes.join()).not.toContain('does not aggregate');
  });
});

describe('other words of other tools', () => {
  const plugin = (id: string, options: string) =>
    `{ plugin: { id: sloth-common/${id}, options: { ${options} } } }`;

  it('FIELD-62: the plugin for targets that are up counts their samples, and says where Sloth differs', async () => {
    const { run, read } = folderWith({
      's.yaml': ferry([plugin('prometheus/targets/availability', `filter: '{job="ferry"}'`)]),
    });
    expect((await run('import', 'sloth', 's.yaml')).out).toContain("Sloth's own query lacks brackets");
    expect(read('slos/ferry.yaml')).toMatch(/thresholdMetric:[\s\S]*query: up\{job="ferry"\}[\s\S]*value: 1/);
  });

  it('FIELD-62: the plugin for controllers takes what is tried again off the total', async () => {
    const { run, read } = folderWith({
      's.yaml': ferry([plugin('kubernetes/kooper/availability', 'controller: berths')]),
    });
    expect((await run('import', 'sloth', 's.yaml')).exit).toBe(0);
    expect(read('slos/ferry.yaml')).toContain(
      'kooper_controller_processed_event_duration_seconds_count{controller="berths"} - kooper_controller_queued_events_total{controller="berths",requeue="true"}',
    );
  });

  it('FIELD-63: a label that says what rules say already is not reported, another value is', async () => {
    const labelled = (value: string) =>
      ferry([events(crossings('{code=~"5.."}'), crossings())]).replace(
        'slos:',
        `labels: { service: ${value} }\nslos:`,
      );
    const notes = async (value: string) =>
      (await folderWith({ 's.yaml': labelled(value) }).json('import', 'sloth', 's.yaml')).answer.slos[0]
        .notes;
    expect(await notes('ferry')).toEqual([]);
    expect(await notes('boat')).toEqual([expect.stringContaining('service="boat" is left out')]);
  });

  it('FIELD-64: a runbook is the link of alerts where it is one, and stays an annotation where it is a text', async () => {
    const alerting = (runbook: string) =>
      ferry([events(crossings('{code=~"5.."}'), crossings())]).replace(
        / \}\n$/,
        `, alerting: { name: Late, annotations: ${runbook} } }\n`,
      );
    const written = async (runbook: string) => {
      const { run, read } = folderWith({ 's.yaml': alerting(runbook) });
      expect((await run('import', 'sloth', 's.yaml')).exit).toBe(0);
      return read('slos/ferry.yaml');
    };
    expect(await written('{ runbook: https://wiki.example/late }')).toContain(
      'sluice.dev/runbook: https://wiki.example/late',
    );
    const both = await written('{ runbook: Call the pier first., runbook_url: https://wiki.example/late }');
    expect(both).toContain('sluice.dev/runbook: https://wiki.example/late');
    expect(both).toContain('runbook: Call the pier first.');
    expect(await written('{ runbook: Call the pier first. }')).not.toContain('sluice.dev/runbook');
  });

  it('FIELD-63: a kind that OpenSLO does not have is reported in the version that it names', async () => {
    const text =
      'apiVersion: openslo/v1alpha\nkind: ServiceLevelObjective\nmetadata: { name: a }\nspec: {}\n';
    const { exit, answer } = await folderWith({ 'o.yaml': text }).json('import', 'openslo', 'o.yaml');
    expect([exit, answer.refused[0].message]).toEqual([
      1,
      'unknown document "openslo/v1alpha ServiceLevelObjective"',
    ]);
  });
});
