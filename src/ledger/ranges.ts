import { CHAIN_START, follows, joined, type Verification, type Walked, type WalkStart } from './record.ts';

/** Stored records after one place, up to another. */
export interface Range {
  readonly after: number;
  /** Null: whatever there is. */
  readonly until: number | null;
}

/** Fewer records are walked sooner than another thread has begun. */
const SMALLEST = 50_000;

/** A chain of so many records in so many parts of about the same length; the last one takes what is appended meanwhile. */
export function rangesOf(records: number, parts: number, smallest = SMALLEST): readonly Range[] {
  const count = Math.max(1, Math.min(parts, Math.floor(records / smallest)));
  const ends = Array.from({ length: count - 1 }, (_, i) => Math.round(((i + 1) * records) / count));
  return [...ends, null].map((until, i) => ({ after: ends[i - 1] ?? 0, until }));
}

/**
 * Walks all ranges at the same time and joins them: what comes of it is what one walk over the whole chain finds. A
 * range that does not follow the one before it is walked once more, knowing what it ought to follow.
 */
export async function verifyRanges(
  ranges: readonly Range[],
  walk: (range: Range, start: WalkStart) => Promise<Walked>,
): Promise<Verification> {
  // Records are numbered without a gap: so many come before, unless somebody took one out.
  const startOf = ({ after }: Range): WalkStart =>
    after === 0 ? CHAIN_START : { head: null, ledger: null, lines: after };
  const parts = await Promise.all(ranges.map((range) => walk(range, startOf(range))));
  let whole = parts[0]!;
  for (const [i, part] of parts.entries()) {
    if (i === 0) continue;
    const { head, ledger, records } = whole;
    const next = follows(whole, part) ? part : await walk(ranges[i]!, { head, ledger, lines: records });
    whole = joined(whole, next);
  }
  const { ok, records, head, breaks } = whole;
  return { ok, records, head, breaks };
}
