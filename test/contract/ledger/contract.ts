import { describe, expect, it } from 'vitest';
import { type LedgerPort, readPages } from '../../../src/ledger/port.ts';
import { type Entry, GENESIS, verifyChain } from '../../../src/ledger/record.ts';

export const entry = (i: number, more: Partial<Entry> = {}): Entry => ({
  at: 1_000 + i,
  type: 'test',
  v: 1,
  subject: i % 2 ? 'odd' : 'even',
  actor: { id: 'tester', kind: 'person' },
  cause: null,
  data: { i, text: `"quoted" ünïcode ${i}` },
  ...more,
});

/** One contract for every store; `make` closes what it gave after each test. */
export function ledgerContract(name: string, make: () => Promise<LedgerPort>): void {
  describe(`a ledger in ${name}`, () => {
    it('LEDGER-1: records follow each other without a gap, from 64 zeros on', async () => {
      const ledger = await make();
      const records = await ledger.append([entry(1), entry(2)]);
      const [third] = await ledger.append([entry(3)]);
      expect(records.map((r) => r.seq)).toEqual([1, 2]);
      expect(records[0]?.prev).toBe(GENESIS);
      expect(third).toMatchObject({ seq: 3, prev: records[1]!.hash });
      expect(await ledger.head()).toEqual({ seq: 3, hash: third!.hash });
    });

    it('LEDGER-2: concurrent appends are ordered, each batch together', async () => {
      const ledger = await make();
      await Promise.all(
        Array.from({ length: 20 }, (_, i) => ledger.append([entry(i), entry(i, { type: 'second' })])),
      );
      const records = await ledger.read();
      expect(records.map((r) => r.seq)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
      for (let i = 0; i < 40; i += 2) expect(records[i + 1]?.type).toBe('second');
      expect(verifyChain(await ledger.texts()).ok).toBe(true);
    });

    it('LEDGER-3: without a limit everything is read, and page by page the same', async () => {
      const ledger = await make();
      for (let from = 0; from < 12_000; from += 2_000)
        await ledger.append(Array.from({ length: 2_000 }, (_, i) => entry(from + i)));
      const pages: number[] = [];
      for await (const page of readPages(ledger, { subject: 'odd' })) pages.push(page.length);
      expect(pages).toEqual([5_000, 1_000]);
      expect(await ledger.texts()).toHaveLength(12_000);
      expect(await ledger.read({ subject: 'odd' })).toHaveLength(6_000);
    });

    it('LEDGER-3: reads by place, number, subject and type', async () => {
      const ledger = await make();
      await ledger.append(Array.from({ length: 10 }, (_, i) => entry(i, i === 4 ? { type: 'other' } : {})));
      expect((await ledger.read({ after: 8 })).map((r) => r.seq)).toEqual([9, 10]);
      expect(await ledger.read({ limit: 3 })).toHaveLength(3);
      expect(await ledger.read({ subject: 'odd' })).toHaveLength(5);
      expect((await ledger.read({ type: 'other' })).map((r) => r.seq)).toEqual([5]);
    });

    it('LEDGER-4: numbers that JSON cannot say come back', async () => {
      const ledger = await make();
      await ledger.append([entry(1, { data: { burn: Number.NaN, x: Number.POSITIVE_INFINITY } })]);
      expect((await ledger.read())[0]?.data).toEqual({ burn: Number.NaN, x: Number.POSITIVE_INFINITY });
      expect(verifyChain(await ledger.texts()).ok).toBe(true);
    });
  });
}
