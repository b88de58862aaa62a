import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { type RenderedFiles, renderAll } from '../../src/controller/render.ts';
import type { Platform } from '../../src/declaration/platform.ts';
import { renderRules } from '../../src/runtime/render/prometheus/rules.ts';
import { temporaryFolder } from '../folder.ts';
import { platformOf } from './promtool.ts';

const ROOT = join(import.meta.dirname, '../..');
const PLATFORM = `apiVersion: openslo/v1
kind: SLO
metadata:
  name: api-slo
  labels: { team: payments, app.kubernetes.io/name: api }
  annotations: { sluice.dev/runbook: 'https://run.book/{service}/{slo}/{environment}/{alert}' }
spec:
  description: 'Answers with {{ .Danger }} and "quotes" and $var and [[old]].'
  service: api
  indicator:
    spec:
      ratioMetric:
        counter: true
        bad: { metricSource: { type: Prometheus, spec: { query: 'r_total{code=~"5.."}' } } }
        total: { metricSource: { type: Prometheus, spec: { query: r_total } } }
  timeWindow: [{ duration: 30d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: 0.999 }]
  alertPolicies: [slow-burn]
---
apiVersion: openslo/v1
kind: AlertPolicy
metadata: { name: slow-burn }
spec:
  alertWhenNoData: true
  alertWhenBreaching: true
  conditions: [{ conditionRef: six-hours }]
  notificationTargets: [{ targetRef: the-desk }]
---
apiVersion: openslo/v1
kind: AlertCondition
metadata: { name: six-hours }
spec: { severity: ticket, condition: { kind: burnrate, op: gt, threshold: 2, lookbackWindow: 6h, alertAfter: 15m } }
---
apiVersion: openslo/v1
kind: AlertNotificationTarget
metadata: { name: the-desk }
spec: { target: desk }
---
apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: p }
spec:
  environments:
    - { name: stage, prometheus: { address: 'http://p:9090' } }
    - { name: prod, prometheus: { address: 'http://p:9090', version: '3.5', lateness: 30s } }
  services: [{ name: api, slos: [api-slo] }]
  alerts:
    labels: { tier: gold }
    receivers:
      - { name: oncall, pagerDuty: { routingKey: { file: /etc/alertmanager/pd } } }
      - { name: desk, email: { to: desk@example.org, from: sluice@example.org, smarthost: 'mail:25' } }
      - { name: channel, slack: { channel: '#slo', apiUrl: { file: /etc/alertmanager/slack } } }
      - { name: hook, webhook: { url: 'http://hook:80/x' } }
    routes:
      - { receiver: oncall, severity: page, environments: [prod] }
      - { receiver: channel, severity: ticket }
      - { receiver: hook, services: [api] }
`;

/** The SDK's types as JSON has them: enums are their values, and every query is one of Prometheus. */
const PLAIN = `import type { Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Dataquery as PromQuery } from '@grafana/grafana-foundation-sdk/prometheus';
type Fields<T> = { [K in keyof T as K extends '_implementsDataqueryVariant' ? never : K]: Plain<T[K]> };
type Plain<T> = 0 extends 1 & T ? any
  : T extends string ? string : T extends number ? number : T extends boolean ? boolean
  : T extends null | undefined ? T
  : T extends readonly (infer U)[] ? Plain<U>[]
  : T extends Dataquery ? Fields<PromQuery>
  : Fields<T>;
`;

let platform: Platform;
let files: RenderedFiles;
let directory: string;
beforeAll(async () => {
  platform = platformOf(PLATFORM);
  files = await renderAll(platform);
  directory = temporaryFolder('around');
  for (const [path, text] of files) {
    const file = join(directory, path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, text);
  }
});

describe('Alertmanager', () => {
  const config = (environment: string) => join(directory, environment, 'alertmanager/alertmanager.yml');
  const reached = async (environment: string, ...labels: string[]) => {
    const run = await execa('amtool', ['config', 'routes', 'test', `--config.file=${config(environment)}`, ...labels]);
    return run.stdout.trim().split(',').sort();
  };
  it('ALERT-1: amtool accepts what is rendered, for each environment', async () => {
    for (const environment of ['stage', 'prod'])
      expect((await execa('amtool', ['check-config', config(environment)])).stdout).toContain('SUCCESS');
  });
  it.each([
    ['prod', ['severity=page', 'service=api', 'environment=prod'], ['hook', 'oncall', 'sluice']],
    ['stage', ['severity=page', 'service=api', 'environment=stage'], ['hook', 'sluice']],
    ['prod', ['severity=ticket', 'service=other', 'environment=prod'], ['channel', 'sluice']],
    ['prod', ['severity=ticket', 'service=api', 'notify=desk', 'environment=prod'], ['channel', 'desk', 'hook', 'sluice']],
    ['prod', ['severity=info', 'service=other'], ['sluice']],
  ] as const)('ALERT-2: in %s an alert of %j reaches %j', async (environment, labels, receivers) =>
    expect(await reached(environment, ...labels)).toEqual(receivers));
  it('ALERT-3: a page silences its ticket, the pair the ladder of its window, a canary its service', () => {
    const { inhibit_rules: rules } = parse(files.get('prod/alertmanager/alertmanager.yml')!) as {
      inhibit_rules: { source_matchers: string[]; target_matchers: string[]; equal: string[] }[];
    };
    expect(rules.map((r) => [r.source_matchers.join(), r.target_matchers.join(), r.equal.join()])).toEqual([
      ['sluice_alert=~"(burn|ladder)-page"', 'sluice_alert=~".*-ticket"', 'service,slo,environment'],
      ['sluice_alert="burn-page"', 'sluice_alert="ladder-page"', 'service,slo,environment,long_window'],
      ['alertname="SluiceCanaryFailing"', 'sluice_alert=~"(burn|ladder|group)-.*"', 'service,environment'],
    ]);
  });
});

describe('alerts', () => {
  const alerts = () =>
    (parse(files.get('prod/prometheus/rules.yml')!) as { groups: { rules: { alert?: string; expr: string; for?: string; labels: Record<string, string>; annotations: Record<string, string> }[] }[] }).groups
      .flatMap((g) => g.rules)
      .filter((r) => r.alert);
  it('ALERT-4: the pair, the ladder and the declared policy, each with its severity and windows', () =>
    expect(alerts().map((a) => [a.alert, a.labels['severity'], a.labels['long_window'], a.for ?? ''].join(' ').trim())).toEqual([
      'SloMultiWindowBurn page 1h',
      'SloBurnRateLadder page 1h',
      'SloBurnRateLadder page 6h',
      'SloBurnRateLadder ticket 1d',
      'SloBurnRateLadder ticket 3d',
      'SloNoData ticket  15m',
      'SloAlertPolicy ticket 6h 15m',
      'SloNoData ticket 6h 15m',
      'SluiceCanaryFailing info',
      'SluiceAway page  5m',
      'SluiceUnanswered page  5m',
    ]));
  it('ALERT-5: annotations say what, how bad, since when, what is left, and where to read on', () => {
    const [pair] = alerts();
    expect(Object.keys(pair!.annotations)).toEqual(['summary', 'description', 'since', 'budget_left', 'runbook_url']);
    expect(pair!.annotations['runbook_url']).toBe('https://run.book/api/api-slo/prod/SloMultiWindowBurn');
    expect(pair!.labels).toMatchObject({ team: 'payments', app_kubernetes_io_name: 'api', tier: 'gold' });
  });
  it('ALERT-6: a template in a user’s words is text, and Prometheus accepts the file', async () => {
    expect(alerts()[0]!.annotations['description']).toContain('{{ "{{" }} .Danger }}');
    const { stdout } = await execa('promtool', ['check', 'rules', join(directory, 'stage/prometheus/rules.yml')]);
    expect(stdout).toContain('SUCCESS');
  });
  it('ALERT-7: a threshold that cannot be reached makes no alert of the ladder', () => {
    const rendered = platformOf(PLATFORM.replace('target: 0.999', 'target: 0.93'));
    const text = renderRules(rendered, rendered.environments[1]!);
    expect(text).toContain('>= 14 and');
    expect(text).not.toContain('>= 14.4');
    expect(text).toContain('>= 6 and');
  });
});

describe('dashboards', () => {
  it('DASH-1: each is a Dashboard of the SDK, by the compiler', async () => {
    const folder = join(ROOT, 'test/.out/dashboards');
    mkdirSync(folder, { recursive: true });
    for (const [path, text] of files)
      if (path.startsWith('prod/') && path.endsWith('.json'))
        writeFileSync(
          join(folder, `${path.split('/').at(-1)!.replace('.json', '')}.ts`),
          `${PLAIN}export const it: Plain<Dashboard> = ${text.trim()};\n`,
        );
    const run = await execa(
      join(ROOT, 'node_modules/.bin/tsc'),
      ['--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2024', ...['fleet', 'slo', 'release'].map((n) => join(folder, `${n}.ts`))],
      { reject: false, cwd: ROOT },
    );
    expect(run.stdout).toBe('');
  });
  it('DASH-2: nothing that a user wrote stands in one', () => {
    for (const [path, text] of files) if (path.endsWith('.json')) expect(text).not.toMatch(/Danger|\[\[old|payments/);
  });
  it('DASH-3: each has its data source, its scope and its marks as variables and annotations', () => {
    for (const name of ['fleet', 'slo', 'release']) {
      const it = JSON.parse(files.get(`prod/grafana/dashboards/sluice/${name}.json`)!);
      expect(it.templating.list.map((v: { name: string }) => v.name)).toContain('datasource');
      expect(it.annotations.list.map((a: { name: string }) => a.name)).toEqual(['Releases', 'Rollbacks', 'Freezes']);
    }
  });
  it('DASH-4: provisioning says where the dashboards lie and where Prometheus is', () => {
    expect(parse(files.get('prod/grafana/dashboards/sluice.yaml')!).providers[0].options.path).toContain('dashboards/sluice');
    expect(parse(files.get('prod/grafana/datasources/prometheus.yaml')!).datasources[0].url).toBe('http://p:9090');
  });
});

describe('Kubernetes resources', () => {
  it('KUBE-1: the rules, monitors and dashboards as resources; the same rules as in the files', async () => {
    const resources = await renderAll(platform, 'kubernetes');
    // Values are read by a chart, and are no resource.
    const texts = [...resources].filter(([path]) => !path.endsWith('/values.yaml')).map(([, text]) => text);
    const kinds = texts.flatMap((text) => parseAllDocuments(text).map((d) => (d.toJS() as { kind: string }).kind));
    expect([...new Set(kinds)].sort()).toEqual(['AnalysisTemplate', 'ConfigMap', 'PrometheusRule', 'ServiceMonitor']);
    const rules = parse(resources.get('prod/prometheusrule-1.yaml')!).spec.groups;
    expect(rules).toEqual(parse(files.get('prod/prometheus/rules.yml')!).groups);
  });
});
