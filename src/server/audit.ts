import { setImmediate } from 'node:timers/promises';
import { type AuditQuery, candidatesOf, matches, recordSentence } from '../api/audit.ts';
import type { AuditAnswer } from '../api/governance.ts';
import { counted } from '../kit/counted.ts';
import type { History } from '../ledger/history.ts';
import type { LedgerRecord } from '../ledger/record.ts';
import { storedRecord } from '../ledger/stored.ts';

/** Records that an index gave are read in words here, so many at once and so many for one answer. */
const AT_ONCE = 500;
const MOST_READ = 5_000;
/** After so many of them whoever decides has a turn. */
const TURN = 50;

interface Found {
  readonly records: readonly LedgerRecord[];
  readonly searched: number;
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
  let searched = 0;
  while (searched < MOST_READ) {
    const texts = await history.page({ ...candidatesOf(query), before, limit: AT_ONCE });
    for (const text of texts) {
      const record = storedRecord(text, 'the ledger');
      before = record.seq;
      searched++;
      if (searched % TURN === 0) await setImmediate();
      if (!matches(record, query)) continue;
      records.push(record);
      if (records.length === limit) return { records, searched, next: record.seq };
    }
    if (texts.length < AT_ONCE) return { records, searched, next: null };
  }
  return { records, searched, next: before ?? null };
}

/** How many there are: a total only where everything was searched, up to where the page before ended. */
function countOf({ records, searched, next }: Found, before: number | undefined): string {
  const found = records.length;
  const upTo = before === undefined ? '' : ` before #${before}`;
  if (next === null) return `${found === 0 ? 'No matching record' : counted(found, 'record')}${upTo}`;
  const so = `in ${counted(searched, 'record')} searched, back to #${next}; earlier ones are not counted`;
  return found === 0 ? `No matching record ${so}` : `At least ${counted(found, 'matching record')}, ${so}`;
}

/** Searched from the newest on, by index and then in words; where it stops early it says from where it goes on. */
export async function searchAudit(
  history: History,
  query: AuditQuery,
  before: number | undefined,
  limit: number,
): Promise<AuditAnswer> {
  const found = await find(history, query, before, limit);
  const { records, searched, next } = found;
  const entries = records.map((r) => ({
    seq: r.seq,
    at: r.at,
    type: r.type,
    subject: r.subject,
    actor: r.actor.id,
    sentence: recordSentence(r),
    hash: r.hash,
  }));
  const newest = entries[0]?.sentence.replace(/\.$/, '');
  const told = countOf(found, before);
  const sentence = newest === undefined ? `${told}.` : `${told}; the newest: ${newest}.`;
  return { schema: 'sluice.dev/audit/v1', sentence, entries, searched, next };
}
