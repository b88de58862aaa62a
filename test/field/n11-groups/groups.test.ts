import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/controller/compile.ts';
import { holds } from '../../golden/promtools.ts';
import { at, query, SERVICE, sloText } from '../../golden/slo-text.ts';

const pair = (bad: string, total: string, counter = true) =>
  `{ ratioMetric: { counter: ${counter}, bad: ${query(bad)}, total: ${query(total)} } }`;
const E = 'sum by (cluster) (rate(r_total{code="500"}[5m]))';
const A = 'sum(rate(r_total[5m])) by (cluster)';
const BY = ', annotations: { sluice.dev/group-by: cluster }';
const firing = (more: string) =>
  `count(ALERTS{alertname="SloGroupBurn",alertstate="firing",severity="page"${more}})`;

/** Nine tenths of the traffic are healthy, and one tenth fails: for every kind of indicator. */
const series = {
  'r_total{cluster="big",code="200"}': '0+900x90',
  'r_total{cluster="small",code="200"}': '0x90',
  'r_total{cluster="small",code="500"}': '0+100x90',
  'ok{cluster="big"}': '1x90',
  'ok{cluster="small"}': '0x90',
};

describe('n11, n13: groups', () => {
  it.each([
    ['counters by the query', sloText('g', pair(E, A)), 10],
    [
      'counters by annotation',
      sloText('g', pair('r_total{code="500"}', 'r_total'), undefined, undefined, BY),
      10,
    ],
    [
      'rates',
      sloText('g', pair(E.replace('sum', 'max').replace('rate(', 'rate('), A.replace('sum', 'max'), false)),
      10,
    ],
    [
      'a ratio by slices',
      sloText(
        'g',
        `{ ratioMetric: { rawType: failure, raw: ${query(`max by (cluster) (${E} / ${A} or 0 * ${A})`)} } }`,
        '{ target: 0.99, timeSliceWindow: 5m }',
        'RatioTimeslices',
      ),
      50,
    ],
    [
      'a gauge',
      sloText(
        'g',
        `{ thresholdMetric: ${query('ok')} }`,
        '{ target: 0.99, op: gte, value: 1 }',
        'Occurrences',
        BY,
      ),
      50,
    ],
    [
      'counters by slices',
      sloText('g', pair(E, A), '{ target: 0.99, timeSliceWindow: 5m, timeSliceTarget: 0.95 }', 'Timeslices'),
      100,
    ],
  ])('FIELD-11: %s: burn rate, budget and alert of each group, and of the whole', (_, slo, whole) =>
    holds(SERVICE + slo, [
      {
        interval: '1m',
        series,
        expect: [
          at('sum(slo:burn_rate_5m:by_group{cluster="big"})', '80m', 0),
          at('sum(slo:burn_rate_5m:by_group{cluster="small"})', '80m', 100),
          at('sum(slo:burn_rate_6h:by_group{cluster="small"})', '80m', 100),
          at('sum(slo:error_budget_remaining:ratio:by_group{cluster="big"})', '80m', 1),
          at('sum(slo:error_budget_remaining:ratio:by_group{cluster="small"})', '80m', -99),
          at('slo:burn_rate_5m', '80m', whole),
          at(firing(',cluster="small"'), '80m', 1),
          at(firing(',cluster="big"'), '80m'),
        ],
      },
    ]),
  );

  it('FIELD-11: a label that the query leaves none of is refused at its annotation', () => {
    const slo = sloText(
      'g',
      `{ thresholdMetric: ${query('max(ok)')} }`,
      '{ target: 0.99, op: gte, value: 1 }',
      'Occurrences',
      BY,
    );
    const refused = compile([{ file: 'a.yaml', text: SERVICE + slo }], { platform: 'optional' });
    expect(refused.ok ? [] : refused.error).toMatchObject([{ code: 'GROUP_LABEL', line: 7 }]);
  });
  it('FIELD-11: different groups on the two sides are refused', () => {
    const refused = compile(
      [{ file: 'a.yaml', text: SERVICE + sloText('g', pair(E, 'sum by (zone) (rate(r_total[5m]))')) }],
      { platform: 'optional' },
    );
    expect(refused.ok ? [] : refused.error).toMatchObject([{ code: 'PROMQL_GROUPING', line: 10 }]);
  });
});
