import type { GitopsData } from '../../gitops/events.ts';
import { partsOfLane } from '../../kit/lane.ts';
import type { LedgerRecord } from '../../ledger/record.ts';
import type { Draft, Notices } from './notice.ts';

/** `sync.moved`: what runs is as Git asks, or is not. */
export function ofSync(_: Notices, record: LedgerRecord): Draft {
  const { to, why } = record.data as GitopsData<'sync.moved'>;
  const [service, environment] = partsOfLane(record.subject);
  const state = to === 'Synced' ? 'is in sync with Git again' : 'is out of sync with Git';
  return {
    thread: `sync/${record.subject}`,
    episode: to === 'Synced' ? 'ends' : 'continues',
    news: record.seq,
    kind: 'drift',
    service,
    environment,
    title: `${service} in ${environment} ${state}`,
    text: `${why}.`,
    settled: true,
    path: '/pipeline',
  };
}
