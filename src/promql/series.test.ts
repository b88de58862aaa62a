import { describe, expect, it } from 'vitest';
import { readSeries } from './series.ts';

describe('one series as it is written', () => {
  it.each([
    ['up', { __name__: 'up' }],
    ['up{}', { __name__: 'up' }],
    ['a{b="c",d="e|f"}', { __name__: 'a', b: 'c', d: 'e|f' }],
    ['{__name__="a",b="c"}', { __name__: 'a', b: 'c' }],
    ['job:a:rate5m{b=""}', { __name__: 'job:a:rate5m', b: '' }],
  ])('CASES-4: %s', (text, labels) => expect(readSeries(text)).toEqual({ ok: true, value: labels }));

  it.each([
    ['a{b="c"', /^PromQL ends too early; expected one series/],
    ['a{b=c}', /^PromQL .*; expected one series/],
    ['', /^PromQL .*; expected one series/],
    ['a{b=~"c"}', /^a series has one value of "b", not =~"c"/],
    ['a{b="c",b="d"}', /^the label "b" is given twice/],
    ['{b="c"}', /^the metric is not named/],
    ['a + b', /^expected one series/],
    ['sum(a)', /^expected one series/],
    ['a[5m]', /^expected one series/],
    ['a offset 5m', /^expected one series/],
  ])('CASES-4: %s is none', (text, said) =>
    expect(readSeries(text)).toEqual({ ok: false, error: expect.stringMatching(said) }),
  );
});
