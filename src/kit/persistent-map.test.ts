import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PersistentMap } from './persistent-map.ts';

describe('a map that is never changed', () => {
  it('KIT-8: every version stays what it was, whichever are made of it and whenever it is read', () => {
    const change = fc.record({
      of: fc.nat(),
      key: fc.nat(6),
      value: fc.option(fc.nat(3)),
      read: fc.option(fc.nat()),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
        const versions = [new PersistentMap<number, number>()];
        const models = [new Map<number, number>()];
        for (const { of, key, value, read } of changes) {
          const at = of % versions.length;
          const version = versions[at]!;
          const model = new Map(models[at]);
          if (value === null) model.delete(key);
          else model.set(key, value);
          versions.push(value === null ? version.without(key) : version.with(key, value));
          models.push(model);
          const back = read === null ? null : read % versions.length;
          if (back !== null) expect([...versions[back]!.keys()]).toEqual([...models[back]!.keys()]);
        }
        expect(versions.map((v) => [...v])).toEqual(models.map((m) => [...m]));
        expect(versions.map((v) => v.size)).toEqual(models.map((m) => m.size));
      }),
    );
  });

  it('KIT-8: an iterator goes on over the version it began with', () => {
    let newest = new PersistentMap([
      ['a', 1],
      ['b', 2],
    ]);
    const seen: (readonly [string, number])[] = [];
    for (const [key, value] of newest) {
      seen.push([key, value]);
      newest = newest.with('b', 9).with(`${key}${key}`, value);
    }
    expect(seen).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
    expect([...newest.without('a')]).toEqual([
      ['b', 9],
      ['aa', 1],
      ['bb', 2],
    ]);
    expect(newest.without('none')).toBe(newest);
  });

  it('KIT-8: with a limit the one that came first goes, and the latest is last', () => {
    const three = new PersistentMap([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ]);
    expect([...three.asNewest('a', 4, 3)].map(String)).toEqual(['b,2', 'c,3', 'a,4']);
    expect([...three.asNewest('d', 4, 2)].map(String)).toEqual(['c,3', 'd,4']);
    expect([...three.keys()]).toEqual(['a', 'b', 'c']);
  });
});
