import { lanesOf } from '../../declaration/layout.ts';
import { branchesOf, type Platform } from '../../declaration/platform.ts';
import { type ArtefactOrigin, commitsFold, originKey } from '../../gitops/fold.ts';
import type { Commits, DesiredRepository, DesiredState } from '../../gitops/port.ts';
import type { Backoff } from '../../kit/backoff.ts';
import { laneName } from '../../kit/lane.ts';
import type { Journal } from '../../ledger/journal.ts';
import { oneAfterAnother, openPlane } from '../flow/plane.ts';
import type { Runner } from '../flow/runner.ts';
import { type Handler, Refused } from '../flow/types.ts';
import type { LaneStates } from '../lanes/lane-states.ts';
import { type BranchSituation, planCommits, SINCE, type SinceFound, type SinceTarget } from './planner.ts';

export interface CommitRecorder {
  /** Records what was pushed since the last tick, commit by commit. */
  tick(now: number): Promise<void>;
  /** Where a version of a service comes from; undefined: it was there before Sluice. */
  origin(service: string, digest: string): ArtefactOrigin | undefined;
}

interface CommitParts {
  readonly platform: Platform;
  readonly journal: Journal;
  readonly repository: DesiredRepository;
  desired(): DesiredState | null;
  readonly lanes: LaneStates;
  warn(details: object, message: string): void;
  /** Reads what was pushed; by default the recorder creates its own. */
  readonly runner?: Runner;
}

const TIMEOUT_MS = 60_000;
const PATIENCE = { firstMs: 10_000, againMs: 1_000 };
const BACKOFF: Backoff = { firstMs: 1_000, longestMs: 60_000 };

const sinceHandler = (
  repository: DesiredRepository,
  settled: (target: SinceTarget, found: Commits) => void,
): Handler<SinceTarget, Commits> => ({
  ...oneAfterAnother(TIMEOUT_MS, PATIENCE, BACKOFF),
  async apply({ target: { branch, before, head } }) {
    const found = await repository.since(branch, before, head);
    if (found) return { done: found };
    throw new Refused({ code: 'UNAVAILABLE', message: `what was pushed to ${branch} cannot be read` });
  },
  settled: ({ target }, found) => settled(target, found),
});

/** Lanes in which Argo Rollouts delivers. */
const followedLanes = (platform: Platform): ReadonlySet<string> =>
  new Set(
    lanesOf(platform)
      .filter(({ environment }) => environment.delivery === 'argo-rollouts')
      .map(({ service, environment }) => laneName(service.name, environment.name)),
  );

/** Records commits of the desired state, whoever made them: each branch by itself. */
export function createCommitRecorder(parts: CommitParts): CommitRecorder {
  const { platform, journal } = parts;
  const followed = followedLanes(platform);
  const found = new Map<string, SinceFound>();
  const headOf = (branch: string) => parts.desired()?.heads?.get(branch) ?? null;
  const recordedOf = (branch: string) => journal.state(commitsFold).heads.get(branch);

  const plane = openPlane<BranchSituation>({
    journal,
    runner: parts.runner,
    planner: { plan: planCommits },
    situation: (branch, now) =>
      Object.freeze({
        now,
        branch,
        head: headOf(branch),
        recorded: recordedOf(branch),
        since: found.get(branch) ?? null,
        platform,
        lanes: parts.lanes,
        desired: parts.desired(),
        followed,
      }),
    appended(branch, { entries }) {
      if (entries.length > 0) found.delete(branch);
    },
    patienceMs: PATIENCE.firstMs,
    backoff: BACKOFF,
    warn: (branch, { message }) =>
      parts.warn({ branch, error: message }, 'commits cannot be understood; it is tried again'),
    log: parts.warn,
  });
  plane.handle(
    SINCE,
    sinceHandler(parts.repository, (target, commits) => {
      found.set(target.branch, { ...target, found: commits });
      plane.mark(target.branch);
    }),
  );

  return {
    tick: (now) =>
      plane.tick(
        now,
        branchesOf(platform).filter((branch) => headOf(branch) !== (recordedOf(branch) ?? null)),
      ),
    origin: (service, digest) => journal.state(commitsFold).origins.get(originKey(service, digest)),
  };
}
