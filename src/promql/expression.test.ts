import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Expr, Matching, Selector } from './expression.ts';
import { printExpression } from './print.ts';
import { readExpression } from './read.ts';
import { scopeQuery } from './scope.ts';
import { checkTypes, checkVersion } from './types.ts';

const at = 0;
const withoutPlaces = (expr: Expr): unknown =>
  JSON.parse(JSON.stringify(expr, (key, value: unknown) => (key === 'at' ? undefined : value)));
const reading = (text: string): Expr => {
  const read = readExpression(text);
  if (!read.ok) throw new Error(`${text}: ${read.error.message}`);
  return read.value;
};
/** Read, printed and read again. */
const keeps = (text: string): boolean => {
  const first = reading(text);
  expect(withoutPlaces(reading(printExpression(first)))).toEqual(withoutPlaces(first));
  return true;
};

const word = fc.constantFrom('a', 'up', 'sum', 'http:rate5m', 'geo.lookups', 'x y', 'bool', 'Größe');
const label = fc.constantFrom('code', 'le', 'by', 'status.code', 'ü');
const duration = fc.constantFrom('5m', '1h30m', '250ms', '2d');
const selector: fc.Arbitrary<Selector> = fc.record({
  metric: word,
  matchers: fc.array(
    fc.record({
      label,
      op: fc.constantFrom('=' as const, '!=' as const, '=~' as const, '!~' as const),
      value: fc.string(),
    }),
    { maxLength: 2 },
  ),
});
const labels = fc.array(label, { maxLength: 2 });
const matching: fc.Arbitrary<Matching> = fc.record({
  by: fc.constantFrom('on' as const, 'ignoring' as const),
  labels,
  group: fc.option(
    fc.record({ side: fc.constantFrom('group_left' as const, 'group_right' as const), labels }),
  ),
});

/** Trees as reading gives them: what an operator takes stands in brackets, as whoever writes one does. */
const tree = fc.letrec<{ expr: Expr; simple: Expr; bracketed: Expr; timed: Expr }>((tie) => ({
  simple: fc.oneof(
    selector.map((s): Expr => ({ kind: 'selector', at, selector: s })),
    fc.constantFrom('1', '0.5', '1e3', 'Inf').map((text): Expr => ({ kind: 'number', at, text })),
  ),
  bracketed: tie('expr').map((expr): Expr => ({ kind: 'paren', at, expr })),
  timed: fc.oneof(
    fc
      .tuple(selector, duration)
      .map(([s, range]): Expr => ({ kind: 'range', at, range, expr: { kind: 'selector', at, selector: s } })),
    fc
      .tuple(tie('bracketed'), duration, fc.option(duration))
      .map(([expr, range, step]): Expr => ({ kind: 'subquery', at, expr, range, step })),
  ),
  expr: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('simple'),
    tie('bracketed'),
    fc
      .tuple(tie('timed'), duration, fc.boolean())
      .map(([expr, d, back]): Expr => ({ kind: 'offset', at, expr, offset: back ? `-${d}` : d })),
    fc
      .tuple(tie('timed'), fc.constantFrom('start()', 'end()', '1609746000'))
      .map(([expr, moment]): Expr => ({ kind: 'at', at, expr, moment })),
    tie('bracketed').map((expr): Expr => ({ kind: 'unary', at, op: '-', expr })),
    fc
      .tuple(
        fc.constantFrom('+', '-', '*', '/', '%', '^', 'atan2', '==', '>=', 'and', 'or', 'unless'),
        fc.boolean(),
        fc.option(matching),
        tie('bracketed'),
        tie('bracketed'),
      )
      .map(
        ([op, bool, m, left, right]): Expr => ({ kind: 'binary', at, op, bool, matching: m, left, right }),
      ),
    fc
      .tuple(fc.constantFrom('rate', 'abs', 'label_replace'), fc.array(tie('expr'), { maxLength: 2 }))
      .map(([fn, args]): Expr => ({ kind: 'call', at, fn, args })),
    fc
      .tuple(
        fc.constantFrom('sum', 'topk', 'count_values'),
        fc.option(fc.record({ kind: fc.constantFrom('by' as const, 'without' as const), labels })),
        fc.option(tie('simple')),
        tie('expr'),
      )
      .map(([op, grouping, param, expr]): Expr => ({ kind: 'aggregate', at, op, grouping, param, expr })),
    fc.string().map((value): Expr => ({ kind: 'string', at, value })),
  ),
}));

describe('expressions', () => {
  it('PROMQL-7: what is printed reads back as the same tree', () =>
    fc.assert(
      fc.property(tree.expr, (expr) => {
        expect(withoutPlaces(reading(printExpression(expr)))).toEqual(withoutPlaces(expr));
      }),
      { numRuns: 300 },
    ));

  it.each([
    '-1 ^ 2 * 3',
    'a - b - c ^ d ^ e',
    'a or b and c unless d',
    'a + on (x, y) group_left (z) b',
    'a == bool ignoring () b',
    'sum without () (a{b="c",d!~"e.*"})',
    'count_values by (x) ("v", a)',
    'a[5m] offset 1w',
    'a @ 1609746000.123 offset -7m',
    'min_over_time(rate(a[2m])[1h:30s] @ end())',
    '{"a.b", "c d"=~"e"} and {__name__=~"f|g"}',
    'label_replace(a, "x", "$1y", "z", `(\\w+).*`)',
    '# nothing\na # here\n + b',
    "a{b='it\\'s # no comment'}",
    'a + b offset 5m * c',
    '- a offset 5m',
    'quantile(0.9, a) by (b)',
    'SUM BY (b) (a) OR vector(0)',
    'Inf - NaN',
    'day_of_month() == 1 and hour() < 6',
  ])('PROMQL-7: %s keeps its meaning', (text) => expect(keeps(text)).toBe(true));

  it.each([
    ['a # c\n+ b', 'a + b'],
    ['a{x="#  y"}', 'a{x="#  y"}'],
    ['a{x="\\u00e9\\t"}', 'a{x="é\t"}'],
    ['sum(a) by (b)', 'sum by (b) (a)'],
    ['{"a.b"}', '{"a.b"}'],
  ])('PROMQL-8: %j is written %j: without comments, its strings untouched', (text, wanted) =>
    expect(printExpression(reading(text))).toBe(wanted),
  );

  it('PROMQL-8: a sign, an offset and a range belong to what stands right before them', () => {
    expect(reading('a + b offset 5m * c')).toMatchObject({
      op: '+',
      right: { op: '*', left: { kind: 'offset' } },
    });
    expect(reading('-a offset 5m')).toMatchObject({ kind: 'unary', expr: { kind: 'offset' } });
    expect(reading('-a ^ b')).toMatchObject({ kind: 'unary', expr: { op: '^' } });
    expect(reading('a ^ b ^ c')).toMatchObject({ op: '^', right: { op: '^' } });
    expect(reading('a - b - c')).toMatchObject({ op: '-', left: { op: '-' } });
  });

  it.each([
    'a{b="\\d"}',
    'a{b="\\xff"}',
    'a{__name__="b"}',
    'a[5m*2]',
    'a + fill(0) b',
    'rate(a[5m] smoothed)',
    '# all of it',
  ])('PROMQL-2: %s is refused', (text) => expect(readExpression(text).ok).toBe(false));

  it('PROMQL-3: a scoped query stays one where comments and commas are', () => {
    expect(scopeQuery('a{x="1", # why\n} + b # end', 'r', '=', '1')).toEqual({
      ok: true,
      value: 'a{x="1",r="1"} + b{r="1"}',
    });
  });
});

describe('types', () => {
  const type = (text: string) => {
    const checked = checkTypes(reading(text));
    return checked.ok ? checked.value : checked.error.message;
  };
  it.each([
    ['a', 'instant vector'],
    ['a[5m]', 'range vector'],
    ['(a + 1)[5m:]', 'range vector'],
    ['1 + 2', 'scalar'],
    ['1 > bool 2', 'scalar'],
    ['scalar(a) * 2', 'scalar'],
    ['"a"', 'string'],
    ['time() - max(a)', 'instant vector'],
    ['round(a)', 'instant vector'],
    ['label_join(a, "x", "-", "y", "z")', 'instant vector'],
    ['hour()', 'instant vector'],
    ['topk(3, a)', 'instant vector'],
    ['histogram_quantile(0.9, sum by (le) (rate(a[5m])))', 'instant vector'],
  ])('PROMQL-9: %s is of type %s', (text, wanted) => expect(type(text)).toBe(wanted));

  it.each([
    ['sum(rate(a))', /rate takes a range vector, got an instant vector: a/],
    ['max(0, a)', /max takes one expression, got 2/],
    ['sum_over_time(a == 0[5m])', /for an expression write \[5m:\]/],
    ['sum(a[5m])', /sum takes an instant vector/],
    ['rate(a[5m])[5m]', /for an expression write/],
    ['topk(a, b)', /the parameter of topk takes a scalar/],
    ['topk(b)', /takes a parameter/],
    ['a and 1', /two instant vectors/],
    ['1 > 2', /> bool/],
    ['a + bool b', /bool belongs to a comparison/],
    ['"a" + 1', /got a string/],
    ['a[5m] + 1', /got a range vector/],
    ['1 + on (x) a', /two vectors/],
    ['a and on (x) group_left b', /no group_left/],
    ['a / on (x) group_left (x) b', /at once/],
    ['(a) offset 5m', /must follow a selector/],
    ['a offset 5m offset 5m', /written twice/],
    ['a[0s]', /longer than 0/],
    ['{x=~".*"}', /does not fit everything/],
    ['{}', /does not fit everything/],
    ['round(a, 1, 2)', /1 to 2 arguments/],
    ['vector(a)', /vector takes a scalar/],
    ['absent("a")', /got a string/],
    ['-"a"', /got a string/],
    ['a[5m:1m:]', /parse/],
  ])('PROMQL-9: %s is refused as Prometheus refuses it', (text, wanted) => {
    const read = readExpression(text);
    const checked = read.ok ? checkTypes(read.value) : read;
    expect(checked.ok ? checked.value : checked.error.message).toMatch(wanted);
  });

  it.each([
    ['{"a.b"}', null, /"a.b" is known since Prometheus 3.0, and no version is declared/],
    ['a{"b.c"="d"}', '2.53', /2.53 is declared/],
    ['sum by ("b.c") (a)', '2.53', /"b.c"/],
    ['a / on ("b.c") d', '2.53', /"b.c"/],
    ['a > 5m', '2.53', /the duration 5m/],
    ['a[300]', '2.53', /the number 300/],
    ['histogram_avg(a)', '2.45', /2.51/],
    ['mad_over_time(a[5m])', '3.5', /experimental/],
    ['limitk(3, a)', '3.5', /experimental/],
    ['{"a.b"}', '3.0', null],
    ['a > 5m', '3.1', null],
    ['histogram_avg(a)', '3.0', null],
    ['sum(rate(a[5m] offset 1m))', null, null],
  ] as const)('PROMQL-14: %s for version %s', (text, version, wanted) => {
    const found = checkVersion(reading(text), version)?.message ?? null;
    if (wanted === null) expect(found).toBeNull();
    else expect(found).toMatch(wanted);
  });
});
