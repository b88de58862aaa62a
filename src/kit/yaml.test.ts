import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDocument, stringify } from 'yaml';
import { asJson, wellFormed } from './json.ts';
import { readYaml, type YamlLimits } from './yaml.ts';
import { yamlValue } from './yaml-value.ts';

const LIMITS: YamlLimits = { characters: 200_000, documents: 20, depth: 20, size: 100_000 };
const read = (text: string) => readYaml(text, LIMITS);
const value = (text: string) => read(text).documents.map((d) => d.value);
const wrong = (text: string) => read(text).problems.map((p) => `${p.line} ${p.path.join('.')}: ${p.message}`);
const bomb = ['a: &a [x,x,x,x,x,x,x,x,x,x]']
  .concat([...'bcdefgh'].map((name, i) => `${name}: &${name} [${`*${'abcdefg'[i]},`.repeat(10)}]`))
  .join('\n');

describe('YAML becomes plain data, or problems at their lines', () => {
  it.each([
    [
      'an alias with half of a character',
      'a: 1\nb: *\udc00x\n',
      /^2 b: no anchor &\ufffdx is defined before/,
    ],
    ['an alias without its anchor', 'a: 1\nb: *x\n', /^2 b: no anchor &x is defined before the alias \*x$/],
    ['an alias before its anchor', 'b: *x\na: &x 1\n', /^1 b: no anchor &x/],
    ['an alias inside its own anchor', 'a: 1\nb: &x\n  c: *x\n', /^3 b\.c: it contains itself/],
    ['a list that contains itself', '- &x [*x]\n', /it contains itself/],
    ['aliases that exhaust a reader', bomb, /larger than 100000 values and characters, aliases included$/],
    ['half of a character', 'a: "x\\uD800"\n', /^1 a: the text holds half of a character/],
    ['half of a character in a key', '"\\uD800": 1\n', /a key holds half of a character/],
    ['a number that is none', 'a: 1\nb: .nan\n', /^2 b: NaN is not a number that JSON has$/],
    ['a number without end', 'a: -.inf\n', /^1 a: -Infinity is not a number that JSON has$/],
    ['a whole number that is not exact', 'a: 9007199254740993\n', /^1 a: a whole number of this size/],
    ['a key twice', 'a: 1\nb: 2\na: 3\n', /^3 a: the key "a" is given twice$/],
    ['a key twice, as number and as text', 'a: { 1: x, "1": y }\n', /the key "1" is given twice/],
    ['bytes', 'a: !!binary aGk=\n', /^1 a: the tag .*binary is not read/],
    ['code', 'a: !!js/function "() => 1"\n', /^1 a: the tag .*function is not read/],
    ['a set', 'a: !!set { x: null }\n', /^1 a: the tag .*set is not read/],
    ['a date', 'a: !!timestamp 2026-01-01\n', /^1 a: the tag .*timestamp is not read/],
    ['a tag of somebody', 'a: !Ref x\n', /^1 a: the tag !Ref is not read/],
    ['a prototype', 'a: { __proto__: { polluted: true } }\n', /^1 a\.__proto__: a key may not be named/],
    ['a tagged number of ours', 'a: { $number: "NaN" }\n', /^1 a\.\$number: a key may not be named/],
    ['a list as key', '? [a]\n: 1\n', /^1 : expected a text as key$/],
    ['deep nesting', `a: ${'['.repeat(30)}${']'.repeat(30)}\n`, /nested deeper than 20 levels$/],
    ['very deep nesting', `a: ${'['.repeat(90_000)}${']'.repeat(90_000)}\n`, /nested deeper than 20 levels$/],
    ['a huge text', `a: ${'x'.repeat(200_000)}`, /^1 : it is longer than 200000 characters \(200003\)$/],
    ['many documents', '--- a\n'.repeat(30), /^1 : it holds more than 20 documents \(30\)$/],
    ['binary garbage', '\u0000\u0001\u0002\u0003', /./],
    ['what is no YAML', 'a: [1, 2\nb: }', /./],
  ])('KIT-5: %s is refused', (_, text, why) => {
    expect(value(text)).toEqual([]);
    expect(wrong(text)[0]).toMatch(why);
  });

  it.each([
    ['an alias', 'a: &x { b: 1 }\nc: *x\n', [{ a: { b: 1 }, c: { b: 1 } }]],
    ['an anchor that is given anew', 'a: &x 1\nb: *x\nc: &x 2\nd: *x\n', [{ a: 1, b: 1, c: 2, d: 2 }]],
    ['a mark of byte order', '\ufeffa: 1\n', [{ a: 1 }]],
    ['empty documents', '---\n---\na: 1\n...\n', [{ a: 1 }]],
    ['nothing', '', []],
    ['words that are no truth', '%YAML 1.1\n---\na: yes\nb: 0777\n', [{ a: 'yes', b: 777 }]],
    ['tags that say what is so', 'a: !!str 1\nb: !!int "2"\n', [{ a: '1', b: 2 }]],
    ['keys of other kinds', '1: a\ntrue: b\n', [{ 1: 'a', true: 'b' }]],
  ])('KIT-5: %s is read', (_, text, documents) =>
    expect([value(text), wrong(text)]).toEqual([documents, []]),
  );

  it('KIT-5: what is no YAML in a long text is told at its line, too, and soon', () => {
    const text = `${'- x\n'.repeat(20_000)}]]]]`;
    expect(wrong(text)).toHaveLength(1);
    expect(read(text).problems[0]).toMatchObject({ kind: 'syntax', line: 20_001 });
  });
});

const bytes = fc.uint8Array({ maxLength: 200 }).map((b) => new TextDecoder().decode(b));
const pieces = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...'&a *a !!x {} [] ? : - | > # " \' % --- ... , \n \t << ~ .nan 1e9 \u0000'.split(' '),
        ' ',
        '\n  ',
      ),
      fc.string({ maxLength: 4 }),
    ),
    { maxLength: 40 },
  )
  .map((found) => found.join(''));
/** Values that JSON has, without the two keys that are ours. */
const plain = fc
  .jsonValue({ maxDepth: 5 })
  .map((v): unknown => JSON.parse(JSON.stringify(v)))
  .filter((v) => asJson(v, { depth: 20, size: 10_000 }).ok && v !== null);

describe('any text is read', () => {
  it('KIT-5: no text makes reading fail, and what is read is JSON', () =>
    fc.assert(
      fc.property(fc.oneof(bytes, pieces, fc.string({ unit: 'binary', maxLength: 60 })), (text) => {
        const { documents, problems } = read(text);
        for (const document of documents) {
          expect(asJson(document.value, LIMITS).ok).toBe(true);
          expect(document.lineOf(['a', 0])).toBeGreaterThan(0);
        }
        for (const problem of problems) expect(problem.line).toBeGreaterThan(0);
      }),
      { numRuns: 2_000 },
    ));

  it('KIT-5: every value comes back as it was written, from the quick reader and from the careful one', () =>
    fc.assert(
      fc.property(plain, (v) => {
        const text = stringify(v);
        expect([value(text), wrong(text)]).toEqual([[v], []]);
        const careful = yamlValue(parseDocument(text), LIMITS, (_node, _path, message) => {
          throw new Error(message);
        });
        expect(careful).toEqual(v);
      }),
    ));

  it('KIT-5: aliases are read the same by both, as often as they stand there', () =>
    fc.assert(
      fc.property(plain, plain, fc.integer({ min: 1, max: 20 }), (one, two, times) => {
        const [first, second] = [JSON.stringify(one), JSON.stringify(two)];
        const uses = Array.from({ length: times }, () => '*x').join(', ');
        const text = `a: &x ${first}\nb: [${uses}]\nc: &x ${second}\nd: { e: *x }\n`;
        const wanted = { a: one, b: Array.from({ length: times }, () => one), c: two, d: { e: two } };
        expect([value(text), wrong(text)]).toEqual([[wanted], []]);
        const careful = yamlValue(parseDocument(text), LIMITS, (_node, _path, message) => {
          throw new Error(message);
        });
        expect(careful).toEqual(wanted);
      }),
    ));
});

describe('plain data', () => {
  it('KIT-7: what is no JSON is told with its place', () => {
    const cycle: Record<string, unknown> = {};
    cycle['a'] = { b: cycle };
    const limits = { depth: 10, size: 1_000 };
    const place = (v: unknown) => {
      const found = asJson(v, limits);
      return found.ok ? 'fine' : [found.error.path.join('.'), found.error.message];
    };
    expect(place({ a: [1, { b: new Date(0) }] })).toEqual(['a.1.b', 'expected plain data']);
    expect(place(cycle)).toEqual(['a.b', expect.stringContaining('contains itself')]);
    expect(place({ a: 1n })).toEqual(['a', expect.stringContaining('bigint')]);
    expect(place({ a: undefined })).toEqual(['a', expect.stringContaining('undefined')]);
    expect(place({ a: ['\ud800'] })).toEqual(['a.0', expect.stringContaining('half of a character')]);
    expect(place(Array.from({ length: 2_000 }, () => 1))).toEqual(['999', expect.stringContaining('larger')]);
    expect(place({ a: null, b: [true, 'x', 0.5] })).toBe('fine');
  });

  it('KIT-7: texts are made whole, and nothing else is changed', () => {
    const given = { 'k\ud800': ['a\udc00b', 1, null, { x: 'fine 🙂' }] };
    expect(wellFormed(given)).toEqual({ 'k\ufffd': ['a\ufffdb', 1, null, { x: 'fine 🙂' }] });
  });
});
