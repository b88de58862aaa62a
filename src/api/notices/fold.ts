import { versionsOf } from '../../delivery/event-versions.ts';
import type { EventData } from '../../delivery/events.ts';
import { GITOPS_EVENT_VERSION } from '../../gitops/events.ts';
import { GOVERNANCE_EVENT_VERSION } from '../../governance/events.ts';
import { partsOfLane } from '../../kit/lane.ts';
import { PersistentMap } from '../../kit/persistent-map.ts';
import { atVersion, type Fold, mapsCodec } from '../../ledger/fold.ts';
import type { LedgerRecord } from '../../ledger/record.ts';
import type { Draft, Notice, Notices } from './notice.ts';
import { ofBudgetFreeze, ofFreeze, ofLift } from './of-freezes.ts';
import { ofMetrics, readingOf } from './of-metrics.ts';
import { ofDecision, ofProposal, ofProposalEnd } from './of-pull-requests.ts';
import { ofHeld, ofMoved, ofOpened } from './of-releases.ts';
import { ofSync } from './of-sync.ts';

/** So many are remembered; the ones that nothing was heard of for longest go. */
const MAX_THREADS = 5_000;

/** What a record says to people, by what is remembered of earlier ones; null: nothing. */
type Telling = (state: Notices, record: LedgerRecord) => Draft | null;

type Tellings = readonly Telling[];

const DELIVERY: Readonly<
  Record<'release.opened' | 'release.held' | 'release.looked' | 'lane.moved', Tellings>
> = {
  'release.opened': [ofOpened],
  'release.held': [ofHeld],
  'release.looked': [ofMetrics],
  // A release that ends may have been the last one that waited for numbers.
  'lane.moved': [ofMoved, ofMetrics],
};
const GITOPS: Readonly<Record<string, Tellings>> = {
  'proposal.opened': [ofProposal],
  'proposal.updated': [ofProposal],
  'proposal.ended': [ofProposalEnd],
  'sync.moved': [ofSync],
};
const GOVERNANCE: Readonly<Record<string, Tellings>> = {
  'gate.decided': [ofDecision],
  'freeze.moved': [ofBudgetFreeze],
  'freeze.set': [ofFreeze],
  'freeze.lifted': [ofLift],
};
const TELLINGS: Readonly<Record<string, Tellings>> = { ...DELIVERY, ...GITOPS, ...GOVERNANCE };

function remembered(state: Notices, record: LedgerRecord): Notices {
  if (record.type !== 'release.opened') return state;
  const { release, target } = record.data as EventData<'release.opened'>;
  const [service, environment] = partsOfLane(record.subject);
  const opened = { version: target.version, service, environment };
  return { ...state, versions: state.versions.asNewest(release, opened, MAX_THREADS) };
}

/** The thread of a draft: what comes and goes has one for each time. */
function threadOf({ open, threads }: Notices, { thread, episode }: Draft, seq: number): string {
  if (!episode) return thread;
  return open.get(thread) ?? (threads.has(thread) ? `${thread}/${seq}` : thread);
}

function noticed(state: Notices, draft: Draft, record: LedgerRecord): Notices {
  const { episode, ...told } = draft;
  const thread = threadOf(state, draft, record.seq);
  const before = state.threads.get(thread);
  const kinds = [...new Set([...(before?.kinds ?? []), draft.kind])];
  const open =
    episode === 'ends'
      ? state.open.without(draft.thread)
      : episode
        ? state.open.asNewest(draft.thread, thread, MAX_THREADS)
        : state.open;
  // What went before it was news was none.
  const cameToNothing = episode === 'ends' && (before?.dueAt ?? 0) > record.at;
  if (cameToNothing) return { ...state, open, threads: state.threads.without(thread) };
  const earlier = thread === draft.thread ? {} : { earlier: draft.thread };
  const notice: Notice = { ...told, ...earlier, thread, kinds, at: record.at, rev: record.seq };
  return { ...state, open, threads: state.threads.asNewest(thread, notice, MAX_THREADS) };
}

/** The ledger as messages: the newest of each thread. */
export const noticesFold: Fold<Notices> = {
  name: 'notices',
  version: 3,
  reads: {
    ...versionsOf(...(Object.keys(DELIVERY) as (keyof typeof DELIVERY)[])),
    ...atVersion(Object.keys(GITOPS), GITOPS_EVENT_VERSION),
    ...atVersion(Object.keys(GOVERNANCE), GOVERNANCE_EVENT_VERSION),
  },
  ...mapsCodec<Notices>({
    versions: new PersistentMap(),
    threads: new PersistentMap(),
    open: new PersistentMap(),
    unread: new PersistentMap(),
  }),
  apply(before, record) {
    const state = readingOf(remembered(before, record), record);
    return (TELLINGS[record.type] ?? []).reduce((told, telling) => {
      const draft = telling(told, record);
      return draft ? noticed(told, draft, record) : told;
    }, state);
  },
};
