import { invariant } from '../kit/result.ts';
import type { AnyFold } from './fold.ts';
import { LedgerUnavailable } from './port.ts';
import { EMPTY_HEAD, type Head, type LedgerRecord } from './record.ts';
import type { FoldState } from './snapshot.ts';

interface Kept {
  readonly fold: AnyFold;
  /** Its snapshot holds everything up to this record. */
  from: number;
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
export class Folded {
  readonly #ledger: string;
  readonly #kept: ReadonlyMap<AnyFold, Kept>;
  readonly #byType = new Map<string, Kept[]>();
  head: Head = EMPTY_HEAD;

  constructor(ledger: string, folds: readonly AnyFold[]) {
    this.#ledger = ledger;
    this.#kept = new Map(folds.map((fold) => [fold, { fold, from: 0, state: fold.initial, failure: null }]));
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

  /** Begins where a snapshot was taken; folds that it does not hold are read from the beginning. */
  restore(at: Head, states: ReadonlyMap<AnyFold, unknown>): void {
    for (const kept of this.#kept.values())
      if (states.has(kept.fold)) Object.assign(kept, { from: at.seq, state: states.get(kept.fold) });
    if (states.size === this.#kept.size) this.head = at;
  }

  /** What every fold holds now; one that failed has nothing to keep. */
  states(): FoldState[] {
    return [...this.#kept.values()].filter((k) => !k.failure).map(({ fold, state }) => ({ fold, state }));
  }

  take(record: LedgerRecord): void {
    const readers = this.#byType.get(record.type) ?? [];
    for (const { fold } of readers)
      if (record.v > fold.reads[record.type]!) throw newer(this.#ledger, record, fold.reads[record.type]!);
    invariant(record.seq === this.head.seq + 1, `record ${record.seq} follows ${this.head.seq}`);
    for (const kept of readers) {
      if (kept.failure || record.seq <= kept.from) continue;
      try {
        kept.state = kept.fold.apply(kept.state, record);
      } catch (thrown) {
        kept.failure = { seq: record.seq, thrown };
      }
    }
    this.head = { seq: record.seq, hash: record.hash };
  }
}
