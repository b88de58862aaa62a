import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compile } from '../controller/compile.ts';
import { problemLine } from '../kit/problem.ts';

const SHOP = join(import.meta.dirname, '../../examples/shop');
const fileOf = (name: string) => ({ file: name, text: readFileSync(join(SHOP, name), 'utf8') });

function notesOf(maintenance: string): string[] {
  const platform = fileOf('platform.yaml');
  const text = `${platform.text}  maintenance:\n    - ${maintenance}\n`;
  const compiled = compile([{ ...platform, text }, fileOf('slos.yaml')]);
  if (!compiled.ok) throw new Error(compiled.error.map(problemLine).join('\n'));
  return compiled.value.origin.notes.filter(({ code }) => code === 'MAINTENANCE').map(problemLine);
}

describe('a maintenance that is declared', () => {
  it('BUDGET-11: may end in the future', () => {
    expect(notesOf('{ from: 2999-01-01T00:00:00Z, to: 2999-01-02T00:00:00Z, reason: move }')).toEqual([]);
  });

  it('BUDGET-11: one that empties a budget is noted at its end', () => {
    const long = '{ from: 2999-01-01T00:00:00Z, to: 2999-03-01T00:00:00Z, reason: move }';
    expect(notesOf(long)).toEqual([
      expect.stringMatching(
        /^platform.yaml:\d+: spec.maintenance\[0\].to: it lasts .*, and the window of "[-a-z]+" is .*: the budget will have no request left to count/,
      ),
    ]);
  });
});

const sloOf = (partIs: string, part: string, total: string): string => `apiVersion: openslo/v1
kind: SLO
metadata: { name: a }
spec:
  service: api
  indicator:
    metadata: { name: i }
    spec:
      ratioMetric:
        counter: true
        ${partIs}: { metricSource: { spec: { query: '${part}' } } }
        total: { metricSource: { spec: { query: '${total}' } } }
  timeWindow: [{ duration: 30d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: 0.99 }]
`;
/** The lines of the two queries. */
const PART = 11;
const TOTAL = 12;

describe('what is told of a ratio', () => {
  const compiled = (...query: [string, string, string]) =>
    compile([{ file: 'a.yaml', text: sloOf(...query) }], { platform: 'optional' });

  it.each<[string, string, string, number, RegExp]>([
    ['good', 'rate(x_sum[5m])', 'rate(x_count[5m])', PART, /is a mean/],
    ['good', 'x_count', 'x_sum', TOTAL, /is a mean/],
    ['bad', 'r{a="b"}', 'r{a="b",c="d"}', PART, /never fewer bad requests than requests/],
    ['good', 'x_bucket{le="1"}', 'y_count', PART, /of another histogram/],
    ['bad', 'r{a="$a"}', 'r', PART, /a place in a template|taken for a value/],
    ['good', 'r', 'r', PART, /both sides are the same/],
  ])('PROMQL-16: a note on %s: %s over %s stands at line %i', (partIs, part, total, line, message) => {
    const done = compiled(partIs, part, total);
    const told = done.ok ? done.value.origin.notes : done.error;
    expect(told.filter((n) => message.test(n.message)).map((n) => n.line)).toEqual([line]);
  });

  it.each<[string, string, string, number, string]>([
    ['good', 'x_bucket', 'x_count', PART, 'PROMQL_MEANING'],
    ['good', 'x_bucket{le="1"}', 'x_bucket', TOTAL, 'PROMQL_MEANING'],
    ['good', 'r_total', 'rate(q_total[5m])', PART, 'PROMQL_UNITS'],
    ['good', 'rate(r_total[5m])', 'q_total', TOTAL, 'PROMQL_UNITS'],
    ['bad', 'rate(r_total[5m]', 'q_total', PART, 'PROMQL_SYNTAX'],
  ])('PROMQL-16: what is wrong with %s: %s over %s stands at line %i', (partIs, part, total, line, code) => {
    const done = compiled(partIs, part, total);
    expect(done.ok ? [] : done.error.map((p) => [p.line, p.code])).toEqual([[line, code]]);
  });
});
