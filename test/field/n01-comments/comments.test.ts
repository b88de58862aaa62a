import { describe, expect, it } from 'vitest';
import { platformOf, rulesOf } from '../../golden/promtool.ts';
import { holds } from '../../golden/promtools.ts';
import { at, SERVICE } from '../../golden/slo-text.ts';

const block = (text: string) =>
  `\n              metricSource:\n                type: Prometheus\n                spec:\n                  query: |\n${text.replace(/^/gm, '                    ')}`;
const document = (name: string, indicator: string, objective: string) => `---
apiVersion: openslo/v1
kind: SLO
metadata: { name: ${name} }
spec:
  service: api
  indicator:
    spec:
${indicator}
  timeWindow: [{ duration: 28d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [${objective}]
`;
const RATIO = document(
  'answers',
  `      ratioMetric:
          counter: true
          bad:${block('sum(rate(web_total{code="5"}[5m]))\n# and those of the other door\n+ sum(rate(rpc_total{code="Internal"}[5m]))')}
          total:${block('sum(rate(web_total[5m])) # the front door\n+ sum(rate(rpc_total[5m]))')}`,
  '{ target: 0.99 }',
);
const AGE = document(
  'freshness',
  `      thresholdMetric:${block('# age of the newest, in seconds\ntime() - max(built_seconds{region="north  # east"})')}`,
  '{ target: 0.99, op: lt, value: 3600 }',
);

describe('n01, n02: comments within a query', () => {
  it('FIELD-3: what stands behind a comment counts, and the comment does not', () =>
    holds(SERVICE + RATIO, [
      {
        interval: '1m',
        series: {
          'web_total{code="2"}': '0+50x30',
          'web_total{code="5"}': '0+3x30',
          'rpc_total{code="OK"}': '0+45x30',
          'rpc_total{code="Internal"}': '0+2x30',
        },
        expect: [at('slo:requests:increase5m', '20m', 500), at('slo:burn_rate_5m', '20m', 5)],
      },
    ]));
  it('FIELD-3: blanks and number signs within a string are part of it', async () => {
    expect(rulesOf(platformOf(SERVICE + AGE))).toContain('max(built_seconds{region="north  # east"})');
    await holds(SERVICE + AGE, [
      {
        interval: '1m',
        series: { 'built_seconds{region="north  # east"}': '0x90' },
        expect: [at('slo:burn_rate_5m', '20m', 0), at('slo:burn_rate_5m', '80m', 100)],
      },
    ]);
  });
});
