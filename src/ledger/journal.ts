import type { AnyFold, Fold } from './fold.ts';
import { Folded } from './folded.ts';
import { type LedgerPort, LedgerUnavailable, readPages } from './port.ts';
import type { Entry, Head, LedgerRecord } from './record.ts';
import { restoreSnapshot } from './snapshot.ts';
import { type SnapshotPolicy, snapshotting } from './snapshotting.ts';

type RecordsListener = (records: readonly LedgerRecord[]) => void;

/**
 * The one reader and writer of a ledger: its folds are read once, and hold every record when `append` or `follow`
 * resolves. It is a ledger itself, so that whoever still reads on its own is handed the same one.
 */
export interface Journal extends LedgerPort {
  /** The last record that the folds hold. */
  position(): Head;
  /** Throws where the fold failed at a record: what depends on it must not go on. */
  state<S>(fold: Fold<S>): S;
  /** Takes up what others appended. */
  follow(): Promise<void>;
  /** Tells of every record once the folds hold it, in order. */
  onRecords(listener: RecordsListener): () => void;
  /** Writes a snapshot of the folds as they are now, and records its digest. */
  snapshot(now: number): Promise<void>;
}

/** Is told how long the folds took for so many records. */
interface JournalWatch {
  folded(records: number, ms: number): void;
}

/** Work of one kind, each begun when the one before it has ended. */
function oneAfterAnother() {
  let last: Promise<unknown> = Promise.resolve();
  return {
    run<T>(work: () => Promise<T>): Promise<T> {
      const next = last.then(work);
      last = next.catch(() => undefined);
      return next;
    },
    settled: () => last,
  };
}

const writtenUnseen = (before: number, last: number): LedgerUnavailable =>
  new LedgerUnavailable(
    'LEDGER_UNSURE',
    `records ${before + 1} to ${last} were written although their answer was lost`,
  );

/**
 * Opens a ledger with its folds, and reads it once: from its newest snapshot on, or whole where there is none that
 * can be believed. The ledger is the journal's from here on: it closes it as well.
 */
export async function openJournal(
  ledger: LedgerPort,
  folds: readonly AnyFold[],
  policy: SnapshotPolicy | null = null,
  watch: JournalWatch | null = null,
): Promise<Journal> {
  const folded = new Folded(ledger.id, folds);
  const listeners = new Set<RecordsListener>();
  /** Records are taken up one batch after another, in the order of the ledger. */
  const queue = oneAfterAnother();

  const take = (records: readonly LedgerRecord[]): void => {
    const begun = performance.now();
    for (const record of records) folded.take(record);
    watch?.folded(records.length, performance.now() - begun);
    for (const listener of listeners) listener(records);
  };
  const catchUp = async (): Promise<void> => {
    for await (const page of readPages(ledger, { after: folded.head.seq })) take(page);
  };
  const restored = await restoreSnapshot(ledger, folds);
  if (restored) folded.restore(restored.at, restored.states);
  await catchUp();

  /** An append failed: whether it was made is not known until the ledger has been read. */
  let doubtful = false;
  const settleDoubt = async (): Promise<void> => {
    if (!doubtful) return;
    const { seq } = folded.head;
    await catchUp();
    doubtful = false;
    if (folded.head.seq !== seq) throw writtenUnseen(seq, folded.head.seq);
  };
  const append = (entries: readonly Entry[]): Promise<readonly LedgerRecord[]> =>
    queue.run(async () => {
      await settleDoubt();
      const records = await ledger.append(entries).catch((thrown: unknown) => {
        doubtful = true;
        throw thrown;
      });
      const [first] = records;
      // Somebody appended past the journal, or another server led meanwhile: that comes first.
      if (first && first.seq !== folded.head.seq + 1) await catchUp();
      else take(records);
      snapshots.appended();
      return records;
    });
  const snapshots = snapshotting(ledger, folded, append, policy, restored?.at.seq ?? 0);

  return {
    ...ledger,
    position: () => folded.head,
    state: <S>(fold: Fold<S>) => folded.state(fold) as S,
    append,
    follow: () => queue.run(catchUp),
    onRecords(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    snapshot: (now) => snapshots.write(now),
    async close() {
      await snapshots.stop();
      await queue.settled();
      await ledger.close();
    },
  };
}
