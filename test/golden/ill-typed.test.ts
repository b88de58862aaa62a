import { describe, expect, it } from 'vitest';
import { compile } from '../../src/controller/compile.ts';
import { verified } from '../../src/runtime/render/prometheus/verify.ts';
import { query, SERVICE, sloText } from './slo-text.ts';

const problemsOf = (slo: string) => {
  const compiled = compile([{ file: 'a.yaml', text: SERVICE + slo }], { platform: 'optional' });
  return compiled.ok ? [] : compiled.error.map((p) => `${p.line} ${p.code}`);
};

describe('ill-typed PromQL', () => {
  it.each([
    'sum(rate(x))',
    'max(0, y)',
    'sum_over_time(x == 0[5m])',
    'x[5m]',
    '"x"',
    '1 > 2',
    'x{a="\\d"}',
    'x and 5',
  ])('RULES-28: %s is refused at its line', (text) =>
    expect(
      problemsOf(sloText('a', `{ thresholdMetric: ${query(text)} }`, '{ target: 0.9, op: gt, value: 1 }')),
    ).toEqual([expect.stringMatching(/^10 PROMQL_(TYPE|SYNTAX)$/)]),
  );
  it('RULES-28: a scalar is taken as the one sample that it is', () =>
    expect(
      problemsOf(
        sloText('a', `{ thresholdMetric: ${query('scalar(x)')} }`, '{ target: 0.9, op: gt, value: 1 }'),
      ),
    ).toEqual([]));
  it.each([
    ['does not parse', 'sum(', null],
    ['is of the wrong type', 'rate(x)', null],
    ['is not known to that version', '{"a.b"}', '2.42'],
  ])('RULES-28: a rendered expression that %s stops the renderer', (_, expr, version) =>
    expect(() => verified([{ name: 'g', interval: '1m', rules: [{ record: 'r', expr }] }], version)).toThrow(
      /rule r of group g would be refused/,
    ),
  );
});
