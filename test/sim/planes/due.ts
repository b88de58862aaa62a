import type { LedgerRecord } from '../../../src/ledger/record.ts';
import type { Invariant } from './invariants/invariant.ts';
import type { Step } from './move.ts';
import { optionsOf, play, storyFor } from './run.ts';

/** How many subjects of each plane are planned although nothing was reported about them. */
const ONLY_WHAT_IS_DUE = 0;
const EVERYTHING = 1_000;
/** Requests are drawn at this rate, whoever observes: observing a lane must not change users' requests. */
const DRAWN_EVERY_MS = 500;

/**
 * Faults of an edge without duration. A fault that delays an observation delays a pass by its patience: if lanes at rest
 * are observed as well, everything after it happens a little later.
 */
const EDGES: readonly string[] = ['one lane breaks', 'an edge does not answer'];
const overAtOnce = (step: Step): Step =>
  EDGES.includes(step.kind) ? { ...step, b: step.b < 0.5 ? 0 : 0.999 } : step;

async function playedWith(inTurn: number, seed: number, story: readonly Step[]): Promise<LedgerRecord[]> {
  const records: LedgerRecord[] = [];
  const collects: Invariant = {
    id: 'SIM-19',
    says: 'records are collected',
    start: () => ({ record: (record) => void records.push(record) }),
  };
  const options = { ...optionsOf(seed), inTurn, drawnEveryMs: DRAWN_EVERY_MS };
  await play(options, story, [collects], false);
  return records;
}

/** Fields that depend on the order of records within one moment, in which subjects may append in another order. */
const OF_THE_ORDER: Readonly<Record<string, readonly string[]>> = {
  'notice.sent': ['rev', 'ref'],
  'ledger.snapshot': ['digest'],
};

/** A record in its compared form, and the key within which order is kept: its subject, or the receiver. */
function compared({ at, type, subject, data, actor, cause }: LedgerRecord) {
  const kept = { ...(data as Record<string, unknown>) };
  for (const name of OF_THE_ORDER[type] ?? []) delete kept[name];
  const of = type === 'notice.sent' ? String(kept['receiver']) : subject;
  return { at, of, text: JSON.stringify([at, type, subject, kept, actor, cause]) };
}

/** Ordered by time, and within one moment by subject. */
const inOrder = (records: readonly LedgerRecord[]): string[] =>
  records
    .map(compared)
    .sort((a, b) => a.at - b.at || (a.of < b.of ? -1 : a.of > b.of ? 1 : 0))
    .map(({ text }) => text);

/** The first world of a process loads shared parts such as the policy, and would start later than others. */
export const warmUp = async (): Promise<void> => void (await playedWith(ONLY_WHAT_IS_DUE, 1, storyFor(1, 3)));

export interface Difference {
  readonly records: number;
  /** The first record that one of both alone has; null: they are the same. */
  readonly first: { readonly due: string | undefined; readonly swept: string | undefined } | null;
}

/** Plays a story twice, once planning only what is due and once everything in each tick, and compares the records. */
export async function dueAgainstSwept(
  seed: number,
  steps: number,
  prefer: readonly string[] = [],
): Promise<Difference> {
  const story = storyFor(seed, steps, prefer).map(overAtOnce);
  const due = inOrder(await playedWith(ONLY_WHAT_IS_DUE, seed, story));
  const swept = inOrder(await playedWith(EVERYTHING, seed, story));
  const at = due.findIndex((text, i) => text !== swept[i]);
  const same = at === -1 && due.length === swept.length;
  const where = at === -1 ? due.length : at;
  return { records: due.length, first: same ? null : { due: due[where], swept: swept[where] } };
}
