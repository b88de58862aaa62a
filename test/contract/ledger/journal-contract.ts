import { describe, expect, it } from 'vitest';
import { PersistentMap } from '../../../src/kit/persistent-map.ts';
import type { Fold } from '../../../src/ledger/fold.ts';
import { openJournal } from '../../../src/ledger/journal.ts';
import type { LedgerPort } from '../../../src/ledger/port.ts';
import { entry } from './contract.ts';

type Seen = PersistentMap<string, readonly number[]>;

/** Which records there are of each subject. */
export const seenFold: Fold<Seen> = {
  name: 'seen',
  version: 1,
  reads: { test: 1 },
  initial: new PersistentMap(),
  apply: (state, { subject, seq }) => state.with(subject, [...(state.get(subject) ?? []), seq]),
  encode: (state) => state.entries(),
  decode: (pieces) => new PersistentMap(pieces as [string, number[]][]),
};

/** The sum of a number that every record holds, JSON's or not. */
export const sumFold: Fold<number> = {
  name: 'sum',
  version: 1,
  reads: { test: 1, other: 2 },
  initial: 0,
  apply: (state, { data }) => state + ((data as { i?: number }).i ?? 0),
  encode: (state) => [state],
  decode: ([state]) => state as number,
};

/** A ledger that tells which records are read of it. */
function tellingReads(ledger: LedgerPort): { telling: LedgerPort; read: readonly number[] } {
  const read: number[] = [];
  const telling: LedgerPort = {
    ...ledger,
    read: async (options) => {
      const records = await ledger.read(options);
      read.push(...records.map((r) => r.seq));
      return records;
    },
  };
  return { telling, read };
}

export const touchyFold: Fold<number> = {
  ...sumFold,
  name: 'touchy',
  apply(state, { data }) {
    if ((data as { i?: number }).i === 13) throw new Error('thirteen');
    return state + 1;
  },
};

/** The journal over every store; `make` closes what it gave after each test. */
export function journalContract(name: string, make: () => Promise<LedgerPort>): void {
  describe(`a journal over ${name}`, () => {
    it('LEDGER-13: what was there is read once, and what is appended is held when that resolves', async () => {
      const ledger = await make();
      await ledger.append([entry(1), entry(2)]);
      let read = 0;
      const counted: LedgerPort = {
        ...ledger,
        read: async (options) => {
          const records = await ledger.read(options);
          read += records.length;
          return records;
        },
      };
      const journal = await openJournal(counted, [seenFold, sumFold]);
      expect([...journal.state(seenFold)]).toEqual([
        ['odd', [1]],
        ['even', [2]],
      ]);
      expect(read).toBe(2);
      await journal.append([entry(3), entry(4, { type: 'other' })]);
      expect(journal.state(seenFold).get('odd')).toEqual([1, 3]);
      expect(journal.state(sumFold)).toBe(10);
      expect(journal.position()).toEqual(await ledger.head());
      expect(read).toBe(2);
    });

    it('LEDGER-13: appends at the same moment are held in the order of the ledger, and told in it', async () => {
      const journal = await openJournal(await make(), [seenFold]);
      const told: number[] = [];
      const stop = journal.onRecords((records) => told.push(...records.map((r) => r.seq)));
      await Promise.all(
        Array.from({ length: 20 }, async (_, i) => {
          const records = await journal.append([entry(i), entry(i)]);
          expect(journal.position().seq).toBeGreaterThanOrEqual(records.at(-1)!.seq);
        }),
      );
      expect(told).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
      stop();
      await journal.append([entry(1)]);
      expect(told).toHaveLength(40);
    });

    it('LEDGER-13: records that somebody else appended are taken up by following, and before what is appended next', async () => {
      const ledger = await make();
      const journal = await openJournal(ledger, [seenFold]);
      const told: number[] = [];
      journal.onRecords((records) => told.push(...records.map((r) => r.seq)));
      await ledger.append([entry(1)]);
      await journal.follow();
      expect(journal.state(seenFold).get('odd')).toEqual([1]);
      await ledger.append([entry(3)]);
      await journal.append([entry(5)]);
      expect(journal.state(seenFold).get('odd')).toEqual([1, 2, 3]);
      expect(told).toEqual([1, 2, 3]);
    });

    it('LEDGER-13: an append that the ledger refuses changes nothing, and the next one is taken', async () => {
      const ledger = await make();
      let full = true;
      const journal = await openJournal(
        { ...ledger, append: (e) => (full ? Promise.reject(new Error('full')) : ledger.append(e)) },
        [sumFold],
      );
      await expect(journal.append([entry(1)])).rejects.toThrow('full');
      expect(journal.state(sumFold)).toBe(0);
      full = false;
      await journal.append([entry(2)]);
      expect(journal.state(sumFold)).toBe(2);
    });

    it('LEDGER-26: an append whose answer was lost is found: what was decided without it is refused, and written once', async () => {
      const ledger = await make();
      let lost = false;
      const journal = await openJournal(
        {
          ...ledger,
          append: async (entries) => {
            const records = await ledger.append(entries);
            if (lost) throw new Error('connection reset');
            return records;
          },
        },
        [seenFold],
      );
      await journal.append([entry(1)]);
      lost = true;
      await expect(journal.append([entry(3)])).rejects.toThrow('connection reset');
      lost = false;
      // Decided while nobody knew of the third one.
      const refused = {
        name: 'LedgerUnavailable',
        code: 'LEDGER_UNSURE',
        message: expect.stringMatching(/^records 2 to 2/),
      };
      await expect(journal.append([entry(5)])).rejects.toMatchObject(refused);
      expect(journal.state(seenFold).get('odd')).toEqual([1, 2]);
      await journal.append([entry(7)]);
      expect((await ledger.read()).map((r) => (r.data as { i: number }).i)).toEqual([1, 3, 7]);
    });

    it('LEDGER-14: a fold that fails is told to whoever asks for it; the others go on', async () => {
      const journal = await openJournal(await make(), [touchyFold, sumFold]);
      await journal.append([entry(12), entry(13), entry(14)]);
      expect(journal.state(sumFold)).toBe(39);
      expect(() => journal.state(touchyFold)).toThrow('fold touchy failed at record 2');
    });

    it('LEDGER-15: a record of a newer version is refused, whenever it comes, with what to do', async () => {
      const ledger = await make();
      const journal = await openJournal(ledger, [sumFold]);
      await ledger.append([entry(1), entry(2, { type: 'other', v: 2 }), entry(3, { type: 'other', v: 3 })]);
      const refused = {
        name: 'LedgerUnavailable',
        code: 'LEDGER_NEWER',
        message: expect.stringMatching(/record 3 .* a other of version 3, .* up to 2: .* run that one/),
      };
      await expect(journal.follow()).rejects.toMatchObject(refused);
      await expect(openJournal(ledger, [sumFold])).rejects.toMatchObject(refused);
      // Of a type that nobody reads here it says nothing.
      await openJournal(ledger, [seenFold]);
    });

    it('LEDGER-18: a start from a snapshot reads only what follows, and knows the same', async () => {
      const ledger = await make();
      const journal = await openJournal(ledger, [seenFold, sumFold]);
      await journal.append(Array.from({ length: 30 }, (_, i) => entry(i)));
      await journal.snapshot(5_000);
      await journal.append([entry(100, { data: { i: Number.POSITIVE_INFINITY } })]);
      await journal.snapshot(6_000);
      await journal.append([entry(7)]);
      const [, recorded] = await ledger.read({ type: 'ledger.snapshot' });
      expect(recorded).toMatchObject({ seq: 33, at: 6_000, subject: 'ledger', data: { seq: 32 } });
      const { telling, read } = tellingReads(ledger);
      const again = await openJournal(telling, [seenFold, sumFold]);
      // The records of snapshots, the one that it was taken after, and the tail.
      expect(read).toEqual([31, 33, 32, 33, 34]);
      expect([...again.state(seenFold)]).toEqual([...journal.state(seenFold)]);
      expect(again.state(sumFold)).toBe(Number.POSITIVE_INFINITY);
      expect(again.position()).toEqual(await ledger.head());
      expect(await ledger.snapshots.read(30)).toBeNull();
    });

    it('LEDGER-29: a snapshot whose texts hold what ends a line elsewhere is read back', async () => {
      const ledger = await make();
      const journal = await openJournal(ledger, [seenFold]);
      const subject = 'one\u2028two\u2029three\u0085four\u000bfive\r\nsix';
      await journal.append([entry(1, { subject })]);
      await journal.snapshot(5_000);
      const { telling, read } = tellingReads(ledger);
      const again = await openJournal(telling, [seenFold]);
      expect([...again.state(seenFold)]).toEqual([[subject, [1]]]);
      // The record of the snapshot, the one that it was taken after, and the tail: not all from the beginning.
      expect(read).toEqual([2, 1, 2]);
    });
  });
}
