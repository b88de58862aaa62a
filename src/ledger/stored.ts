import { fromCanonical } from '../kit/canonical.ts';
import { messageOf } from '../kit/result.ts';
import { LedgerUnavailable } from './port.ts';
import type { LedgerRecord } from './record.ts';

const STRINGS = ['ledger', 'type', 'subject', 'hash', 'prev'] as const;

function wrongIn(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return 'it is not an object';
  const record = value as Record<string, unknown>;
  if (typeof record['seq'] !== 'number' || typeof record['v'] !== 'number')
    return 'it has no seq or no version';
  const missing = STRINGS.find((name) => typeof record[name] !== 'string');
  return missing === undefined ? null : `it has no ${missing}`;
}

function readRecord(
  text: string,
  where: string,
  seq: number | undefined,
  read: (text: string) => unknown,
): LedgerRecord {
  const damaged = (why: string) => {
    const which = seq === undefined ? 'a record' : `record ${seq}`;
    return new LedgerUnavailable('LEDGER_DAMAGED', `${which} of ${where} is damaged: ${why}`);
  };
  let value: unknown;
  try {
    value = read(text);
  } catch (thrown) {
    throw damaged(`it is not JSON (${messageOf(thrown)})`);
  }
  const wrong = wrongIn(value);
  if (wrong !== null) throw damaged(wrong);
  const record = value as LedgerRecord;
  if (seq !== undefined && record.seq !== seq) throw damaged(`it says that it is record ${record.seq}`);
  return record;
}

/** A stored text as the record it is; throws where it is none, with its place in the ledger. */
export const storedRecord = (text: string, where: string, seq?: number): LedgerRecord =>
  readRecord(text, where, seq, fromCanonical);

/** The same with numbers that JSON cannot say as they travel: tagged. */
export const taggedRecord = (text: string, where: string): LedgerRecord =>
  readRecord(text, where, undefined, JSON.parse);
