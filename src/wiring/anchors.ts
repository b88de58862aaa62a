import { ok, type Result } from '../kit/result.ts';
import type { LedgerPort } from '../ledger/port.ts';
import type { OpenDesired } from './desired-state.ts';

/** Puts the head of the ledger where a cut tail would be missed: in the desired-state repository. */
export async function anchorLedger(
  repository: string,
  ledger: LedgerPort,
  now: number,
  push: OpenDesired['push'],
): Promise<Result<null, string>> {
  const { writeAnchor } = await import('../gitops/adapters/git/anchors.ts');
  const { seq, hash } = await ledger.head();
  return seq === 0 ? ok(null) : writeAnchor(repository, { ledger: ledger.id, seq, hash, at: now }, push);
}

/** The heads that were anchored in a repository. */
export const readAnchors = async (repository: string) =>
  (await import('../gitops/adapters/git/anchors.ts')).readAnchors(repository);
