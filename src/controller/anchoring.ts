import {
  type AnchorFailure,
  type AnchorObjection,
  type AnchorStore,
  anchorObjection,
  type KeptAnchor,
  soundRecord,
} from '../gitops/anchors.ts';
import type { LedgerPort } from '../ledger/port.ts';
import { EMPTY_HEAD, type Head, verifyChain } from '../ledger/record.ts';

/** What stops anchoring: an objection of the ledger, a broken chain, or Git. */
interface AnchorTrouble {
  readonly code: AnchorObjection['code'] | AnchorFailure['code'] | 'CHAIN_BROKEN';
  readonly message: string;
  /** Whether records were changed or anchors rewritten, and not only something out of reach. */
  readonly tampered: boolean;
}

export interface AnchorStatus {
  /** The newest record that is anchored and lies in the chain; null: none is known. */
  readonly anchored: number | null;
  readonly trouble: AnchorTrouble | null;
}

export interface Anchoring {
  readonly everyMs: number;
  /** Anchors the head if it moved, and if every anchor that is there lies in the chain. */
  tick(now: number): Promise<void>;
  status(): AnchorStatus;
}

interface AnchoringParts {
  readonly ledger: LedgerPort;
  readonly store: AnchorStore;
  warn(details: object, message: string): void;
}

/** How far an anchor may be behind while records are appended. */
const ANCHOR_EVERY_MS = 60_000;
/** How many of the newest anchors are compared in the first tick; later ones are compared as they are written. */
const MOST_COMPARED = 1_000;
const PAGE = 500;
const TAMPERED: ReadonlySet<AnchorTrouble['code']> = new Set([
  'CHANGED',
  'GAP',
  'OTHER_LEDGER',
  'NOT_AN_ANCHOR',
  'CHAIN_BROKEN',
]);
const NEXT =
  'compare the ledger with an export that you trust; if it was replaced on purpose, delete the ref with its anchors';

const troubleOf = ({ code, message }: Omit<AnchorTrouble, 'tampered'>): AnchorTrouble => ({
  code,
  message,
  tampered: TAMPERED.has(code),
});

/** Warnings for people, one sentence each. */
export const anchorWarnings = ({ trouble }: AnchorStatus): readonly string[] =>
  trouble ? [`the ledger is not anchored (${trouble.code}): ${trouble.message}`] : [];

/** What anchoring knows between two ticks; all of it can be read again from the ledger and the store. */
interface AnchoringState {
  /** The newest head that is anchored and lies in the chain. */
  anchored: Head | null;
  trouble: AnchorTrouble | null;
  /** Up to here the chain was walked. */
  walked: Head;
  /** Commits whose anchors were compared. */
  compared: ReadonlySet<string>;
}

const textAt = async (ledger: LedgerPort, seq: number): Promise<string | null> =>
  (await ledger.texts({ after: seq - 1, limit: 1 }))[0] ?? null;

/** The first anchor that does not lie in the chain; the newest is compared each time. */
async function objectionIn(
  state: AnchoringState,
  ledger: LedgerPort,
  anchors: readonly KeptAnchor[],
): Promise<AnchorObjection | null> {
  for (const [at, anchor] of anchors.entries()) {
    if (at > 0 && state.compared.has(anchor.commit)) continue;
    const found = anchorObjection(anchor, ledger.id, await textAt(ledger, anchor.seq));
    if (found) return found;
  }
  state.compared = new Set(anchors.map((a) => a.commit));
  return null;
}

/** Walks what came since the last walk; null: every record up to the head follows the one before. */
async function breakUpTo(state: AnchoringState, ledger: LedgerPort, head: Head): Promise<string | null> {
  const { walked } = state;
  const before = walked.seq === 0 ? null : await textAt(ledger, walked.seq);
  if (walked.seq > 0 && (before === null || soundRecord(before)?.hash !== walked.hash))
    return `record ${walked.seq} is no longer the one that was read`;
  for (let from = walked; from.seq < head.seq; ) {
    const texts = await ledger.texts({ after: from.seq, limit: Math.min(PAGE, head.seq - from.seq) });
    const { breaks, head: to } = verifyChain(texts, from);
    if (breaks[0]) return breaks[0].message;
    if (texts.length === 0) return `record ${from.seq + 1} is missing`;
    from = to;
    state.walked = to;
  }
  return state.walked.hash === head.hash ? null : `record ${head.seq} changed while it was read`;
}

async function anchorHead(
  state: AnchoringState,
  { ledger, store }: AnchoringParts,
  head: Head,
  now: number,
): Promise<AnchorTrouble | null> {
  const kept = await store.read(ledger.id, MOST_COMPARED);
  if (!kept.ok) return troubleOf(kept.error);
  const { anchors, tips } = kept.value;
  const objection = await objectionIn(state, ledger, anchors);
  if (objection) return troubleOf(objection);
  const newest = anchors.reduce<Head>((a, b) => (b.seq > a.seq ? b : a), EMPTY_HEAD);
  // What an anchor covers was walked when it was written; a later change is found by `ledger verify`.
  if (newest.seq > state.walked.seq) state.walked = { seq: newest.seq, hash: newest.hash };
  const broken = await breakUpTo(state, ledger, head);
  if (broken) return troubleOf({ code: 'CHAIN_BROKEN', message: broken });
  if (newest.seq < head.seq) {
    const written = await store.write({ ledger: ledger.id, ...head, at: now }, tips);
    if (!written.ok) {
      state.anchored = newest.seq > 0 ? newest : null;
      return troubleOf(written.error);
    }
  }
  state.anchored = head;
  return null;
}

/** Takes up what came of a tick, and warns where it is something new. */
function takeUp(state: AnchoringState, next: AnchorTrouble | null, warn: AnchoringParts['warn']): void {
  const { trouble } = state;
  const known = next?.code === trouble?.code || (next?.tampered && trouble?.tampered);
  if (next && !known)
    warn(
      next.tampered ? { ...next, next: NEXT } : { ...next },
      next.tampered
        ? 'anchoring stopped: the ledger is not the one that was anchored'
        : 'the ledger could not be anchored',
    );
  if (!next && trouble) warn({ code: trouble.code }, 'the ledger is anchored again');
  if (next?.tampered) state.anchored = null;
  state.trouble = next;
}

/**
 * Puts the head of the ledger where a cut tail or a rewritten chain is missed. Nothing that was anchored is replaced:
 * an anchor that does not lie in the chain stops this, until it does again or a person decides otherwise.
 */
export function createAnchoring(parts: AnchoringParts): Anchoring {
  const state: AnchoringState = { anchored: null, trouble: null, walked: EMPTY_HEAD, compared: new Set() };
  return {
    everyMs: ANCHOR_EVERY_MS,
    status: () => ({ anchored: state.anchored?.seq ?? null, trouble: state.trouble }),
    async tick(now) {
      const head = await parts.ledger.head();
      const { anchored, trouble } = state;
      if (head.seq === 0) return;
      // At rest nothing is asked of Git, and nothing is written to it.
      if (trouble === null && head.seq === anchored?.seq && head.hash === anchored.hash) return;
      takeUp(state, await anchorHead(state, parts, head, now), parts.warn);
    },
  };
}
