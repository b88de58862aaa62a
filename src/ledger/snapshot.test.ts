import { afterEach, describe, expect, it, vi } from 'vitest';
import { entry } from '../../test/contract/ledger/contract.ts';
import { seenFold, sumFold, touchyFold } from '../../test/contract/ledger/journal-contract.ts';
import { canonicalText } from '../kit/canonical.ts';
import { seededRandom } from '../kit/random.ts';
import { memoryLedger } from './adapters/memory/ledger.ts';
import type { AnyFold } from './fold.ts';
import { type Journal, openJournal } from './journal.ts';
import { writeSnapshot } from './snapshot.ts';
import type { SnapshotPolicy } from './snapshotting.ts';

const FOLDS: readonly AnyFold[] = [seenFold, sumFold];
const LENGTH = 40;

/** What every fold holds, as text. */
const known = (journal: Journal, folds = FOLDS): string[] =>
  folds.map((fold) => canonicalText([...fold.encode(journal.state(fold))]));

/** A ledger with a snapshot after `at` records and the rest behind it, and what the full fold of it is. */
async function history(at: number) {
  const kept = new Map<number, readonly string[]>();
  const ledger = memoryLedger('t', [], kept);
  const journal = await openJournal(ledger, FOLDS);
  const add = (from: number, to: number) =>
    journal.append(
      Array.from({ length: to - from }, (_, i) => entry(from + i, { type: i % 3 ? 'test' : 'other' })),
    );
  await add(0, at);
  await journal.snapshot(0);
  await add(at, LENGTH);
  const texts = await ledger.texts();
  const full = known(await openJournal(memoryLedger('t', texts), FOLDS));
  return { texts, kept, full, lines: kept.get(at)! };
}

describe('snapshots', () => {
  it('LEDGER-19: every snapshot of a history leads to the state of the full fold', async () => {
    for (let at = 1; at <= LENGTH; at++) {
      const { texts, kept, full } = await history(at);
      expect(known(await openJournal(memoryLedger('t', texts, kept), FOLDS)), `after ${at}`).toEqual(full);
    }
  });

  it('LEDGER-19: a damaged one costs a full read, and never a wrong state', async () => {
    const random = seededRandom(27);
    for (const at of [1, 7, 20, LENGTH]) {
      const { texts, full, lines } = await history(at);
      const text = lines.join('\n');
      const flipped = Array.from({ length: 200 }, () => {
        const place = Math.floor(random.next() * text.length);
        const other = String.fromCharCode(33 + Math.floor(random.next() * 90));
        return text.slice(0, place) + (other === text[place] ? '~' : other) + text.slice(place + 1);
      });
      const cut = Array.from({ length: 40 }, (_, i) => text.slice(0, Math.floor((i / 40) * text.length)));
      const turned = [
        [...lines].reverse().join('\n'),
        lines.slice(0, -1).join('\n'),
        `${text}\n${lines.at(-1)}`,
        '',
      ];
      for (const damaged of [...flipped, ...cut, ...turned]) {
        const kept = new Map([[at, damaged.split('\n')]]);
        const journal = await openJournal(memoryLedger('t', texts, kept), FOLDS);
        expect(known(journal), damaged).toEqual(full);
      }
    }
  });

  it('LEDGER-19: one of another ledger, of another chain, of the future or of other folds is not believed', async () => {
    const { texts, kept, full, lines } = await history(20);
    const open = async (folds = FOLDS, from = texts, snapshots = kept) =>
      openJournal(memoryLedger('t', from, snapshots), folds);
    const other = await history(20);
    const foreign = await openJournal(memoryLedger('foreign', [], other.kept), FOLDS);
    await foreign.append(Array.from({ length: 20 }, (_, i) => entry(i * 3)));
    await foreign.snapshot(0);
    expect(known(await open(FOLDS, texts, other.kept))).toEqual(full);
    // The record of the snapshot is cut away with the tail: what lies there is of a future that did not come.
    const before = texts.slice(0, 20);
    expect(known(await open(FOLDS, before))).toEqual(known(await open(FOLDS, before, new Map())));
    expect(known(await open(FOLDS, texts, new Map([[21, lines]])))).toEqual(full);
    const changed: AnyFold = { ...sumFold, version: 2, apply: (s: number) => s + 1 };
    const journal = await open([seenFold, changed]);
    expect(journal.state(changed)).toBe(LENGTH);
    expect(canonicalText([...journal.state(seenFold)])).toBe(full[0]);
    const broken: AnyFold = {
      ...seenFold,
      decode: () => {
        throw new Error('encoded otherwise');
      },
    };
    expect(canonicalText([...(await open([broken])).state(broken as typeof seenFold)])).toBe(full[0]);
  });

  it('LEDGER-19: its record names the folds with their versions, and the record that it was taken after', async () => {
    const ledger = memoryLedger('t', [], new Map());
    const journal = await openJournal(ledger, FOLDS);
    await journal.append([entry(0), entry(1)]);
    await journal.snapshot(7);
    const [record] = await ledger.read({ after: 2 });
    expect(record).toMatchObject({
      at: 7,
      data: { seq: 2, hash: (await ledger.read({ after: 1 }))[0]!.hash },
    });
    expect((record!.data as { folds: unknown }).folds).toEqual(
      FOLDS.map(({ name, version }) => ({ name, version })),
    );
  });

  it('LEDGER-19: one of another version of snapshots, or that says to be of after its own record, is passed over', async () => {
    const { texts, kept, full } = await history(20);
    for (const change of [{ v: 99 }, { data: { seq: 21 } }, { data: { seq: 40 } }]) {
      const odd = memoryLedger('t', texts, kept);
      const read = odd.read.bind(odd);
      const reads = vi.spyOn(odd.snapshots, 'read');
      odd.read = async (query) =>
        (await read(query)).map((one) =>
          query?.type === undefined
            ? one
            : { ...one, ...change, data: { ...(one.data as object), ...(change.data ?? {}) } },
        );
      expect(known(await openJournal(odd, FOLDS))).toEqual(full);
      expect(reads, JSON.stringify(change)).not.toHaveBeenCalled();
    }
  });

  it('LEDGER-19: a fold that failed is not kept, and is read again with the others as they were', async () => {
    const kept = new Map<number, readonly string[]>();
    const ledger = memoryLedger('t', [], kept);
    const journal = await openJournal(ledger, [touchyFold, sumFold]);
    await journal.append([entry(12), entry(13), entry(14)]);
    await journal.snapshot(0);
    const again = await openJournal(memoryLedger('t', await ledger.texts(), kept), [touchyFold, sumFold]);
    expect(() => again.state(touchyFold)).toThrow('failed at record 2');
    expect(again.state(sumFold)).toBe(39);
  });
});

describe('a large snapshot', () => {
  afterEach(() => vi.restoreAllMocks());

  const PIECES = 50;
  const large: AnyFold = { ...seenFold, encode: () => Array.from({ length: PIECES }, (_, i) => i) };

  /** How often other work had its turn while one was written, each piece of which took so long. */
  async function turnsWhile(pieceMs: number): Promise<number> {
    let now = 1_000;
    vi.spyOn(performance, 'now').mockImplementation(() => {
      now += pieceMs;
      return now;
    });
    let turns = 0;
    let isWritten = false;
    const count = () => {
      turns++;
      if (!isWritten) setImmediate(count);
    };
    setImmediate(count);
    const head = { seq: 1, hash: '0'.repeat(64) };
    await writeSnapshot(memoryLedger('t'), head, [{ fold: large, state: large.initial }], 0);
    isWritten = true;
    return turns;
  }

  it('LEDGER-20: it gives other work its turn every few milliseconds, and a quick one does not wait for any', async () => {
    expect(await turnsWhile(5)).toBeGreaterThan(PIECES / 2);
    expect(await turnsWhile(1)).toBeGreaterThanOrEqual(PIECES / 10);
    expect(await turnsWhile(0)).toBeLessThan(PIECES / 10);
  });
});

describe('when snapshots are written', () => {
  const policy = (more: Partial<SnapshotPolicy> = {}): SnapshotPolicy => ({
    everyRecords: 10,
    atStopAfter: 5,
    now: () => 1,
    warn: () => {},
    ...more,
  });
  const taken = async (ledger: ReturnType<typeof memoryLedger>) =>
    (await ledger.read({ type: 'ledger.snapshot' })).map((r) => (r.data as { seq: number }).seq);

  it('LEDGER-20: after so many records while it runs, and at a clean stop where it is worth it', async () => {
    const ledger = memoryLedger('t');
    const journal = await openJournal(ledger, FOLDS, policy());
    for (let i = 0; i < 9; i++) await journal.append([entry(i)]);
    expect(await taken(ledger)).toEqual([]);
    await journal.append([entry(9)]);
    await journal.close();
    expect(await taken(ledger)).toEqual([10]);
    const next = await openJournal(ledger, FOLDS, policy());
    await next.append(Array.from({ length: 4 }, (_, i) => entry(i)));
    await next.close();
    // Ten were snapshotted; its own record and four more are five.
    expect(await taken(ledger)).toEqual([10, 15]);
    await (await openJournal(ledger, FOLDS, policy({ atStopAfter: 1 }))).close();
    expect(await taken(ledger)).toEqual([10, 15]);
  });

  it('LEDGER-20: one that cannot be written is told, and fails nothing', async () => {
    const told: object[] = [];
    const ledger = memoryLedger('t');
    const full = { ...ledger.snapshots, write: () => Promise.reject(new Error('no space')) };
    const journal = await openJournal(
      { ...ledger, snapshots: full },
      FOLDS,
      policy({ warn: (d) => told.push(d) }),
    );
    await journal.append(Array.from({ length: 12 }, (_, i) => entry(i)));
    await journal.append([entry(12)]);
    await journal.close();
    expect(told).toEqual([{ error: 'no space' }]);
    expect(await ledger.read()).toHaveLength(13);
  });
});
