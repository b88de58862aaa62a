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

/** A break in the chain: which line and record, and what is wrong with it. */
export interface Break {
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

function breaksOf(
  text: string,
  line: number,
  before: Head,
  ledger: string | null,
): { record: LedgerRecord | null; breaks: Break[] } {
  const record = parseRecord(text);
  if (typeof record === 'string')
    return {
      record: null,
      breaks: [{ line, seq: null, code: 'NOT_A_RECORD', message: `line ${line} is not a record: ${record}` }],
    };
  const breaks: Break[] = [];
  const found = (code: Break['code'], message: string) =>
    breaks.push({ line, seq: record.seq, code, message });
  const { hash, ...open } = record;
  // The text itself is what was stored: one that is not canonical was changed, even if it means the same.
  if (sha256(canonicalText(open)) !== hash || canonicalText(record) !== text)
    found('CHANGED', `record ${record.seq} was changed after it was written`);
  if (record.seq !== before.seq + 1)
    found('GAP', `record ${record.seq} follows ${before.seq}: ${before.seq + 1} is missing or moved`);
  else if (record.prev !== before.hash)
    found('WRONG_PREVIOUS', `record ${record.seq} does not follow the record before it`);
  if (ledger !== null && record.ledger !== ledger)
    found('OTHER_LEDGER', `record ${record.seq} belongs to ledger ${record.ledger}`);
  return { record, breaks };
}

/** Walks a chain of stored texts and names every break. A cut tail needs an anchor to be seen. */
export function verifyChain(texts: Iterable<string>): Verification {
  let head = EMPTY_HEAD;
  let ledger: string | null = null;
  let line = 0;
  const breaks: Break[] = [];
  for (const text of texts) {
    line++;
    const one = breaksOf(text, line, head, ledger);
    breaks.push(...one.breaks);
    if (one.record) {
      ledger ??= one.record.ledger;
      head = { seq: one.record.seq, hash: one.record.hash };
    }
  }
  return { ok: breaks.length === 0, records: line, head, breaks };
}
