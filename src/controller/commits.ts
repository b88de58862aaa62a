import type { Platform } from '../declaration/platform.ts';
import { branchesOf } from '../declaration/platform.ts';
import type { Lane } from '../delivery/events.ts';
import { condemnedIn, goodDigestsOf } from '../delivery/moves.ts';
import { type Commit, changesOf, commitKind, isNewHere, type LaneChange } from '../gitops/commits.ts';
import { type GitopsData, gitopsEntry } from '../gitops/events.ts';
import { commitsFold, type Origin, OURS, originKey } from '../gitops/fold.ts';
import type { DesiredRepository, DesiredState } from '../gitops/port.ts';
import type { Journal } from '../ledger/journal.ts';
import { orderHold } from './promotion.ts';

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

  const laneOf = (name: string) => parts.lanes().find((l) => l.lane === name);

  /** What the gate would have refused: it got here by force. */
  function objectionsTo(changes: readonly LaneChange[]): Changed['objections'] {
    return changes.flatMap(({ lane, kind, to }) => {
      if (!to || !isNewHere(kind)) return [];
      const why = condemnedIn(laneOf(lane)).some((r) => r.digest === to.digest)
        ? 'it was condemned here'
        : orderHold(platform, parts.lanes(), parts.desired(), lane, to.digest);
      return why ? [{ lane, why }] : [];
    });
  }

  async function record(branch: string, commit: Commit, rewritten: boolean, now: number): Promise<void> {
    const changes = changesOf(commit, (lane) => goodDigestsOf(laneOf(lane)));
    const data: Changed = {
      commit: commit.sha,
      kind: commitKind(changes),
      author: commit.author,
      authoredAt: commit.at,
      message: commit.subject.slice(0, MESSAGE_LENGTH),
      changes: changes.map((c) => ({ ...c })),
      objections: commit.onto ? objectionsTo(changes) : [],
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
