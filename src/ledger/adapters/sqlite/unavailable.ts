import { messageOf } from '../../../kit/result.ts';
import { LedgerUnavailable } from '../../port.ts';

function codeOf(thrown: unknown): LedgerUnavailable['code'] {
  const text = messageOf(thrown);
  if (/locked|busy/i.test(text)) return 'LEDGER_LOCKED';
  if (/full/i.test(text)) return 'LEDGER_FULL';
  if (/readonly|read-only|unable to open/i.test(text)) return 'LEDGER_READ_ONLY';
  if (/malformed|not a database|corrupt/i.test(text)) return 'LEDGER_DAMAGED';
  return 'LEDGER_FAILED';
}

export const unavailable = (thrown: unknown, doing: string): LedgerUnavailable =>
  thrown instanceof LedgerUnavailable
    ? thrown
    : new LedgerUnavailable(codeOf(thrown), `${doing}: ${messageOf(thrown)}`);
