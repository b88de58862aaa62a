import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/controller/compile.ts';
import { rulesOf } from '../../golden/promtool.ts';
import { query, SERVICE, sloText } from '../../golden/slo-text.ts';

const SLO = sloText(
  'geo',
  `{ ratioMetric: { counter: true, bad: ${query('{"geo.lookups", "status.code"=~"5.."}')}, total: ${query('{"geo.lookups"}')} } }`,
);
const platform = (version: string) => `---
apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: p }
spec:
  environments: [{ name: prod, prometheus: { address: 'http://p:9090'${version} } }]
  services: [{ name: api, slos: [geo] }]
`;
const compiled = (text: string) => compile([{ file: 'slos.yaml', text }], { platform: 'optional' });

describe('n07: names that only Prometheus 3 knows', () => {
  it.each([
    ['no Platform', ''],
    ['no version', platform('')],
    ['Prometheus 2', platform(", version: '2.53'")],
  ])('FIELD-8: %s: refused at the line', (_, more) => {
    const refused = compiled(SERVICE + SLO + more);
    expect(refused.ok ? [] : refused.error).toContainEqual(
      expect.objectContaining({
        code: 'PROMQL_VERSION',
        file: 'slos.yaml',
        line: 10,
        message: expect.stringContaining('"geo.lookups"'),
      }),
    );
  });
  it('FIELD-8: Prometheus 3: quoted', () => {
    const known = compiled(SERVICE + SLO + platform(", version: '3.1'"));
    if (!known.ok) throw new Error(JSON.stringify(known.error));
    expect(rulesOf(known.value)).toContain('last_over_time({"geo.lookups","status.code"=~"5.."}[5m])');
  });
});
