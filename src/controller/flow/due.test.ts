import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Due } from './due.ts';
import { inTurn } from './turns.ts';

describe('what is due', () => {
  it('DUE-1: is what was marked, once, and what has come to its time; the last word about a time counts', () => {
    const due = new Due<string>();
    due.mark('a');
    due.mark('a');
    due.wakeAt('b', 10);
    due.wakeAt('c', 5);
    due.wakeAt('c', 20);
    due.wakeAt('d', 7);
    due.wakeAt('d', null);
    expect(due.take(4)).toEqual(['a']);
    expect(due.take(10)).toEqual(['b']);
    expect(due.take(19)).toEqual([]);
    expect(due.take(20)).toEqual(['c']);
    due.wakeAt('e', 30);
    due.forget('e');
    expect(due.take(99)).toEqual([]);
  });

  it('DUE-1: a clock that was set back makes no longer wait: everything is due', () => {
    const due = new Due<string>();
    due.wakeAt('a', 1_000_000);
    expect(due.take(500_000)).toEqual([]);
    expect(due.take(499_000)).toEqual([]);
    expect(due.take(100_000)).toEqual(['a']);
  });

  it('DUE-1: whatever was asked for in whatever order, each comes at its time and not before', () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 50 })), {
          maxLength: 60,
        }),
        (asked) => {
          const due = new Due<number>();
          const times = new Map<number, number>();
          for (const [key, at] of asked) {
            due.wakeAt(key, at);
            times.set(key, at);
          }
          for (let now = 0; now <= 50; now++) {
            const expected = [...times].filter(([, at]) => at === now).map(([key]) => key);
            expect(due.take(now).sort()).toEqual(expected.sort());
          }
        },
      ),
    ));

  it('DUE-1: what nobody tells of comes in turn, so many at a time, and all of it by and by', () => {
    const turn = inTurn([1, 2, 3, 4, 5], 2);
    expect([turn(), turn(), turn()]).toEqual([
      [1, 2],
      [3, 4],
      [5, 1],
    ]);
    expect(inTurn([1, 2], 2)()).toEqual([1, 2]);
  });
});
