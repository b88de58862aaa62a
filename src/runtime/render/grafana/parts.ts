import {
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
} from '@grafana/grafana-foundation-sdk/common';
import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';
import { MOVES_METRIC } from '../../series.ts';

/** What all dashboards share. Only names of ours stand in them: what users write never does. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of Grafana.
const SOURCE = { type: 'prometheus', uid: '${datasource}' };

export interface Query {
  readonly expr: string;
  readonly legend?: string;
}
interface PanelOptions {
  readonly title: string;
  readonly description: string;
  readonly queries: readonly Query[];
  readonly unit: string;
  readonly width: number;
  readonly height: number;
  /** Lines drawn across, ascending: value and colour from there on. */
  readonly thresholds?: readonly { readonly value: number | null; readonly color: string }[];
  readonly min?: number;
  readonly max?: number;
}

const target = ({ expr, legend }: Query, i: number, instant: boolean): DataqueryBuilder => {
  const query = new DataqueryBuilder().refId(String.fromCharCode(65 + i)).expr(expr);
  if (legend) query.legendFormat(legend);
  return instant ? query.instant().format(PromQueryFormat.Table) : query.range();
};

const levels = (steps: NonNullable<PanelOptions['thresholds']>): ThresholdsConfigBuilder =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps.map((s) => ({ ...s })));

export function lines(options: PanelOptions): TimeseriesBuilder {
  const panel = new TimeseriesBuilder()
    .title(options.title)
    .description(options.description)
    .datasource(SOURCE)
    .unit(options.unit)
    .span(options.width)
    .height(options.height)
    .lineWidth(2);
  if (options.min !== undefined) panel.min(options.min);
  if (options.max !== undefined) panel.max(options.max);
  if (options.thresholds)
    panel
      .thresholds(levels(options.thresholds))
      .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
  for (const [i, query] of options.queries.entries()) panel.withTarget(target(query, i, false));
  return panel;
}

export function number(options: PanelOptions): StatBuilder {
  const panel = new StatBuilder()
    .title(options.title)
    .description(options.description)
    .datasource(SOURCE)
    .unit(options.unit)
    .decimals(2)
    .noValue('no data')
    .span(options.width)
    .height(options.height);
  if (options.thresholds) panel.thresholds(levels(options.thresholds));
  for (const [i, query] of options.queries.entries()) panel.withTarget(target(query, i, false));
  return panel;
}

export function rows(options: PanelOptions): TableBuilder {
  const panel = new TableBuilder()
    .title(options.title)
    .description(options.description)
    .datasource(SOURCE)
    .unit(options.unit)
    .span(options.width)
    .height(options.height)
    .withTransformation({ id: 'merge', options: {} });
  for (const [i, query] of options.queries.entries()) panel.withTarget(target(query, i, true));
  return panel;
}

const variable = (name: string, label: string, query: string): QueryVariableBuilder =>
  new QueryVariableBuilder(name)
    .label(label)
    .datasource(SOURCE)
    .query(query)
    .refresh(VariableRefresh.OnTimeRangeChanged);

const mark = (name: string, color: string, expr: string, title: string): AnnotationQueryBuilder =>
  new AnnotationQueryBuilder()
    .name(name)
    .datasource(SOURCE)
    .enable(true)
    .hide(false)
    .iconColor(color)
    .expr(expr)
    .step('15s')
    .titleFormat(title)
    .textFormat('{{from}} → {{to}}: {{reason}}');

/** Moves of the release machine as marks; `m` narrows them. */
const moved = (m: string, to: string): string => `increase(${MOVES_METRIC}{${m}to=~"${to}"}[1m]) > 0`;

export interface Variable {
  readonly name: string;
  readonly label: string;
  readonly query: string;
}

export function dashboard(
  uid: string,
  title: string,
  description: string,
  range: string,
  variables: readonly Variable[],
  marks: string,
): DashboardBuilder {
  const built = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['sluice', 'slo'])
    .refresh('30s')
    .time({ from: range, to: 'now' })
    .timezone('browser')
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'));
  for (const { name, label, query } of variables) built.withVariable(variable(name, label, query));
  return built
    .annotation(mark('Releases', 'blue', moved(marks, 'Deploying|Promote'), '{{service}}: {{to}}'))
    .annotation(mark('Rollbacks', 'red', moved(marks, 'Abort|Rollback'), '{{service}}: {{to}}'))
    .annotation(
      mark(
        'Freezes',
        'purple',
        `changes(sluice_freeze_active{${marks.replace(/,$/, '')}}[1m]) > 0`,
        '{{service}}: freeze',
      ),
    );
}

type Panel = Parameters<DashboardBuilder['withPanel']>[0];

/** A dashboard with its panels, in reading order, as the text of its file. */
export function textWith(empty: DashboardBuilder, panels: readonly Panel[]): string {
  const built = panels.reduce((dashboard, panel) => dashboard.withPanel(panel), empty);
  return `${JSON.stringify(built.build() as Dashboard, null, 2)}\n`;
}
