import type { SchemaNode } from '../../src/declaration/described.ts';
import { jsonSchema } from '../../src/declaration/schema.ts';
import { code, generatedFrom, prose, table, value } from './markdown.ts';

/** Which kinds of documents a page describes. */
interface DeclarationPage {
  readonly file: string;
  readonly title: string;
  readonly about: string;
  readonly kinds: readonly string[];
}

const PAGES: readonly DeclarationPage[] = [
  {
    file: 'platform',
    title: 'Declaration: Platform',
    about:
      'A `Platform` (`sluice.dev/v1`) declares environments, services, steps, thresholds, the gate and notifications. One per folder. Objectives are [OpenSLO documents](openslo.md) next to it.',
    kinds: ['Platform'],
  },
  {
    file: 'openslo',
    title: 'Declaration: OpenSLO',
    about:
      'Objectives are [OpenSLO](https://openslo.com) v1 documents. A folder of them is enough for rules, alerts and dashboards. [How each example of OpenSLO is read](../openslo.md).',
    kinds: [
      'SLO',
      'SLI',
      'Service',
      'AlertPolicy',
      'AlertCondition',
      'AlertNotificationTarget',
      'DataSource',
    ],
  },
  {
    file: 'alerting-and-tests',
    title: 'Declaration: Alerting and SloTest',
    about:
      '`Alerting` changes the alerts of some SLOs ([how](../alerts.md)). `SloTest` holds test cases for them ([how](../testing.md)).',
    kinds: ['Alerting', 'SloTest'],
  },
];

const METADATA = 'metadata';

function typeOf(node: SchemaNode): string {
  if (node.not) return 'not supported';
  if (node.const !== undefined) return value(node.const);
  if (node.enum) return node.enum.map(value).join(', ');
  if (node.anyOf) return [...new Set(node.anyOf.map(typeOf))].join(' or ');
  if (node.type === 'array') return node.items ? `list of ${typeOf(node.items)}` : 'list';
  if (node.type === 'object' && node.additionalProperties && !node.properties) return 'map';
  return node.type ?? 'any';
}

/** Objects with keys of their own within a node: each becomes a section. */
function inner(node: SchemaNode): { readonly suffix: string; readonly node: SchemaNode }[] {
  if (node.properties) return [{ suffix: '', node }];
  if (node.items) return inner(node.items).map((one) => ({ ...one, suffix: `[]${one.suffix}` }));
  return (node.anyOf ?? []).flatMap(inner);
}

/** Every key of the alternatives of an object in one: a secret is either in a variable or in a file. */
function merged(nodes: readonly SchemaNode[]): SchemaNode {
  const required = nodes.length === 1 ? nodes[0]!.required : undefined;
  return {
    ...Object.assign({}, ...nodes),
    properties: Object.assign({}, ...nodes.map(({ properties }) => properties)),
    ...(required ? { required } : { required: [] }),
  };
}

/** A small object that is the same wherever it is used is shown in its own place in the table. */
const INLINE = new Set(['secretRef']);

interface Section {
  readonly path: string;
  readonly node: SchemaNode;
}

function sectionsOf(path: string, node: SchemaNode): Section[] {
  const below = Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    if (key === METADATA || INLINE.has(key)) return [];
    const objects = inner(child);
    if (objects.length === 0) return [];
    return sectionsOf(
      `${path ? `${path}.` : ''}${key}${objects[0]!.suffix}`,
      merged(objects.map((o) => o.node)),
    );
  });
  const keys = Object.keys(node.properties ?? {});
  return keys.length === 1 && INLINE.has(keys[0]!) ? below : [{ path, node }, ...below];
}

/** `secretRef: { env: … }`, where a key is a secret. */
const isSecret = (node: SchemaNode): boolean => node.properties?.['secretRef'] !== undefined;

function row(key: string, node: SchemaNode, required: boolean): string[] {
  const shown = isSecret(node) ? ['secretRef: { env: NAME }'] : (node.examples ?? []);
  return [
    `${code(key)}${required ? ' *' : ''}`,
    prose(node.description ?? ''),
    isSecret(node) ? 'secret' : typeOf(node),
    node.default === undefined ? '' : value(node.default),
    shown.slice(0, 2).map(value).join(', '),
  ];
}

const section = ({ path, node }: Section, kind: string): string => {
  const rows = Object.entries(node.properties ?? {}).map(([key, child]) =>
    row(key, child, node.required?.includes(key) === true && child.default === undefined),
  );
  const about = node.description ? `${prose(node.description)}\n\n` : '';
  return `### ${path || kind}\n${about}${table(['key', 'description', 'type', 'default', 'example'], rows)}`;
};

function kindText(kind: string, schema: SchemaNode): string {
  return `## ${kind}\n\n${sectionsOf('', schema)
    .map((one) => section(one, `${kind} document`))
    .join('\n\n')}`;
}

function page({ title, about, kinds }: DeclarationPage, schemas: readonly SchemaNode[]): string {
  const schemaOf = (kind: string) => schemas.find((s) => s.properties!['kind']!.const === kind)!;
  return `# ${title}
${generatedFrom('`schema/declaration.json`')} Keys with \`*\` are required. \`sluice schema\` prints the schema, with which editors complete and check a declaration.

${about}

${kinds.map((kind) => kindText(kind, schemaOf(kind))).join('\n\n')}
`;
}

/** The reference of the declaration: a page for the Platform, for OpenSLO, and for what goes with them. */
export function declarationPages(): Map<string, string> {
  const { oneOf } = jsonSchema() as { oneOf: SchemaNode[] };
  return new Map(PAGES.map((one) => [`docs/reference/${one.file}.md`, page(one, oneOf)]));
}
