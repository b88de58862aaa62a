import { createApp } from '../../src/server/app.ts';

/** A JSON Schema, as far as descriptions of this API use it. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly description?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: Schema;
}

type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

export interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly deprecated?: boolean;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required?: boolean; readonly content?: Content };
  readonly responses: Readonly<Record<string, { readonly description?: string; readonly content?: Content }>>;
}

/** An OpenAPI document of ours. */
export interface Description {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** What a server says of its API at `/openapi.json`, without a server. */
export async function describedApi(): Promise<Description> {
  const app = createApp({ allowedHosts: ['docs'], consoleDir: null, signIn: {} } as never);
  const answer = await app.request('/openapi.json', { headers: { host: 'docs' } });
  return (await answer.json()) as Description;
}

/** Every operation with its method in capitals and its path. */
export const operationsOf = ({
  paths,
}: Description): [method: string, path: string, operation: Operation][] =>
  Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]): [string, string, Operation] => [
      method.toUpperCase(),
      path,
      operation,
    ]),
  );

/** The answer to what was asked for: its status, its type and its schema. */
export function answerOf({ responses }: Operation): [status: string, type: string, schema: Schema] {
  const [status, response] = Object.entries(responses).find(([code]) => code.startsWith('2'))!;
  const [type, { schema = {} }] = Object.entries(response.content ?? {})[0]!;
  return [status, type, schema];
}

export const bodyOf = ({ requestBody }: Operation): Schema | undefined =>
  requestBody?.content?.['application/json']?.schema;
