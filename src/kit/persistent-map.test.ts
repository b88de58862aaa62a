import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PersistentMap } from './persistent-map.ts';

describe('a map that is never changed', () => {
  it('KIT-8: every version stays what it was, whichever are made of it and whenever it is read', () => {
    const change = fc.record({ of: fc.nat(), key: fc.nat(6), value: fc.nat(3), read: fc.option(fc.nat()) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
        const versions = [new PersistentMap<number, number>()];
        const models = [new Map<number, number>()];
        for (const { of, key, value, read } of changes) {
          const at = of % versions.length;
          versions.push(versions[at]!.with(key, value));
          models.push(new Map(models[at]).set(key, value));
          if (read !== null)
            expect(versions[read % versions.length]!.get(key)).toBe(models[read % models.length]!.get(key));
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
    expect([...newest.filter((_, value) => value > 1)]).toEqual([
      ['b', 9],
      ['bb', 2],
    ]);
  });
});
