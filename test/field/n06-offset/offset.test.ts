import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/controller/compile.ts';
import { platformOf } from '../../golden/promtool.ts';
import { holds } from '../../golden/promtools.ts';
import { at, query, SERVICE, sloText } from '../../golden/slo-text.ts';

const LATE = sloText(
  'late',
  `{ ratioMetric: { counter: true, bad: ${query('sum(rate(batch_total{code="fail"}[5m] offset 30m))')}, total: ${query('sum(rate(batch_total[5m] offset 30m))')} } }`,
);
const JUDGED = `---
apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: p }
spec:
  environments: [{ name: prod, prometheus: { address: 'http://p:9090' } }]
  services: [{ name: api, slos: [late] }]
`;

describe('n06: a counter that is looked at with an offset', () => {
  it('FIELD-7: burn rates look back as the query does', () =>
    holds(SERVICE + LATE, [
      {
        interval: '1m',
        series: { 'batch_total{code="ok"}': '0+90x100', 'batch_total{code="fail"}': '0x20 0+10x20 200x60' },
        expect: [
          at('slo:burn_rate_5m', '35m', 0),
          at('slo:burn_rate_5m', '62m', 10),
          at('slo:burn_rate_5m', '80m', 0),
        ],
      },
    ]));
  it('FIELD-7: it is said, and no canary is judged by it', () => {
    expect(
      platformOf(SERVICE + LATE)
        .origin.notes.map((n) => n.message)
        .join(),
    ).toContain('looks back by its offset');
    const judged = compile([{ file: 'a.yaml', text: SERVICE + LATE + JUDGED }]);
    expect(judged.ok ? [] : judged.error.map((p) => p.code)).toEqual(['NOT_COUNTED']);
  });
});
