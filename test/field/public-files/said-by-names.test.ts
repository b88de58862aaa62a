import { describe, expect, it } from 'vitest';
import { folderWith } from '../command.ts';

/** Shapes that a fourth sample of public files brought up, each written anew. */
const sloth = (bad: string, total: string) => `version: prometheus/v1
service: ferry
slos:
  - name: crossings
    objective: 99
    sli: { events: { error_query: '${bad}', total_query: '${total}' } }
`;
const of = (selector: string) => `sum(rate(${selector}[{{.window}}]))`;
const saidOf = async (bad: string, total: string): Promise<string> => {
  const { exit, answer } = await folderWith({ 's.yaml': sloth(bad, total) }).json(
    'import',
    'sloth',
    's.yaml',
  );
  expect(exit).toBe(0);
  return answer.slos[0].notes.join('\n');
};

describe('counters that are named after what they count', () => {
  const both = `${of('dock_success_total')} + ${of('dock_failure_total')}`;
  it.each([
    ['successes beside failures', of('dock_success_total'), both],
    ['successes of a total', of('dock_succeeded_total'), of('dock_total')],
    ['several counters of successes', `${of('dock_ok_total')} + ${of('berth_ok_total')}`, of('dock_total')],
  ])('FIELD-65: %s that are counted as bad are told', async (_, bad, total) => {
    expect(await saidOf(bad, total)).toMatch(
      /requests of dock_\w+.* are counted as bad: these read like those that went well/,
    );
  });

  it('FIELD-65: errors that are taken off from the total of bad ones are good, and told', async () => {
    const said = await saidOf(`${of('dock_total')} - ${of('dock_errors_total')}`, of('dock_total'));
    expect(said).toMatch(
      /requests of dock_errors_total are counted as good: these read like those that failed/,
    );
  });

  it.each([
    ['failures', of('dock_failure_total'), both],
    ['what is left of successes', `${of('dock_total')} - ${of('dock_success_total')}`, of('dock_total')],
    ['a label that says otherwise', of('dock_success_total{error="true"}'), of('dock_total')],
    ['one counter on both sides', of('dock_success_total{late="yes"}'), of('dock_success_total')],
    ['a name that says nothing', of('dock_late_total'), of('dock_total')],
    ['a name that says both', of('dock_success_errors_total'), of('dock_total')],
    ['a word that turns it round', of('dock_not_ok_total'), of('dock_total')],
    ['failures beside successes', `${of('dock_ok_total')} + ${of('dock_failed_total')}`, of('dock_total')],
  ])('FIELD-65: of %s nothing is told', async (_, bad, total) => {
    expect(await saidOf(bad, total)).not.toContain('these read like');
  });
});

describe('OpenSLO without a window', () => {
  const query = (text: string) => `{ metricSource: { type: Prometheus, spec: { query: '${text}' } } }`;
  const v1 = (window: string) => `apiVersion: openslo/v1
kind: SLO
metadata: { name: crossings }
spec:
  service: ferry
  indicator:
    metadata: { name: crossings }
    spec:
      ratioMetric: { counter: true, bad: ${query('dock_total{late="yes"}')}, total: ${query('dock_total')} }
  budgetingMethod: Occurrences
  objectives: [{ target: 0.99 }]
${window}`;
  const alpha = (window: string) => `apiVersion: openslo/v1alpha
kind: SLO
metadata: { name: crossings }
spec:
  service: ferry
  budgetingMethod: Occurrences
  objectives:
    - target: 0.99
      ratioMetrics:
        incremental: true
        good: { source: prometheus, queryType: promql, query: 'dock_total{late="no"}' }
        total: { source: prometheus, queryType: promql, query: dock_total }
${window}`;

  it.each([
    ['v1', v1('')],
    ['v1, with an empty list', v1('  timeWindow: []')],
    ['v1, with nothing behind the key', v1('  timeWindow:')],
    ['v1alpha', alpha('')],
    ['v1alpha, with an empty list', alpha('  timeWindows: []')],
  ])('FIELD-66: %s is read as 30 days, and that is told', async (_, text) => {
    const { json, read } = folderWith({ 's.yaml': text });
    const { exit, answer } = await json('import', 'openslo', 's.yaml', '--out', 'd');
    expect([exit, answer.slos[0].notes.join()]).toEqual([0, expect.stringContaining('no window is named')]);
    expect(read('d/ferry.yaml')).toMatch(/duration: 30d\n\s+isRolling: true/);
  });

  it('FIELD-66: a window under a name that is not its own is no window of 30 days', async () => {
    const { json } = folderWith({ 's.yaml': v1('  timewindow: [{ duration: 7d, isRolling: true }]') });
    const { exit, answer } = await json('import', 'openslo', 's.yaml');
    expect([exit, answer.refused.map((r: { message: string }) => r.message).join()]).toEqual([
      1,
      expect.stringContaining('timewindow'),
    ]);
  });

  it('FIELD-66: a declaration names its window', async () => {
    const { run } = folderWith({ 'd/s.yaml': v1('') });
    const { exit, err } = await run('validate', 'd');
    expect([exit, err]).toEqual([2, expect.stringContaining('timeWindow')]);
  });
});

const raw = (ratio: string) => `version: prometheus/v1
service: ferry
slos:
  - name: crossings
    objective: 99
    sli: { raw: { error_ratio_query: '${ratio}' } }
`;
const TIMES = 'histogram_quantile(0.9, sum by (le) (rate(ferry_wait_seconds_bucket[{{.window}}])))';

describe('measured values where a share belongs', () => {
  it.each([
    TIMES,
    `${TIMES} > 30`,
    `(${TIMES} > 30) or vector(0)`,
    `${TIMES} * 1000`,
    `clamp_max(${TIMES}, 1)`,
    'max(ferry_wait_seconds{quantile="0.9"}) > 30',
    'max_over_time(ferry_wait_seconds[{{.window}}]) > 30',
    'avg(ferry_wait_milliseconds{quantile="0.5"})',
    'max(ferry_hold_bytes) > 100',
  ])('FIELD-67: %s is refused', async (ratio) => {
    const { exit, answer } = await folderWith({ 's.yaml': raw(ratio) }).json('import', 'sloth', 's.yaml');
    expect([exit, answer.refused]).toEqual([
      1,
      [
        expect.objectContaining({
          message: expect.stringContaining(
            `${ratio.includes('bytes') ? 'a size' : 'a duration'}, not a share between 0 and 1`,
          ),
        }),
      ],
    ]);
  });

  it.each([
    `${TIMES} > bool 30`,
    'max(ferry_wait_seconds{quantile="0.9"}) > bool 30',
    'histogram_quantile(0.9, sum by (le) (rate(ferry_load_ratio_bucket[{{.window}}])))',
    '1 - min(ferry_open_ratio)',
  ])('FIELD-67: %s is read', async (ratio) => {
    const { exit } = await folderWith({ 's.yaml': raw(ratio) }).json('import', 'sloth', 's.yaml');
    expect(exit).toBe(0);
  });
});

describe('recorded numbers of two windows', () => {
  it.each([
    ['sum(dock:late:rate1h)', 'sum(dock:all:rate5m)'],
    ['dock:late:ratio_rate30m{side="a"}', 'dock:all:rate5m{side="a"}'],
  ])('FIELD-68: %s over %s is told', async (bad, total) => {
    expect(await saidOf(bad, total)).toMatch(/is of \w+ and dock:all:rate5m of 5m, by their names/);
  });

  it.each([
    ['sum(dock:late:rate5m)', 'sum(dock:all:rate5m)'],
    ['sum(dock:late:rate)', 'sum(dock:all:rate5m)'],
    ['sum(dock:late:s3)', 'sum(dock:all:rate5m)'],
  ])('FIELD-68: of %s over %s nothing is told', async (bad, total) => {
    expect(await saidOf(bad, total)).not.toContain('by their names');
  });
});
