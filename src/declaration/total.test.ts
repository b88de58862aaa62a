import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { EVERYTHING } from '../../test/everything.ts';
import { compile } from '../controller/compile.ts';
import { problemLine } from '../kit/problem.ts';
import { compileDeclaration } from './compile.ts';
import { LIMITS } from './defaults.ts';
import { mayDeclare } from './documents.ts';

const FILES = Object.entries(EVERYTHING).map(([file, text]) => ({ file, text }));
/** With other texts in place of some: gives an answer that can be told and digested, whatever it is. */
function answers(texts: Partial<Record<keyof typeof EVERYTHING, string>>): void {
  const files = FILES.map(({ file, text }) => ({
    file,
    text: texts[file as keyof typeof EVERYTHING] ?? text,
  }));
  // On the way of a whole declaration, with the checks of every plane, and on that of the documents alone.
  isTold(compile(files));
  isTold(compileDeclaration(files));
}

function isTold(result: ReturnType<typeof compile>): void {
  if (result.ok) expect(result.value.digest).toMatch(/^sha256:/);
  else
    for (const problem of result.error)
      expect([problem.line > 0, problemLine(problem).isWellFormed()]).toEqual([true, true]);
}

const NAMES = Object.keys(EVERYTHING) as (keyof typeof EVERYTHING)[];
const pieces = fc.oneof(
  fc.constantFrom(
    '*x',
    '&x ',
    '!!binary ',
    '"\\uD800"',
    '.nan',
    '-1',
    '1e400',
    '{',
    '[',
    ']',
    '---\n',
    '\n',
    ': ',
    '- ',
    'null',
    '99999999999d',
    '0s',
    'FREQ=',
    "'",
  ),
  fc.string({ unit: 'binary', maxLength: 4 }),
);

describe('any declaration is answered', () => {
  it('DECL-11: texts that were cut and spliced give a Platform or problems', () =>
    fc.assert(
      fc.property(
        fc.constantFrom(...NAMES),
        fc.array(fc.tuple(fc.nat(8_000), fc.nat(20), pieces), { minLength: 1, maxLength: 3 }),
        (name, edits) => {
          const text = edits.reduce<string>((t, [at, cut, piece]) => {
            const i = at % t.length;
            return t.slice(0, i) + piece + t.slice(i + cut);
          }, EVERYTHING[name]);
          answers({ [name]: text });
        },
      ),
      { numRuns: 200 },
    ));

  it('DECL-11: documents with any value in any place give a Platform or problems', () => {
    const documents = NAMES.flatMap((name) =>
      parseAllDocuments(EVERYTHING[name]).map((document) => ({ name, value: document.toJS() as unknown })),
    );
    type Place = { readonly document: number; readonly keys: readonly (string | number)[] };
    const places: Place[] = [];
    const visit = (value: unknown, document: number, keys: (string | number)[]): void => {
      places.push({ document, keys });
      if (typeof value === 'object' && value !== null)
        for (const [key, inner] of Object.entries(value))
          visit(inner, document, [...keys, Array.isArray(value) ? Number(key) : key]);
    };
    for (const [i, { value }] of documents.entries()) visit(value, i, []);
    const replaced = (value: unknown, [key, ...rest]: readonly (string | number)[], to: unknown): unknown => {
      if (key === undefined) return to;
      if (Array.isArray(value)) return value.map((v, i) => (i === key ? replaced(v, rest, to) : v));
      const fields = value as Record<string, unknown>;
      return { ...fields, [key]: replaced(fields[key], rest, to) };
    };
    const values = fc.oneof(
      fc.constantFrom<unknown>(
        '',
        'x',
        '5m',
        '0s',
        '9999d',
        '30d',
        'a{',
        'sum(',
        'http://x',
        0,
        -1,
        1e15,
        0.5,
        true,
        null,
        [],
        {},
        [null],
        [[]],
        'x'.repeat(300),
      ),
      fc.jsonValue({ maxDepth: 2 }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...places), values, ({ document, keys }, other) => {
        const { name } = documents[document]!;
        const texts = documents
          .map((d, i) => ({
            name: d.name,
            text: stringify(i === document ? replaced(d.value, keys, other) : d.value),
          }))
          .filter((d) => d.name === name)
          .map((d) => d.text);
        answers({ [name]: texts.join('---\n') });
      }),
      { numRuns: 400 },
    );
  });

  it('DECL-11: which file may hold a declaration is found in time that its length bounds', () => {
    for (const text of [
      '\n'.repeat(1_000_000),
      ' '.repeat(1_000_000),
      `${'\t\n'.repeat(500_000)}x`,
      '-'.repeat(1_000_000),
    ])
      expect(mayDeclare(text)).toBe(true);
    expect(mayDeclare(`image: nginx\n${' \n'.repeat(500_000)}`)).toBe(false);
  });
});

const several = (name: string, count: number, one: (i: number) => string) =>
  `  ${name}:\n${Array.from({ length: count }, (_, i) => `    - ${one(i)}\n`).join('')}`;
const withSpec = (environments: string, services: string, more = '') => [
  {
    file: 'p.yaml',
    text: `apiVersion: sluice.dev/v1\nkind: Platform\nmetadata: { name: p }\nspec:\n${environments}${services}${more}`,
  },
];
const environments = (count: number) =>
  several('environments', count, (i) => `{ name: e${i}, prometheus: { address: 'http://p' } }`);
const services = (count: number) => several('services', count, (i) => `{ name: s${i}, slos: [s${i}-a] }`);

describe('a declaration over its limits', () => {
  it.each([
    [
      'environments',
      withSpec(environments(201), services(1)),
      6,
      'expected at most 200 environments, got 201',
    ],
    ['services', withSpec(environments(1), services(5_001)), 8, 'expected at most 5000 services, got 5001'],
    [
      'lanes',
      withSpec(environments(11), services(1_000)),
      18,
      'expected at most 10000 lanes (services in each environment), got 11000',
    ],
    [
      'freezes',
      withSpec(
        environments(1),
        services(1),
        several(
          'freezes',
          201,
          (i) =>
            `{ name: f${i}, reason: r, timeZone: UTC, start: '2026-01-01T00:00', duration: 1h, rrule: FREQ=DAILY }`,
        ),
      ),
      10,
      'expected at most 200 freezes, got 201',
    ],
    [
      'maintenance',
      withSpec(
        environments(1),
        services(1),
        several(
          'maintenance',
          501,
          () => "{ from: '2026-03-01T00:00:00Z', to: '2026-03-01T02:00:00Z', reason: r }",
        ),
      ),
      10,
      'expected at most 500 maintenance windows, got 501',
    ],
  ])('DECL-12: too many %s are refused, with the limit at its line', (_, files, line, message) => {
    const result = compile(files);
    if (result.ok) throw new Error('it is over its limit');
    expect(result.error.find((p) => p.code === 'TOO_LARGE')).toMatchObject({ file: 'p.yaml', line, message });
  });

  it('DECL-12: a text over its limit is refused unread', () => {
    const result = compile([{ file: 'p.yaml', text: '\n'.repeat(17_000_000) }]);
    expect(result).toMatchObject({ ok: false, error: [{ code: 'TOO_LARGE', file: 'p.yaml', line: 1 }] });
  });

  it('DECL-12: of very many problems so many are told', () => {
    const unknown = Array.from({ length: 20_000 }, (_, i) => `  k${i}: 1`).join('\n');
    const result = compile([
      {
        file: 'p.yaml',
        text: `apiVersion: sluice.dev/v1\nkind: Platform\nmetadata: { name: x }\nspec:\n${unknown}\n`,
      },
    ]);
    if (result.ok) throw new Error('nothing of it is known');
    expect(result.error.length).toBeLessThanOrEqual(LIMITS.problems + 2);
    const references = compile(withSpec(environments(1), services(2_000)));
    if (references.ok) throw new Error('none of its SLOs is there');
    expect(references.error.length).toBeLessThanOrEqual(LIMITS.problems);
  });

  it('DECL-12: an order with more ways through it than could be counted is read, and a circle in it found', () => {
    const after = (i: number, first: string) =>
      `{ name: e${i}, prometheus: { address: 'http://p' }, after: [${[...Array.from({ length: i }, (_, j) => `e${j}`), ...(i === 0 ? [first] : [])].filter(Boolean)}] }`;
    const order = (first: string) =>
      compile(
        withSpec(
          several('environments', 60, (i) => after(i, first)),
          services(1),
        ),
      );
    const codesOf = (result: ReturnType<typeof compile>) =>
      result.ok ? [] : [...new Set(result.error.map((p) => p.code))];
    expect(codesOf(order(''))).toEqual(['UNKNOWN_SLO']);
    expect(codesOf(order('e59'))).toEqual(['ORDER_IN_A_CIRCLE', 'UNKNOWN_SLO']);
  });
});
