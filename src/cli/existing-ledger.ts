import type { LedgerPort } from '../ledger/port.ts';
import { CliError, EXIT } from './io.ts';
import type { CommandParts } from './parts.ts';

type LedgerParts = Pick<CommandParts, 'openExistingLedger'>;

export const noLedger = (work: string): never => {
  throw new CliError(EXIT.usage, {
    code: 'NO_LEDGER',
    message: `there is no ledger in ${work}`,
    next: 'give the work folder of a server with --work',
  });
};

/** The ledger of a work folder that no server holds; there must be one. The caller closes it. */
export const needLedger = async (parts: LedgerParts, work: string): Promise<LedgerPort> =>
  (await parts.openExistingLedger(work)) ?? noLedger(work);
