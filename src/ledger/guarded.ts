import { isShared, type LedgerPort, LedgerUnavailable } from './port.ts';

/** What is known of the chain beyond its last record: whether somebody walked it and found it broken. */
export interface ChainWatch {
  /** Why nothing is written any more; null: no walk has found a break. */
  broken(): string | null;
  /** Somebody else walked it and found a break. */
  found(message: string): void;
}

/**
 * A ledger that takes no record once its chain was found broken: what is decided on records that somebody changed is
 * decided by whoever changed them. A server that leads a shared ledger keeps the lead, so that no other one decides on
 * it; one that does not lead begins to no more.
 */
export function guarded<L extends LedgerPort>(
  ledger: L,
  onBroken: (why: string) => void,
): { readonly ledger: L; readonly chain: ChainWatch } {
  let why: string | null = null;
  let leads = false;
  const found = (message: string): void => {
    if (why !== null) return;
    why = `the chain of the ledger is broken: ${message}`;
    onBroken(why);
  };
  const lead = async (): Promise<boolean> => {
    if (!isShared(ledger) || (why !== null && !leads)) return false;
    leads = await ledger.lead();
    return leads;
  };
  const watched = {
    ...ledger,
    ...(isShared(ledger) ? { lead } : {}),
    append: async (entries: Parameters<L['append']>[0]) => {
      if (why !== null) throw new LedgerUnavailable('LEDGER_BROKEN', why);
      return ledger.append(entries);
    },
    history: {
      ...ledger.history,
      verify: async () => {
        const result = await ledger.history.verify();
        if (!result.ok) found(result.breaks[0]?.message ?? 'a record was changed');
        return result;
      },
    },
  };
  return { ledger: watched, chain: { broken: () => why, found } };
}
