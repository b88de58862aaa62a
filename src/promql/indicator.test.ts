import { describe, expect, it } from 'vitest';
import type { Counter } from './counters.ts';
import { type IndicatorReading, type PartIs, readPair, readShare } from './indicator.ts';
import { printExpression, selectorText } from './print.ts';
import { readExpression } from './read.ts';

const expr = (text: string) => {
  const read = readExpression(text);
  if (!read.ok) throw new Error(read.error.message);
  return read.value;
};
const sum = (counters: readonly Counter[]) =>
  counters
    .map((c) => `${c.minus ? '-' : ''}${selectorText(c)}${c.offsetMs ? ` offset ${c.offsetMs}` : ''}`)
    .join(' ');

/** A reading on one line: what is counted, and by which groups. */
function told({ query, groupBy }: IndicatorReading): string {
  const by = groupBy ? ` by ${groupBy.join()}` : '';
  switch (query.kind) {
    case 'counters':
      return `${query.partIs}: ${sum(query.part)} of ${sum(query.total)}${by}`;
    case 'gauge':
      return `${query.partIs}: ${printExpression(query.gauge)} is 1${by}`;
    case 'histogram':
      return `${query.partIs}: ${query.lower} to ${query.upper} of ${selectorText(query.selector)}${by}`;
    case 'rates':
      return `rates ${query.pace?.kind === 'per-window' ? query.pace.ms : (query.pace?.kind ?? '?')}${by}`;
    case 'ratio':
      return `${query.partIs}: ratio ${printExpression(query.share)}${by}`;
  }
}

const pair = (part: string, total: string, is: PartIs = 'bad', bare = false) => {
  const reading = readPair(expr(part), expr(total), is, bare);
  return reading.ok ? told(reading.value) : `${reading.error.code} ${reading.error.message}`;
};
const share = (text: string, is: PartIs = 'bad') => {
  const reading = readShare(expr(text), is);
  return reading.ok ? told(reading.value) : `${reading.error.code} ${reading.error.message}`;
};
const notes = (part: string, total: string) => {
  const reading = readPair(expr(part), expr(total), 'bad', false);
  return reading.ok ? reading.value.notes.join('; ') : reading.error.message;
};

const E = 'sum(rate(r{code="5"}[5m]))';
const A = 'sum(rate(r[5m]))';
const PLAIN = 'bad: r{code="5"} of r';

describe('what a part and a total count', () => {
  it.each([
    ['rates', E, A],
    ['irate', 'sum(irate(r{code="5"}[5m]))', 'sum(irate(r[5m]))'],
    ['increases', 'sum(increase(r{code="5"}[5m]))', 'sum(increase(r[5m]))'],
    ['nothing instead of absence', `${E} or vector(0)`, `${A} > 0`],
    ['on ()', `(${E} or on() vector(0))`, `clamp_min(${A}, 1e-9)`],
    ['the total itself, times none', `${E} or (${A} * 0)`, A],
    ['absent', `${E} or (absent(r) - 1)`, A],
    ['one instead of an absent total', `${E} or vector(0)`, `(${A}) or vector(1)`],
    ['brackets and signs', `((+(${E})))`, `(${A})`],
    ['one factor on both sides', `${E} * 60`, `60 * ${A}`],
    ['other window', 'sum(rate(r{code="5"}[1h]))', 'sum(rate(r[1h]))'],
    ['a sum of sums', 'sum(sum by (pod) (rate(r{code="5"}[5m])))', 'sum(sum without (pod) (rate(r[5m])))'],
    ['another order', 'sum(rate(r{code="5"}[5m]) > 0)', 'sum(0 < rate(r[5m]))'],
  ])('PROMQL-10: counters are found through %s', (_, part, total) => expect(pair(part, total)).toBe(PLAIN));

  it.each([
    ['total less good', `${A} - ${E}`, A, 'good: r{code="5"} of r'],
    ['less two', `(${A}) - (sum(rate(ok[5m])) + ${E})`, A, 'good: ok r{code="5"} of r'],
    ['a sum', `${E} + sum(rate(g[5m]))`, `${A} + sum(rate(h[5m]))`, 'bad: r{code="5"} g of r h'],
    ['a difference that is no total', `${E} - sum(rate(g[5m]))`, A, 'bad: r{code="5"} -g of r'],
    ['groups', 'sum by (c) (rate(r{code="5"}[5m]))', 'sum(rate(r[5m])) by (c)', `${PLAIN} by c`],
    ['no groups', 'sum without (pod) (rate(r{code="5"}[5m]))', 'sum without (pod) (rate(r[5m]))', PLAIN],
    [
      'an offset',
      'sum(rate(r{code="5"}[5m] offset 1m))',
      'sum(rate(r[5m] offset 1m))',
      'bad: r{code="5"} offset 60000 of r offset 60000',
    ],
    [
      'a gauge',
      'sum(count_over_time(up[5m])) - sum(sum_over_time(up[5m]))',
      'sum(count_over_time(up[5m]))',
      'good: up is 1',
    ],
    [
      'a histogram',
      'histogram_fraction(0, 0.3, sum(rate(h[5m]))) * histogram_count(sum(rate(h[5m])))',
      'histogram_count(sum(rate(h[5m])))',
      'bad: 0 to 0.3 of h',
    ],
    ['an average', 'avg(rate(e[5m]))', 'avg(rate(r[5m]))', 'rates per-second'],
    ['a count', 'avg(increase(e[1m]))', 'avg(increase(r[1m]))', 'rates 60000'],
    ['a recorded rate', 'e:rate', 'r:rate', 'rates ?'],
    ['a fixed moment', 'sum(rate(e[5m] @ 60))', A, 'rates per-second'],
    ['weights', `${E} + 2 * sum(rate(g[5m]))`, A, 'rates per-second'],
  ])('PROMQL-10: %s is what it is', (_, part, total, wanted) => expect(pair(part, total)).toBe(wanted));

  it.each([
    ['abs(sum(rate(ok[5m])) - sum(rate(r[5m])))', 'rates per-second'],
    ['abs(sum(rate(r{code="5"}[5m])))', PLAIN],
  ])('PROMQL-10: a difference without its sign is not turned round: %s', (part, wanted) =>
    expect(pair(part, A)).toBe(wanted),
  );

  it('PROMQL-10: a selector alone is a counter where it is declared to be one', () => {
    expect(pair('r{code="5"}', 'sum(r)', 'bad', true)).toBe(PLAIN);
    expect(pair('r{code="5"}', 'sum(r)')).toBe('rates ?');
  });

  it.each([
    [
      'groups that differ',
      'sum by (a) (rate(e[5m]))',
      'sum by (b) (rate(r[5m]))',
      /^PROMQL_GROUPING .*by \(a\), and by \(b\)/,
    ],
    ['a group of one side', 'sum by (a) (rate(e[5m]))', A, /^PROMQL_GROUPING /],
    [
      'a rate of a count',
      'sum(rate(e[5m]))',
      'sum(increase(r[5m]))',
      /^PROMQL_UNITS one side is a rate per second, the other a count/,
    ],
    ['units in what is ready-made', 'avg(rate(e[5m]))', 'avg(increase(r[5m]))', /^PROMQL_UNITS /],
  ])('PROMQL-11: %s is refused', (_, part, total, wanted) => expect(pair(part, total)).toMatch(wanted));

  it.each([
    ['sum(irate(e[5m]))', 'sum(irate(r[5m]))', /irate uses only the last two samples/],
    ['sum(rate(e[1h]))', 'sum(rate(r[1h]))', /the window \[1h\]/],
    ['sum(rate(e[5m] offset 1h))', 'sum(rate(r[5m] offset 1h))', /looks back/],
    [E, `clamp_min(${A}, 1)`, /clamp_min\(…, 1\) is left out/],
    ['rate(e[5m])', 'rate(r[5m])', /does not aggregate/],
    ['sum without (pod) (rate(e[5m]))', 'sum without (pod) (rate(r[5m]))', /the whole service is counted/],
    ['avg(rate(e[5m]))', 'avg(rate(r[5m]))', /as it is at each moment/],
    ['sum_over_time(a[5m])', 'sum_over_time(b[5m])', /does not aggregate/],
    [E, `${A} or vector(1)`, /or vector\(1\) is left out/],
  ])('PROMQL-12: what is counted otherwise than %s says is told', (part, total, wanted) =>
    expect(notes(part, total)).toMatch(wanted),
  );
  it('PROMQL-12: where nothing changes, nothing is told', () =>
    expect(notes(`${E} or vector(0)`, `${A} > 0`)).toBe(''));
});

describe('a total that is never absent', () => {
  it('PROMQL-12: where good ones are counted, none of one is all failed: that is kept', () => {
    const reading = readPair(expr(E), expr(`${A} or vector(1)`), 'good', false);
    expect(reading).toMatchObject({ ok: true, value: { query: { kind: 'rates' } } });
  });
});

describe('a ratio in one expression', () => {
  it.each([
    ['a share', `${E} / ${A}`, PLAIN],
    ['what is left of one', `1 - ${E} / ${A}`, 'good: r{code="5"} of r'],
    ['brackets', `(1 - (${E} / (${A})))`, 'good: r{code="5"} of r'],
    ['a percentage', `100 * (1 - ${E} / ${A})`, 'good: r{code="5"} of r'],
    ['what is left of a hundred', `100 - (${E} / ${A} * 100)`, 'good: r{code="5"} of r'],
    ['a percentage written as a share', `(100 - 100 * (${E} / ${A})) / 100`, 'good: r{code="5"} of r'],
    ['a hundredfold above', `100 * ${E} / ${A}`, PLAIN],
    ['a hundredfold behind', `${E} * 100 / ${A}`, PLAIN],
    ['a hundredfold within', `sum(100 * rate(r{code="5"}[5m])) / ${A}`, PLAIN],
    ['what is left of a hundredfold', `100 - 100 * ${E} / ${A}`, 'good: r{code="5"} of r'],
    ['a hundredfold by its labels', '100 * a / on() b', 'bad: ratio a / on () b'],
    ['minutes are no percentage', `60 * ${E} / ${A}`, `bad: ratio 60 * ${E} / ${A}`],
    ['bounds', `clamp_max(${E} / ${A}, 1) or vector(0)`, PLAIN],
    ['a difference above', `(${A} - ${E}) / ${A}`, 'good: r{code="5"} of r'],
    ['a gauge', '1 - avg(avg_over_time(up[5m]))', 'good: up is 1'],
    ['sums of a gauge', 'sum(sum_over_time(up[5m])) / sum(count_over_time(up[5m]))', 'bad: up is 1'],
    ['a histogram', '1 - histogram_fraction(0, 0.3, sum(rate(h[5m])))', 'good: 0 to 0.3 of h'],
    ['groups', 'sum by (a) (rate(e[5m])) / sum by (a) (rate(r[5m]))', 'bad: e of r by a'],
    [
      'a gauge between 0 and 1',
      'avg(avg_over_time(g_ratio[5m]))',
      'bad: ratio avg(avg_over_time(g_ratio[5m]))',
    ],
    ['a comparison', 'avg_over_time((g > bool 3)[5m:1m])', 'bad: g > bool 3 is 1'],
    ['what was recorded', '1 - job:availability:ratio', 'good: ratio job:availability:ratio'],
    ['two gauges', 'a / b', 'bad: ratio a / b'],
  ])('PROMQL-13: %s', (_, text, wanted) => expect(share(text)).toBe(wanted));
});
