import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { memoryLedger } from './adapters/memory/ledger.ts';
import { sqliteLedger } from './adapters/sqlite/ledger.ts';
import { type LedgerPort, readPages } from './port.ts';
import { type Entry, GENESIS, verifyChain } from './record.ts';

const entry = (i: number, more: Partial<Entry> = {}): Entry => ({
  at: 1_000 + i,
  type: 'test',
  v: 1,
  subject: i % 2 ? 'odd' : 'even',
  actor: { id: 'tester', kind: 'person' },
  cause: null,
  data: { i, text: `"quoted" ünïcode ${i}` },
  ...more,
});

const scratch = () => join(mkdtempSync(join(tmpdir(), 'sluice-ledger-')), 'ledger.sqlite');
const open: LedgerPort[] = [];
const keep = (ledger: LedgerPort) => {
  open.push(ledger);
  return ledger;
};
afterEach(async () => {
  for (const ledger of open.splice(0)) await ledger.close().catch(() => undefined);
});

/** One contract for every store. */
const ADAPTERS: [string, () => Promise<LedgerPort>][] = [
  ['memory', async () => memoryLedger('t')],
  ['sqlite', () => sqliteLedger({ file: scratch(), id: 't' })],
];

describe.each(ADAPTERS)('a ledger in %s', (_, make) => {
  it('LEDGER-1: records follow each other without a gap, from 64 zeros on', async () => {
    const ledger = keep(await make());
    const records = await ledger.append([entry(1), entry(2)]);
    const [third] = await ledger.append([entry(3)]);
    expect(records.map((r) => r.seq)).toEqual([1, 2]);
    expect(records[0]?.prev).toBe(GENESIS);
    expect(third).toMatchObject({ seq: 3, prev: records[1]!.hash });
    expect(await ledger.head()).toEqual({ seq: 3, hash: third!.hash });
  });

  it('LEDGER-2: concurrent appends are ordered, each batch together', async () => {
    const ledger = keep(await make());
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => ledger.append([entry(i), entry(i, { type: 'second' })])),
    );
    const records = await ledger.read();
    expect(records.map((r) => r.seq)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    for (let i = 0; i < 40; i += 2) expect(records[i + 1]?.type).toBe('second');
    expect(verifyChain(await ledger.texts()).ok).toBe(true);
  });

  it('LEDGER-3: without a limit everything is read, and page by page the same', async () => {
    const ledger = keep(await make());
    await ledger.append(Array.from({ length: 12_000 }, (_, i) => entry(i)));
    const pages: number[] = [];
    for await (const page of readPages(ledger, { subject: 'odd' })) pages.push(page.length);
    expect(pages).toEqual([5_000, 1_000]);
    expect(await ledger.texts()).toHaveLength(12_000);
    expect(await ledger.read({ subject: 'odd' })).toHaveLength(6_000);
  });

  it('LEDGER-3: reads by place, number, subject and type', async () => {
    const ledger = keep(await make());
    await ledger.append(Array.from({ length: 10 }, (_, i) => entry(i, i === 4 ? { type: 'other' } : {})));
    expect((await ledger.read({ after: 8 })).map((r) => r.seq)).toEqual([9, 10]);
    expect(await ledger.read({ limit: 3 })).toHaveLength(3);
    expect(await ledger.read({ subject: 'odd' })).toHaveLength(5);
    expect((await ledger.read({ type: 'other' })).map((r) => r.seq)).toEqual([5]);
  });

  it('LEDGER-4: numbers that JSON cannot say come back', async () => {
    const ledger = keep(await make());
    await ledger.append([entry(1, { data: { burn: Number.NaN, x: Number.POSITIVE_INFINITY } })]);
    expect((await ledger.read())[0]?.data).toEqual({ burn: Number.NaN, x: Number.POSITIVE_INFINITY });
    expect(verifyChain(await ledger.texts()).ok).toBe(true);
  });
});

describe('verification', () => {
  const chain = async (n: number) => {
    const ledger = memoryLedger('t');
    await ledger.append(Array.from({ length: n }, (_, i) => entry(i)));
    return [...(await ledger.texts())];
  };

  it('LEDGER-5: any changed byte is found, and the record is named', async () => {
    const texts = await chain(8);
    fc.assert(
      fc.property(fc.nat(7), fc.nat(), fc.integer({ min: 1, max: 90 }), (line, place, add) => {
        const text = texts[line]!;
        const at = place % text.length;
        const changed = String.fromCharCode(33 + ((((text.charCodeAt(at) - 33 + add) % 94) + 94) % 94));
        fc.pre(changed !== text[at]);
        const result = verifyChain(
          texts.map((t, i) => (i === line ? t.slice(0, at) + changed + t.slice(at + 1) : t)),
        );
        expect(result.ok).toBe(false);
        expect(result.breaks[0]?.line).toBeLessThanOrEqual(line + 2);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['dropped', (t: string[]) => t.toSpliced(3, 1), 'GAP'],
    ['swapped', (t: string[]) => [...t.slice(0, 3), t[4]!, t[3]!, ...t.slice(5)], 'GAP'],
    ['doubled', (t: string[]) => t.toSpliced(3, 0, t[3]!), 'GAP'],
    ['replaced by nonsense', (t: string[]) => t.toSpliced(3, 1, 'nonsense'), 'NOT_A_RECORD'],
  ])('LEDGER-6: a record %s is found', async (_, change, code) => {
    const result = verifyChain(change(await chain(8)));
    expect(result.ok).toBe(false);
    expect(result.breaks.map((b) => b.code)).toContain(code);
  });
});

describe('the SQLite ledger', () => {
  it('LEDGER-7: a second writer is refused while the first lives, and let in after it', async () => {
    const file = scratch();
    const first = await sqliteLedger({ file, id: 't' });
    await first.append([entry(1)]);
    await expect(sqliteLedger({ file, id: 't' })).rejects.toMatchObject({ code: 'LEDGER_LOCKED' });
    await first.close();
    const second = keep(await sqliteLedger({ file, id: 'other' }));
    expect(second.id).toBe('t');
    expect(await second.append([entry(2)])).toMatchObject([{ seq: 2 }]);
  });

  it('LEDGER-8: a full disk refuses the record, keeps what is there, and says so', async () => {
    const file = scratch();
    const ledger = keep(await sqliteLedger({ file, id: 't', maxPages: 12 }));
    const big = { text: 'x'.repeat(4_000) };
    let thrown: unknown;
    let written = 0;
    for (let i = 0; i < 100 && thrown === undefined; i++)
      await ledger.append([entry(i, { data: big })]).then(
        () => written++,
        (error: unknown) => {
          thrown = error;
        },
      );
    expect(thrown).toMatchObject({ name: 'LedgerUnavailable', code: 'LEDGER_FULL' });
    expect(await ledger.read()).toHaveLength(written);
    expect(verifyChain(await ledger.texts()).ok).toBe(true);
  });

  it('LEDGER-8: a place that cannot be written is refused at once', async () => {
    await expect(sqliteLedger({ file: '/proc/sluice/ledger.sqlite', id: 't' })).rejects.toMatchObject({
      name: 'LedgerUnavailable',
      code: 'LEDGER_READ_ONLY',
    });
  });
});
