import { messageOf } from '../../../kit/result.ts';
import { LedgerUnavailable } from '../../port.ts';

function codeOf(thrown: unknown): LedgerUnavailable['code'] {
  const { code } = thrown as { code?: string };
  // Disk full, and out of memory or connections.
  if (code?.startsWith('53')) return 'LEDGER_FULL';
  // Read-only transactions: a standby, or a database that is being moved.
  return code === '25006' ? 'LEDGER_READ_ONLY' : 'LEDGER_FAILED';
}

export const unavailable = (thrown: unknown, doing: string): LedgerUnavailable =>
  thrown instanceof LedgerUnavailable
    ? thrown
    : new LedgerUnavailable(codeOf(thrown), `${doing}: ${messageOf(thrown)}`);
