import { describe, expect, it } from 'vitest';
import { byName } from './by-name.ts';

describe('byName', () => {
  it('KIT-14: gives the first of a list that has a name, of each list its own', () => {
    const [a, b, again] = [{ name: 'a' }, { name: 'b' }, { name: 'a' }];
    const list = [a, b, again];
    expect([byName(list, 'a'), byName(list, 'b'), byName(list, 'c')]).toEqual([a, b, undefined]);
    expect(byName(list, 'a')).toBe(a);
    expect(byName([again], 'a')).toBe(again);
    expect(byName([], 'a')).toBeUndefined();
  });

  it('KIT-14: no name is taken for one of an object', () => {
    expect(byName([{ name: 'a' }], '__proto__')).toBeUndefined();
    expect(byName([{ name: '__proto__' }], '__proto__')).toEqual({ name: '__proto__' });
  });
});
