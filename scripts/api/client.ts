import {
  answerOf,
  bodyOf,
  type Description,
  type Operation,
  operationsOf,
  type Parameter,
  type Schema,
} from './description.ts';

const HEAD = `// Generated from the OpenAPI description of the server by \`npm run generate\`; a test compares.`;

const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
const key = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name));
const nameIn = (ref: string): string => ref.split('/').at(-1)!;

/** Answers are plain lists; a list that is given is not changed by whoever takes it. */
type Lists = '' | 'readonly ';

/** What an object may hold beside its fields is in no type: nothing is promised of it. */
const fieldsOf = ({ properties = {}, required = [] }: Schema, lists: Lists): string[] =>
  Object.entries(properties).map(
    ([name, schema]) =>
      `readonly ${key(name)}${required.includes(name) ? '' : '?'}: ${typeOf(schema, lists)}`,
  );

function objectType(schema: Schema, lists: Lists): string {
  const { properties, additionalProperties } = schema;
  if (properties) return `{ ${fieldsOf(schema, lists).join('; ')} }`;
  const value = typeof additionalProperties === 'object' ? typeOf(additionalProperties, lists) : 'unknown';
  return `{ readonly [name: string]: ${value} }`;
}

function listType({ items, prefixItems }: Schema, lists: Lists): string {
  if (prefixItems) return `${lists}[${prefixItems.map((item) => typeOf(item, lists)).join(', ')}]`;
  const item = typeOf(items ?? {}, lists);
  return `${lists}${/^[\w.]+$/.test(item) ? item : `(${item})`}[]`;
}

function plainType(type: string, schema: Schema, lists: Lists): string {
  if (type === 'object') return objectType(schema, lists);
  if (type === 'array') return listType(schema, lists);
  return type === 'integer' ? 'number' : type;
}

/** The TypeScript type of what a schema describes. */
function typeOf(schema: Schema, lists: Lists = ''): string {
  if (schema.$ref) return nameIn(schema.$ref);
  if (schema.enum) return schema.enum.map((v) => (typeof v === 'string' ? quoted(v) : String(v))).join(' | ');
  if (schema.anyOf) return schema.anyOf.map((one) => typeOf(one, lists)).join(' | ');
  const types = [schema.type ?? []].flat();
  if (types.length === 0) return 'unknown';
  return types.map((type) => plainType(type, schema, lists)).join(' | ');
}

/** Names of schemas that a schema refers to, itself and below. */
const namesIn = (value: unknown): string[] =>
  [...JSON.stringify(value).matchAll(/"\$ref":"([^"]*)"/g)].map(([, ref]) => nameIn(ref!));

/** Schemas by name that operations refer to by themselves: the others are parts of these. */
const namedByOperations = (description: Description): Set<string> =>
  new Set(
    operationsOf(description).flatMap(([, , o]) => [...namesIn(answerOf(o)), ...namesIn(bodyOf(o) ?? {})]),
  );

function answersFile(description: Description): string {
  const exported = namedByOperations(description);
  const { schemas } = description.components;
  const inside = new Set([...exported].flatMap((name) => namesIn(schemas[name]!)));
  const types = Object.entries(schemas)
    .filter(([name]) => exported.has(name) || inside.has(name))
    .map(([name, schema]) => {
      const word = exported.has(name) ? 'export ' : '';
      return schema.type === 'object' && schema.properties
        ? `${word}interface ${name} {\n${fieldsOf(schema, '')
            .map((field) => `  ${field};\n`)
            .join('')}}`
        : `${word}type ${name} = ${typeOf(schema)};`;
    });
  return `${HEAD}\n\n${types.join('\n\n')}\n`;
}

/** What a server does not care about where it is left out, and null, is left out. */
const parameterType = ({ schema = {} }: Parameter): string =>
  typeOf({ ...schema, ...(schema.type ? { type: [schema.type].flat().filter((t) => t !== 'null') } : {}) });

function parametersOf({ parameters = [] }: Operation, place: string): string[] {
  const own = parameters.filter((p) => p.in === place);
  if (own.length === 0) return [];
  const fields = own.map((p) =>
    p.required
      ? `readonly ${key(p.name)}: ${parameterType(p)}`
      : `readonly ${key(p.name)}?: ${parameterType(p)} | undefined`,
  );
  const optional = own.some((p) => p.required) ? '' : '?';
  const name = place === 'path' ? 'params' : place;
  return [`readonly ${name}${optional}: { ${fields.join('; ')} }`];
}

function operationLine(path: string, operation: Operation): string {
  const body = bodyOf(operation);
  const [, , answer] = answerOf(operation);
  const parts = [
    ...parametersOf(operation, 'path'),
    ...parametersOf(operation, 'query'),
    ...(body ? [`readonly body: ${typeOf(body, 'readonly ')}`] : []),
    `readonly answer: ${typeOf(answer)}`,
  ];
  return `  readonly ${quoted(path)}: { ${parts.join('; ')} };\n`;
}

/** The name that a document gives itself: `sluice.dev/overview/v1`. */
function documentOf({ components }: Description, operation: Operation): string {
  const [, , answer] = answerOf(operation);
  const schema = answer.$ref ? components.schemas[nameIn(answer.$ref)]! : answer;
  const [name] = schema.properties?.['schema']?.enum ?? [];
  if (typeof name !== 'string')
    throw new Error(`an answer does not name its schema: ${JSON.stringify(answer)}`);
  return name;
}

function operationsFile(description: Description): string {
  const all = operationsOf(description);
  const json = all.filter(([, , o]) => answerOf(o)[1] === 'application/json');
  const lines = all.filter(([, , o]) => answerOf(o)[1] === 'application/x-ndjson');
  const by = (method: string) => json.filter(([m]) => m === method);
  const listed = (method: string) =>
    by(method)
      .map(([, path, o]) => operationLine(path, o))
      .join('');
  const documents = (method: string) =>
    by(method)
      .map(([, path, o]) => `    ${quoted(path)}: ${quoted(documentOf(description, o))},\n`)
      .join('');
  const names = [...namedByOperations(description)].sort();
  return `${HEAD}

import type {
${names.map((name) => `  ${name},\n`).join('')}} from './answers.ts';

/** What is read: path, parameters, answer. */
export interface Gets {
${listed('GET')}}

/** What changes something: path, parameters, body, answer. */
export interface Posts {
${listed('POST')}}

/** What comes line by line. */
export type LinesPath = ${lines.map(([, path]) => quoted(path)).join(' | ')};

/** How each answer names itself. */
export const DOCUMENTS = {
  GET: {
${documents('GET')}  },
  POST: {
${documents('POST')}  },
} as const;
`;
}

const withoutDeprecated = (description: Description): Description => ({
  ...description,
  paths: Object.fromEntries(
    Object.entries(description.paths)
      .map(([path, operations]) => [
        path,
        Object.fromEntries(Object.entries(operations).filter(([, { deprecated }]) => !deprecated)),
      ])
      .filter(([, operations]) => Object.keys(operations!).length > 0),
  ),
});

/**
 * The types of a client of the API, by the description that a server gives of itself. What is deprecated is not in it:
 * the command line asks for none of it from the version on that deprecates it.
 */
export function clientFiles(description: Description): Map<string, string> {
  const lasting = withoutDeprecated(description);
  return new Map([
    ['src/api/client/answers.ts', answersFile(lasting)],
    ['src/api/client/operations.ts', operationsFile(lasting)],
  ]);
}
