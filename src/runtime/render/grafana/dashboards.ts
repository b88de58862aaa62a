import type { Environment } from '../../../declaration/platform.ts';
import {
  BAD_5M,
  BUDGET_REMAINING,
  burnSeries,
  COVERAGE,
  LADDER,
  OBJECTIVE,
  REQUESTS_5M,
  REVISION_ERRORS,
  REVISION_REQUESTS,
  WEIGHT_METRIC,
  WINDOWS,
} from '../../series.ts';
import { dashboard, lines, number, type Query, rows, textWith, type Variable } from './parts.ts';

/** Left, as a colour: spent, nearly spent, fine. */
const LEFT = [
  { value: null, color: 'red' },
  { value: 0, color: 'orange' },
  { value: 0.25, color: 'green' },
];
const burnLevels = (environment: Environment) => [
  { value: null, color: 'transparent' },
  { value: 1, color: 'yellow' },
  ...(environment.burn.slow ? [{ value: environment.burn.slow.threshold, color: 'orange' }] : []),
  { value: environment.burn.fast.threshold, color: 'red' },
];
/** Where the budget will stand by this hour's burn, so many seconds ahead. */
const projection = (m: string): Query => ({
  expr: `${BUDGET_REMAINING}${m} + deriv(${BUDGET_REMAINING}${m}[6h]) * 86400`,
  legend: 'in a day, at the rate of the last 6 h',
});

const environmentVariable: Variable = {
  name: 'environment',
  label: 'Environment',
  query: `label_values(${OBJECTIVE}, environment)`,
};
const scope = (environment: Environment): { m: (more: string) => string; variables: Variable[] } =>
  environment.name
    ? {
        m: (more) => `{${more}${more ? ',' : ''}environment="$environment"}`,
        variables: [environmentVariable],
      }
    : { m: (more) => `{${more}}`, variables: [] };

/** How many need somebody: red from one on. */
const alarm = (title: string, description: string, expr: string) =>
  number({
    title,
    description,
    queries: [{ expr }],
    unit: 'none',
    width: 6,
    height: 5,
    thresholds: [
      { value: null, color: 'green' },
      { value: 1, color: 'red' },
    ],
  });

/** Single numbers on top: how many SLOs there are, and how many need somebody. */
const fleetCounts = (environment: Environment, all: string) => [
  alarm(
    'SLOs with no error budget remaining',
    `${BUDGET_REMAINING} at or below 0.`,
    `count(${BUDGET_REMAINING}${all} <= 0) or vector(0)`,
  ),
  alarm(
    'SLOs burning',
    'Burn rate of 5m at or above the fast threshold.',
    `count(${burnSeries('5m')}${all} >= ${environment.burn.fast.threshold}) or vector(0)`,
  ),
  number({
    title: 'SLOs without traffic',
    description: 'Without traffic there is no burn rate, and the gate has no data.',
    queries: [{ expr: `count(${REQUESTS_5M}${all} == 0) or vector(0)` }],
    unit: 'none',
    width: 6,
    height: 5,
  }),
  number({
    title: 'SLOs',
    description: 'Declared.',
    queries: [{ expr: `count(${OBJECTIVE}${all})` }],
    unit: 'none',
    width: 6,
    height: 5,
  }),
];

const fleetDetails = (environment: Environment, all: string) => [
  rows({
    title: 'Least error budget remaining',
    description: 'The 20 SLOs with the least error budget, with their burn rates.',
    queries: [
      { expr: `sort(bottomk(20, ${BUDGET_REMAINING}${all}))` },
      { expr: `${burnSeries('5m')}${all} and bottomk(20, ${BUDGET_REMAINING}${all})` },
    ],
    unit: 'none',
    width: 12,
    height: 10,
  }),
  lines({
    title: 'Burn rate over 1h',
    description: 'The ten fastest; 1 spends the budget exactly by the end of the window.',
    queries: [{ expr: `topk(10, ${burnSeries('1h')}${all})`, legend: '{{service}} {{slo}}' }],
    unit: 'none',
    width: 12,
    height: 10,
    thresholds: burnLevels(environment),
    min: 0,
  }),
];

function fleet(environment: Environment): string {
  const { m, variables } = scope(environment);
  const all = m('');
  const empty = dashboard(
    'sluice-fleet',
    'Sluice: fleet',
    'All SLOs, worst first.',
    'now-24h',
    variables,
    environment.name ? 'environment="$environment",' : '',
  );
  return textWith(empty, [...fleetCounts(environment, all), ...fleetDetails(environment, all)]);
}

/** Single numbers on top of one SLO. */
const sloNumbers = (mine: string) => [
  number({
    title: 'Objective',
    description: 'As declared.',
    queries: [{ expr: `${OBJECTIVE}${mine}` }],
    unit: 'percentunit',
    width: 6,
    height: 5,
  }),
  number({
    title: 'Error budget remaining',
    description: 'Of the SLO window, by requests.',
    queries: [{ expr: `${BUDGET_REMAINING}${mine}` }],
    unit: 'percentunit',
    width: 6,
    height: 5,
    thresholds: LEFT,
  }),
  number({
    title: 'Coverage',
    description: 'Share of the window for which anything was recorded.',
    queries: [{ expr: `${COVERAGE}${mine}` }],
    unit: 'percentunit',
    width: 6,
    height: 5,
  }),
  number({
    title: 'Hours until spent',
    description: 'By the burn of the last hour; no data where nothing burns.',
    queries: [
      {
        expr: `clamp_min(${BUDGET_REMAINING}${mine}, 0) * 720 / (${burnSeries('1h')}${mine} > 0) or ${BUDGET_REMAINING}${mine} * Inf`,
      },
    ],
    unit: 'h',
    width: 6,
    height: 5,
  }),
];

/** How its budget and burn rates went. */
const sloHistory = (environment: Environment, mine: string) => [
  lines({
    title: 'Error budget remaining, with its projection',
    description: 'Burn-down of the window with its projection.',
    queries: [{ expr: `${BUDGET_REMAINING}${mine}`, legend: 'left' }, projection(mine)],
    unit: 'percentunit',
    width: 12,
    height: 9,
    max: 1,
    thresholds: LEFT,
  }),
  lines({
    title: 'Burn rates',
    description: `Thresholds drawn: 1, and those declared. Ladder: ${LADDER.map((l) => `${l.long}/${l.short} ${l.threshold}`).join(', ')}.`,
    queries: WINDOWS.map((w) => ({ expr: `${burnSeries(w)}${mine}`, legend: w })),
    unit: 'none',
    width: 12,
    height: 9,
    min: 0,
    thresholds: burnLevels(environment),
  }),
  lines({
    title: 'Requests and bad ones, each 5 minutes',
    description: 'As counted for the budget.',
    queries: [
      { expr: `${REQUESTS_5M}${mine}`, legend: 'requests' },
      { expr: `${BAD_5M}${mine}`, legend: 'bad' },
    ],
    unit: 'short',
    width: 24,
    height: 8,
    min: 0,
  }),
];

function slo(environment: Environment): string {
  const { m, variables } = scope(environment);
  const mine = m('service="$service",slo="$slo"');
  const inScope = environment.name ? '{environment="$environment"}' : '';
  const empty = dashboard(
    'sluice-slo',
    'Sluice: SLO',
    'One SLO: objective, budget, burn.',
    'now-7d',
    [
      ...variables,
      { name: 'service', label: 'Service', query: `label_values(${OBJECTIVE}${inScope}, service)` },
      {
        name: 'slo',
        label: 'SLO',
        query: `label_values(${OBJECTIVE}${m('service="$service"')}, slo)`,
      },
    ],
    environment.name ? 'service="$service",environment="$environment",' : 'service="$service",',
  );
  return textWith(empty, [...sloNumbers(mine), ...sloHistory(environment, mine)]);
}

const releasePanels = (environment: Environment, mine: string) => [
  lines({
    title: 'Share of requests to the canary',
    description: 'Weight that is set at the edge.',
    queries: [{ expr: `${WEIGHT_METRIC}${mine}`, legend: 'canary' }],
    unit: 'percent',
    width: 24,
    height: 6,
    min: 0,
    max: 100,
  }),
  lines({
    title: 'Error ratio by revision',
    description: 'Canary against stable, of each SLO that judges it.',
    queries: [{ expr: `${REVISION_ERRORS}${mine}`, legend: '{{slo}} {{version}} {{revision}}' }],
    unit: 'percentunit',
    width: 12,
    height: 9,
    min: 0,
  }),
  lines({
    title: 'Requests per second by revision',
    description: 'Canary against stable.',
    queries: [{ expr: `${REVISION_REQUESTS}${mine}`, legend: '{{slo}} {{version}} {{revision}}' }],
    unit: 'reqps',
    width: 12,
    height: 9,
    min: 0,
  }),
  lines({
    title: 'Burn rates of the rule',
    description: 'Both windows above their thresholds: the release is rolled back.',
    queries: [
      { expr: `${burnSeries('5m')}${mine}`, legend: '{{slo}} 5m' },
      { expr: `${burnSeries('1h')}${mine}`, legend: '{{slo}} 1h' },
    ],
    unit: 'none',
    width: 24,
    height: 8,
    min: 0,
    thresholds: burnLevels(environment),
  }),
];

function release(environment: Environment): string {
  const { m, variables } = scope(environment);
  const empty = dashboard(
    'sluice-release',
    'Sluice: release',
    'Canary against stable.',
    'now-1h',
    [
      ...variables,
      { name: 'service', label: 'Service', query: `label_values(${OBJECTIVE}${m('')}, service)` },
    ],
    'service="$service",environment="$environment",',
  );
  return textWith(empty, releasePanels(environment, m('service="$service"')));
}

const PROVIDER = `# Loads the dashboards beside it. Mount this folder at /etc/grafana/provisioning/dashboards.
apiVersion: 1
providers:
  - name: sluice
    folder: Sluice
    type: file
    allowUiUpdates: false
    options:
      path: /etc/grafana/provisioning/dashboards/sluice
`;

const datasource = (
  address: string,
): string => `# The Prometheus of this environment. Mount at /etc/grafana/provisioning/datasources.
apiVersion: 1
datasources:
  - name: Prometheus
    uid: prometheus
    type: prometheus
    access: proxy
    url: ${JSON.stringify(address)}
    isDefault: true
`;

/** Dashboards and their provisioning: path below the Grafana folder → text. */
export function renderGrafana(environment: Environment): ReadonlyMap<string, string> {
  const { address } = environment.prometheus;
  return new Map([
    ['dashboards/sluice/fleet.json', fleet(environment)],
    ['dashboards/sluice/slo.json', slo(environment)],
    ...(environment.name ? ([['dashboards/sluice/release.json', release(environment)]] as const) : []),
    ['dashboards/sluice.yaml', PROVIDER],
    ['datasources/prometheus.yaml', datasource(address === 'embedded' ? 'http://localhost:9090' : address)],
  ]);
}
