import { describe, it } from 'vitest';
import { holds } from '../../golden/promtools.ts';
import { at, query, SERVICE, silence, sloText } from '../../golden/slo-text.ts';

const P99 = `{ thresholdMetric: ${query('histogram_quantile(0.99, sum by (le) (rate(find_seconds_bucket[5m])))')} }`;
const flat = '0+400x20 8000x20 8000+400x40';
const series = {
  'find_seconds_bucket{le="0.5"}': flat,
  'find_seconds_bucket{le="2.5"}': flat,
  'find_seconds_bucket{le="+Inf"}': flat,
};
const quiet = [
  {
    interval: '1m',
    series,
    expect: [
      at('slo:burn_rate_5m', '36m'),
      at('slo:bad_requests:increase1h', '60m', 0),
      at('slo:error_budget_remaining:ratio', '60m', 1),
    ],
    alerts: silence('30m', '36m', '60m'),
  },
];

describe('n03: a quantile without traffic', () => {
  it.each([
    ['samples', sloText('p99', P99, '{ target: 0.99, op: lte, value: 0.5 }')],
    [
      'slices',
      sloText(
        'p99',
        P99,
        '{ target: 0.99, op: lte, value: 0.5, timeSliceWindow: 1m, timeSliceTarget: 0.9 }',
        'Timeslices',
      ),
    ],
  ])('FIELD-4: %s that are NaN are none', (_, slo) => holds(SERVICE + slo, quiet));
});
