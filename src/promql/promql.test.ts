import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coverSelector, selectorTest } from './match.ts';
import { parseSelectorSum, type Selector } from './parse.ts';
import { quote, scopeQuery, selectorText } from './scope.ts';

const read = (query: string): readonly Selector[] => {
  const parsed = parseSelectorSum(query);
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
};

describe('SLI queries', () => {
  it.each([
    ['a', 1],
    ['a{x="1"} + b', 2],
    ['sum(a) + (b + c{y=~"z.*"})', 3],
    ['{__name__="a",x!="1"}', 1],
  ])('PROMQL-1: %s is a sum of %i selectors', (query, count) => expect(read(query)).toHaveLength(count));
  it.each([
    'rate(a[5m])',
    'a - b',
    'sum by (x) (a)',
    'a offset 5m',
    'a[5m]',
    '"text"',
    '5',
    'max(a)',
    '{x="1"}',
  ])('PROMQL-1: %s is refused: it is no counter selector', (query) =>
    expect(parseSelectorSum(query)).toMatchObject({ ok: false, error: { code: 'PROMQL_NOT_A_SELECTOR' } }),
  );
  it.each(['', 'a{', 'a{x=}', 'sum(', 'a b', '((a)'])(
    'PROMQL-2: "%s" does not parse, and says where',
    (query) => expect(parseSelectorSum(query)).toMatchObject({ ok: false, error: { code: 'PROMQL_SYNTAX' } }),
  );
});

describe('scoping', () => {
  it.each([
    ['sum(rate(a[5m]))', 'sum(rate(a{r="1"}[5m]))'],
    ['a{x="}"} / b{}', 'a{x="}",r="1"} / b{r="1"}'],
    ['a{x="1",}', 'a{x="1",r="1"}'],
    ['a offset 5m unless b', 'a{r="1"} offset 5m unless b{r="1"}'],
    ['label_replace(a, "d", "$1", "s", "(.*)")', 'label_replace(a{r="1"}, "d", "$1", "s", "(.*)")'],
  ])('PROMQL-3: %s becomes %s', (query, scoped) =>
    expect(scopeQuery(query, 'r', '=', '1')).toEqual({ ok: true, value: scoped }),
  );
  it('PROMQL-4: no value breaks out of its quotes', () =>
    fc.assert(
      fc.property(fc.string(), (value) => {
        const text = selectorText({ metric: 'a', matchers: [{ label: 'x', op: '=', value }] });
        expect(read(text)[0]?.matchers[0]?.value).toBe(value);
        expect(quote(value).startsWith('"')).toBe(true);
      }),
    ));
});

describe('batching', () => {
  const accepts = (selector: Selector, labels: Record<string, string>) => {
    const test = selectorTest(selector);
    return test.ok && test.value(labels);
  };
  it('PROMQL-5: many selectors become one that covers them', () => {
    const selectors = read('a{s="1",r="x"} + b{s="2",r="y"}');
    expect(coverSelector(selectors)).toBe('{__name__=~"a|b",s=~"1|2",r=~"x|y"}');
  });
  it('PROMQL-5: a label that one of them leaves open is left open', () =>
    expect(coverSelector(read('a{s="1"} + b'))).toBe('{__name__=~"a|b"}'));
  it.each([
    ['a{code!~"5.."}', { __name__: 'a', code: '200' }, true],
    ['a{code!~"5.."}', { __name__: 'a', code: '503' }, false],
    ['a{code=~"5.."}', { __name__: 'a', code: '5031' }, false],
    ['a{x=""}', { __name__: 'a' }, true],
    ['a{x=~"(?i)abc"}', { __name__: 'a', x: 'ABC' }, true],
    ['a', { __name__: 'b' }, false],
  ])('PROMQL-6: %s and %j match: %s', (query, labels, expected) =>
    expect(accepts(read(query)[0]!, labels as unknown as Record<string, string>)).toBe(expected),
  );
});
