import { describe, it } from 'vitest';
import { holds } from '../../golden/promtools.ts';
import { at, query, SERVICE, sloText } from '../../golden/slo-text.ts';

const fast = (le: string) =>
  sloText(
    'fast',
    `{ ratioMetric: { counter: true, good: ${query(`find_seconds_bucket{le="${le}"}`)}, total: ${query('find_seconds_count')} } }`,
  );
const stored = (le: string) => ({
  interval: '1m',
  series: {
    [`find_seconds_bucket{le="${le}"}`]: '0+98x30',
    'find_seconds_bucket{le="10.0"}': '0+99x30',
    'find_seconds_bucket{le="+Inf"}': '0+100x30',
    find_seconds_count: '0+100x30',
  },
  expect: [at('slo:burn_rate_5m', '20m', 2)],
});

describe('n10: a bucket of a whole bound', () => {
  it.each(['1', '1.0'])('FIELD-10: le="%s" is found as 1 and as 1.0', (le) =>
    holds(SERVICE + fast(le), [stored('1'), stored('1.0')]),
  );
});
