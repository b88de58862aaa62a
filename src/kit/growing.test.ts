import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalText } from './canonical.ts';
import { grown } from './growing.ts';

describe('lists that only grow', () => {
  it('KIT-10: each version is an array of its own, whatever the others grow to', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(), fc.array(fc.integer(), { maxLength: 3 })), { maxLength: 30 }),
        (steps) => {
          const plain: number[][] = [[1, 2]];
          const lists: (readonly number[])[] = [[1, 2]];
          for (const [from, more] of steps) {
            plain.push([...plain[from % plain.length]!, ...more]);
            lists.push(grown(lists[from % lists.length]!, more));
          }
          expect(lists.map((l) => [...l])).toEqual(plain);
          expect(lists).toEqual(plain);
          expect(JSON.stringify(lists)).toBe(JSON.stringify(plain));
          expect(canonicalText(lists)).toBe(canonicalText(plain));
          for (const [i, list] of lists.entries()) {
            const same = plain[i]!;
            expect([list.at(-1), list.slice(-2), list[same.length], list[0]]).toEqual([
              same.at(-1),
              same.slice(-2),
              undefined,
              same[0],
            ]);
            expect(list.map((x) => x + 1)).toEqual(same.map((x) => x + 1));
            expect([list.reduce((a, b) => a + b, 0), Object.keys(list), Array.isArray(list)]).toEqual([
              same.reduce((a, b) => a + b, 0),
              Object.keys(same),
              true,
            ]);
          }
        },
      ),
    );
  });

  it('KIT-10: nobody changes one', () => {
    const list = grown([1], [2]) as number[];
    expect(() => list.push(3)).toThrow(TypeError);
    expect(() => {
      list[0] = 9;
    }).toThrow(TypeError);
    expect(() => list.sort()).toThrow(TypeError);
    expect(list).toEqual([1, 2]);
  });

  it('KIT-10: growing costs what is added: what is there is read once, by the first that grows it', () => {
    let read = 0;
    const counted = new Proxy([1, 2, 3], {
      get(target, key, receiver) {
        if (typeof key === 'string' && /^\d+$/.test(key)) read++;
        return Reflect.get(target, key, receiver) as unknown;
      },
    });
    let list = grown<number>(counted, [4]);
    for (let i = 0; i < 1_000; i++) list = grown(list, [i]);
    expect([list.length, read]).toEqual([1_004, 3]);
  });
});
