import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { platformOf, promtool, rulesOf } from '../../golden/promtool.ts';
import { availabilitySlo } from '../../slo.ts';

/** Nobody on call was told that Rollouts wait for a server that is away, or that has no numbers to go by. */
const rendered = rulesOf(
  platformOf(`${availabilitySlo('orders')}---
apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: shop }
spec:
  environments: [{ name: prod, delivery: argo-rollouts, prometheus: { address: 'http://p.test', evaluationInterval: 1m } }]
  services: [{ name: orders, slos: [orders-availability] }]
`),
);
/** promtool compares what alerts say to people as well: that is not asked here. */
const silent = parse(rendered, (key, value) => (key === 'annotations' ? undefined : value));
const rules = stringify(silent);
const STATE = 'sluice_state{service="orders",environment="prod",state="Stable"}';
const UNANSWERED = 'sluice_metrics_unanswered{environment="prod",pod="a"}';
const fires = { environment: 'prod', severity: 'page' };
const at = (alertname: string, time: string, on: boolean) => ({
  alertname,
  at: time,
  labels: on ? [fires] : [],
});
const asked = (series: Record<string, string>, ...alerts: ReturnType<typeof at>[]) =>
  promtool(rules, [{ interval: '1m', series, expect: [], alerts }]);

describe('d10: nobody answers, and who is on call is told', () => {
  it('ANALYSIS-5: our server, once it was scraped: after five minutes, until it is back', async () => {
    const away = { [STATE]: '1x10 stale _x18 1x10' };
    expect(
      await asked(
        away,
        at('SluiceAway', '10m', false),
        at('SluiceAway', '15m', false),
        at('SluiceAway', '16m', true),
        at('SluiceAway', '28m', true),
        at('SluiceAway', '31m', false),
      ),
    ).toContain('SUCCESS');
    const other = { 'sluice_state{service="orders",environment="dev",state="Stable"}': '1x5 stale' };
    expect(await asked(other, at('SluiceAway', '20m', false))).toContain('SUCCESS');
  });

  it('ANALYSIS-5: answers of Prometheus that are missing for five minutes, to every server of ours', async () => {
    const series = { [UNANSWERED]: '0x4 1x10 0x10' };
    expect(
      await asked(
        series,
        at('SluiceUnanswered', '9m', false),
        at('SluiceUnanswered', '10m', true),
        at('SluiceUnanswered', '16m', false),
      ),
    ).toContain('SUCCESS');
    const one = { [UNANSWERED]: '1x20', 'sluice_metrics_unanswered{environment="prod",pod="b"}': '0x20' };
    expect(await asked(one, at('SluiceUnanswered', '15m', false))).toContain('SUCCESS');
  });
});
