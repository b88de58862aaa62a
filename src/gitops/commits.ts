import { asDelivered, type ChangeKind, changeKind } from '../delivery/admission.ts';
import type { Revision } from '../delivery/events.ts';
import type { Lane } from '../delivery/lane.ts';
import type { Artefact } from './promotion.ts';

/** As the facts of the gate and recorded commits name them, now and ever since. */
export const LANE_CHANGES = ['first', 'release', 'revert', 'config', 'removal'] as const;
export type LaneChangeKind = (typeof LANE_CHANGES)[number];

/** Whether it brings an artefact that did not serve here before. */
export const isNewHere = (kind: LaneChangeKind): boolean => kind === 'first' || kind === 'release';

/** The file of one lane before and after; null: nothing runs there. */
export interface LaneSides {
  readonly base: Revision | null;
  readonly head: Revision | null;
}

/** The lane as the ledger has it, and whether Argo Rollouts delivers there. */
export interface LaneKnown {
  readonly lane: Lane | undefined;
  readonly followed: boolean;
}

const NAMES = {
  nothing: null,
  first: 'first',
  release: 'release',
  configuration: 'config',
  revert: 'revert',
} as const satisfies Record<ChangeKind, LaneChangeKind | null>;

/** What a change of a lane's file is; null: nothing for us. */
export function kindOf({ base, head }: LaneSides, { lane, followed }: LaneKnown): LaneChangeKind | null {
  if (head === null) return base === null ? null : 'removal';
  const delivered = (git: Revision) => asDelivered(lane, git, followed);
  return NAMES[changeKind(delivered(head), base && delivered(base), lane)];
}

/** What one commit does to one lane. */
export interface LaneChange {
  readonly lane: string;
  readonly kind: LaneChangeKind;
  readonly from: Artefact | null;
  readonly to: Artefact | null;
}

/** One commit of the desired state, whoever made it. Times in milliseconds since the epoch. */
export interface Commit {
  readonly sha: string;
  readonly branch: string;
  readonly author: string;
  readonly at: number;
  readonly subject: string;
  /** A merge commit: its author merged the changes and did not write them. */
  readonly merge: boolean;
  /** It changed the branch itself; others came with a merge. */
  readonly onto: boolean;
  /** Files of lanes on both sides, where they differ. */
  readonly sides: ReadonlyMap<string, LaneSides>;
}

const bare = (r: Revision | null): Artefact | null => r && { version: r.version, digest: r.digest };

/** What a commit means to each lane that it touches. */
export function changesOf(commit: Pick<Commit, 'sides'>, known: (lane: string) => LaneKnown): LaneChange[] {
  return [...commit.sides].flatMap(([lane, { base, head }]): LaneChange[] => {
    const kind = kindOf({ base, head }, known(lane));
    return kind ? [{ lane, kind, from: bare(base), to: bare(head) }] : [];
  });
}

export const COMMIT_KINDS = ['release', 'revert', 'configuration', 'nothing'] as const;
type CommitKind = (typeof COMMIT_KINDS)[number];

/** The kind of a commit: the riskiest of its changes. */
export function commitKind(changes: readonly LaneChange[]): CommitKind {
  const has = (...kinds: LaneChangeKind[]) => changes.some((c) => kinds.includes(c.kind));
  if (has('first', 'release', 'removal')) return 'release';
  if (has('revert')) return 'revert';
  return has('config') ? 'configuration' : 'nothing';
}
