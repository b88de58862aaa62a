import { type AnchorObjection, anchorObjection } from '../../gitops/anchors.ts';
import { canonicalText } from '../../kit/canonical.ts';
import { counted } from '../../kit/counted.ts';
import { messageOf } from '../../kit/result.ts';
import { humanSpan } from '../../kit/time.ts';
import { CliError, type Io } from '../io.ts';
import type { CommandParts } from '../parts.ts';
import { type Past, withPast } from '../past.ts';
import { anchorsOf, ownAnchors, type SeenAnchors } from './anchors.ts';

/** How far a ledger is anchored, without walking it: `ledger verify` does that. */
export interface AnchoredReport {
  /** The last record. */
  readonly head: number;
  /** The newest anchor; null: there is none. */
  readonly anchor: { readonly seq: number; readonly at: number | null } | null;
  /** Records that no anchor covers. */
  readonly unanchored: number;
  /** Why the newest anchor does not lie in the chain; null: it does, or there is none. */
  readonly objection: AnchorObjection | null;
}

async function reportOf(io: Io, past: Past, where: string | null, parts: Pick<CommandParts, 'readAnchors'>) {
  const [last] = await past.newest({}, 1);
  if (!last) return null;
  const anchors = where === null ? [] : await anchorsOf(io, where, last.ledger, parts);
  const newest = anchors.reduce<SeenAnchors | null>((a, b) => (a && a.seq >= b.seq ? a : b), null);
  if (newest === null) return { head: last.seq, anchor: null, unanchored: last.seq, objection: null };
  const record = await past.record(newest.seq);
  const { seq, hash, at } = newest;
  const objection = anchorObjection(
    { ledger: last.ledger, seq, hash },
    last.ledger,
    record && canonicalText(record),
  );
  return {
    head: last.seq,
    anchor: { seq, at },
    unanchored: objection ? last.seq : last.seq - seq,
    objection,
  };
}

/** Null: the folder has no ledger, or an empty one. A string: why nothing can be said of it. */
export async function anchoredReport(
  io: Io,
  work: string,
  parts: Pick<CommandParts, 'openExistingHistory' | 'readAnchors'>,
): Promise<AnchoredReport | string | null> {
  try {
    return await withPast(parts, { work }, (past) => reportOf(io, past, ownAnchors({ work }), parts));
  } catch (thrown) {
    return thrown instanceof CliError && thrown.failure.code === 'NO_LEDGER' ? null : messageOf(thrown);
  }
}

/** The report as rows of two columns: what, and how it is. */
export function anchoredRows(report: AnchoredReport | string | null, now: number): [string, string][] {
  if (report === null) return [];
  if (typeof report === 'string') return [['ledger', `cannot be read: ${report}`]];
  const { head, anchor, unanchored, objection } = report;
  const ago = anchor?.at == null ? '' : `, ${humanSpan(Math.max(0, now - anchor.at))} ago`;
  const lies = objection
    ? `is not in the chain: ${objection.message}; run sluice ledger verify, and compare with an export that you trust`
    : 'is in the chain';
  return [
    ['ledger', `${head} records`],
    [
      'last anchor',
      anchor ? `#${anchor.seq}${ago}: ${lies}` : 'none: a truncated ledger would not be detected',
    ],
    ['not anchored', counted(unanchored, 'record')],
  ];
}
