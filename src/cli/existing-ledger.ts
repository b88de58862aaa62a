import type { LedgerPort } from '../ledger/port.ts';
import { clientOf, runningServer } from './client.ts';
import { CliError, EXIT } from './io.ts';
import type { Parts } from './parts.ts';

type LedgerParts = Pick<Parts, 'openExistingLedger'>;

/** The ledger of a work folder that no server holds; there must be one. The caller closes it. */
export async function needLedger(parts: LedgerParts, work: string): Promise<LedgerPort> {
  const ledger = await parts.openExistingLedger(work);
  if (ledger) return ledger;
  throw new CliError(EXIT.usage, {
    code: 'NO_LEDGER',
    message: `there is no ledger in ${work}`,
    next: 'name the work folder of a server with --work',
  });
}

/** Every record as it is stored: from the server that holds the ledger, or from the file when none runs. */
export async function ledgerTexts(parts: LedgerParts, work: string): Promise<string[]> {
  const server = runningServer(work);
  if (server) return (await clientOf(server).text('/api/v1/ledger/export')).split('\n').filter(Boolean);
  const ledger = await needLedger(parts, work);
  try {
    return [...(await ledger.texts())];
  } finally {
    await ledger.close();
  }
}
