import { messageOf } from '../kit/result.ts';
import type { Folded } from './folded.ts';
import type { LedgerPort } from './port.ts';
import type { Entry } from './record.ts';
import { writeSnapshot } from './snapshot.ts';

/** When snapshots are written. */
export interface SnapshotPolicy {
  /** After so many records since the last one, while it runs. */
  readonly everyRecords: number;
  /** At a clean stop only after so many: fewer are read in no time. */
  readonly atStopAfter: number;
  now(): number;
  warn(details: object, message: string): void;
}

interface Snapshotting {
  /** Writes one now; asked while one is being written, that one. */
  write(now: number): Promise<void>;
  /** Something was appended: writes one beside the work if it is due. */
  appended(): void;
  /** Waits for the one that is being written, and writes the last one if it is due. */
  stop(): Promise<void>;
}

/** Writes snapshots of what a journal has folded, the last one of which was taken after a record. */
export function snapshotting(
  ledger: LedgerPort,
  folded: Folded,
  append: (entries: readonly Entry[]) => Promise<unknown>,
  policy: SnapshotPolicy | null,
  last: number,
): Snapshotting {
  let taken = last;
  // Who has appended nothing does not lead, or leaves the ledger as it was.
  let wrote = false;
  let writing: Promise<void> | null = null;

  const writeOne = async (now: number): Promise<void> => {
    const at = folded.head;
    if (at.seq === 0) return;
    // One that is not written is due again only after as many records.
    taken = at.seq;
    await append([await writeSnapshot(ledger, at, folded.states(), now)]);
    await ledger.snapshots.keepOnly(at.seq);
  };
  const write = (now: number): Promise<void> => {
    writing ??= writeOne(now).finally(() => {
      writing = null;
    });
    return writing;
  };
  /** What only saves time at the next start never fails what it is written beside. */
  const writeIfDue = async (after: number): Promise<void> => {
    if (!policy || folded.head.seq - taken < after) return;
    await write(policy.now()).catch((thrown: unknown) =>
      policy.warn(
        { error: messageOf(thrown) },
        'no snapshot of the ledger could be written; it is retried later',
      ),
    );
  };
  return {
    write,
    appended() {
      wrote = true;
      if (policy) void writeIfDue(policy.everyRecords);
    },
    async stop() {
      await writing?.catch(() => undefined);
      if (policy && wrote) await writeIfDue(policy.atStopAfter);
    },
  };
}
