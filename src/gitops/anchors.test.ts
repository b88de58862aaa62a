import { describe, expect, it } from 'vitest';
import { EMPTY_HEAD, type LedgerRecord, seal } from '../ledger/record.ts';
import { anchorObjection } from './anchors.ts';

const entry = (data: unknown) => ({
  at: 1,
  type: 'test',
  v: 1,
  subject: 's',
  actor: { id: 'a', kind: 'person' },
  cause: null,
  data,
});
const first = seal('t', EMPTY_HEAD, entry('first'));
const second = seal('t', first.record, entry('second'));
const anchor = { ledger: 't', seq: 2, hash: second.record.hash };
/** Other data, another record before, and the hash that was anchored: nothing of it fits. */
const forged = (more: Partial<LedgerRecord>) => JSON.stringify({ ...second.record, ...more });

describe('whether an anchor lies in the chain', () => {
  it.each([
    ['it does', anchor, second.text, null],
    ['it is of another ledger', { ...anchor, ledger: 'other' }, second.text, 'OTHER_LEDGER'],
    ['nothing stands at its place', anchor, null, 'GAP'],
    ['another record stands at its place', anchor, seal('t', first.record, entry('other')).text, 'CHANGED'],
    ['its record was changed and kept its hash', anchor, forged({ data: 'other' }), 'CHANGED'],
    [
      'its record was put behind another one and kept its hash',
      anchor,
      forged({ prev: '1'.repeat(64) }),
      'CHANGED',
    ],
    ['its record is written in other words', anchor, `${JSON.stringify(second.record, null, 1)}`, 'CHANGED'],
    ['no record stands at its place', anchor, 'nonsense', 'CHANGED'],
  ])('ANCHOR-3: %s', (_, kept, text, code) =>
    expect(anchorObjection(kept, 't', text)?.code ?? null).toBe(code),
  );
});
