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
export interface AnchorTrouble {
  readonly code: AnchorObjection['code'] | AnchorFailure['code'] | 'CHAIN_BROKEN';
  readonly message: string;
  /** Whether records were changed or anchors rewritten, and not only something out of reach. */
  readonly tampered: boolean;
}

export interface AnchorStatus {
  /** The newest record that is anchored and lies in the chain; null: none is known to. */
  readonly anchored: number | null;
  readonly trouble: AnchorTrouble | null;
}

export interface Anchoring {
  readonly everyMs: number;
  /** Anchors the head if it moved, and if every anchor that is there lies in the chain. */
  look(now: number): Promise<void>;
  status(): AnchorStatus;
}

export interface AnchoringParts {
  readonly ledger: LedgerPort;
  readonly store: AnchorStore;
  warn(details: object, message: string): void;
}

/** An anchor is at most so far behind, while something happens. */
export const ANCHOR_EVERY_MS = 60_000;
/** So many of the newest anchors are compared at the first look; later ones as they come. */
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

/** What people are warned of, one sentence each. */
export const anchorWarnings = ({ trouble }: AnchorStatus): readonly string[] =>
  trouble ? [`the ledger is not anchored (${trouble.code}): ${trouble.message}`] : [];

/**
 * Puts the head of the ledger where a cut tail or a rewritten chain is missed. Nothing that was anchored is replaced:
 * an anchor that does not lie in the chain stops this, until it does again or a person decides otherwise.
 */
export function createAnchoring({ ledger, store, warn }: AnchoringParts): Anchoring {
  let anchored: Head | null = null;
  let trouble: AnchorTrouble | null = null;
  /** Up to here the chain was walked. */
  let walked: Head = EMPTY_HEAD;
  /** Commits whose anchors were compared. */
  let compared: ReadonlySet<string> = new Set();

  const textAt = async (seq: number): Promise<string | null> =>
    (await ledger.texts({ after: seq - 1, limit: 1 }))[0] ?? null;

  /** The first anchor that does not lie in the chain; the newest is compared each time. */
  async function objectionIn(anchors: readonly KeptAnchor[]): Promise<AnchorObjection | null> {
    for (const [at, anchor] of anchors.entries()) {
      if (at > 0 && compared.has(anchor.commit)) continue;
      const found = anchorObjection(anchor, ledger.id, await textAt(anchor.seq));
      if (found) return found;
    }
    compared = new Set(anchors.map((a) => a.commit));
    return null;
  }

  /** Walks what came since the last walk; null: every record up to the head follows the one before. */
  async function breakUpTo(head: Head): Promise<string | null> {
    const before = walked.seq === 0 ? null : await textAt(walked.seq);
    if (walked.seq > 0 && (before === null || soundRecord(before)?.hash !== walked.hash))
      return `record ${walked.seq} is no longer the one that was read`;
    for (let from = walked; from.seq < head.seq; ) {
      const texts = await ledger.texts({ after: from.seq, limit: Math.min(PAGE, head.seq - from.seq) });
      const { breaks, head: to } = verifyChain(texts, from);
      if (breaks[0]) return breaks[0].message;
      if (texts.length === 0) return `record ${from.seq + 1} is missing`;
      from = to;
      walked = to;
    }
    return walked.hash === head.hash ? null : `record ${head.seq} changed while it was read`;
  }

  async function anchorHead(head: Head, now: number): Promise<AnchorTrouble | null> {
    const kept = await store.read(ledger.id, MOST_COMPARED);
    if (!kept.ok) return troubleOf(kept.error);
    const { anchors, tips } = kept.value;
    const objection = await objectionIn(anchors);
    if (objection) return troubleOf(objection);
    const newest = anchors.reduce<Head>((a, b) => (b.seq > a.seq ? b : a), EMPTY_HEAD);
    // What an anchor covers was walked when it was written; a later change is found by `ledger verify`.
    if (newest.seq > walked.seq) walked = { seq: newest.seq, hash: newest.hash };
    const broken = await breakUpTo(head);
    if (broken) return troubleOf({ code: 'CHAIN_BROKEN', message: broken });
    if (newest.seq < head.seq) {
      const written = await store.write({ ledger: ledger.id, ...head, at: now }, tips);
      if (!written.ok) {
        anchored = newest.seq > 0 ? newest : null;
        return troubleOf(written.error);
      }
    }
    anchored = head;
    return null;
  }

  function tell(next: AnchorTrouble | null): void {
    const known = next?.code === trouble?.code || (next?.tampered && trouble?.tampered);
    if (next && !known)
      warn(
        next.tampered ? { ...next, next: NEXT } : { ...next },
        next.tampered
          ? 'the ledger is not anchored any more: it is not the one that was anchored'
          : 'the ledger could not be anchored',
      );
    if (!next && trouble) warn({ code: trouble.code }, 'the ledger is anchored again');
    if (next?.tampered) anchored = null;
    trouble = next;
  }

  return {
    everyMs: ANCHOR_EVERY_MS,
    status: () => ({ anchored: anchored?.seq ?? null, trouble }),
    async look(now) {
      const head = await ledger.head();
      if (head.seq === 0) return;
      // At rest nothing is asked of Git, and nothing is written to it.
      if (trouble === null && head.seq === anchored?.seq && head.hash === anchored.hash) return;
      tell(await anchorHead(head, now));
    },
  };
}
