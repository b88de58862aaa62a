import { invariant } from '../kit/result.ts';
import type { AnyFold, Fold } from './fold.ts';
import { type LedgerPort, LedgerUnavailable, readPages } from './port.ts';
import { EMPTY_HEAD, type Entry, type Head, type LedgerRecord } from './record.ts';

export type RecordsListener = (records: readonly LedgerRecord[]) => void;

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
}

interface Kept {
  readonly fold: AnyFold;
  state: unknown;
  failure: { readonly seq: number; readonly thrown: unknown } | null;
}

const newer = (ledger: string, { type, v, seq }: LedgerRecord, known: number): LedgerUnavailable =>
  new LedgerUnavailable(
    'LEDGER_NEWER',
    `record ${seq} of ledger ${ledger} is a ${type} of version ${v}, and this version of Sluice reads up to ` +
      `${known}: a newer one has written here; run that one`,
  );

/** The states of all folds at one place of the ledger. */
class Folded {
  readonly #ledger: string;
  readonly #kept: ReadonlyMap<AnyFold, Kept>;
  readonly #byType = new Map<string, Kept[]>();
  head: Head = EMPTY_HEAD;

  constructor(ledger: string, folds: readonly AnyFold[]) {
    this.#ledger = ledger;
    this.#kept = new Map(folds.map((fold) => [fold, { fold, state: fold.initial, failure: null }]));
    invariant(new Set(folds.map((f) => f.name)).size === folds.length, 'each fold has a name of its own');
    for (const kept of this.#kept.values())
      for (const type of Object.keys(kept.fold.reads))
        this.#byType.set(type, [...(this.#byType.get(type) ?? []), kept]);
  }

  state(fold: AnyFold): unknown {
    const kept = this.#kept.get(fold);
    invariant(kept, `fold ${fold.name} was registered before the journal opened`);
    if (kept.failure)
      throw new Error(`fold ${fold.name} failed at record ${kept.failure.seq}`, {
        cause: kept.failure.thrown,
      });
    return kept.state;
  }

  take(record: LedgerRecord): void {
    const readers = this.#byType.get(record.type) ?? [];
    for (const { fold } of readers)
      if (record.v > fold.reads[record.type]!) throw newer(this.#ledger, record, fold.reads[record.type]!);
    invariant(record.seq === this.head.seq + 1, `record ${record.seq} follows ${this.head.seq}`);
    for (const kept of readers) {
      if (kept.failure) continue;
      try {
        kept.state = kept.fold.apply(kept.state, record);
      } catch (thrown) {
        kept.failure = { seq: record.seq, thrown };
      }
    }
    this.head = { seq: record.seq, hash: record.hash };
  }
}

/** Opens a ledger with its folds, and reads it. The ledger is the journal's from here on: it closes it as well. */
export async function openJournal(ledger: LedgerPort, folds: readonly AnyFold[]): Promise<Journal> {
  const folded = new Folded(ledger.id, folds);
  const listeners = new Set<RecordsListener>();

  const take = (records: readonly LedgerRecord[]): void => {
    for (const record of records) folded.take(record);
    for (const listener of listeners) listener(records);
  };
  const catchUp = async (): Promise<void> => {
    for await (const page of readPages(ledger, { after: folded.head.seq })) take(page);
  };

  /** Records are taken up one batch after another, in the order of the ledger. */
  let last: Promise<unknown> = Promise.resolve();
  const inOrder = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work);
    last = next.catch(() => undefined);
    return next;
  };

  const append = async (entries: readonly Entry[]): Promise<readonly LedgerRecord[]> => {
    const records = await ledger.append(entries);
    const [first] = records;
    // Somebody appended past the journal, or another server led meanwhile: that comes first.
    if (first && first.seq !== folded.head.seq + 1) await catchUp();
    else take(records);
    return records;
  };

  await catchUp();
  return {
    id: ledger.id,
    history: ledger.history,
    position: () => folded.head,
    state: <S>(fold: Fold<S>) => folded.state(fold) as S,
    append: (entries) => inOrder(() => append(entries)),
    follow: () => inOrder(catchUp),
    onRecords(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    head: () => ledger.head(),
    read: (options) => ledger.read(options),
    texts: (options) => ledger.texts(options),
    async close() {
      await last;
      await ledger.close();
    },
  };
}
