import type { Result } from '../kit/result.ts';
import { type LedgerRecord, verifyChain } from '../ledger/record.ts';

/** A head of a ledger, as it is kept in the desired-state repository: what finds a cut tail and a rewritten chain. */
export interface Anchor {
  readonly ledger: string;
  readonly seq: number;
  readonly hash: string;
  /** Informative: the order is that of the commits. */
  readonly at: number;
  /** Ed25519 over all of the above, in base64, and the key by its name; left out: it is not signed. */
  readonly signature?: string | undefined;
  readonly key?: string | undefined;
}

/** An anchor and the commit that holds it. */
export interface KeptAnchor extends Anchor {
  readonly commit: string;
}

export interface KeptAnchors {
  /** Newest first. */
  readonly anchors: readonly KeptAnchor[];
  /** The commits that no other follows: one, unless two servers wrote at once or somebody rewrote the ref. */
  readonly tips: readonly string[];
}

export interface AnchorFailure {
  /** REFUSED: another one was written meanwhile, or the ref was rewritten. NOT_AN_ANCHOR: somebody else's commit. */
  readonly code: 'UNAVAILABLE' | 'REFUSED' | 'NOT_AN_ANCHOR';
  readonly message: string;
}

/** Where heads of a ledger are kept, each one following the one before; none is ever overwritten. */
export interface AnchorStore {
  /** The newest anchors of every copy there is, `most` at most. */
  read(ledger: string, most: number): Promise<Result<KeptAnchors, AnchorFailure>>;
  /** Writes one after those tips, and nothing where others are there by now. */
  write(anchor: Anchor, after: readonly string[]): Promise<Result<null, AnchorFailure>>;
}

/** Why an anchor does not fit a ledger. */
export interface AnchorObjection {
  readonly code: 'CHANGED' | 'GAP' | 'OTHER_LEDGER';
  readonly seq: number;
  readonly message: string;
}

/** The stored text of a record as the record, if it is the one that its hash says; otherwise null. */
export function soundRecord(text: string): LedgerRecord | null {
  try {
    const record = JSON.parse(text) as LedgerRecord;
    const before = { seq: record.seq - 1, hash: record.prev };
    return verifyChain([text], before).ok ? record : null;
  } catch {
    return null;
  }
}

/**
 * Whether an anchor lies in the chain of a ledger. `text` is what is stored at its seq, null where nothing is.
 * Null: it does.
 */
export function anchorObjection(
  anchor: Omit<Anchor, 'at'>,
  ledger: string,
  text: string | null,
): AnchorObjection | null {
  const { seq } = anchor;
  if (anchor.ledger !== ledger)
    return { code: 'OTHER_LEDGER', seq, message: `an anchor is of ledger ${anchor.ledger}` };
  if (text === null)
    return { code: 'GAP', seq, message: `record ${seq} was anchored and is gone: the tail was cut` };
  if (soundRecord(text)?.hash !== anchor.hash)
    return { code: 'CHANGED', seq, message: `record ${seq} is not the one that was anchored` };
  return null;
}
