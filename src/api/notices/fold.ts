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
import { ofDecision, ofProposal, ofProposalEnd } from './of-pull-requests.ts';
import { ofHeld, ofMoved, ofOpened } from './of-releases.ts';
import { ofSync } from './of-sync.ts';

/** So many are remembered; the ones that nothing was heard of for longest go. */
const MAX_THREADS = 5_000;

/** What a record says to people, by what is remembered of earlier ones; null: nothing. */
type Telling = (state: Notices, record: LedgerRecord) => Draft | null;

const DELIVERY: Readonly<Record<'release.opened' | 'release.held' | 'lane.moved', Telling>> = {
  'release.opened': ofOpened,
  'release.held': ofHeld,
  'lane.moved': ofMoved,
};
const GITOPS: Readonly<Record<string, Telling>> = {
  'proposal.opened': ofProposal,
  'proposal.updated': ofProposal,
  'proposal.ended': ofProposalEnd,
  'sync.moved': ofSync,
};
const GOVERNANCE: Readonly<Record<string, Telling>> = {
  'gate.decided': ofDecision,
  'freeze.moved': ofBudgetFreeze,
  'freeze.set': ofFreeze,
  'freeze.lifted': ofLift,
};
const TELLINGS: Readonly<Record<string, Telling>> = { ...DELIVERY, ...GITOPS, ...GOVERNANCE };

function remembered(state: Notices, record: LedgerRecord): Notices {
  if (record.type !== 'release.opened') return state;
  const { release, target } = record.data as EventData<'release.opened'>;
  const [service, environment] = partsOfLane(record.subject);
  const opened = { version: target.version, service, environment };
  return { ...state, versions: state.versions.asNewest(release, opened, MAX_THREADS) };
}

/** The ledger as messages: the newest of each thread. */
export const noticesFold: Fold<Notices> = {
  name: 'notices',
  version: 2,
  reads: {
    ...versionsOf(...(Object.keys(DELIVERY) as (keyof typeof DELIVERY)[])),
    ...atVersion(Object.keys(GITOPS), GITOPS_EVENT_VERSION),
    ...atVersion(Object.keys(GOVERNANCE), GOVERNANCE_EVENT_VERSION),
  },
  ...mapsCodec<Notices>({ versions: new PersistentMap(), threads: new PersistentMap() }),
  apply(before, record) {
    const state = remembered(before, record);
    const draft = TELLINGS[record.type]?.(state, record);
    if (!draft) return state;
    const kinds = [...new Set([...(state.threads.get(draft.thread)?.kinds ?? []), draft.kind])];
    const notice: Notice = { ...draft, kinds, at: record.at, rev: record.seq };
    return { ...state, threads: state.threads.asNewest(draft.thread, notice, MAX_THREADS) };
  },
};
