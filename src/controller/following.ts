import { type LedgerPort, readPages } from '../ledger/port.ts';
import type { LedgerRecord } from '../ledger/record.ts';

/** Takes up what was appended since the last time, whoever appended it. Gives how far it got. */
export function followLedger(
  ledger: LedgerPort,
  take: (record: LedgerRecord) => void,
): () => Promise<number> {
  let after = 0;
  let running: Promise<number> | null = null;
  const catchUp = async (): Promise<number> => {
    for await (const page of readPages(ledger, { after }))
      for (const record of page) {
        take(record);
        after = record.seq;
      }
    return after;
  };
  return () => {
    running ??= catchUp().finally(() => {
      running = null;
    });
    return running;
  };
}
