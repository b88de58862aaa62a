import { describe, it } from 'vitest';
import { holds } from '../../golden/promtools.ts';
import { at, query, SERVICE, silence, sloText } from '../../golden/slo-text.ts';

const ratio = (text: string) => `{ ratioMetric: { rawType: failure, raw: ${query(text)} } }`;
const DIVIDED = 'sum(rate(find_total{code="500"}[5m])) / sum(rate(find_total[5m]))';
/** Nothing that can be seen through: used as it is. */
const OPAQUE = `max(${DIVIDED})`;
const SHARES = '{ target: 0.99, timeSliceWindow: 5m }';

describe('n04: a ratio after a quiet time', () => {
  it.each([
    ['found to be of counters', sloText('a', ratio(DIVIDED))],
    ['ready-made', sloText('a', ratio(OPAQUE), SHARES, 'RatioTimeslices')],
  ])('FIELD-5: %s: healthy afterwards is no burn, and an outage pages', (_, slo) =>
    holds(SERVICE + slo, [
      {
        interval: '1m',
        series: {
          'find_total{code="200"}': '0+400x20 8000x20 8000+400x40',
          'find_total{code="500"}': '0x80',
        },
        expect: [
          at('slo:burn_rate_1h', '70m', 0),
          at('slo:error_budget_remaining:ratio', '70m', 1),
          at('slo:burn_rate_5m', '35m'),
        ],
        alerts: silence('35m', '70m'),
      },
      {
        interval: '1m',
        series: { 'find_total{code="200"}': '0+400x20 8000x80', 'find_total{code="500"}': '0x40 0+400x40' },
        expect: [at('count(ALERTS{alertname="SloMultiWindowBurn",alertstate="firing"})', '50m', 1)],
      },
    ]),
  );
});
