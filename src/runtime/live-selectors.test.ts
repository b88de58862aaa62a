import { describe, expect, it } from 'vitest';
import { type SeenSelector, selectorFindings } from './live-selectors.ts';

const selector = { metric: 'requests_total', matchers: [] };
const gone = (metrics: readonly string[]): SeenSelector => ({
  series: 0,
  ofMetric: 0,
  metrics,
  labels: [],
  values: new Map(),
});

describe('selectorFindings', () => {
  it('CLI-22: a metric that ended is told as such, and its own name is never suggested', () => {
    const [found] = selectorFindings(selector, gone(['requests_total', 'request_total']), 'total');
    expect(found).toMatchObject({ code: 'NO_SAMPLES', level: 'wrong' });
    expect(`${found?.message} ${found?.next}`).not.toContain('did you mean');
  });

  it('CLI-22: a name that nothing has is told with what is nearest', () => {
    const [found] = selectorFindings(selector, gone(['request_total']), 'total');
    expect(found).toMatchObject({ code: 'UNKNOWN_METRIC', next: 'did you mean "request_total"?' });
  });
});
