import type { Anchor, AnchorStore } from './anchors.ts';

/** What is signed: the whole anchor, under a name that no other text of ours has. */
const signedText = ({ ledger, seq, hash, at }: Anchor): string =>
  `sluice.dev/anchor/v1\n${ledger}\n${seq}\n${hash}\n${at}\n`;

interface Signer {
  readonly id: string;
  sign(text: string): string;
}

interface Checker {
  signed(text: string, signature: string): boolean;
}

/** A store whose anchors are signed as they are written. */
export const signedAnchors = (store: AnchorStore, { id, sign }: Signer): AnchorStore => ({
  ...store,
  write: (anchor, after) => store.write({ ...anchor, key: id, signature: sign(signedText(anchor)) }, after),
});

const isSigned = (anchor: Anchor, keys: readonly Checker[]): boolean =>
  anchor.signature !== undefined && keys.some((key) => key.signed(signedText(anchor), anchor.signature!));

/** What the signatures of a ledger's anchors say, checked with public keys alone. */
interface SignatureReport {
  /** The newest record that a signed anchor covers; null: none is signed. */
  readonly signed: number | null;
  /** What is wrong, the oldest first. */
  readonly objections: readonly { readonly seq: number; readonly message: string }[];
}

/**
 * From the first signed anchor on each has to be signed by one of the keys: an anchor without a signature among signed
 * ones was written by somebody who has no key.
 */
export function checkSignatures(anchors: readonly Anchor[], keys: readonly Checker[]): SignatureReport {
  const inOrder = anchors.toSorted((a, b) => a.seq - b.seq);
  const first = inOrder.findIndex((anchor) => anchor.signature !== undefined);
  if (first < 0) return { signed: null, objections: [] };
  const required = inOrder.slice(first);
  const objections = required
    .filter((anchor) => !isSigned(anchor, keys))
    .map(({ seq, signature, key }) => ({
      seq,
      message:
        signature === undefined
          ? `the anchor of record ${seq} is not signed, and earlier ones are`
          : `the anchor of record ${seq} is not signed by a key that was given (it names ${key ?? 'none'})`,
    }));
  const signed = required.filter((anchor) => isSigned(anchor, keys)).at(-1)?.seq ?? null;
  return { signed, objections };
}
