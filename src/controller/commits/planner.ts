import type { Platform } from '../../declaration/platform.ts';
import { asDelivered, isRefused } from '../../delivery/admission.ts';
import { type Commit, changesOf, commitKind, type LaneKnown } from '../../gitops/commits.ts';
import { type GitopsData, gitopsEntry } from '../../gitops/events.ts';
import { OURS } from '../../gitops/fold.ts';
import type { Commits, DesiredState } from '../../gitops/port.ts';
import type { Ms } from '../../kit/time.ts';
import type { Entry } from '../../ledger/record.ts';
import { NOTHING, type Plan, type Want } from '../flow/types.ts';
import type { LaneStates } from '../lanes/lane-states.ts';
import { orderHold } from '../promotion/order.ts';

/** A want: what was pushed to a branch since it was recorded last. */
export const SINCE = 'commits.since';

/** From where to where a branch moved. */
export interface SinceTarget {
  readonly branch: string;
  readonly before: string;
  readonly head: string;
}

export interface SinceFound extends SinceTarget {
  readonly found: Commits;
}

/** One branch of the desired state at one moment. */
export interface BranchSituation {
  readonly now: Ms;
  readonly branch: string;
  /** The commit at its head; null: it has not been read. */
  readonly head: string | null;
  /** The last recorded head; undefined: none was recorded. */
  readonly recorded: string | undefined;
  /** The commits that were read last. */
  readonly since: SinceFound | null;
  readonly platform: Platform;
  readonly lanes: LaneStates;
  readonly desired: DesiredState | null;
  /** Lanes in which Argo Rollouts delivers. */
  readonly followed: ReadonlySet<string>;
}

type Changed = GitopsData<'desired.changed'>;
const MESSAGE_LENGTH = 200;

/** The head of a branch as a commit without an author. */
const standing = (branch: string, sha: string, subject: string, at: Ms): Commit => ({
  sha,
  branch,
  author: OURS,
  at,
  subject,
  merge: false,
  onto: true,
  sides: new Map(),
});

const knownIn =
  ({ lanes, followed }: BranchSituation) =>
  (name: string): LaneKnown => ({ lane: lanes.get(name), followed: followed.has(name) });

/** Changes that the gate would have denied: they were merged by force. */
function objectionsTo(s: BranchSituation, { sides }: Commit): Changed['objections'] {
  const known = knownIn(s);
  return [...sides].flatMap(([name, { head }]) => {
    if (!head) return [];
    const { lane, followed } = known(name);
    const why = isRefused(lane, asDelivered(lane, head, followed))
      ? 'it was rejected here'
      : orderHold(s.platform, s.lanes, s.desired, name, head.digest);
    return why ? [{ lane: name, why }] : [];
  });
}

function entryOf(s: BranchSituation, commit: Commit, rewritten: boolean): Entry {
  const changes = changesOf(commit, knownIn(s));
  const data: Changed = {
    commit: commit.sha,
    kind: commitKind(changes),
    author: commit.author,
    authoredAt: commit.at,
    message: commit.subject.slice(0, MESSAGE_LENGTH),
    changes: changes.map((c) => ({ ...c })),
    objections: commit.onto ? objectionsTo(s, commit) : [],
    rewritten,
    merge: commit.merge,
  };
  return gitopsEntry('desired.changed', s.branch, data, s.now);
}

/** What was found, commit by commit. */
function foundEntries(s: BranchSituation, { found, head }: SinceFound): Entry[] {
  const { commits, rewritten } = found;
  const last = commits.at(-1);
  const entries = commits.map((commit) => entryOf(s, commit, rewritten && commit === last));
  // Force-pushed to an earlier commit: nothing is new except the head.
  if (last?.sha !== head)
    entries.push(entryOf(s, standing(s.branch, head, 'the branch was moved', s.now), rewritten));
  return entries;
}

const want = (target: SinceTarget): Want<SinceTarget> => ({
  kind: SINCE,
  subject: target.branch,
  generation: 0,
  key: `${SINCE} ${target.branch} ${target.before} ${target.head}`,
  resource: 'the desired state, for its history',
  urgent: false,
  target,
});

/** Plans one branch: new commits are read, then recorded one by one. */
export function planCommits(s: BranchSituation): Plan {
  const { branch, head, recorded, since } = s;
  if (head === null || head === recorded) return NOTHING;
  // The first head that Sluice sees: earlier commits are not recorded.
  if (recorded === undefined) {
    const first = standing(branch, head, 'where Sluice came in', s.now);
    return { ...NOTHING, entries: [entryOf(s, first, false)] };
  }
  if (since?.before === recorded && since.head === head)
    return { ...NOTHING, entries: foundEntries(s, since) };
  return { ...NOTHING, wants: [want({ branch, before: recorded, head })] };
}
