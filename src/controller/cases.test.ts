import { describe, expect, it } from 'vitest';
import { expandValues, meets, templateValues } from './cases.ts';

describe('cases of users', () => {
  it.each([
    ['1+2x3', [1, 3, 5, 7]],
    ['5', [5]],
    ['_x2 4', [null, null, 4]],
    ['3-1x2 stale', [3, 2, 1, null]],
  ])('CASES-1: %s is %j', (text, values) => expect(expandValues(text)).toEqual({ ok: true, value: values }));
  it.each(['x', '1+', '_+2x3', '1x999999999'])('CASES-1: %s is refused', (text) =>
    expect(expandValues(text).ok).toBe(false),
  );
  it.each([
    ['>= 14', 14, true],
    ['>= 14', 13.9, false],
    ['< 1', null, false],
    ['3..5', 4, true],
    ['3..5', 5.1, false],
    ['none', null, true],
    ['none', 0, false],
    [2, 2.0000001, true],
    ['-0.5', -0.5, true],
  ])('CASES-2: %s and %s: %s', (wanted, got, held) => expect(meets(wanted, got)).toBe(held));
  it.each(['good', 'bad', 'nan', 'empty', 'late', 'flapping', 'reset'] as const)(
    'CASES-3: template %s fills its time',
    (template) => {
      const input = { series: 'a', template, perInterval: 10, for: '1h' };
      const values = expandValues(templateValues(input, 15_000));
      expect(values.ok && values.value.length).toBeGreaterThanOrEqual(200);
    },
  );
});
