import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LedgerPort, LedgerUnavailable } from '../ledger/port.ts';

/**
 * Remembers in the work folder that the chain was found broken: starting again mends nothing, so it is walked before
 * anything is decided on it again.
 */
export function createBrokenMark(work: string) {
  const file = join(work, 'ledger.broken');
  return {
    set: () => writeFileSync(file, ''),
    /** Throws while the chain is still broken. */
    async check({ history }: Pick<LedgerPort, 'history'>): Promise<void> {
      if (!existsSync(file)) return;
      const { ok, breaks } = await history.verify();
      if (!ok)
        throw new LedgerUnavailable(
          'LEDGER_BROKEN',
          `the chain of the ledger is broken: ${breaks[0]?.message ?? 'a record was changed'}`,
        );
      rmSync(file);
    },
  };
}
