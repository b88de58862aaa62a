import { describe, it } from 'vitest';
import { holds } from '../../golden/promtools.ts';
import { at, query, SERVICE, sloText } from '../../golden/slo-text.ts';

const pair = (bad: string, total: string) =>
  `{ ratioMetric: { counter: false, bad: ${query(bad)}, total: ${query(total)} } }`;
const A = 'sum(rate(r_total[5m]))';
const OK = 'sum(rate(r_total{code!~"5.."}[5m]))';
const E = 'sum(rate(r_total{code=~"5.."}[5m]))';
/** Ends at 40m: what is read as a rate and averaged lingers. */
const series = { 'r_total{code="200"}': '0+90x20 1800+90x60', 'r_total{code="500"}': '0x20 0+10x20 200x40' };

describe('n15: arithmetic over rates of counters', () => {
  it.each([
    ['a difference in brackets', sloText('a', pair(`(${A}) - (${OK})`, `${A} > 0`))],
    [
      'a ratio in one',
      sloText('a', `{ ratioMetric: { rawType: failure, raw: ${query(`1 - (${OK} / ${A})`)} } }`),
    ],
    ['a guard', sloText('a', pair(`${E} or vector(0)`, `clamp_min(${A}, 0.001)`))],
    [
      'a percentage',
      sloText('a', `{ ratioMetric: { rawType: success, raw: ${query(`100 - 100 * (${E} / ${A})`)} } }`),
    ],
    [
      'a difference below and above',
      sloText('a', pair(`${A} - ${OK} - sum(rate(none[5m]))`, `${A} - sum(rate(none[5m]))`)),
    ],
  ])('FIELD-13: %s: exact, at once, and over when it is over', (_, slo) =>
    holds(SERVICE + slo, [
      {
        interval: '1m',
        series,
        expect: [
          at('slo:requests:increase5m', '30m', 500),
          at('slo:burn_rate_5m', '30m', 10),
          at('slo:bad_requests:increase1h', '60m', 200),
          at('slo:burn_rate_5m', '46m', 0),
        ],
      },
    ]),
  );

  /** Fifty samples of three pods that are away, five in the tile that ends at 30m: each is counted in one tile. */
  it.each([
    ['sums of samples', sloText('a', pair('sum(sum_over_time(away[5m]))', 'sum(sum_over_time(wanted[5m]))'))],
    ['averages of samples', sloText('a', pair('avg_over_time(away[5m])', 'avg_over_time(wanted[5m])'))],
  ])('FIELD-13: (n15) %s that are ready-made join without a seam', (_, slo) =>
    holds(SERVICE + slo, [
      {
        interval: '1m',
        series: { away: '0x25 3x9 0x60', wanted: '4x95' },
        expect: [
          at('slo:burn_rate_5m', '30m', 75),
          at('slo:burn_rate_1h', '60m', 12.5),
          at('slo:burn_rate_5m', '40m', 0),
        ],
      },
    ]),
  );
});
