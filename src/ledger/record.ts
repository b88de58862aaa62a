import { canonicalText, fromCanonical } from '../kit/canonical.ts';
import { sha256 } from '../kit/digest.ts';
import { messageOf } from '../kit/result.ts';

/** What somebody asks to have recorded. `at` is informative: the order is `seq`. */
export interface Entry {
  readonly at: number;
  readonly type: string;
  readonly v: number;
  /** What it is about: a lane, a token, the ledger itself. */
  readonly subject: string;
  readonly actor: { readonly id: string; readonly kind: string };
  /** What led to it: the id of a command or of the record before. */
  readonly cause: string | null;
  readonly data: unknown;
}

export interface LedgerRecord extends Entry {
  readonly ledger: string;
  readonly seq: number;
  readonly prev: string;
  readonly hash: string;
}

export const GENESIS = '0'.repeat(64);

export interface Head {
  readonly seq: number;
  readonly hash: string;
}

export const EMPTY_HEAD: Head = { seq: 0, hash: GENESIS };

/**
 * The next record of a chain and the exact text that is stored. The hash is over the canonical text of everything
 * but the hash, which stands between `data` and `ledger` in the order of RFC 8785: the text is made once, in two parts.
 */
export function seal(ledger: string, head: Head, entry: Entry): { record: LedgerRecord; text: string } {
  const { at, type, v, subject, actor, cause, data } = entry;
  const before = canonicalText({ actor, at, cause, data }).slice(0, -1);
  const after = canonicalText({ ledger, prev: head.hash, seq: head.seq + 1, subject, type, v }).slice(1);
  const hash = sha256(`${before},${after}`);
  const text = `${before},"hash":"${hash}",${after}`;
  return { record: fromCanonical(text) as LedgerRecord, text };
}

/** So many breaks are named; a chain that is broken in every record needs no longer list. */
const MOST_BREAKS = 1_000;

/** A break in the chain: which line and record, and what is wrong with it. */
interface Break {
  readonly line: number;
  readonly seq: number | null;
  readonly code: 'NOT_A_RECORD' | 'CHANGED' | 'GAP' | 'WRONG_PREVIOUS' | 'OTHER_LEDGER';
  readonly message: string;
}

export interface Verification {
  readonly ok: boolean;
  readonly records: number;
  readonly head: Head;
  readonly breaks: readonly Break[];
}

function parseRecord(text: string): LedgerRecord | string {
  try {
    const value = JSON.parse(text) as LedgerRecord;
    return typeof value?.seq === 'number' && typeof value.hash === 'string'
      ? value
      : 'it has no seq or no hash';
  } catch (thrown) {
    return messageOf(thrown);
  }
}

type Link = Pick<LedgerRecord, 'ledger' | 'seq' | 'prev' | 'hash'>;

/** What follows `data` in a stored text: strings and numbers alone, up to its end. */
const TAIL =
  /^,"hash":"([0-9a-f]{64})",("ledger":"([^"\\]*)","prev":"([0-9a-f]{64})","seq":(\d+),"subject":"(?:[^"\\]|\\.)*","type":"(?:[^"\\]|\\.)*","v":\d+\})$/;

/**
 * The link of a text that is stored as it was sealed; null: to be looked at more closely. The hash covers every byte
 * but its own, and its place is known: such a text need not be parsed, nor written anew, to be known as unchanged.
 */
function sealedLink(text: string): Link | null {
  const at = text.lastIndexOf(',"hash":"');
  const tail = at < 0 ? null : TAIL.exec(text.slice(at));
  if (!tail || !text.startsWith('{"actor":') || !text.isWellFormed()) return null;
  const [, hash, rest, ledger, prev, seq] = tail as unknown as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  if (sha256(`${text.slice(0, at)},${rest}`) !== hash) return null;
  return { ledger, seq: Number(seq), prev, hash };
}

/** The link of a text, and whether it was changed; or why it is no record. */
function linkOf(text: string): { link: Link; changed: boolean } | string {
  const sealed = sealedLink(text);
  if (sealed) return { link: sealed, changed: false };
  const record = parseRecord(text);
  if (typeof record === 'string') return record;
  const { hash, ...open } = record;
  // The text itself is what was stored: one that is not canonical was changed, even if it means the same.
  return { link: record, changed: sha256(canonicalText(open)) !== hash || canonicalText(record) !== text };
}

function breaksOf(
  text: string,
  line: number,
  before: Head | null,
  ledger: string | null,
): { record: Link | null; breaks: Break[] } {
  const found = linkOf(text);
  if (typeof found === 'string')
    return {
      record: null,
      breaks: [{ line, seq: null, code: 'NOT_A_RECORD', message: `line ${line} is not a record: ${found}` }],
    };
  const { link: record, changed } = found;
  const breaks: Break[] = [];
  const broken = (code: Break['code'], message: string) =>
    breaks.push({ line, seq: record.seq, code, message });
  if (changed) broken('CHANGED', `record ${record.seq} was changed after it was written`);
  if (before === null) return { record, breaks };
  if (record.seq !== before.seq + 1)
    broken('GAP', `record ${record.seq} follows ${before.seq}: ${before.seq + 1} is missing or moved`);
  else if (record.prev !== before.hash)
    broken('WRONG_PREVIOUS', `record ${record.seq} does not follow the record before it`);
  if (ledger !== null && record.ledger !== ledger)
    broken('OTHER_LEDGER', `record ${record.seq} belongs to ledger ${record.ledger}`);
  return { record, breaks };
}

/** What is known of the chain where a walk begins. */
export interface WalkStart {
  /** Null: not known; then the first record follows whatever it says that it follows. */
  readonly head: Head | null;
  /** The ledger that every record is compared with; null: that of the first one. */
  readonly ledger: string | null;
  /** Texts before it: breaks are told with their line in the whole. */
  readonly lines: number;
}

export const CHAIN_START: WalkStart = { head: EMPTY_HEAD, ledger: null, lines: 0 };

/** A part of a chain that was walked, with what is needed to join it to the part before it. */
export interface Walked extends Verification {
  /** The ledger that it was compared with; null: no record of it could be read. */
  readonly ledger: string | null;
  /** The first record that could be read; null: there is none. */
  readonly first: Pick<LedgerRecord, 'seq' | 'prev'> | null;
  readonly start: WalkStart;
}

interface Verifier {
  /** Takes the next text; gives the number that it says it has. */
  take(text: string): number | null;
  result(): Verification;
  /** The same, with how it may be joined to what comes before. */
  walked(): Walked;
}

/** Walks a chain of stored texts one after another, and names every break. A cut tail needs an anchor to be seen. */
export function createVerifier(start: WalkStart = CHAIN_START): Verifier {
  let { head, ledger } = start;
  let first: Walked['first'] = null;
  let records = 0;
  let broken = 0;
  const breaks: Break[] = [];
  const result = (): Verification => ({ ok: broken === 0, records, head: head ?? EMPTY_HEAD, breaks });
  return {
    take(text) {
      records++;
      const one = breaksOf(text, start.lines + records, head, ledger);
      broken += one.breaks.length;
      breaks.push(...one.breaks.slice(0, Math.max(0, MOST_BREAKS - breaks.length)));
      if (one.record) {
        const { seq, prev, hash } = one.record;
        ledger ??= one.record.ledger;
        first ??= { seq, prev };
        head = { seq, hash };
      }
      return one.record?.seq ?? null;
    },
    result,
    walked: () => ({ ...result(), ledger, first, start }),
  };
}

/** Whether a part that was walked on its own follows what was walked before it: then nothing in it was missed. */
export const follows = (before: Walked, next: Walked): boolean =>
  next.start.lines === before.start.lines + before.records &&
  (next.records === 0 ||
    (next.first !== null &&
      next.ledger === before.ledger &&
      next.first.seq === before.head.seq + 1 &&
      next.first.prev === before.head.hash));

/** Two parts as one that was walked in one go. */
export const joined = (before: Walked, next: Walked): Walked => ({
  ok: before.ok && next.ok,
  records: before.records + next.records,
  head: next.first ? next.head : before.head,
  breaks: [...before.breaks, ...next.breaks].slice(0, MOST_BREAKS),
  ledger: before.ledger ?? next.ledger,
  first: before.first ?? next.first,
  start: before.start,
});

/** A chain that is at hand, whole, or what follows a head that is known. */
export function verifyChain(texts: Iterable<string>, from: Head = EMPTY_HEAD): Verification {
  const verifier = createVerifier({ ...CHAIN_START, head: from });
  for (const text of texts) verifier.take(text);
  return verifier.result();
}
