import { describe, expect, it } from 'vitest';
import { holds } from '../../golden/promtools.ts';
import { at, query, SERVICE, sloText } from '../../golden/slo-text.ts';
import { folderWith } from '../command.ts';

/** What public files divide by, or subtract from: numbers without series. */
const pair = (bad: string, total: string) =>
  `{ ratioMetric: { counter: false, bad: ${query(bad)}, total: ${query(total)} } }`;
const UP = 'up{job="press"}';

describe('a number alone where a series is meant', () => {
  it.each([
    ['a total of 1', sloText('a', pair(`1 - avg(avg_over_time(${UP}[5m]))`, '1'))],
    ['a total of vector(1)', sloText('a', pair(`1 - avg(avg_over_time(${UP}[5m]))`, 'vector(1)'))],
    ['scalar() on both sides', sloText('a', pair(`1 - scalar(avg(avg_over_time(${UP}[5m])))`, '2 - 1'))],
    [
      'a share by scalar()',
      sloText(
        'a',
        `{ ratioMetric: { rawType: failure, raw: ${query(`1 - scalar(avg(avg_over_time(${UP}[5m])))`)} } }`,
        '{ target: 0.99, timeSliceWindow: 5m }',
        'RatioTimeslices',
      ),
    ],
  ])('FIELD-48: %s is counted as it is', (_, slo) =>
    holds(SERVICE + slo, [
      {
        interval: '1m',
        series: { [`${UP.slice(0, -1)},pod="a"}`]: '1x20 0x60', [`${UP.slice(0, -1)},pod="b"}`]: '1x90' },
        expect: [at('slo:burn_rate_5m', '15m', 0), at('slo:burn_rate_5m', '40m', 50)],
      },
    ]),
  );

  it('FIELD-48: no error ever, as a number, is a full budget', () =>
    holds(SERVICE + sloText('a', pair('0', 'sum(rate(r_total[5m]))')), [
      { interval: '1m', series: { r_total: '0+60x90' }, expect: [at('slo:burn_rate_5m', '15m', 0)] },
    ]));

  const sloth = (bad: string, total: string) =>
    `version: prometheus/v1\nservice: press\nslos:\n  - name: up\n    objective: 99\n    sli:\n      events:\n        error_query: '${bad}'\n        total_query: '${total}'\n`;

  it.each([
    ['1', `1 - avg(avg_over_time(${UP}[{{.window}}]))`],
    ['vector(1)', `absent(${UP}) or vector(0)`],
    ['vector(1)', `histogram_quantile(0.9, sum by (le) (rate(press_seconds_bucket[{{.window}}]))) > bool 2`],
  ])('FIELD-48: a total of %s is imported and rendered', async (total, bad) => {
    const { run } = folderWith({ 's.yaml': sloth(bad, total) });
    expect((await run('import', 'sloth', 's.yaml')).exit).toBe(0);
    expect((await run('render', 'slos', '--out', 'rendered')).exit).toBe(0);
  });

  it('FIELD-48: what reads no series is refused where it is imported, and where it is declared', async () => {
    const { run } = folderWith({
      's.yaml': sloth('vector(0)', '1'),
      'd/ratio.yaml': SERVICE + sloText('a', pair('0', 'vector(1)')),
      'd/threshold.yaml': sloText(
        'b',
        `{ thresholdMetric: ${query('time()')} }`,
        '{ op: gte, value: 1, target: 0.99 }',
      ),
    });
    const imported = await run('import', 'sloth', 's.yaml');
    expect(imported.exit).toBe(1);
    expect(imported.err).toMatch(
      /s\.yaml:8: .*vector\(0\) and vector\(1\) reads no series: it never changes/,
    );
    const validated = await run('validate', 'd');
    expect(validated.err.match(/reads no series/g)).toHaveLength(2);
  });
});
