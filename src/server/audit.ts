import { type AuditQuery, candidatesOf, matches, recordSentence } from '../api/audit.ts';
import type { AuditAnswer } from '../api/governance.ts';
import { fromCanonical } from '../kit/canonical.ts';
import type { History } from '../ledger/history.ts';
import type { LedgerRecord } from '../ledger/record.ts';

/** Records that an index gave are read in words here, so many at once and so many for one answer. */
const AT_ONCE = 500;
const MOST_READ = 5_000;

const count = (n: number): string => `${n} ${n === 1 ? 'record' : 'records'}`;

interface Found {
  readonly records: readonly LedgerRecord[];
  /** Where the search goes on; null: nothing older is left. */
  readonly next: number | null;
}

async function find(
  history: History,
  query: AuditQuery,
  from: number | undefined,
  limit: number,
): Promise<Found> {
  const records: LedgerRecord[] = [];
  let before = from;
  for (let read = 0; read < MOST_READ; read += AT_ONCE) {
    const texts = await history.page({ ...candidatesOf(query), before, limit: AT_ONCE });
    for (const text of texts) {
      const record = fromCanonical(text) as LedgerRecord;
      before = record.seq;
      if (!matches(record, query)) continue;
      records.push(record);
      if (records.length === limit) return { records, next: record.seq };
    }
    if (texts.length < AT_ONCE) return { records, next: null };
  }
  return { records, next: before ?? null };
}

/** Searched from the newest on, by index and then in words; where it stops early it says from where it goes on. */
export async function searchAudit(
  history: History,
  query: AuditQuery,
  before: number | undefined,
  limit: number,
): Promise<AuditAnswer> {
  const { records, next } = await find(history, query, before, limit);
  const entries = records.map((r) => ({
    seq: r.seq,
    at: r.at,
    type: r.type,
    subject: r.subject,
    actor: r.actor.id,
    sentence: recordSentence(r),
    hash: r.hash,
  }));
  const older = next === null ? '' : `, searched back to #${next}`;
  const newest = entries[0]?.sentence.replace(/\.$/, '');
  const sentence =
    newest === undefined
      ? `No matching record${older}.`
      : `${count(entries.length)}${older}; the newest: ${newest}.`;
  return { schema: 'sluice.dev/audit/v1', sentence, entries, next };
}
