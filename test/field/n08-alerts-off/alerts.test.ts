import { describe, expect, it } from 'vitest';
import { compile } from '../../../src/controller/compile.ts';
import { ruleGroups } from '../../../src/runtime/render/prometheus/rules.ts';
import { platformOf } from '../../golden/promtool.ts';
import { holds } from '../../golden/promtools.ts';
import { at, query, SERVICE, sloText } from '../../golden/slo-text.ts';
import { folderWith } from '../command.ts';

const SLO = sloText(
  'a',
  `{ ratioMetric: { counter: true, bad: ${query('post_total{code="500"}')}, total: ${query('post_total')} } }`,
);
const alerting = (spec: string) => `---
apiVersion: sluice.dev/v1
kind: Alerting
metadata: { name: post }
spec: { slos: [a], ${spec} }
`;
const alertsOf = (text: string) => {
  const platform = platformOf(text);
  return ruleGroups(platform, platform.environments[0]!).flatMap((g) => g.rules.filter((r) => r.alert));
};
const OFF = 'page: { enabled: false }, ticket: { enabled: false }, noData: { enabled: false }';

describe('n08: alerts of one SLO', () => {
  it('FIELD-9: switched off there is none', () =>
    expect(alertsOf(SERVICE + SLO + alerting(OFF))).toEqual([]));
  it('FIELD-9: each is switched off for itself', () => {
    const names = (spec: string) =>
      alertsOf(SERVICE + SLO + alerting(spec)).map((r) => `${r.alert} ${r.labels!['severity']}`);
    expect(new Set(names('page: { enabled: false }'))).toEqual(
      new Set(['SloBurnRateLadder ticket', 'SloNoData ticket']),
    );
    expect(names('ticket: { enabled: false }').filter((n) => n.includes('Ladder ticket'))).toEqual([]);
  });
  it('FIELD-9: windows, factor, severity, labels, name, annotations and delay are as declared', () => {
    const [page, ...rest] = alertsOf(
      SERVICE +
        SLO +
        alerting(
          "name: PostErrors, labels: { team: mail }, annotations: { link: 'http://x' }, page: { severity: critical, for: 2m, labels: { pager: b }, annotations: { summary: own }, windows: [{ long: 2h, short: 30m, factor: 7 }] }, ticket: { enabled: false }, noData: { after: 1h, severity: low }",
        ),
    );
    expect(page).toMatchObject({
      alert: 'PostErrors',
      for: '2m',
      labels: {
        severity: 'critical',
        team: 'mail',
        pager: 'b',
        long_window: '2h',
        short_window: '30m',
        sluice_alert: 'ladder-page',
      },
      annotations: { link: 'http://x', summary: 'own' },
    });
    expect(page!.expr).toContain('slo:burn_rate_2h{service="api",slo="a"} >= 7 and slo:burn_rate_30m');
    expect(rest.map((r) => [r.alert, r.for, r.labels!['severity']])).toEqual([['SloNoData', '1h', 'low']]);
  });
  it.each([
    ['an SLO that is not there', 'slos: [b]', 'UNKNOWN_SLO'],
    ['two for one SLO', 'slos: [a, a]', 'DUPLICATE_NAME'],
    ['a label of ours', 'slos: [a], labels: { slo: x }', 'LABEL_COLLISION'],
    [
      'a window that is not recorded',
      'slos: [a], page: { windows: [{ long: 4h, short: 5m, factor: 1 }] }',
      'INVALID_VALUE',
    ],
  ])('FIELD-9: %s is refused', (_, spec, code) => {
    const text = SERVICE + SLO + alerting('').replace('slos: [a], ', spec);
    const refused = compile([{ file: 'a.yaml', text }], { platform: 'optional' });
    expect(refused.ok ? [] : refused.error.map((p) => p.code)).toContain(code);
  });
  it('FIELD-9: what Sloth declares of its alerts is carried over', async () => {
    const { json, read } = folderWith({
      'sloth/s.yaml': `version: prometheus/v1
service: parcels
slos:
  - name: off
    objective: 99
    sli: { events: { error_query: 'sum(increase(p_total{code="5"}[{{.window}}])) or vector(0)', total_query: 'sum(increase(p_total[{{.window}}])) or vector(0)' } }
    alerting: { name: X, page_alert: { disable: true }, ticket_alert: { disable: true } }
  - name: on
    objective: 99
    sli: { events: { error_query: 'sum(rate(p_total{code="5"}[{{.window}}]))', total_query: 'sum(rate(p_total[{{.window}}]))' } }
    alerting:
      name: Parcel errors
      annotations: { summary: 'own: {{ $value }}' }
      page_alert: { labels: { severity: critical, pager: b } }
      ticket_alert: { annotations: { queue: mail } }
`,
    });
    expect((await json('import', 'sloth', 'sloth')).exit).toBe(0);
    const alerts = alertsOf(read('slos/parcels.yaml'));
    expect(alerts.filter((r) => r.labels!['slo'] === 'parcels-off').map((r) => r.alert)).toEqual([
      'SloNoData',
    ]);
    const on = alerts.filter((r) => r.labels!['slo'] === 'parcels-on' && r.alert !== 'SloNoData');
    expect(new Set(on.map((r) => `${r.alert} ${r.labels!['severity']}`))).toEqual(
      new Set(['Parcel errors critical', 'Parcel errors ticket']),
    );
    expect(on[0]).toMatchObject({
      labels: { pager: 'b', slo: 'parcels-on' },
      annotations: { summary: 'own: {{ $value }}' },
    });
    expect(on.at(-1)!.annotations).toMatchObject({ queue: 'mail' });
  });
  it('FIELD-9: somebody is told of an SLO whose series are absent, and not of one without traffic', () =>
    holds(SERVICE + SLO, [
      {
        interval: '1m',
        series: { 'post_total{code="200"}': '0+9x20 _x60', up: '1x80' },
        expect: [
          at('count(ALERTS{alertname="SloNoData",alertstate="firing"})', '30m'),
          at('count(ALERTS{alertname="SloNoData",alertstate="firing",severity="ticket"})', '45m', 1),
        ],
      },
      {
        interval: '1m',
        series: { 'post_total{code="200"}': '5x80' },
        expect: [at('count(ALERTS{alertname="SloNoData"})', '70m')],
      },
    ]));
});
