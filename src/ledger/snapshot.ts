import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { canonicalText, fromCanonical } from '../kit/canonical.ts';
import type { AnyFold } from './fold.ts';
import type { LedgerPort } from './port.ts';
import type { Entry, Head } from './record.ts';

/** Recorded once a snapshot is written: what it says is believed only if its digest is this one. */
export const SNAPSHOT_TYPE = 'ledger.snapshot';
const SNAPSHOT_VERSION = 1;

interface Recorded {
  readonly seq: number;
  readonly hash: string;
  readonly digest: string;
}

/** The state of one fold after the record that the snapshot was taken after. */
export interface FoldState {
  readonly fold: AnyFold;
  readonly state: unknown;
}

/** A state of thousands of lanes is written between other work, never longer than this at a time. */
const AT_ONCE_MS = 5;

async function* linesOf(ledger: string, at: Head, states: readonly FoldState[]): AsyncGenerator<string> {
  yield canonicalText({ schema: 'sluice.dev/snapshot/v1', ledger, seq: at.seq, hash: at.hash });
  let begun = performance.now();
  for (const { fold, state } of states) {
    yield canonicalText({ fold: fold.name, version: fold.version });
    for (const piece of fold.encode(state)) {
      yield canonicalText({ piece });
      if (performance.now() - begun < AT_ONCE_MS) continue;
      await setImmediate();
      begun = performance.now();
    }
  }
}

/** Passes lines on; their digest is known once all have passed. */
function digesting(lines: AsyncIterable<string>) {
  const hash = createHash('sha256');
  async function* passing(): AsyncGenerator<string> {
    for await (const line of lines) {
      hash.update(line, 'utf8').update('\n');
      yield line;
    }
  }
  return { lines: passing(), digest: () => `sha256:${hash.digest('hex')}` };
}

/** Writes the states beside the ledger; gives what is to be recorded of it. */
export async function writeSnapshot(
  ledger: LedgerPort,
  at: Head,
  states: readonly FoldState[],
  now: number,
): Promise<Entry> {
  const { lines, digest } = digesting(linesOf(ledger.id, at, states));
  await ledger.snapshots.write(at.seq, lines);
  const folds = states.map(({ fold: { name, version } }) => ({ name, version }));
  return {
    at: now,
    type: SNAPSHOT_TYPE,
    v: SNAPSHOT_VERSION,
    subject: 'ledger',
    actor: { id: 'sluice', kind: 'system' },
    cause: null,
    data: { seq: at.seq, hash: at.hash, digest: digest(), folds },
  };
}

/** What a snapshot holds of each fold, by name. */
interface Read {
  readonly version: number;
  readonly pieces: unknown[];
}

/** Null: what lies there is not what was recorded. */
async function readLines(
  lines: AsyncIterable<string>,
  ledger: string,
  recorded: Recorded,
): Promise<ReadonlyMap<string, Read> | null> {
  const found = new Map<string, Read>();
  const passed = digesting(lines);
  let header: unknown = null;
  let current: Read | null = null;
  try {
    for await (const line of passed.lines) {
      const value = fromCanonical(line) as { fold?: string; version?: number; piece?: unknown };
      if (header === null) header = value;
      else if (value.fold !== undefined) {
        current = { version: value.version!, pieces: [] };
        found.set(value.fold, current);
      } else current!.pieces.push(value.piece);
    }
  } catch {
    return null;
  }
  const { seq, hash, digest } = recorded;
  const expected = canonicalText({ schema: 'sluice.dev/snapshot/v1', ledger, seq, hash });
  const whole = passed.digest() === digest && header !== null && canonicalText(header) === expected;
  return whole ? found : null;
}

interface Restored {
  readonly at: Head;
  /** Of folds that are as they were when it was taken; the others are read anew. */
  readonly states: ReadonlyMap<AnyFold, unknown>;
}

function decoded(folds: readonly AnyFold[], found: ReadonlyMap<string, Read>): Map<AnyFold, unknown> {
  const states = new Map<AnyFold, unknown>();
  for (const fold of folds) {
    const read = found.get(fold.name);
    if (read?.version !== fold.version) continue;
    try {
      states.set(fold, fold.decode(read.pieces));
    } catch {
      // Encoded otherwise than its version says: read anew, as one of another version is.
    }
  }
  return states;
}

/**
 * The newest snapshot of this ledger that is as it was recorded; null: the ledger has to be read from its beginning.
 * Its digest is part of the chain, and the record that it was taken after must still be that record.
 */
export async function restoreSnapshot(
  ledger: LedgerPort,
  folds: readonly AnyFold[],
): Promise<Restored | null> {
  const records = await ledger.read({ type: SNAPSHOT_TYPE });
  for (const { seq: recordedAt, v, data } of [...records].reverse()) {
    const recorded = data as Recorded;
    if (v !== SNAPSHOT_VERSION || recorded.seq >= recordedAt) continue;
    const lines = await ledger.snapshots.read(recorded.seq);
    if (!lines) continue;
    const found = await readLines(lines, ledger.id, recorded);
    const [record] = await ledger.read({ after: recorded.seq - 1, limit: 1 });
    if (!found || record?.hash !== recorded.hash) continue;
    return { at: { seq: recorded.seq, hash: recorded.hash }, states: decoded(folds, found) };
  }
  return null;
}
