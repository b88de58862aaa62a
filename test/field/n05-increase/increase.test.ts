import { describe, expect, it } from 'vitest';
import { platformOf } from '../../golden/promtool.ts';
import { holds } from '../../golden/promtools.ts';
import { at, query, SERVICE, silence, sloText } from '../../golden/slo-text.ts';

const pair = (bad: string, total: string) =>
  `{ ratioMetric: { counter: true, bad: ${query(bad)}, total: ${query(total)} } }`;
const COUNTED = pair(
  'sum(increase(post_total{code="500"}[5m])) or vector(0)',
  'sum(increase(post_total[5m])) or vector(0)',
);
const READY = pair(
  'max(sum(increase(post_total{code="500"}[5m]))) or vector(0)',
  'max(sum(increase(post_total[5m])))',
);
const series = { 'post_total{code="200"}': '0+1x90', 'post_total{code="500"}': '0x60 1x30' };

describe('n05: increases', () => {
  it('FIELD-6: the counters within are counted exactly', () =>
    holds(SERVICE + sloText('a', COUNTED), [
      {
        interval: '1m',
        series,
        expect: [at('slo:requests:increase5m', '50m', 5), at('slo:bad_requests:increase1h', '80m', 1)],
        alerts: silence('63m', '80m'),
      },
    ]));
  it('FIELD-6: what cannot be seen through is a count all the same', () =>
    holds(SERVICE + sloText('a', READY), [
      { interval: '1m', series, expect: [at('slo:requests:increase5m', '50m', 5)] },
    ]));
  it('FIELD-6: a count of another window is brought to that of a tile', () => {
    const { slos } = platformOf(SERVICE + sloText('a', READY.replaceAll('[5m]', '[1m]')));
    expect(slos[0]!.indicator).toMatchObject({ kind: 'rates', perMs: 60_000 });
  });
});
