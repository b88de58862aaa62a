import { branchesOf, lanesOf, type Platform } from '../declaration/platform.ts';
import { asDelivered, isRefused } from '../delivery/admission.ts';
import { type Lane, laneName } from '../delivery/events.ts';
import { type Commit, changesOf, commitKind, type LaneKnown } from '../gitops/commits.ts';
import { type GitopsData, gitopsEntry } from '../gitops/events.ts';
import { commitsFold, type Origin, OURS, originKey } from '../gitops/fold.ts';
import type { DesiredRepository, DesiredState } from '../gitops/port.ts';
import type { Journal } from '../ledger/journal.ts';
import { orderHold } from './promotion-order.ts';

export interface CommitKeeper {
  /** Records what was pushed since the last look, commit by commit. */
  look(now: number): Promise<void>;
  /** Where a version of a service comes from; undefined: it was there before us. */
  origin(service: string, digest: string): Origin | undefined;
}

export interface CommitParts {
  readonly platform: Platform;
  readonly journal: Journal;
  readonly repository: DesiredRepository;
  desired(): DesiredState | null;
  lanes(): readonly Lane[];
}

type Changed = GitopsData<'desired.changed'>;
const MESSAGE_LENGTH = 200;

/** Where a branch stands, as nobody's change. */
const standing = (branch: string, sha: string, subject: string, at: number): Commit => ({
  sha,
  branch,
  author: OURS,
  at,
  subject,
  merge: false,
  onto: true,
  sides: new Map(),
});

export function createCommits(parts: CommitParts): CommitKeeper {
  const { platform, journal, repository } = parts;

  const followed = new Set(
    lanesOf(platform)
      .filter(({ environment }) => environment.delivery === 'argo-rollouts')
      .map(({ service, environment }) => laneName(service.name, environment.name)),
  );
  const known = (name: string): LaneKnown => ({
    lane: parts.lanes().find((l) => l.lane === name),
    followed: followed.has(name),
  });

  /** What the gate would have refused: it got here by force. */
  function objectionsTo({ sides }: Commit): Changed['objections'] {
    return [...sides].flatMap(([name, { head }]) => {
      if (!head) return [];
      const { lane, followed } = known(name);
      const why = isRefused(lane, asDelivered(lane, head, followed))
        ? 'it was condemned here'
        : orderHold(platform, parts.lanes(), parts.desired(), name, head.digest);
      return why ? [{ lane: name, why }] : [];
    });
  }

  async function record(branch: string, commit: Commit, rewritten: boolean, now: number): Promise<void> {
    const changes = changesOf(commit, known);
    const data: Changed = {
      commit: commit.sha,
      kind: commitKind(changes),
      author: commit.author,
      authoredAt: commit.at,
      message: commit.subject.slice(0, MESSAGE_LENGTH),
      changes: changes.map((c) => ({ ...c })),
      objections: commit.onto ? objectionsTo(commit) : [],
      rewritten,
      merge: commit.merge,
    };
    const entry = gitopsEntry('desired.changed', branch, data, now);
    await journal.append([entry]);
  }

  async function lookAt(branch: string, head: string, now: number): Promise<void> {
    const before = journal.state(commitsFold).heads.get(branch);
    if (before === head) return;
    if (before === undefined) {
      // Where we came in: what was there before is nobody's change.
      return record(branch, standing(branch, head, 'where Sluice came in', now), false, now);
    }
    const found = await repository.since(branch, before, head);
    if (!found) return;
    const { commits, rewritten } = found;
    const last = commits.at(-1);
    for (const commit of commits) await record(branch, commit, rewritten && commit === last, now);
    // Pushed by force to where it has been before: nothing is new but where it stands.
    if (last?.sha !== head) {
      await record(branch, standing(branch, head, 'the branch was moved', now), rewritten, now);
    }
  }

  return {
    async look(now) {
      const state = parts.desired();
      for (const branch of branchesOf(platform)) {
        const head = state?.heads?.get(branch);
        if (head) await lookAt(branch, head, now);
      }
    },
    origin: (service, digest) => journal.state(commitsFold).origins.get(originKey(service, digest)),
  };
}
