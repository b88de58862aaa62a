import { laneName, partsOfLane } from '../kit/lane.ts';
import { PersistentMap } from '../kit/persistent-map.ts';
import { atVersion, type Fold, mapsCodec } from '../ledger/fold.ts';
import { isNewHere } from './commits.ts';
import {
  evolveProposals,
  GITOPS_EVENT_VERSION,
  type GitopsData,
  gitopsEvents,
  noProposals,
  type Proposals,
} from './events.ts';
import type { SyncWord } from './sync.ts';

/** What was asked for by pull request, and who was told. */
export interface Promotions extends Proposals {
  /** The pull request that brought an artefact to a lane, by `lane@digest`. */
  readonly brought: PersistentMap<string, number>;
  /** Releases whose author was told that they failed. */
  readonly told: PersistentMap<string, true>;
}

interface BroughtChange {
  readonly service: string;
  readonly environment: string;
  readonly to?: { readonly digest: string };
}

/** The gate's decisions hold what a pull request changes; that is all that is read of them here. */
const DECISION_VERSION = 1;

function broughtBy(before: Promotions['brought'], subject: string, data: unknown): Promotions['brought'] {
  const { changes = [] } = (data as { facts?: { changes?: readonly BroughtChange[] } }).facts ?? {};
  let brought = before;
  for (const { service, environment, to } of changes)
    if (to)
      brought = brought.with(
        `${laneName(service, environment)}@${to.digest}`,
        Number(subject.replace('pull/', '')),
      );
  return brought;
}

export const promotionsFold: Fold<Promotions> = {
  name: 'promotions',
  version: 1,
  reads: {
    ...atVersion(
      ['proposal.opened', 'proposal.updated', 'proposal.ended', 'author.told'],
      GITOPS_EVENT_VERSION,
    ),
    'gate.decided': DECISION_VERSION,
  },
  ...mapsCodec<Promotions>({ ...noProposals, brought: new PersistentMap(), told: new PersistentMap() }),
  apply(state, record) {
    if (record.type === 'gate.decided')
      return { ...state, brought: broughtBy(state.brought, record.subject, record.data) };
    if (record.type === 'author.told') {
      const { release } = record.data as GitopsData<'author.told'>;
      return { ...state, told: state.told.with(release, true) };
    }
    return { ...state, ...evolveProposals(state, record) };
  },
};

/** Who brought an artefact, and when it was first written down. */
export interface ArtefactOrigin {
  readonly authors: readonly string[];
  readonly authoredAt: number;
}

/** The commit that brought an artefact to a lane. */
interface BringingCommit {
  readonly commit: string;
  /** Who merged it, where that was a commit of its own; null: nobody is known. */
  readonly mergedBy: string | null;
}

/** What is recorded of commits. */
interface RecordedCommits {
  /** The last recorded head of each branch. */
  readonly heads: PersistentMap<string, string>;
  /** The origin of artefacts, by `service@digest`. */
  readonly origins: PersistentMap<string, ArtefactOrigin>;
  /** The newest commit that brought an artefact to a lane, by `lane@digest`. */
  readonly brought: PersistentMap<string, BringingCommit>;
}

/** The author of commits by Sluice itself. */
export const OURS = 'sluice';
const MAX_AUTHORS = 20;

export const originKey = (service: string, digest: string): string => `${service}@${digest}`;

/** The authors of each artefact that a recorded commit brought. */
function withOrigins(
  before: RecordedCommits['origins'],
  { author, authoredAt, changes, merge }: GitopsData<'desired.changed'>,
): RecordedCommits['origins'] {
  let origins = before;
  for (const { lane, kind, to } of changes) {
    if (!to || !isNewHere(kind) || author === OURS) continue;
    const key = originKey(partsOfLane(lane)[0], to.digest);
    const known = origins.get(key);
    if (merge && known) continue;
    const authors = [...new Set([...(known?.authors ?? []), author])].slice(0, MAX_AUTHORS);
    origins = origins.with(key, {
      authors,
      authoredAt: Math.min(known?.authoredAt ?? authoredAt, authoredAt),
    });
  }
  return origins;
}

/** The commit by which each artefact came: the merge where there is one, since it comes after what it merges. */
function withBrought(
  before: RecordedCommits['brought'],
  { commit, author, changes, merge }: GitopsData<'desired.changed'>,
): RecordedCommits['brought'] {
  const mergedBy = merge ? author : null;
  return changes
    .filter(({ to, kind }) => to !== null && isNewHere(kind))
    .reduce((brought, { lane, to }) => brought.with(`${lane}@${to!.digest}`, { commit, mergedBy }), before);
}

export const commitsFold: Fold<RecordedCommits> = {
  name: 'commits',
  version: 2,
  reads: atVersion(['desired.changed'], GITOPS_EVENT_VERSION),
  ...mapsCodec<RecordedCommits>({
    heads: new PersistentMap(),
    origins: new PersistentMap(),
    brought: new PersistentMap(),
  }),
  apply(state, { subject, data }) {
    const changed = gitopsEvents['desired.changed'].parse(data);
    return {
      heads: state.heads.with(subject, changed.commit),
      origins: withOrigins(state.origins, changed),
      brought: withBrought(state.brought, changed),
    };
  },
};

/** The last recorded sync state of each lane. */
interface Syncs {
  readonly words: PersistentMap<string, SyncWord>;
}

export const syncFold: Fold<Syncs> = {
  name: 'sync',
  version: 1,
  reads: atVersion(['sync.moved'], GITOPS_EVENT_VERSION),
  ...mapsCodec<Syncs>({ words: new PersistentMap() }),
  apply: (state, { subject, data }) => ({
    words: state.words.with(subject, gitopsEvents['sync.moved'].parse(data).to),
  }),
};
