import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { prose } from './site/markdown.ts';

/** One value of a chart, as its schema describes it. */
interface ChartValue {
  /** Such as `image.tag`, or `extraPorts[].name`. */
  readonly path: string;
  readonly description: string;
  readonly type: string;
  /** What the chart's values.yaml says; undefined: nothing. */
  readonly preset: unknown;
}

interface Schema {
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Schema[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

const CHARTS = ['service', 'sluice'] as const;
export type Chart = (typeof CHARTS)[number];

const code = (value: unknown): string => `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;

function typeOf(schema: Schema): string {
  if (schema.enum) return schema.enum.map((v) => (v === '' ? 'empty' : code(v))).join(', ');
  if (schema.oneOf) return schema.oneOf.map((s) => s.type).join(' or ');
  const type = [schema.type].flat().join(' or ');
  if (schema.type === 'array')
    return `list of ${schema.items ? [schema.items.type].flat().join(' or ') : 'any'}`;
  if (schema.minimum !== undefined && schema.maximum !== undefined)
    return `${type}, ${schema.minimum} to ${schema.maximum}`;
  return schema.minimum ? `${type}, at least ${schema.minimum}` : type;
}

const fieldOf = (preset: unknown, name: string): unknown =>
  preset !== null && typeof preset === 'object' ? (preset as Record<string, unknown>)[name] : undefined;

function below(path: string, schema: Schema, preset: unknown): ChartValue[] {
  const own = { path, description: schema.description ?? '', type: typeOf(schema), preset };
  const branch = schema.oneOf?.find((s) => s.properties) ?? schema;
  if (branch.properties)
    return [
      { ...own, preset: undefined },
      ...Object.entries(branch.properties).flatMap(([name, s]) =>
        below(`${path}.${name}`, s, fieldOf(preset, name)),
      ),
    ];
  // Of what Kubernetes itself defines a schema here names only what has to be there, and does not describe it.
  const items = Object.entries(schema.items?.properties ?? {}).filter(([, s]) => s.description);
  return [own, ...items.flatMap(([name, s]) => below(`${path}[].${name}`, s, undefined))];
}

/** Every value of a chart, in the order of its schema. */
export function chartValues(root: string, chart: Chart): ChartValue[] {
  const read = (file: string) => readFileSync(join(root, 'charts', chart, file), 'utf8');
  const schema = JSON.parse(read('values.schema.json')) as Schema;
  const presets = parse(read('values.yaml')) as unknown;
  return Object.entries(schema.properties!).flatMap(([name, s]) => below(name, s, fieldOf(presets, name)));
}

const cell = (text: string): string => text.replaceAll('|', '\\|');
const shown = (preset: unknown): string => {
  if (preset === undefined) return '';
  return preset === '' ? 'empty' : cell(code(preset));
};

const table = (root: string, chart: Chart): string =>
  [
    '| value | what it is | type | default |',
    '|---|---|---|---|',
    ...chartValues(root, chart).map(
      ({ path, description, type, preset }) =>
        `| \`${path}\` | ${cell(prose(description))} | ${cell(type)} | ${shown(preset)} |`,
    ),
  ].join('\n');

/** The page about the values of both charts. */
export const chartsPage = (root: string): string => `# Values of the charts
Generated from \`values.schema.json\` and \`values.yaml\` of each chart by \`npm run generate\`; a test compares. How the charts are used is described in [cluster.md](cluster.md).

Both charts require Kubernetes 1.30 or later. “Kubernetes \`name\`” marks a field that is copied as is from the API of Kubernetes. Values that contradict each other are refused with a message that says what to change.

## charts/service
One service, released as a canary: Rollout, Services, Ingress or HTTPRoute, AnalysisTemplates, PodMonitor, PodDisruptionBudget, HorizontalPodAutoscaler, NetworkPolicy and ServiceAccount. [test/charts/values](../test/charts/values) holds ten examples.

A change of the pod template starts a release. Upgrading the chart does not change it, nor do \`commonLabels\` and \`commonAnnotations\`.

${table(root, 'service')}

## charts/sluice
The Sluice server.

${table(root, 'sluice')}
`;
