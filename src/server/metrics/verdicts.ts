import type { EventData } from '../../delivery/events.ts';
import type { Ms } from '../../kit/time.ts';
import type { LedgerRecord } from '../../ledger/record.ts';

/** From the newest scrape that was counted to the record of its verdict; null: this record counts nothing new. */
export function verdictDelayOf({ type, at, data }: LedgerRecord): Ms | null {
  if (type !== 'release.looked') return null;
  const { intervals, cursors } = data as EventData<'release.looked'>;
  if (!Object.values(intervals).some((counted) => counted.length > 0)) return null;
  const scraped = Object.values(cursors).map(([scrapedAt]) => scrapedAt);
  return scraped.length === 0 ? null : at - Math.max(...scraped);
}
