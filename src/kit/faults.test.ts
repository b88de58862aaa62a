import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { faultsOf, faultText } from './faults.ts';

/** Every code that the library has: a new one fails to compile here. */
type Code = z.core.$ZodIssue['code'];

interface Case {
  readonly schema: z.ZodType;
  readonly value: unknown;
  readonly says: string;
}

const CASES = {
  invalid_type: [
    { schema: z.strictObject({ target: z.number() }), value: {}, says: 'target: missing; expected a number' },
    {
      schema: z.strictObject({ target: z.number() }),
      value: { target: 'high' },
      says: 'target: expected a number, got "high"',
    },
    {
      schema: z.strictObject({ target: z.number() }),
      value: { target: '0.99' },
      says: 'target: expected a number, got "0.99" (write it without quotes: 0.99)',
    },
    {
      schema: z.strictObject({ on: z.boolean() }),
      value: { on: 'true' },
      says: 'on: expected true or false, got "true" (write it without quotes: true)',
    },
    {
      schema: z.strictObject({ version: z.string() }),
      value: { version: 1.5 },
      says: 'version: expected a string, got 1.5 (put it in quotes: "1.5")',
    },
    {
      schema: z.strictObject({ text: z.string() }),
      value: { text: null },
      says: 'text: expected a string, got nothing: the field is empty',
    },
    {
      schema: z.strictObject({ steps: z.array(z.number()) }),
      value: { steps: 20 },
      says: 'steps: expected a list, got 20 (write it as a list: [20])',
    },
    {
      schema: z.strictObject({ spec: z.strictObject({}) }),
      value: { spec: ['a'] },
      says: 'spec: expected a mapping, got a list',
    },
    {
      schema: z.strictObject({ count: z.int() }),
      value: { count: 1.5 },
      says: 'count: expected a whole number, got 1.5',
    },
    {
      schema: z.strictObject({ list: z.array(z.string()) }),
      value: { list: ['a', {}] },
      says: 'list[1]: expected a string, got a mapping',
    },
    // What may be a secret is not repeated.
    {
      schema: z.strictObject({ address: z.number() }),
      value: { address: 'http://me:hunter2@host/' },
      says: 'address: expected a number, got "http://…@host/"',
    },
    {
      schema: z.strictObject({ auth: z.strictObject({}) }),
      value: { auth: 'hunter2' },
      says: 'auth: expected a mapping, got a string',
    },
    {
      schema: z.strictObject({ bearerToken: z.number() }),
      value: { bearerToken: 'hunter2' },
      says: 'bearerToken: expected a number',
    },
  ],
  too_small: [
    { schema: z.number().min(1), value: 0, says: 'expected 1 or more, got 0' },
    { schema: z.number().positive(), value: -2, says: 'expected more than 0, got -2' },
    { schema: z.string().min(1), value: '', says: 'expected text that is not empty, got none' },
    { schema: z.string().min(3), value: 'ab', says: 'expected at least 3 characters, got 2' },
    { schema: z.array(z.string()).min(1), value: [], says: 'expected at least 1 entry, got none' },
    { schema: z.string().length(2), value: 'a', says: 'expected exactly 2 characters, got 1' },
  ],
  too_big: [
    { schema: z.number().max(100), value: 101, says: 'expected 100 or less, got 101' },
    { schema: z.number().lt(1), value: 1, says: 'expected less than 1, got 1' },
    { schema: z.string().max(2), value: 'abc', says: 'expected at most 2 characters, got 3' },
    { schema: z.array(z.string()).max(1), value: ['a', 'b'], says: 'expected at most 1 entry, got 2' },
  ],
  invalid_format: [
    {
      schema: z.url(),
      value: 'prometheus',
      says: 'expected an address, such as https://example.com/path, got "prometheus"',
    },
    {
      schema: z.iso.datetime(),
      value: 'today',
      says: 'expected a time, such as 2026-01-31T08:00:00Z, got "today"',
    },
    {
      schema: z.string().startsWith('sha256:'),
      value: 'x',
      says: 'expected text that begins with "sha256:", got "x"',
    },
    {
      schema: z.string().endsWith('.yaml'),
      value: 'x',
      says: 'expected text that ends with ".yaml", got "x"',
    },
    { schema: z.string().includes('/'), value: 'x', says: 'expected text that contains "/", got "x"' },
    { schema: z.string().regex(/^a+$/), value: 'x', says: 'expected text of the form /^a+$/, got "x"' },
    { schema: z.nanoid(), value: 'x', says: 'expected text of the form nanoid, got "x"' },
    { schema: z.string().regex(/^\d+s$/, 'expected seconds'), value: 'x', says: 'expected seconds; got "x"' },
  ],
  not_multiple_of: [{ schema: z.number().multipleOf(5), value: 7, says: 'expected a multiple of 5, got 7' }],
  unrecognized_keys: [
    {
      schema: z.strictObject({ window: z.string().optional() }),
      value: { windw: '1h' },
      says: 'windw: unknown field "windw" (did you mean "window"?)',
    },
    {
      schema: z.strictObject({ a: z.array(z.strictObject({ fast: z.string().optional() }).optional()) }),
      value: { a: [{ environment: 1 }] },
      says: 'a[0].environment: unknown field "environment" (expected one of fast)',
    },
  ],
  invalid_union: [
    {
      schema: z.union([z.string(), z.array(z.string())]),
      value: 5,
      says: 'expected a string or a list, got 5',
    },
    {
      schema: z.strictObject({
        from: z.union([z.string(), z.strictObject({ secret: z.string(), key: z.string() })]),
      }),
      value: { from: { secret: 'a', key: 5 } },
      says: 'from.key: expected a string, got 5 (put it in quotes: "5")',
    },
    {
      schema: z.discriminatedUnion('type', [
        z.strictObject({ type: z.literal('slack') }),
        z.strictObject({ type: z.literal('webhook') }),
      ]),
      value: { type: 'slak' },
      says: 'type: expected one of slack, webhook, got "slak" (did you mean "slack"?)',
    },
    {
      schema: z.strictObject({ a: z.union([z.string(), z.number()]) }),
      value: {},
      says: 'a: missing; expected a string or a number',
    },
  ],
  invalid_key: [
    {
      schema: z.record(z.string().regex(/^[a-z]+$/, 'expected lower case'), z.number()),
      value: { Team: 1 },
      says: 'Team: the name "Team" is not allowed: expected lower case',
    },
  ],
  invalid_element: [
    {
      schema: z.map(z.null(), z.number()),
      value: new Map([[null, 'b']]),
      says: 'the entry "null" is wrong: expected a number',
    },
  ],
  invalid_value: [
    {
      schema: z.strictObject({ mode: z.enum(['observe', 'enforce']) }),
      value: { mode: 'enforced' },
      says: 'mode: expected one of observe, enforce, got "enforced" (did you mean "enforce"?)',
    },
    { schema: z.literal(true), value: false, says: 'expected true, got false' },
    {
      schema: z.strictObject({ mode: z.enum(['observe', 'enforce']) }),
      value: {},
      says: 'mode: missing; expected one of observe, enforce',
    },
  ],
  custom: [
    { schema: z.string().refine(() => false), value: 'a', says: 'not as expected' },
    {
      schema: z.string().refine(() => false, 'a sentence of its own'),
      value: 'a',
      says: 'a sentence of its own',
    },
  ],
} satisfies Record<Code, readonly Case[]>;

const issuesOf = ({ schema, value }: Pick<Case, 'schema' | 'value'>) => schema.safeParse(value).error!.issues;

describe.each(Object.entries(CASES))('KIT-12: %s', (_, cases: readonly Case[]) => {
  it.each(cases.map((one) => [one.says, one] as const))('KIT-12: %s', (says, one) => {
    expect(faultText(issuesOf(one), one)).toBe(says);
  });

  it.each(cases.map((one) => [one.says, one] as const))('KIT-12: %s, without the value', (_says, one) => {
    expect(faultText(issuesOf(one))).not.toMatch(/Invalid|Too (small|big)|Unrecognized|received/);
  });
});

describe('what follows from another mistake', () => {
  const schema = z.strictObject({ name: z.string(), services: z.array(z.string()), window: z.string() });
  const told = (value: unknown) => faultsOf(issuesOf({ schema, value }), { schema, value });

  it('KIT-12: a field that is missing because it is misspelt is told once', () => {
    expect(told({ name: 'a', service: [], window: '1h' })).toEqual([
      {
        code: 'UNKNOWN_FIELD',
        path: ['service'],
        message: 'unknown field "service"',
        next: 'did you mean "services"?',
      },
    ]);
  });

  it('KIT-12: another one that is missing is told too', () => {
    expect(told({ name: 'a', service: [] }).map(({ code, path }) => [code, path[0]])).toEqual([
      ['MISSING_FIELD', 'window'],
      ['UNKNOWN_FIELD', 'service'],
    ]);
  });

  it('KIT-12: not more than are read by anybody', () => {
    const list = z.array(z.string());
    const value = Array.from({ length: 100 }, () => 1);
    expect(faultsOf(issuesOf({ schema: list, value }), { value })).toHaveLength(20);
  });
});
