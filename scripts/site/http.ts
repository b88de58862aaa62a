import type { Description, Operation, Schema } from '../api/description.ts';
import { code, generatedFrom, prose, table, value } from './markdown.ts';

const typeOf = (schema: Schema | undefined): string =>
  schema?.enum ? schema.enum.map(value).join(', ') : [schema?.type ?? ''].flat().join(' or ');

function parametersTable({ parameters = [], requestBody }: Operation): string[] {
  const body = requestBody?.content?.['application/json']?.schema;
  const rows = [
    ...parameters.map((p) => [
      code(p.name),
      p.in,
      typeOf(p.schema),
      p.required ? 'yes' : '',
      prose(p.description ?? ''),
    ]),
    ...Object.entries(body?.properties ?? {}).map(([name, field]) => [
      code(name),
      'body',
      typeOf(field),
      body?.required?.includes(name) ? 'yes' : '',
      prose(field.description ?? ''),
    ]),
  ];
  return rows.length > 0 ? [table(['name', 'in', 'type', 'required', 'description'], rows)] : [];
}

function operationText(method: string, path: string, operation: Operation): string {
  const answers = Object.entries(operation.responses).map(([status, { description }]) =>
    `${code(status)} ${prose(description ?? '').replace(/\.$/, '')}`.trim(),
  );
  return [
    `### ${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`,
    ...[operation.summary, operation.description].filter((t) => t !== undefined).map((t) => `${prose(t)}`),
    ...parametersTable(operation),
    `Answers: ${answers.join('; ')}.`,
  ].join('\n\n');
}

/** The first part of a path below the version, by which routes are grouped. */
const groupOf = (path: string): string => /^\/(?:api\/v1\/)?([\w.]+)/.exec(path)?.[1] ?? 'other';

/** The reference of the HTTP API. */
export function httpPage({ paths }: Description): string {
  const groups = Map.groupBy(Object.entries(paths), ([path]) => groupOf(path));
  const sections = [...groups].map(
    ([group, entries]) =>
      `## ${group}\n\n${entries
        .flatMap(([path, operations]) =>
          Object.entries(operations).map(([method, operation]) => operationText(method, path, operation)),
        )
        .join('\n\n')}`,
  );
  return `# HTTP API
${generatedFrom('the OpenAPI document of the server (`/openapi.json`)')}

A request that changes something needs the header \`Authorization: Bearer TOKEN\` with a token of the right scope (\`sluice token create\`). So does every other request below \`/api/\`, with scope \`read\`, if the server is reached from elsewhere (\`--host\`, \`--allow-host\`); which route needs what is in [Security](../security.md#routes-and-scopes). Errors are \`application/problem+json\` with \`title\`, \`detail\` and \`next\`, which says what to do. Besides these routes: \`GET /api/v1/events\` (server-sent events), \`GET /metrics\`, \`GET /healthz\`, \`GET /readyz\` and webhooks below \`/webhooks/\`.

${sections.join('\n\n')}
`;
}
