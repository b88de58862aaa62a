import { describe, expect, it } from 'vitest';
import type { Expr } from './expression.ts';
import { type PartIs, readPair } from './indicator.ts';
import { readExpression } from './read.ts';
import { suspicionsOf } from './suspicions.ts';

const read = (text: string): Expr => {
  const expr = readExpression(text);
  if (!expr.ok) throw new Error(`${text}: ${expr.error.message}`);
  return expr.value;
};

function suspicion(partIs: PartIs, part: string, total: string) {
  const reading = readPair(read(part), read(total), partIs, true);
  if (!reading.ok) throw new Error(reading.error.message);
  expect(reading.value.query.kind).toBe('counters');
  return suspicionsOf(reading.value.query)[0] ?? null;
}

describe('sides that are probably no part and total of one thing', () => {
  it.each<[string, PartIs, string, string, 'part' | 'total', RegExp]>([
    ['a mean', 'good', 'rate(x_sum[5m])', 'rate(x_count[5m])', 'part', /^x_sum adds up .* is a mean/],
    ['a mean of all', 'good', 'sum(x_sum{a="b"})', 'sum(x_count{a="b"})', 'part', /is a mean/],
    ['a mean turned round', 'good', 'x_count', 'x_sum', 'total', /^x_sum adds up/],
    ['a sum over a bucket', 'bad', 'x_sum', 'x_bucket{le="+Inf"}', 'part', /is a mean/],
    ['more than the total', 'bad', 'r{a="b"}', 'r{a="b",c="d"}', 'part', /never fewer bad requests/],
    ['more as good', 'good', 'r', 'r{c=~"2.."}', 'part', /^r counts all of r\{c=~"2.."\} and more/],
    ['a wider bucket', 'good', 'x_bucket{le="1"}', 'x_bucket{le="0.5"}', 'part', /and more/],
    ['the count over a bucket', 'good', 'x_count', 'x_bucket{le="0.5"}', 'part', /and more/],
    ['a sum that holds the total', 'bad', 'r + q', 'r', 'part', /^r \+ q counts all of r and more/],
    [
      'two histograms',
      'good',
      'x_bucket{le="1"}',
      'y_count',
      'part',
      /^x_bucket is of another histogram than y_count/,
    ],
    [
      'two of one too many',
      'good',
      'x_bucket{le="1"} + z_bucket{le="1"}',
      'x_count',
      'part',
      /^z_bucket is of/,
    ],
  ])('PROMQL-15: %s', (_, partIs, part, total, of, message) => {
    expect(suspicion(partIs, part, total)).toEqual({ of, message: expect.stringMatching(message) });
  });

  it.each<[string, PartIs, string, string]>([
    ['a bucket of its count', 'good', 'x_bucket{le="1"}', 'x_count'],
    ['a bucket of the last one', 'good', 'x_bucket{le="1"}', 'x_bucket{le="+Inf"}'],
    ['a count of the last bucket', 'good', 'x_count{code="200"}', 'x_bucket{le="+Inf"}'],
    ['errors', 'bad', 'r{code=~"5.."}', 'r'],
    ['two counters', 'bad', 'errors_total', 'requests_total'],
    ['a bucket of a counter', 'good', 'x_bucket{le="1"}', 'requests_total'],
    ['bytes', 'good', 'sent_bytes_sum{ok="yes"}', 'sent_bytes_sum'],
    ['two services', 'bad', 'x_count{code="500"} + y_count{code="500"}', 'x_count + y_count'],
    ['the total less a bucket', 'bad', 'x_count - x_bucket{le="1"}', 'x_count'],
    ['other matchers', 'bad', 'r{a="b"}', 'r{a="c",d="e"}'],
  ])('PROMQL-15: %s is nothing to tell', (_, partIs, part, total) => {
    expect(suspicion(partIs, part, total)).toBeNull();
  });
});
