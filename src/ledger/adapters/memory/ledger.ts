import { fromCanonical } from '../../../kit/canonical.ts';
import type { LedgerPort, ReadOptions } from '../../port.ts';
import { EMPTY_HEAD, type Entry, type Head, type LedgerRecord, seal } from '../../record.ts';
import { memoryHistory } from './history.ts';
import { memorySnapshots } from './snapshots.ts';

/** A ledger in memory: for simulations and tests. Its texts and snapshots can be handed to a successor. */
export function memoryLedger(
  id = 'memory',
  initial: readonly string[] = [],
  snapshots = new Map<number, readonly string[]>(),
): LedgerPort {
  const texts: string[] = [...initial];
  const records: LedgerRecord[] = texts.map((text) => fromCanonical(text) as LedgerRecord);
  const select = ({
    after = 0,
    limit = Number.POSITIVE_INFINITY,
    subject,
    type,
  }: ReadOptions = {}): LedgerRecord[] =>
    records
      .slice(after)
      .filter(
        (r) => (subject === undefined || r.subject === subject) && (type === undefined || r.type === type),
      )
      .slice(0, limit);
  const head = (): Head => {
    const last = records.at(-1);
    return last ? { seq: last.seq, hash: last.hash } : EMPTY_HEAD;
  };
  return {
    id,
    head: async () => head(),
    append: async (entries: readonly Entry[]) =>
      entries.map((entry) => {
        const { record, text } = seal(id, head(), entry);
        texts.push(text);
        records.push(record);
        return record;
      }),
    read: async (options) => select(options),
    texts: async (options) => select(options).map((r) => texts[r.seq - 1]!),
    snapshots: memorySnapshots(snapshots),
    history: memoryHistory(records, texts),
    close: async () => {},
  };
}
