import type { History } from '../ledger/history.ts';
import type { LedgerRecord } from '../ledger/record.ts';
import { storedRecord } from '../ledger/stored.ts';

const AT_ONCE = 500;

interface LaneQuery {
  /** The lane, as `service/environment`. */
  readonly subject: string;
  readonly type?: string;
  /** Only records before this seq. */
  readonly before?: number | undefined;
}

/** Records of a lane from a seq on, page by page, oldest first: off the thread that decides where the store can. */
export async function* lanePages(
  history: History,
  query: LaneQuery,
  from = 1,
): AsyncGenerator<readonly LedgerRecord[]> {
  for (let after = from - 1; ; ) {
    const texts = await history.page({ ...query, after, limit: AT_ONCE });
    const records = texts.map((text) => storedRecord(text, 'the ledger'));
    yield records;
    if (texts.length < AT_ONCE) return;
    after = records.at(-1)!.seq;
  }
}

/** All of them. */
export async function laneRecords(history: History, query: LaneQuery, from = 1): Promise<LedgerRecord[]> {
  const records: LedgerRecord[] = [];
  for await (const page of lanePages(history, query, from)) records.push(...page);
  return records;
}
