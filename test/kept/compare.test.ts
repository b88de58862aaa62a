import { describe, expect, it } from 'vitest';
import { stillTold } from './answers.ts';
import { lost, without } from './compare.ts';
import type { Json } from './folds.ts';

const anywhere = () => true;

describe('what a value no longer holds', () => {
  it.each<[string, Json, Json]>([
    ['a new field', { a: 1 }, { a: 1, b: 2 }],
    ['another order of things that have names', [{ id: 'x' }, { id: 'y' }], [{ id: 'y' }, { id: 'x' }]],
    ['another order of codes', ['A', 'B'], ['B', 'A']],
    ['the same fraction to nine places', { a: -2.0827475250305687 }, { a: -2.082747525030551 }],
    ['another word for the same number', '12.50 % are left', 'remaining: 12.5%'],
    [
      'sentences told in another order',
      ['1 bad of 3', 'denied, NO_DATA'],
      ['NO_DATA: denied', 'so', 'of 3 1 bad'],
    ],
  ])('KEPT-16: %s is no loss', (_, kept, now) => {
    expect(lost(kept, now)).toEqual([]);
  });

  it.each<[string, Json, Json]>([
    ['a new item among those that have names', [{ id: 'x' }], [{ id: 'z' }, { id: 'x' }]],
    ['a new row of a table', [{ to: 'A' }, { to: 'C' }], [{ to: 'A' }, { to: 'B' }, { to: 'C' }]],
    ['a new code', ['HARM_SHOWN'], ['OTHER', 'HARM_SHOWN']],
  ])('KEPT-16: %s is no loss where a list may grow, and one elsewhere', (_, kept, now) => {
    expect(lost(kept, now, anywhere)).toEqual([]);
    expect(lost(kept, now).join()).toMatch(/items, and had/);
  });

  it.each<[string, Json, Json, RegExp]>([
    ['a field', { a: 1 }, {}, /\.a is gone/],
    ['another number', { a: 1 }, { a: 2 }, /\.a is 2, and was 1/],
    ['a fraction that differs', { a: 0.5 }, { a: 0.500000002 }, /\.a is 0\.5/],
    ['a number that became unknown', { a: 1 }, { a: null }, /\.a is null/],
    ['another state', { state: 'Stable' }, { state: 'Degraded' }, /was "Stable"/],
    ['a named item', [{ id: 'x' }, { id: 'y' }], [{ id: 'x' }, { id: 'z' }], /has no id y/],
    ['a field of a named item', [{ id: 'x', n: 1 }], [{ id: 'x', n: 2 }], /\[id x\]\.n is 2/],
    ['the order of rows', [{ to: 'A' }, { to: 'B' }], [{ to: 'B' }, { to: 'A' }], /\[0\]/],
    ['that there was nothing', [], [1], /has 1 items, and had 0/],
    ['a sample of a series', [1, 2, 3], [1, 2], /has 2 items, and had 3/],
    ['a value of a series', [1, 2, 3], [1, 5, 3], /\[1\] is 5/],
    ['a number of a sentence', '12.5 % are left', 'some is left', /no longer tells 12\.5/],
    ['a code of a sentence', 'denied, BUDGET_EXHAUSTED', 'denied', /no longer tells BUDGET_EXHAUSTED/],
    ['a digest of a sentence', 'policy sha256:abc is it', 'policy sha256:abd is it', /sha256:abc/],
    ['a code of a list', ['HARM_SHOWN'], ['OTHER'], /has no HARM_SHOWN/],
    ['a list', [1], { a: 1 }, /is no list/],
    ['an object', { a: 1 }, [1], /is no object/],
  ])('KEPT-16: %s is found to be lost', (_, kept, now, what) => {
    expect(lost(kept, now).join('\n')).toMatch(what);
  });

  it('KEPT-16: fields from outside are left out however deep they are', () => {
    const fields = new Set(['at']);
    expect(without({ at: 1, list: [{ at: 2, b: 3 }] }, fields)).toEqual({ list: [{ b: 3 }] });
  });
});

describe('what an answer need not tell any more', () => {
  const found = { sentence: '34 records; the newest: 2 of 3.', entries: [{ seq: 9 }], next: 9 };

  it('KEPT-14: of a search with earlier records it is how many there are in all, and nothing else', () => {
    expect(stillTold('/api/v1/audit?type=x', found, found)).toEqual({
      ...found,
      sentence: 'the newest: 2 of 3.',
    });
  });

  it('KEPT-14: points of a chart that shared a time are told at times of their own, and others at theirs', () => {
    const at = (...times: number[]) => ({ charts: [{ slo: 's', at: times }] });
    const told = (kept: Json, now: Json) => lost(stillTold('/api/v1/releases/a.b.1', kept, now), now);
    expect(told(at(1, 5, 5, 9), at(1, 4, 5, 9))).toEqual([]);
    expect(told(at(1, 5, 5, 9), at(1, 5, 5, 9))).toEqual([]);
    expect(told(at(1, 5, 5, 9), at(1, 7, 5, 9))).toHaveLength(1);
    expect(told(at(1, 5, 6, 9), at(1, 4, 6, 9))).toHaveLength(1);
  });

  it('KEPT-14: of a search that found everything, and of any other answer, it is nothing', () => {
    const whole = { ...found, next: null };
    expect(stillTold('/api/v1/audit?type=x', whole, whole)).toEqual(whole);
    expect(stillTold('/api/v1/ledger?type=x', found, found)).toEqual(found);
  });
});
