import { type GovernanceData, type GovernanceEventType, governanceEntry } from '../../governance/events.ts';
import { governanceFold } from '../../governance/fold.ts';
import type { Actor } from '../../kit/actor.ts';
import type { Ms } from '../../kit/time.ts';
import type { Journal } from '../../ledger/journal.ts';
import type { LedgerRecord } from '../../ledger/record.ts';

/** Appends one record of this plane; its fold has it when the promise is settled. */
export type RecordGovernance = <T extends GovernanceEventType>(
  type: T,
  subject: string,
  data: GovernanceData<T>,
  actor: Actor,
  now: Ms,
  cause?: string | null,
) => Promise<LedgerRecord>;

export const recordingGovernance =
  (journal: Journal): RecordGovernance =>
  async (type, subject, data, actor, now, cause = null) => {
    const [made] = await journal.append([governanceEntry(type, subject, data, actor, now, cause)]);
    return made!;
  };

/** The record of a request that was carried out already: the same id is the same request. */
export async function earlierRequest(
  journal: Journal,
  type: 'freeze.set' | 'waiver.granted',
  id: string,
): Promise<LedgerRecord | undefined> {
  const { freezes, waivers } = journal.state(governanceFold);
  const known = type === 'freeze.set' ? freezes.has(id) : waivers.has(id);
  if (!known) return undefined;
  return (await journal.read({ type })).find((r) => (r.data as { id?: string }).id === id);
}
