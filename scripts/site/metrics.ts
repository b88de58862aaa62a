import { Registry } from 'prom-client';
import {
  BAD_5M,
  BAD_WINDOW,
  BUDGET_REMAINING,
  BURN_ALERT,
  burnSeries,
  CANARY_ALERT,
  COVERAGE,
  GROUP_ALERT,
  LADDER_ALERT,
  NO_DATA_ALERT,
  OBJECTIVE,
  POLICY_ALERT,
  REQUESTS_5M,
  REQUESTS_WINDOW,
  WINDOWS,
} from '../../src/runtime/series.ts';
import { watchAnchors, watchChain } from '../../src/server/metrics/anchors.ts';
import { watchGitops } from '../../src/server/metrics/gitops.ts';
import { watchGovernance } from '../../src/server/metrics/governance.ts';
import { moveCounter, watchLanes } from '../../src/server/metrics/lanes.ts';
import { createMeasured } from '../../src/server/metrics/measured.ts';
import { watchOutside } from '../../src/server/metrics/outside.ts';
import { code, generatedFrom, prose, table } from './markdown.ts';

/** What prom-client knows of a metric, beyond what its types tell. */
interface Registered {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labelNames: readonly string[];
}

/** What no metric asks before it is scraped. */
const nothing = {} as never;

/** Every metric of a server that leads. */
function serverMetrics(): Registered[] {
  const registry = new Registry();
  moveCounter(registry);
  watchLanes(registry, nothing);
  watchGitops(registry, nothing, nothing);
  watchAnchors(registry, nothing);
  watchChain(registry, nothing);
  watchGovernance(registry, nothing, nothing);
  watchOutside(registry, nothing);
  const all = Registry.merge([createMeasured().registry, registry]);
  return (all.getMetricsAsArray() as unknown as Registered[]).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Series that generated rules record, which other rules and dashboards may use. */
const RECORDED: readonly (readonly [name: string, what: string])[] = [
  [REQUESTS_5M, 'Requests of the last five minutes, counted exactly.'],
  [BAD_5M, 'Bad requests of the last five minutes.'],
  ...WINDOWS.map((w): [string, string] => [burnSeries(w), `Burn rate over ${w}. Absent without traffic.`]),
  [REQUESTS_WINDOW, 'Requests over the window of the SLO.'],
  [BAD_WINDOW, 'Bad requests over the window of the SLO.'],
  [BUDGET_REMAINING, 'Remaining share of the error budget: 1 is all of it, below 0 is overspent.'],
  [COVERAGE, 'Share of the window for which anything was recorded.'],
  [OBJECTIVE, 'The objective.'],
];

/** Alerts that generated rules fire. */
const ALERTS: readonly (readonly [name: string, what: string])[] = [
  [BURN_ALERT, 'The burn rule: both windows of the declared pair reached their thresholds.'],
  [LADDER_ALERT, 'A pair of windows of the SRE workbook ladder: a page or a ticket.'],
  [GROUP_ALERT, 'The same for one group, such as a zone.'],
  [POLICY_ALERT, 'An OpenSLO AlertPolicy.'],
  [NO_DATA_ALERT, 'The series of an SLO are absent.'],
  [CANARY_ALERT, 'A release is being rolled back.'],
];

/** The reference of the metrics. */
export const metricsPage = (): string => `# Metrics
${generatedFrom('the metrics of the server and of the generated rules')}

## The server
\`GET /metrics\` of \`sluice serve\`, next to the usual metrics of a Node process. Only the server that leads has all of them.

${table(
  ['metric', 'type', 'labels', 'description'],
  serverMetrics().map((m) => [code(m.name), m.type, m.labelNames.map(code).join(' '), prose(m.help)]),
)}

Labels have few values: \`port\` and \`verb\` are names in the program, \`route\` is a declared route (never a path that somebody asked; \`other\` for pages and what is not there), \`status\` is a class such as \`2xx\`, \`work\` and \`plane\` are names of planes. \`of\` in \`sluice_trouble\` names a subject, and only while it fails. What to watch, and Sluice's own objectives: [Watching Sluice](../operations/watching.md).

## Recorded by generated rules
\`sluice render\` writes rules that record these series, with the labels \`slo\`, \`service\` and \`environment\`. \`sluice explain slo NAME\` lists every rule of one SLO with its purpose.

${table(
  ['series', 'description'],
  RECORDED.map(([name, what]) => [code(name), what]),
)}

## Alerts
Every alert has the labels \`slo\`, \`service\`, \`environment\`, \`severity\` and \`sluice_alert\` ([how to change them](../alerts.md)).

${table(
  ['alert', 'fires when'],
  ALERTS.map(([name, what]) => [code(name), what]),
)}
`;
