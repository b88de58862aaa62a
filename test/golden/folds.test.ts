import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { canonicalText, fromCanonical } from '../../src/kit/canonical.ts';
import { sha256 } from '../../src/kit/digest.ts';
import { seededRandom } from '../../src/kit/random.ts';
import { memoryLedger } from '../../src/ledger/adapters/memory/ledger.ts';
import type { AnyFold } from '../../src/ledger/fold.ts';
import type { Journal } from '../../src/ledger/journal.ts';
import type { LedgerRecord } from '../../src/ledger/record.ts';
import { SERVER_FOLDS } from '../../src/server/folds.ts';
import { releaseShapes, repeated } from '../history.ts';
import { journalOver } from '../journal.ts';
import { matchGolden } from './golden.ts';

const FOLDER = join(import.meta.dirname, 'folds');
const HISTORY = join(FOLDER, 'history.jsonl.gz');

/** A simulated history, kept once: what becomes of it may only change together with the version of a fold. */
async function keptHistory(): Promise<string[]> {
  if (!existsSync(HISTORY)) {
    const ledger = memoryLedger('kept');
    const options = { services: 2, environments: ['stage', 'prod'], rounds: 2 };
    for (const batch of repeated(await releaseShapes(), options)) await ledger.append(batch);
    writeFileSync(HISTORY, gzipSync((await ledger.texts()).join('\n'), { level: 9 }));
  }
  return gunzipSync(readFileSync(HISTORY)).toString('utf8').split('\n');
}
const texts = await keptHistory();

const encoded = (journal: Journal, fold: AnyFold): string =>
  [...fold.encode(journal.state(fold))].map((piece) => canonicalText(piece)).join('\n');
const all = (journal: Journal): string[] => SERVER_FOLDS.map((fold) => encoded(journal, fold));


describe('the folds of a server', () => {
  it('FOLD-1: a fold that leads to another state has another version', async () => {
    const journal = await journalOver(memoryLedger('kept', texts));
    const rows = SERVER_FOLDS.map(
      (fold) => `${fold.name} ${fold.version} ${sha256(encoded(journal, fold))}`,
    );
    // Where this differs, raise the `version` of the fold that changed, then write it anew: a snapshot that an earlier
    // version wrote is read anew only if its fold has another version.
    matchGolden(join(FOLDER, 'states.txt'), `${rows.join('\n')}\n`);
  });

  it('FOLD-1: every type of record that a fold reads is in that history', () => {
    const types = new Set(texts.map((text) => (fromCanonical(text) as LedgerRecord).type));
    const missing = SERVER_FOLDS.flatMap((fold) => Object.keys(fold.reads)).filter((type) => !types.has(type));
    expect(missing).toEqual([]);
  });

  it('FOLD-2: a state is encoded whole: decoded, it goes on to the same', async () => {
    const records = texts.map((text) => fromCanonical(text) as LedgerRecord);
    for (const fold of SERVER_FOLDS) {
      const mine = records.filter((r) => r.type in fold.reads);
      const straight = mine.reduce(fold.apply, fold.initial);
      const stopping = mine.reduce(
        (state, record) => fold.decode([...fold.encode(fold.apply(state, record))].map((p) => fromCanonical(canonicalText(p)))),
        fold.initial,
      );
      expect(canonicalText([...fold.encode(stopping)]), fold.name).toBe(canonicalText([...fold.encode(straight)]));
    }
  });

  it('FOLD-3: every snapshot of it, and each one damaged, leads to the state of the full fold', async () => {
    const random = seededRandom(3);
    const records = texts.map((text) => fromCanonical(text) as LedgerRecord);
    const places = Array.from({ length: 8 }, (_, i) => Math.ceil(((i + 1) / 8) * records.length));
    for (const place of places) {
      const kept = new Map<number, readonly string[]>();
      const ledger = memoryLedger('kept', texts.slice(0, place), kept);
      const journal = await journalOver(ledger);
      await journal.snapshot(0);
      await journal.append(records.slice(place));
      const whole = await ledger.texts();
      const full = all(await journalOver(memoryLedger('kept', whole)));
      expect(all(journal)).toEqual(full);
      expect(all(await journalOver(memoryLedger('kept', whole, kept))), `after ${place}`).toEqual(full);
      const text = kept.get(place)!.join('\n');
      const at = random.below(text.length);
      const damaged = [
        text.slice(0, at) + (text[at] === '0' ? '1' : '0') + text.slice(at + 1),
        text.slice(0, at),
        text.replace('"fold":"governance"', '"fold":"budgets"'),
        text.replace('Stable', 'Canary'),
      ].filter((other) => other !== text);
      for (const other of damaged) {
        const found = all(await journalOver(memoryLedger('kept', whole, new Map([[place, other.split('\n')]]))));
        expect(found, `after ${place}, damaged at ${at}`).toEqual(full);
      }
    }
  });
});
