import { canonicalText, fromCanonical } from '../../../../src/kit/canonical.ts';
import type { AnyFold } from '../../../../src/ledger/fold.ts';
import { Folded } from '../../../../src/ledger/folded.ts';
import type { Journal } from '../../../../src/ledger/journal.ts';
import type { LedgerRecord } from '../../../../src/ledger/record.ts';
import { SERVER_FOLDS } from '../../../../src/server/folds.ts';

/** Names of folds whose state is another one when every record is read anew. */
export function encodeStates(journal: Journal, texts: readonly string[]): string[] {
  const anew = new Folded(journal.id, SERVER_FOLDS);
  for (const text of texts.slice(0, journal.position().seq)) anew.take(fromCanonical(text) as LedgerRecord);
  const text = (fold: AnyFold, state: unknown) => canonicalText([...fold.encode(state)]);
  return SERVER_FOLDS.filter((fold) => text(fold, journal.state(fold)) !== text(fold, anew.state(fold))).map(
    (fold) => fold.name,
  );
}
