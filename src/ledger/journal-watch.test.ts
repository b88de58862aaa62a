import { expect, it } from 'vitest';
import { memoryLedger } from './adapters/memory/ledger.ts';
import { openJournal } from './journal.ts';
import type { Entry } from './record.ts';

const entry = (subject: string): Entry => ({
  at: 0,
  type: 'told',
  v: 1,
  subject,
  actor: { id: 'sluice', kind: 'system' },
  cause: null,
  data: {},
});

it('METRIC-4: the folds tell how many records they took up in which time: those of the start, and every append', async () => {
  const ledger = memoryLedger('t');
  await ledger.append(['a', 'b', 'c'].map(entry));
  const taken: number[] = [];
  const watch = {
    folded(records: number, ms: number) {
      expect(ms).toBeGreaterThanOrEqual(0);
      taken.push(records);
    },
  };
  const journal = await openJournal(ledger, [], null, watch);
  await journal.append([entry('d')]);
  await journal.append(['e', 'f'].map(entry));
  expect(taken).toEqual([3, 1, 2]);
});
