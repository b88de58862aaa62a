import type { Described } from './described-key.ts';
import { OPENSLO_KEYS } from './described-openslo.ts';
import { SLUICE_KEYS } from './described-platform.ts';

/** The part of a JSON Schema that is read and completed here. */
export interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly not?: object;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly additionalProperties?: SchemaNode | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
}

const KEYS = [...OPENSLO_KEYS, ...SLUICE_KEYS];
/** What every duration says of itself: a key of its own says more. */
const GENERIC = /^A duration such as/;

const fits = (path: string, end: string): boolean => path === end || path.endsWith(`.${end}`);

/** What is known about the key at a path such as `Platform.spec.environments[].name`. */
export const describedAt = (path: string): Described | undefined =>
  KEYS.filter(([end]) => fits(path, end)).reduce<Described | undefined>(
    (best, key) => (best && best[0].length > key[0].length ? best : key),
    undefined,
  );

/** Every end of a path that is described, for the test that none of them is left over. */
export const DESCRIBED_ENDS: readonly string[] = KEYS.map(([end]) => end);

function described(node: SchemaNode, path: string): SchemaNode {
  const [, meaning, ...examples] = describedAt(path) ?? [path, null];
  const own =
    node.description !== undefined && !GENERIC.test(node.description) ? node.description : undefined;
  const description = meaning ?? own ?? node.description;
  return {
    ...(description === undefined ? {} : { description }),
    ...completed(node, path),
    ...(description === undefined ? {} : { description }),
    ...(examples.length > 0 && node.not === undefined ? { examples } : {}),
  };
}

const each = (nodes: readonly SchemaNode[], path: string): SchemaNode[] =>
  nodes.map((node) => completed(node, path));

/** A schema whose properties are described and have examples; the path names the document, such as `Platform`. */
export function completed(node: SchemaNode, path: string): SchemaNode {
  const { properties, items, anyOf, oneOf, additionalProperties } = node;
  return {
    ...node,
    ...(properties
      ? {
          properties: Object.fromEntries(
            Object.entries(properties).map(([key, inner]) => [key, described(inner, `${path}.${key}`)]),
          ),
        }
      : {}),
    ...(items ? { items: completed(items, `${path}[]`) } : {}),
    ...(anyOf ? { anyOf: each(anyOf, path) } : {}),
    ...(oneOf ? { oneOf: each(oneOf, path) } : {}),
    ...(typeof additionalProperties === 'object'
      ? { additionalProperties: completed(additionalProperties, `${path}{}`) }
      : {}),
  };
}
