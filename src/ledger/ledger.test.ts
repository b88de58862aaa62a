import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { entry, ledgerContract } from '../../test/contract/ledger/contract.ts';
import { temporaryFolder } from '../../test/folder.ts';
import { memoryLedger } from './adapters/memory/ledger.ts';
import { sqliteLedger } from './adapters/sqlite/ledger.ts';
import type { LedgerPort } from './port.ts';
import { EMPTY_HEAD, type Head, type LedgerRecord, seal, verifyChain } from './record.ts';

const scratch = () => join(temporaryFolder('ledger'), 'ledger.sqlite');
const open: LedgerPort[] = [];
const keep = (ledger: LedgerPort) => {
  open.push(ledger);
  return ledger;
};
afterEach(async () => {
  for (const ledger of open.splice(0)) await ledger.close().catch(() => undefined);
});

ledgerContract('memory', async () => keep(memoryLedger('t')));
ledgerContract('sqlite', async () => keep(await sqliteLedger({ file: scratch(), id: 't' })));

describe('verification', () => {
  const chain = async (n: number) => {
    const ledger = memoryLedger('t');
    await ledger.append(Array.from({ length: n }, (_, i) => entry(i)));
    return [...(await ledger.texts())];
  };

  /** A record changed by somebody who knows how records are sealed: its own hash fits. */
  const resealed = (
    texts: readonly string[],
    at: number,
    change: Partial<LedgerRecord>,
    after?: Head,
  ): string => {
    const record = { ...(JSON.parse(texts[at]!) as LedgerRecord), ...change };
    const before = at === 0 ? EMPTY_HEAD : (JSON.parse(texts[at - 1]!) as LedgerRecord);
    return seal(record.ledger, after ?? before, record).text;
  };
  const respelled = (text: string): string => JSON.stringify(JSON.parse(text), null, 1);

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
    ['dropped from the beginning', (t: string[]) => t.slice(1), 'GAP'],
    ['of another ledger', (t: string[]) => t.with(3, resealed(t, 3, { ledger: 'other' })), 'OTHER_LEDGER'],
    ['that says the same in other words', (t: string[]) => t.with(3, respelled(t[3]!)), 'CHANGED'],
  ])('LEDGER-6: a record %s is found', async (_, change, code) => {
    const result = verifyChain(change(await chain(8)));
    expect(result.ok).toBe(false);
    expect(result.breaks.map((b) => b.code)).toContain(code);
  });

  it.each([
    ['in the middle', 3],
    ['at the end but one', 6],
    ['at the beginning', 0],
  ])('LEDGER-6: a record rewritten %s with a hash that fits is found by the one after it', async (_, at) => {
    const texts = await chain(8);
    const { breaks } = verifyChain(texts.with(at, resealed(texts, at, { data: 'rewritten' })));
    expect(breaks.map(({ seq, code }) => ({ seq, code }))).toEqual([{ seq: at + 2, code: 'WRONG_PREVIOUS' }]);
  });

  it('LEDGER-6: a first record that follows something is found: a chain begins with 64 zeros', async () => {
    const [first] = await chain(1);
    const { breaks } = verifyChain([resealed([first!], 0, {}, { seq: 0, hash: '1'.repeat(64) })]);
    expect(breaks.map((b) => b.code)).toEqual(['WRONG_PREVIOUS']);
  });

  it('LEDGER-6: one break is told once: the records after it follow each other', async () => {
    const texts = await chain(8);
    const { breaks } = verifyChain(texts.toSpliced(3, 1));
    expect(breaks.map(({ line, seq, code }) => ({ line, seq, code }))).toEqual([
      { line: 4, seq: 5, code: 'GAP' },
    ]);
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
