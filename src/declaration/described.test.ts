import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DESCRIBED_ENDS, describedAt, type SchemaNode } from './described.ts';
import { jsonSchema } from './schema.ts';

interface Property {
  readonly path: string;
  readonly node: SchemaNode;
}

/** Every property below a schema, with its path from the kind of the document. */
function propertiesOf(node: SchemaNode, path: string): Property[] {
  const { properties = {}, items, anyOf = [], additionalProperties } = node;
  return [
    ...Object.entries(properties).flatMap(([key, inner]) => [
      { path: `${path}.${key}`, node: inner },
      ...propertiesOf(inner, `${path}.${key}`),
    ]),
    ...(items ? propertiesOf(items, `${path}[]`) : []),
    ...anyOf.flatMap((inner) => propertiesOf(inner, path)),
    ...(typeof additionalProperties === 'object' ? propertiesOf(additionalProperties, `${path}{}`) : []),
  ];
}

const documents = (jsonSchema() as { oneOf: SchemaNode[] }).oneOf;
const properties = documents.flatMap((document) =>
  propertiesOf(document, String(document.properties!['kind']!.const)),
);
const pathsOf = (some: readonly Property[]): string[] => [...new Set(some.map(({ path }) => path))];

/** A value that a person has to make up: nothing in the schema itself shows one. */
const needsExample = ({
  type,
  enum: values,
  const: only,
  not,
  properties: below,
  items,
}: SchemaNode): boolean =>
  !(
    values ||
    not ||
    only !== undefined ||
    below ||
    type === 'boolean' ||
    type === 'object' ||
    items?.properties
  );

describe('the JSON Schema of the declaration', () => {
  it('DECL-25: every property has a description', () => {
    expect(properties.length).toBeGreaterThan(600);
    expect(pathsOf(properties.filter(({ node }) => !node.description))).toEqual([]);
  });

  it('DECL-25: a description is more than the format of a duration', () =>
    expect(pathsOf(properties.filter(({ node }) => /^A duration such as/.test(node.description!)))).toEqual(
      [],
    ));

  it('DECL-26: every property whose values are free has an example', () =>
    expect(
      pathsOf(
        properties.filter(
          ({ node }) => needsExample(node) && !node.examples && !node.anyOf?.some((o) => o.properties),
        ),
      ),
    ).toEqual([]));

  it('DECL-26: every example is valid where it is given', () => {
    const wrong = properties.flatMap(({ path, node }) =>
      (node.examples ?? [])
        .filter((example) => !z.fromJSONSchema(node as never).safeParse(example).success)
        .map((example) => `${path}: ${JSON.stringify(example)}`),
    );
    expect([...new Set(wrong)]).toEqual([]);
  });

  it('DECL-25: no description is left over', () => {
    const used = new Set(properties.map(({ path }) => describedAt(path)?.[0]));
    expect(DESCRIBED_ENDS.filter((end) => !used.has(end))).toEqual([]);
  });
});
