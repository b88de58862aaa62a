import type { CommandName, Event } from '../../delivery/events.ts';
import { type Actor, SYSTEM } from '../../kit/actor.ts';
import type { Clock } from '../../kit/time.ts';
import type { Journal } from '../../ledger/journal.ts';
import type { LedgerRecord } from '../../ledger/record.ts';
import { laneEntries } from './planner.ts';

/** Appends what happened to lanes outside of their plans: orders, and what others saw or decided. */
export interface LaneRecords {
  /** Records an order. The same `id` names it in the ledger and in the answer to whoever gave it. */
  command(
    lane: string,
    command: CommandName,
    reason: string,
    actor: Actor,
    id: string,
  ): Promise<LedgerRecord>;
  record(lane: string, event: Event, actor?: Actor, cause?: string): Promise<LedgerRecord>;
}

export function createLaneRecords(journal: Journal, clock: Clock): LaneRecords {
  const record: LaneRecords['record'] = async (lane, event, actor = SYSTEM, cause) => {
    const [made] = await journal.append(laneEntries(lane, [event], clock.now(), actor, cause ?? null));
    return made!;
  };
  return {
    record,
    command: (lane, command, reason, actor, id) =>
      record(lane, { type: 'command.accepted', data: { id, command, reason } }, actor, id),
  };
}
