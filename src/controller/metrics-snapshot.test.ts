import { describe, expect, it } from 'vitest';
import type { Guard } from '../declaration/platform.ts';
import { guardWord, NO_SNAPSHOT } from './metrics-snapshot.ts';

const guard = (more: Partial<Guard> = {}): Guard => ({
  name: 'g',
  query: 'q',
  min: null,
  max: 10,
  noData: 'hold',
  forMs: 0,
  ...more,
});
const look = (values: number[] | undefined, at = 1_000) => ({
  ...NO_SNAPSHOT,
  at,
  guards: new Map(values === undefined ? [] : [['a/g', values] as const]),
});

describe('guards', () => {
  it.each([
    [[5], 'ok'],
    [[11], 'failed'],
    [undefined, 'no-data'],
    [[Number.NaN], 'no-data'],
    [[Number.POSITIVE_INFINITY], 'no-data'],
    [[1, 2], 'no-data'],
    [[], 'no-data'],
  ])('GUARD-1: the values %j mean %s, every time', (values, word) => {
    for (let i = 0; i < 3; i++) expect(guardWord([guard()], 'a', look(values), new Map())).toBe(word);
  });

  it.each([
    ['pass', 'ok'],
    ['hold', 'no-data'],
    ['fail', 'failed'],
  ] as const)('GUARD-2: no data means what is declared: %s', (noData, word) =>
    expect(guardWord([guard({ noData })], 'a', look(undefined), new Map())).toBe(word),
  );

  it.each([
    ['at its upper bound', { max: 10 }, 10, 'ok'],
    ['above its upper bound', { max: 10 }, 10.001, 'failed'],
    ['at its lower bound', { min: 2, max: null }, 2, 'ok'],
    ['below its lower bound', { min: 2, max: null }, 1.999, 'failed'],
    ['below both', { min: 2, max: 10 }, 1, 'failed'],
  ])('GUARD-1: a number %s', (_, bounds, value, word) =>
    expect(guardWord([guard(bounds)], 'a', look([value]), new Map())).toBe(word),
  );

  it.each([
    ['all of them hold', [1, 1], 'ok'],
    ['the second one is violated', [1, 11], 'failed'],
    ['the first one has no answer', [Number.NaN, 1], 'no-data'],
    ['one is violated and one has no answer', [Number.NaN, 11], 'failed'],
  ])('GUARD-1: of two guards: %s', (_, [first, second], word) => {
    const guards = [guard(), guard({ name: 'h' })];
    const seen = {
      ...NO_SNAPSHOT,
      at: 1_000,
      guards: new Map([
        ['a/g', [first!]],
        ['a/h', [second!]],
      ]),
    };
    expect(guardWord(guards, 'a', seen, new Map())).toBe(word);
  });

  it('GUARD-3: a violation holds at once and fails once it has lasted', () => {
    const since = new Map<string, number>();
    const lasting = [guard({ forMs: 5_000 })];
    expect(guardWord(lasting, 'a', look([11], 1_000), since)).toBe('no-data');
    expect(guardWord(lasting, 'a', look([11], 5_999), since)).toBe('no-data');
    expect(guardWord(lasting, 'a', look([11], 6_000), since)).toBe('failed');
    expect(guardWord(lasting, 'a', look([1], 7_000), since)).toBe('ok');
    expect(guardWord(lasting, 'a', look([11], 8_000), since)).toBe('no-data');
  });
});
