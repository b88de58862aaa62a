import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ruleGroups } from '../../src/runtime/render/prometheus/rules.ts';
import { groupsText } from '../../src/runtime/render/prometheus/text.ts';
import { type Case, platformOf, promtool, rulesOf } from './promtool.ts';

const service = 'apiVersion: openslo/v1\nkind: Service\nmetadata: { name: api }\n---\n';
const slo = (indicator: string, more = '', objective = '{ target: 0.99 }', window = '{ duration: 30d, isRolling: true }') => `${service}apiVersion: openslo/v1
kind: SLO
metadata: { name: api-slo${more} }
spec:
  service: api
  indicator: { spec: ${indicator} }
  timeWindow: [${window}]
  budgetingMethod: Occurrences
  objectives: [${objective}]
`;
const query = (text: string) => `{ metricSource: { type: Prometheus, spec: { query: '${text}' } } }`;
const GOOD = `{ ratioMetric: { counter: true, good: ${query('r_total{code!~"5.."}')}, total: ${query('r_total')} } }`;
const BAD = `{ ratioMetric: { counter: true, bad: ${query('r_total{code=~"5.."}')}, total: ${query('r_total')} } }`;
const passes = async (text: string, cases: readonly Case[]) =>
  expect(await promtool(rulesOf(platformOf(text)), cases)).toContain('SUCCESS');
const at = (expr: string, when: string, ...values: number[]) => ({ expr, at: when, values });

describe('counting by tiles', () => {
  it('RULES-6: counts are exact: a burst is its requests, not an extrapolation', () =>
    passes(slo(GOOD), [
      {
        series: {
          'r_total{code="200"}': '0+100x80',
          'r_total{code="500"}': '0x40 7x40',
        },
        expect: [
          at('slo:requests:increase5m', '12m', 2007),
          at('slo:bad_requests:increase5m', '12m', 7),
          at('slo:bad_requests:increase30m', '14m30s', 7),
          at('slo:burn_rate_5m', '12m', 0.348779),
        ],
      },
    ]));

  it('RULES-7: a series that first appears at the incident counts from its first sample', () =>
    passes(slo(BAD), [
      {
        series: { 'r_total{code="200"}': '0+100x80', 'r_total{code="500"}': '_x40 20x40' },
        expect: [at('slo:bad_requests:increase5m', '11m', 20), at('slo:requests:increase5m', '11m', 2020)],
      },
    ]));

  it('RULES-7: where everything is new, old counters are not taken for traffic', () =>
    passes(slo(GOOD), [
      {
        series: { 'r_total{code="200"}': '_x40 1000000+100x40', 'r_total{code="500"}': '_x40 5000x40' },
        expect: [at('slo:bad_requests:increase5m', '13m', 0)],
      },
    ]));

  it('RULES-8: a pod that goes keeps its last requests, one that comes brings its first', () =>
    passes(slo(GOOD), [
      {
        series: {
          'r_total{code="200",pod="old"}': '0+100x40 stale',
          'r_total{code="200",pod="new"}': '_x41 50+100x60',
        },
        expect: [at('slo:requests:increase5m', '12m', 12 * 100 + 50 + 7 * 100)],
      },
    ]));

  it('RULES-9: a counter that begins again is no burst and no hole', () =>
    passes(slo(GOOD), [
      {
        series: { 'r_total{code="200"}': '0+100x40 0+100x60', 'r_total{code="500"}': '0+1x40 0+1x60' },
        expect: [at('slo:burn_rate_5m > bool 1.2', '12m', 0), at('slo:burn_rate_5m < bool 0.8', '12m', 0)],
      },
    ]));

  it('RULES-10: no traffic is no burn, and says 0; 0 / 0 poisons nothing', () =>
    passes(slo(GOOD), [
      {
        series: { 'r_total{code="200"}': '5x80 5+100x40', 'r_total{code="500"}': '0x120' },
        expect: [
          at('slo:burn_rate_5m', '15m'),
          at('slo:requests:increase5m', '15m', 0),
          at('slo:burn_rate_1h', '25m', 0),
          at('slo:error_budget_remaining:ratio', '25m', 1),
        ],
      },
      { series: { unrelated: '1x80' }, expect: [at('slo:burn_rate_5m', '15m'), at('slo:requests:increase5m', '15m', 0)] },
    ]));

  it('RULES-11: a missing numerator is derived from the total', () =>
    passes(slo(GOOD), [
      { series: { 'r_total{code="500"}': '0+10x80' }, expect: [at('slo:burn_rate_5m', '15m', 100)] },
    ]));

  it('RULES-12: windows are requests over requests: a quiet outage weighs what it weighs', () =>
    passes(slo(GOOD), [
      {
        interval: '1m',
        // Two busy hours, one quiet hour that fails entirely, at a tenth of the traffic.
        series: {
          'r_total{code="200"}': '0+1000x120 120000x120',
          'r_total{code="500"}': '0x120 0+100x60 6000x60',
        },
        expect: [
          at('round(slo:bad_requests:increase6h, 1)', '4h', 6000),
          at('round(slo:requests:increase6h, 1)', '4h', 126000),
          at('round(slo:requests:increase_window, 1)', '4h', 126000),
          at('round(slo:burn_rate_6h, 0.001)', '4h', 4.762),
        ],
      },
    ]));

  it('RULES-13: several selectors are summed, each for itself', () =>
    passes(
      slo(`{ ratioMetric: { counter: true, bad: ${query('e_total')}, total: ${query('r_total + q_total')} } }`),
      [
        {
          series: { r_total: '0+10x80', q_total: '0+30x80', e_total: '0+4x80' },
          expect: [at('slo:requests:increase5m', '15m', 800), at('slo:burn_rate_5m', '15m', 10)],
        },
      ],
    ));
});

describe('other indicators', () => {
  it('RULES-14: latency by a classic histogram', () =>
    passes(slo(`{ ratioMetric: { counter: true, good: ${query('d_bucket{le="0.3"}')}, total: ${query('d_count')} } }`), [
      {
        series: { 'd_bucket{le="0.3"}': '0+98x80', 'd_bucket{le="+Inf"}': '0+100x80', d_count: '0+100x80' },
        expect: [at('slo:burn_rate_5m', '15m', 2)],
      },
    ]));

  it('RULES-26: what is ready-made is used as it is at each moment', () =>
    passes(slo(`{ ratioMetric: { counter: false, bad: ${query('e:rate')}, total: ${query('r:rate')} } }`), [
      {
        series: { 'r:rate': '10x80', 'e:rate': '0.2x80' },
        expect: [at('slo:requests:increase5m', '15m', 3000), at('slo:burn_rate_5m', '15m', 2)],
      },
    ]));

  it('RULES-16: samples of a gauge on the wrong side of a value are bad', () =>
    passes(slo(`{ thresholdMetric: ${query('depth')} }`, '', '{ target: 0.95, op: lte, value: 5 }'), [
      {
        series: { depth: '3x39 7x9 3x39' },
        expect: [at('slo:bad_requests:increase5m', '13m', 10), at('slo:requests:increase5m', '13m', 20)],
      },
    ]));

  it('RULES-17: Timeslices count slices of time, whatever their traffic; RatioTimeslices average them', async () => {
    const sliced = (method: string, more: string) =>
      slo(GOOD, '', `{ target: 0.95, timeSliceWindow: 1m${more} }`).replace('Occurrences', method);
    const series = { 'r_total{code="200"}': '0+90x40 3600+100x40', 'r_total{code="500"}': '0+10x40 400x40' };
    await passes(sliced('Timeslices', ', timeSliceTarget: 0.95'), [
      { series, expect: [at('slo:requests:increase5m', '8m', 5), at('slo:bad_requests:increase5m', '8m', 5), at('slo:bad_requests:increase5m', '18m', 0)] },
    ]);
    await passes(sliced('RatioTimeslices', ''), [
      { series, expect: [at('slo:bad_requests:increase5m', '8m', 0.5)] },
    ]);
  });

  it('RULES-18: a calendar window begins where the clock of its zone says', () =>
    passes(slo(GOOD, '', '{ target: 0.99 }', "{ duration: 1d, isRolling: false, calendar: { startTime: '1969-12-01 01:00:00', timeZone: UTC } }"), [
      {
        interval: '1m',
        series: { 'r_total{code="200"}': '0+100x180', 'r_total{code="500"}': '0+10x30 300x150' },
        expect: [
          at('slo:bad_requests:increase_window > bool 250', '58m', 1),
          at('slo:bad_requests:increase_window', '2h', 0),
          at('slo:requests:increase_window', '2h', 6000),
        ],
      },
    ]));
});

describe('native histograms', () => {
  it('RULES-24: latency by a native histogram: its count, and the share between two bounds', async () => {
    const text = slo(`{ ratioMetric: { counter: true, good: ${query('histogram_fraction(0, 0.3, d)')}, total: ${query('histogram_count(d)')} } }`);
    const rules = rulesOf(platformOf(text));
    expect(rules).toContain('histogram_count(sum(increase(d[5m])))');
    expect(rules).toContain('histogram_fraction(0, 0.3, sum(increase(d[5m]))) * histogram_count(sum(increase(d[5m])))');
    // Without samples it stays silent, and promtool has read every expression.
    await passes(text, [{ series: { other: '1x40' }, expect: [at('slo:burn_rate_5m', '8m'), at('slo:requests:increase5m', '8m', 0)] }]);
  });
});

describe('what disturbs', () => {
  it('RULES-19: requests of a maintenance do not count, and it is on record', () => {
    const platform = `${slo(GOOD)}---
apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: p }
spec:
  environments: [{ name: prod, prometheus: { address: 'http://p:9090' } }]
  services: [{ name: api, slos: [api-slo] }]
  maintenance: [{ from: '1970-01-01T00:10:00Z', to: '1970-01-01T00:20:00Z', reason: database moved, services: [api] }]
`;
    return passes(platform, [
      {
        series: { 'r_total{code="200"}': '0+100x40 4000+50x40 6000+100x80', 'r_total{code="500"}': '0x40 0+50x40 2000x80' },
        expect: [
          at('slo:maintenance:active', '15m', 1),
          at('slo:maintenance:active', '26m'),
          at('slo:bad_requests:increase5m', '18m', 0),
          at('slo:bad_requests:increase1h', '38m', 0),
          at('slo:burn_rate_5m', '18m'),
        ],
      },
    ]);
  });

  it('RULES-20: late samples are waited for: by offset, or by query_offset where Prometheus knows it', () => {
    const late = (version: string) =>
      platformOf(`${slo(GOOD)}---
apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: p }
spec:
  environments: [{ name: prod, prometheus: { address: 'http://p:9090', version: '${version}', lateness: 1m } }]
  services: [{ name: api, slos: [api-slo] }]
`);
    const old = rulesOf(late('2.42'));
    expect(old).toContain('last_over_time(r_total[5m] offset 1m)');
    expect(old).toContain('last_over_time(r_total[1h] offset 6m)');
    expect(old).not.toContain('query_offset');
    const current = rulesOf(late('3.5'));
    expect(current).toContain('query_offset: 1m');
    expect(current).not.toContain('[5m] offset 1m');
  });

  it('RULES-21: groups are bounded, and end in :by_group', () =>
    passes(
      slo(GOOD).replace('name: api-slo }', "name: api-slo, annotations: { sluice.dev/group-by: route, sluice.dev/group-limit: '2' } }"),
      [
        {
          series: {
            'r_total{code="200",route="/a"}': '0+100x80',
            'r_total{code="500",route="/a"}': '0+100x80',
            'r_total{code="200",route="/b"}': '0+50x80',
            'r_total{code="200",route="/c"}': '0+10x80',
          },
          expect: [
            at('count(slo:requests:increase5m:by_group)', '15m', 2),
            at('sum(slo:burn_rate_5m:by_group{route="/a"})', '15m', 50),
            at('sum(slo:requests:increase5m)', '15m', 260 * 20),
          ],
        },
      ],
    ));

  it('RULES-22: one stray error among few requests pages nobody', () => {
    return passes(slo(GOOD), [
      {
        interval: '1m',
        series: { 'r_total{code="200"}': '0+1x90', 'r_total{code="500"}': '0x60 3x30' },
        expect: [at('slo:burn_rate_5m >= bool 14', '62m', 1)],
        alerts: [
          { alertname: 'SloMultiWindowBurn', at: '62m', labels: [] },
          { alertname: 'SloBurnRateLadder', at: '62m', labels: [] },
        ],
      },
    ]);
  });

  it('RULES-25: ten minutes of evaluation that are lost, in the middle of an outage, are found and re-read', async () => {
    const platform = platformOf(slo(GOOD));
    const lost = 'and on() (vector(time()) < 3630 or vector(time()) > 4230)';
    const groups = ruleGroups(platform, platform.environments[0]!).map((g) => ({
      ...g,
      rules: g.rules.flatMap((r) => (r.record === undefined ? [] : [{ ...r, expr: `(${r.expr}) ${lost}` }])),
    }));
    const answer = await promtool(groupsText(groups), [
      {
        interval: '1m',
        // An outage from minute 55 to minute 75; nothing is evaluated from 60:30 to 70:30.
        series: { 'r_total{code="200"}': '0+100x55 5500+50x20 6500+100x200', 'r_total{code="500"}': '0x55 0+50x20 1000x200' },
        expect: [
          at('slo:bad_requests:reread5m > bool 0', '95m', 1),
          at('slo:bad_requests:reread5m', '2h20m'),
          at('slo:bad_requests:increase2h', '2h20m', 1_000),
          at('slo:requests:increase_window', '3h', 17_800),
          at('slo:bad_requests:increase_window', '3h', 1_000),
        ],
      },
    ]);
    expect(answer).toContain('SUCCESS');
  });

  it('RULES-23: the text is the rules: what is written is what YAML reads', () => {
    const platform = platformOf(slo(GOOD));
    const groups = ruleGroups(platform, platform.environments[0]!);
    expect(parse(rulesOf(platform))).toEqual({ groups: JSON.parse(JSON.stringify(groups.map(({ about: _, ...group }) => group))) });
  });
});
