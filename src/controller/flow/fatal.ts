/** Whether an error stops everything: the ledger takes no record, or a simulated kill. */
export const isFatal = (thrown: unknown): boolean =>
  thrown instanceof Error && (thrown.name === 'LedgerUnavailable' || thrown.name === 'Killed');
