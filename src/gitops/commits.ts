import type { Revision } from '../delivery/events.ts';
import type { Artefact } from './promotion.ts';

export const LANE_CHANGES = ['first', 'release', 'revert', 'config', 'removal'] as const;
export type LaneChangeKind = (typeof LANE_CHANGES)[number];

/** Whether it brings an artefact that did not serve here before. */
export const isNewHere = (kind: LaneChangeKind): boolean => kind === 'first' || kind === 'release';

/** The file of one lane before and after; null: nothing runs there. */
export interface LaneSides {
  readonly base: Revision | null;
  readonly head: Revision | null;
  /** Digests that were stable in this lane, and none of which was condemned. */
  readonly good: readonly string[];
}

/** What a change of a lane's file is; null: nothing for us. What goes back to a digest that was stable is a revert. */
export function kindOf({ base, head, good }: LaneSides): LaneChangeKind | null {
  if (head === null) return base === null ? null : 'removal';
  if (base?.revision === head.revision) return null;
  if (base?.digest === head.digest) return 'config';
  if (good.includes(head.digest)) return 'revert';
  return base === null ? 'first' : 'release';
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
  /** It joins others' commits: who made it merged them, and wrote none. */
  readonly merge: boolean;
  /** It changed the branch itself; others came with a merge. */
  readonly onto: boolean;
  /** Files of lanes on both sides, where they differ. */
  readonly sides: ReadonlyMap<string, { readonly base: Revision | null; readonly head: Revision | null }>;
}

const bare = (r: Revision | null): Artefact | null => r && { version: r.version, digest: r.digest };

/** What a commit means to each lane that it touches. */
export function changesOf(
  commit: Pick<Commit, 'sides'>,
  good: (lane: string) => readonly string[],
): LaneChange[] {
  return [...commit.sides].flatMap(([lane, { base, head }]): LaneChange[] => {
    const kind = kindOf({ base, head, good: good(lane) });
    return kind ? [{ lane, kind, from: bare(base), to: bare(head) }] : [];
  });
}

export const COMMIT_KINDS = ['release', 'revert', 'configuration', 'nothing'] as const;
export type CommitKind = (typeof COMMIT_KINDS)[number];

/** A commit in one word: the riskiest thing that it does. */
export function commitKind(changes: readonly LaneChange[]): CommitKind {
  const has = (...kinds: LaneChangeKind[]) => changes.some((c) => kinds.includes(c.kind));
  if (has('first', 'release', 'removal')) return 'release';
  if (has('revert')) return 'revert';
  return has('config') ? 'configuration' : 'nothing';
}
