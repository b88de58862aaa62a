import { describe, expect, it } from 'vitest';
import { chunksOf, type HistoryQuery } from '../../../src/ledger/history.ts';
import { type LedgerPort, readPages } from '../../../src/ledger/port.ts';
import { type Entry, GENESIS, type LedgerRecord, verifyChain } from '../../../src/ledger/record.ts';

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
      // A store that others wait for ends an append that leaves it open for long: none is as large as all of these.
      for (let i = 0; i < 12_000; i += 500)
        await ledger.append(Array.from({ length: 500 }, (_, n) => entry(i + n)));
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

    it('TRUST-6: what others wrote is never a part of a statement', async () => {
      const ledger = await make();
      const evil = [
        "x'; DROP TABLE records; --",
        "' OR '1'='1",
        '"; DELETE FROM sluice_records; --',
        '%',
        '_',
        '\\',
        "\\'",
        '$1',
        '?',
        ';',
      ];
      await ledger.append([
        ...evil.map((subject, i) => entry(i, { subject, type: `t${subject}` })),
        entry(99),
      ]);
      const subjects = (texts: readonly string[]) =>
        texts.map((t) => (JSON.parse(t) as LedgerRecord).subject);
      for (const subject of evil) {
        expect(
          (await ledger.read({ subject })).map((r) => r.subject),
          subject,
        ).toEqual([subject]);
        expect(await ledger.read({ type: subject })).toEqual([]);
        const page = (more: Partial<HistoryQuery>) => ledger.history.page({ limit: 100, ...more });
        expect(subjects(await page({ subject }))).toEqual([subject]);
        expect(subjects(await page({ type: `t${subject}` }))).toEqual([subject]);
        expect(subjects(await page({ anyOf: { prefixes: [subject] } }))).toEqual(
          evil.filter((one) => one.startsWith(subject)).reverse(),
        );
        expect(await page({ subject, exceptTypes: [`t${subject}`] })).toEqual([]);
      }
      expect((await ledger.read()).length).toBe(evil.length + 1);
    });

    it('LEDGER-16: the past is given by index, newest or oldest first, by what is asked for together', async () => {
      const ledger = await make();
      const of = (i: number): Partial<Entry> =>
        i % 5 === 0
          ? { type: 'gate', subject: `pull/${i}` }
          : { type: i % 2 ? 'quiet' : 'moved', subject: `s${i % 3}/${i % 4 < 2 ? 'prod' : 'dev'}` };
      await ledger.append(Array.from({ length: 60 }, (_, i) => entry(i + 1, of(i + 1))));
      const all = await ledger.read();
      const text = new Map((await ledger.texts()).map((t, i) => [i + 1, t]));
      const queries: [HistoryQuery, (r: LedgerRecord) => boolean][] = [
        [{ limit: 100 }, () => true],
        [{ limit: 7 }, () => true],
        [{ limit: 7, before: 30 }, (r) => r.seq < 30],
        [{ limit: 7, after: 12 }, (r) => r.seq > 12],
        [{ limit: 9, after: 12, before: 16 }, (r) => r.seq > 12 && r.seq < 16],
        [{ limit: 5, type: 'moved' }, (r) => r.type === 'moved'],
        [
          { limit: 5, subject: 's1/prod', exceptTypes: ['quiet'] },
          (r) => r.subject === 's1/prod' && r.type !== 'quiet',
        ],
        [
          { limit: 90, anyOf: { subjects: ['s1/prod', 's2/dev'] } },
          (r) => ['s1/prod', 's2/dev'].includes(r.subject),
        ],
        [
          { limit: 4, anyOf: { subjects: ['s1/prod'], types: ['gate', 'moved'] }, exceptTypes: ['quiet'] },
          (r) => r.type === 'gate' || r.type === 'moved',
        ],
        [
          { limit: 6, after: 9, anyOf: { subjects: ['s1/prod'], types: ['gate'] } },
          (r) => r.seq > 9 && (r.type === 'gate' || r.subject === 's1/prod'),
        ],
        [
          { limit: 6, anyOf: { prefixes: ['s1/', 's%'], types: ['gate'] } },
          (r) => r.subject.startsWith('s1/') || r.type === 'gate',
        ],
        [
          { limit: 90, before: 40, anyOf: { prefixes: ['s1/'] }, exceptTypes: ['quiet'] },
          (r) => r.seq < 40 && r.subject.startsWith('s1/') && r.type !== 'quiet',
        ],
        [{ limit: 6, anyOf: { subjects: [] } }, () => false],
        [{ limit: 90, from: 1_010, to: 1_020 }, (r) => r.at >= 1_010 && r.at <= 1_020],
        [{ limit: 3, to: 1_020, type: 'gate' }, (r) => r.at <= 1_020 && r.type === 'gate'],
      ];
      for (const [query, fits] of queries) {
        const fitting = all.filter(fits).map((r) => r.seq);
        const expected = (query.after === undefined ? fitting.reverse() : fitting).slice(0, query.limit);
        expect(await ledger.history.page(query), JSON.stringify(query)).toEqual(
          expected.map((seq) => text.get(seq)),
        );
      }
    });

    it('LEDGER-16: an export is given chunk by chunk, each record once', async () => {
      const ledger = await make();
      await ledger.append(Array.from({ length: 25 }, (_, i) => entry(i)));
      const chunks: (readonly string[])[] = [];
      for await (const chunk of chunksOf(ledger.history, 10)) {
        chunks.push(chunk);
        // What is appended meanwhile comes at the end.
        if (chunks.length === 1) await ledger.append([entry(25)]);
      }
      expect(chunks.map((c) => c.length)).toEqual([10, 10, 6]);
      expect(chunks.flat()).toEqual(await ledger.texts());
    });

    it('LEDGER-17: the chain is verified beside the writer, once for all who ask at the same time', async () => {
      const ledger = await make();
      await ledger.append(Array.from({ length: 1_200 }, (_, i) => entry(i)));
      const [one, two] = [ledger.history.verify(), ledger.history.verify()];
      expect(two).toBe(one);
      expect(await one).toEqual({ ok: true, records: 1_200, head: await ledger.head(), breaks: [] });
      const [more] = await ledger.append([entry(1)]);
      expect(await ledger.history.verify()).toMatchObject({
        ok: true,
        records: 1_201,
        head: { hash: more!.hash },
      });
    });

    it('LEDGER-4: numbers that JSON cannot say come back', async () => {
      const ledger = await make();
      await ledger.append([entry(1, { data: { burn: Number.NaN, x: Number.POSITIVE_INFINITY } })]);
      expect((await ledger.read())[0]?.data).toEqual({ burn: Number.NaN, x: Number.POSITIVE_INFINITY });
      expect(verifyChain(await ledger.texts()).ok).toBe(true);
    });
  });
}
