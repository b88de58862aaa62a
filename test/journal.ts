import { type Journal, openJournal } from '../src/ledger/journal.ts';
import type { LedgerPort } from '../src/ledger/port.ts';
import { SERVER_FOLDS } from '../src/server/folds.ts';

/** What a server that begins now knows from a ledger. */
export const journalOver = (ledger: LedgerPort): Promise<Journal> => openJournal(ledger, SERVER_FOLDS);
