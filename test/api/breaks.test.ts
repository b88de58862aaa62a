import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { breaksOf, unkept } from '../../scripts/api/breaks.ts';
import type { Description, Operation, Schema } from '../../scripts/api/description.ts';

type Loose<T> = { -readonly [K in keyof T]: Loose<T[K]> };
type Changing = Loose<Schema>;

const FILE = join(import.meta.dirname, '../../schema/released/openapi.json');
const RELEASED = JSON.parse(readFileSync(FILE, 'utf8')) as Description;

/** The released description with one thing changed. */
function changed(change: (copy: Loose<Description>) => void): Description {
  const copy = structuredClone(RELEASED) as Loose<Description>;
  change(copy);
  return copy as Description;
}

const breaks = (change: (copy: Loose<Description>) => void): string[] => breaksOf(RELEASED, changed(change));

const OPERATIONS = Object.entries(RELEASED.paths).flatMap(([path, operations]) =>
  Object.keys(operations).map((method): [path: string, method: string] => [path, method]),
);
const operationIn = (copy: Loose<Description>, [path, method]: readonly [string, string]) =>
  copy.paths[path]![method]! as Loose<Operation>;
const answerIn = (operation: Loose<Operation>): Changing =>
  Object.values(
    Object.entries(operation.responses).find(([status]) => status.startsWith('2'))![1].content!,
  )[0]!.schema!;
const bodyIn = (operation: Loose<Operation>): Changing | undefined =>
  operation.requestBody?.content?.['application/json']?.schema;

/** Every schema in a schema, by the way to it. */
function waysIn(schema: Changing, way: readonly string[] = []): (readonly string[])[] {
  const inner = [
    ...Object.entries(schema.properties ?? {}).map(([name, one]) => [['properties', name], one] as const),
    ...(schema.items ? [[['items'], schema.items] as const] : []),
  ];
  return [way, ...inner.flatMap(([step, one]) => waysIn(one, [...way, ...step]))];
}
const at = (schema: Changing, way: readonly string[]): Changing =>
  way.reduce<unknown>((found, step) => (found as Record<string, unknown>)[step], schema) as Changing;

interface Place {
  readonly name: string;
  schemaIn(copy: Loose<Description>): Changing;
}

const placesBelow = (name: string, root: (copy: Loose<Description>) => Changing | undefined): Place[] => {
  const found = root(RELEASED as Loose<Description>);
  if (!found) return [];
  return waysIn(found).map((way) => ({
    name: `${name} ${way.join('.')}`,
    schemaIn: (copy) => at(root(copy)!, way),
  }));
};

const reachable = (from: unknown): string[] =>
  [...JSON.stringify(from).matchAll(/schemas\/(\w+)"/g)].map(([, name]) => name!);
const NAMED = new Set(OPERATIONS.flatMap((o) => reachable(answerIn(operationIn(RELEASED as never, o)))));
for (const name of NAMED) for (const inner of reachable(RELEASED.components.schemas[name])) NAMED.add(inner);

/** Every schema that an answer is made of, and every one that a body is. */
const ANSWERS = [
  ...[...NAMED].flatMap((name) => placesBelow(name, (copy) => copy.components.schemas[name])),
  ...OPERATIONS.flatMap((o) =>
    placesBelow(o.join(' '), (copy) => {
      const schema = answerIn(operationIn(copy, o));
      return schema.$ref ? undefined : schema;
    }),
  ),
];
const BODIES = OPERATIONS.flatMap((o) =>
  placesBelow(`${o.join(' ')} body`, (copy) => bodyIn(operationIn(copy, o))),
);

const typesIn = ({ type }: Changing): string[] =>
  type === undefined ? [] : [type as string | string[]].flat();
const look = (place: Place): Changing => place.schemaIn(RELEASED as Loose<Description>);

/** Places whose change is not found, of all that there are. */
function unseen(places: readonly Place[], change: (schema: Changing) => void): string[] {
  expect(places.length).toBeGreaterThan(0);
  return places.filter((p) => breaks((copy) => change(p.schemaIn(copy))).length === 0).map((p) => p.name);
}
/** What is taken for a break where there is none. */
function refused(places: readonly Place[], change: (schema: Changing) => void): string[] {
  expect(places.length).toBeGreaterThan(0);
  return places.flatMap((p) => breaks((copy) => change(p.schemaIn(copy))));
}

const objects = (places: readonly Place[]) =>
  places.filter((p) => Object.keys(look(p).properties ?? {}).length > 0);
const typed = (places: readonly Place[]) => places.filter((p) => typesIn(look(p)).length > 0);
const listed = (places: readonly Place[]) => places.filter((p) => (look(p).enum?.length ?? 0) > 0);

const lastField = (schema: Changing): string => Object.keys(schema.properties!).at(-1)!;
function dropField(schema: Changing): void {
  const name = lastField(schema);
  delete schema.properties![name];
  schema.required = (schema.required ?? []).filter((one) => one !== name);
}

describe('what a later description does not keep', () => {
  it('API-21: nothing of itself', () => expect(breaksOf(RELEASED, RELEASED)).toEqual([]));

  it.each(OPERATIONS)('API-21: %s %s: gone, or answered with another status or type', (path, method) => {
    const o = [path, method] as const;
    expect(breaks((copy) => delete copy.paths[path])).toHaveLength(Object.keys(RELEASED.paths[path]!).length);
    expect(breaks((copy) => delete copy.paths[path]![method])).toHaveLength(1);
    const status = (copy: Loose<Description>) => {
      const { responses } = operationIn(copy, o);
      const code = Object.keys(responses).find((one) => one.startsWith('2'))!;
      responses['299'] = responses[code]!;
      delete responses[code];
    };
    expect(breaks(status)).toHaveLength(1);
    const type = (copy: Loose<Description>) => {
      const answer = Object.entries(operationIn(copy, o).responses).find(([code]) =>
        code.startsWith('2'),
      )![1];
      answer.content = { 'text/plain': Object.values(answer.content!)[0]! };
    };
    expect(breaks(type)).toHaveLength(1);
  });

  it('API-21: every parameter that is gone, needed, or takes less', () => {
    const all = OPERATIONS.flatMap((o) =>
      (operationIn(RELEASED as never, o).parameters ?? []).map((_, i) => [o, i] as const),
    );
    expect(all.length).toBeGreaterThan(30);
    for (const [o, i] of all) {
      const of = (copy: Loose<Description>) => operationIn(copy, o).parameters!;
      const before = of(RELEASED as Loose<Description>)[i]!;
      expect(breaks((copy) => of(copy).splice(i, 1)).length, before.name).toBeGreaterThan(0);
      expect(breaks((copy) => Object.assign(of(copy)[i]!, { in: 'cookie', required: false }))).not.toEqual(
        [],
      );
      if (!before.required)
        expect(breaks((copy) => Object.assign(of(copy)[i]!, { required: true }))).toHaveLength(1);
      expect(breaks((copy) => Object.assign(of(copy)[i]!, { schema: { type: 'boolean' } }))).toHaveLength(1);
      const { enum: values } = before.schema as Changing;
      if (values) expect(breaks((copy) => of(copy)[i]!.schema!.enum!.splice(0, 1))).toHaveLength(1);
      else expect(breaks((copy) => Object.assign(of(copy)[i]!.schema!, { enum: ['a'] }))).toHaveLength(1);
      const demanded = { name: 'more', in: 'query', required: true, schema: { type: 'string' } };
      expect(breaks((copy) => of(copy).push(demanded))).toHaveLength(1);
    }
  });

  it('API-21: every field of an answer that is gone, is not always there, or is of another type', () => {
    expect(unseen(objects(ANSWERS), dropField)).toEqual([]);
    const withRequired = objects(ANSWERS).filter((p) => (look(p).required?.length ?? 0) > 0);
    expect(unseen(withRequired, (schema) => void schema.required!.pop())).toEqual([]);
    expect(unseen(typed(ANSWERS), (schema) => Object.assign(schema, { type: 'boolean-or-so' }))).toEqual([]);
    const solid = typed(ANSWERS).filter((p) => !typesIn(look(p)).includes('null'));
    expect(unseen(solid, (schema) => Object.assign(schema, { type: [...typesIn(schema), 'null'] }))).toEqual(
      [],
    );
    expect(unseen(typed(ANSWERS), (schema) => delete (schema as { type?: unknown }).type)).toEqual(
      listed(ANSWERS)
        .filter((p) => typesIn(look(p)).join() === 'string')
        .map((p) => p.name),
    );
  });

  it('API-21: every listed value of an answer that is gone, or that is listed no more', () => {
    expect(unseen(listed(ANSWERS), (schema) => void schema.enum!.shift())).toEqual([]);
    expect(unseen(listed(ANSWERS), (schema) => delete (schema as { enum?: unknown }).enum)).toEqual([]);
  });

  it('API-21: every field of a body that is gone, needed, or takes less', () => {
    expect(unseen(objects(BODIES), dropField)).toEqual([]);
    expect(
      unseen(objects(BODIES), (schema) => {
        schema.properties!['more'] = { type: 'string' };
        schema.required = [...(schema.required ?? []), 'more'];
      }),
    ).toEqual([]);
    const withOptional = objects(BODIES).filter(
      (p) => Object.keys(look(p).properties!).length > (look(p).required?.length ?? 0),
    );
    expect(
      unseen(withOptional, (schema) => Object.assign(schema, { required: Object.keys(schema.properties!) })),
    ).toEqual([]);
    expect(unseen(typed(BODIES), (schema) => Object.assign(schema, { type: 'boolean-or-so' }))).toEqual([]);
    expect(unseen(listed(BODIES), (schema) => void schema.enum!.shift())).toEqual([]);
    const texts = BODIES.filter((p) => typesIn(look(p)).join() === 'string');
    for (const bound of [{ minLength: 50 }, { maxLength: 1 }, { pattern: 'x' }])
      expect(unseen(texts, (schema) => Object.assign(schema, bound))).toEqual([]);
    const free = texts.filter((p) => !look(p).enum);
    expect(unseen(free, (schema) => Object.assign(schema, { enum: ['a'] }))).toEqual([]);
  });

  it('API-21: a body that is needed where none was, or taken where one was', () => {
    const silent = OPERATIONS.filter((o) => !operationIn(RELEASED as never, o).requestBody);
    for (const o of silent)
      expect(
        breaks((copy) => {
          operationIn(copy, o).requestBody = {
            required: true,
            content: { 'application/json': { schema: {} } },
          };
        }),
      ).toHaveLength(1);
    for (const o of OPERATIONS.filter((one) => bodyIn(operationIn(RELEASED as never, one))))
      expect(
        breaks((copy) => delete (operationIn(copy, o) as { requestBody?: unknown }).requestBody),
      ).toHaveLength(1);
  });

  it('API-21: one of several forms, and the values of a map', () => {
    const old = changed((copy) => {
      copy.components.schemas['Me']!.properties!['more'] = {
        type: 'object',
        additionalProperties: { anyOf: [{ type: 'string' }, { type: 'number' }] },
      };
    });
    const later = (schema: Schema) =>
      breaksOf(
        old,
        changed((copy) => {
          copy.components.schemas['Me']!.properties!['more'] = {
            type: 'object',
            additionalProperties: schema as Changing,
          };
        }),
      );
    expect(later({ anyOf: [{ type: 'number' }, { type: 'string' }] })).toEqual([]);
    expect(later({ type: 'string' })).toEqual([]);
    expect(later({ anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }] })).toHaveLength(1);
    expect(later({ type: 'boolean' })).toHaveLength(1);
  });
});

describe('what a later description may add', () => {
  it('API-21: operations, refusals, parameters and fields that may be left out', () => {
    expect(
      breaks((copy) => Object.assign(copy.paths, { '/api/v1/more': copy.paths['/api/v1/me']! })),
    ).toEqual([]);
    for (const o of OPERATIONS) {
      expect(
        breaks((copy) => Object.assign(operationIn(copy, o).responses, { '418': { description: 'no' } })),
      ).toEqual([]);
      const more = { name: 'more', in: 'query', required: false, schema: { type: 'string' } };
      expect(
        breaks((copy) => {
          const operation = operationIn(copy, o);
          operation.parameters = [...(operation.parameters ?? []), more];
        }),
      ).toEqual([]);
    }
    const field = (schema: Changing) => Object.assign(schema.properties!, { more: { type: 'string' } });
    expect(refused(objects(BODIES), field)).toEqual([]);
    expect(refused(objects(ANSWERS), field)).toEqual([]);
    const always = (schema: Changing) => {
      field(schema);
      schema.required = [...(schema.required ?? []), 'more'];
    };
    expect(refused(objects(ANSWERS), always)).toEqual([]);
  });

  it('API-21: values, in answers and bodies; types of bodies; bounds that are wider', () => {
    expect(refused(listed(ANSWERS), (schema) => void schema.enum!.push('more'))).toEqual([]);
    expect(refused(listed(BODIES), (schema) => void schema.enum!.push('more'))).toEqual([]);
    expect(
      refused(typed(BODIES), (schema) => Object.assign(schema, { type: [...typesIn(schema), 'null'] })),
    ).toEqual([]);
    expect(refused(objects(BODIES), (schema) => Object.assign(schema, { required: [] }))).toEqual([]);
    const wider = (schema: Changing) => {
      for (const name of ['minLength', 'maxLength', 'pattern', 'minItems', 'maxItems'] as const)
        delete (schema as Record<string, unknown>)[name];
    };
    expect(refused(BODIES, wider)).toEqual([]);
  });

  it('API-21: answers that say less than they might have: never null, a whole number, listed values', () => {
    const open = ANSWERS.filter((p) => typesIn(look(p)).includes('null'));
    expect(
      refused(open, (schema) =>
        Object.assign(schema, { type: typesIn(schema).filter((type) => type !== 'null') }),
      ),
    ).toEqual([]);
    const numbers = ANSWERS.filter((p) => typesIn(look(p)).join() === 'number');
    expect(refused(numbers, (schema) => Object.assign(schema, { type: 'integer' }))).toEqual([]);
    const texts = ANSWERS.filter((p) => typesIn(look(p)).join() === 'string' && !look(p).enum);
    expect(refused(texts, (schema) => Object.assign(schema, { enum: ['a', 'b'] }))).toEqual([]);
  });
});

describe('an operation that ends', () => {
  const gone = changed((copy) => delete copy.paths['/api/v1/me']);
  const entry = {
    method: 'GET',
    path: '/api/v1/me',
    since: '2027-01-01',
    instead: 'ask somebody else',
  } as const;
  const on = (day: string, sunset: string) => unkept(RELEASED, gone, [{ ...entry, sunset }], Date.parse(day));

  it('API-22: only after it was deprecated for a year, and not before its day; else it is said what to do', () => {
    expect(on('2028-01-01', '2028-01-01')).toEqual([]);
    expect(on('2027-12-31', '2028-01-01')).toEqual([
      'GET /api/v1/me is gone',
      expect.stringContaining('Next: '),
    ]);
    expect(on('2030-01-01', '2027-06-30')).toHaveLength(2);
    expect(unkept(RELEASED, gone, [], 0)).toHaveLength(2);
    expect(unkept(RELEASED, RELEASED, [], 0)).toEqual([]);
  });

  it('API-22: nothing else ends with it', () => {
    const more = changed((copy) => {
      delete copy.paths['/api/v1/me'];
      delete copy.paths['/api/v1/overview'];
    });
    const left = unkept(RELEASED, more, [{ ...entry, sunset: '2028-01-01' }], Date.parse('2029-01-01'));
    expect(left[0]).toBe('GET /api/v1/overview is gone');
  });
});
