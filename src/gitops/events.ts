import { z } from 'zod';
import { type Actor, SYSTEM } from '../kit/actor.ts';
import { partsOfLane } from '../kit/lane.ts';
import { PersistentMap } from '../kit/persistent-map.ts';
import { invariant } from '../kit/result.ts';
import type { Entry } from '../ledger/record.ts';
import { COMMIT_KINDS, LANE_CHANGES } from './commits.ts';
import { declinedKey, type Proposal } from './promotion.ts';
import { SYNC_WORDS } from './sync.ts';

const artefact = z.object({ version: z.string(), digest: z.string() });

const proposed = z.object({
  kind: z.enum(['promotion', 'revert']),
  number: z.number(),
  artefact,
  from: z.array(z.string()),
  why: z.string(),
  /** Digest of the file it was written over; another one stands there: it is written anew. */
  basis: z.string().optional(),
});

/** What the GitOps plane puts into the ledger; subject is the lane that is asked for. */
export const gitopsEvents = {
  'proposal.opened': proposed,
  'proposal.updated': proposed,
  'proposal.ended': z.object({
    number: z.number(),
    how: z.enum(['merged', 'withdrawn', 'closed']),
    why: z.string(),
  }),
  /** A commit of the desired state; subject is its branch. Times in milliseconds. */
  'desired.changed': z.object({
    commit: z.string(),
    kind: z.enum(COMMIT_KINDS),
    author: z.string(),
    authoredAt: z.number(),
    message: z.string(),
    changes: z.array(
      z.object({
        lane: z.string(),
        kind: z.enum(LANE_CHANGES),
        from: artefact.nullable(),
        to: artefact.nullable(),
      }),
    ),
    /** Changes that break the promotion order or were rejected: merged by force, and held by the start gate. */
    objections: z.array(z.object({ lane: z.string(), why: z.string() })),
    rewritten: z.boolean(),
    merge: z.boolean().default(false),
  }),
  /** Whether the desired version runs; subject is the lane. */
  'sync.moved': z.object({ to: z.enum(SYNC_WORDS), why: z.string() }),
  /** The author of a failed change was notified; subject is the lane. */
  'author.told': z.object({ release: z.string(), pull: z.number() }),
} as const;
type GitopsEventType = keyof typeof gitopsEvents;
export type GitopsData<T extends GitopsEventType> = z.infer<(typeof gitopsEvents)[T]>;
export const GITOPS_EVENT_VERSION = 1;

/** A record of this plane, checked against its schema, to be appended. */
export const gitopsEntry = <T extends GitopsEventType>(
  type: T,
  subject: string,
  data: GitopsData<T>,
  at: number,
  actor: Actor = SYSTEM,
): Entry => ({
  at,
  type,
  v: GITOPS_EVENT_VERSION,
  subject,
  actor: { id: actor.id, kind: actor.kind },
  cause: null,
  data: gitopsEvents[type].parse(data),
});

interface Recorded {
  readonly type: string;
  readonly v: number;
  readonly subject: string;
  readonly at: number;
  readonly data: unknown;
}

export interface KeptProposal extends Proposal {
  readonly lane: string;
  readonly version: string;
  readonly from: readonly string[];
  readonly openedAt: number;
  readonly basis: string | null;
  readonly ended: 'merged' | 'withdrawn' | 'closed' | null;
}

/** Every pull request that we opened, and what became of it. */
export interface Proposals {
  readonly all: PersistentMap<number, KeptProposal>;
  /** Those that have not ended, by number: there are few, however many there have been. */
  readonly open: PersistentMap<number, KeptProposal>;
  /** What a person turned down, by service and `declinedKey`. */
  readonly declined: PersistentMap<string, true>;
}
export const noProposals: Proposals = {
  all: new PersistentMap(),
  open: new PersistentMap(),
  declined: new PersistentMap(),
};

/** What a person turned down of one service. */
export const declinedOf = (proposals: Proposals, service: string): { has(key: string): boolean } => ({
  has: (key) => proposals.declined.has(`${service} ${key}`),
});

/** Applies one record of any version that was ever written; others' records change nothing. */
export function evolveProposals(before: Proposals, record: Recorded): Proposals {
  if (!record.type.startsWith('proposal.') || !(record.type in gitopsEvents)) return before;
  invariant(record.v === GITOPS_EVENT_VERSION, `${record.type} has version ${record.v}`);
  const lane = record.subject;
  const [service, environment] = partsOfLane(lane);
  if (record.type !== 'proposal.ended') {
    const { kind, number, artefact: wanted, from, basis } = proposed.parse(record.data);
    const openedAt = before.all.get(number)?.openedAt ?? record.at;
    const { digest, version } = wanted;
    const next: KeptProposal = {
      kind,
      number,
      environment,
      lane,
      digest,
      version,
      from,
      openedAt,
      basis: basis ?? null,
      ended: null,
    };
    return { ...before, all: before.all.with(number, next), open: before.open.with(number, next) };
  }
  const { number, how } = gitopsEvents['proposal.ended'].parse(record.data);
  const known = before.all.get(number);
  if (!known) return before;
  const ended: Proposals = {
    ...before,
    all: before.all.with(number, { ...known, ended: how }),
    open: before.open.without(number),
  };
  if (how !== 'closed') return ended;
  const key = `${service} ${declinedKey(known.kind, environment, known.digest)}`;
  return { ...ended, declined: before.declined.with(key, true) };
}
