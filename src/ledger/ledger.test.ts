import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { entry, ledgerContract } from '../../test/contract/ledger/contract.ts';
import { journalContract } from '../../test/contract/ledger/journal-contract.ts';
import { temporaryFolder } from '../../test/folder.ts';
import { memoryLedger } from './adapters/memory/ledger.ts';
import { sqliteLedger } from './adapters/sqlite/ledger.ts';
import type { LedgerPort } from './port.ts';
import { verifyChain } from './record.ts';

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
journalContract('memory', async () => keep(memoryLedger('t')));
journalContract('sqlite', async () => keep(await sqliteLedger({ file: scratch(), id: 't' })));

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
