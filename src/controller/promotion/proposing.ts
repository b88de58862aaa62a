import { createTwoFilesPatch } from 'diff';
import { branchOf, type Environment, type Platform } from '../../declaration/platform.ts';
import type { Revision } from '../../delivery/events.ts';
import { identityOf } from '../../delivery/identity.ts';
import type { Lane } from '../../delivery/lane.ts';
import { desiredPath, parseDesired, withArtefact } from '../../gitops/desired.ts';
import { gitopsEntry, type KeptProposal } from '../../gitops/events.ts';
import type { ForgePort, PullRequest } from '../../gitops/forge.ts';
import { loadSentence } from '../../gitops/load.ts';
import type { Artefact } from '../../gitops/promotion.ts';
import {
  bodyOf,
  countsOf,
  type PromotionEvidence,
  proposalBranch,
  titleOf,
} from '../../gitops/pull-request-text.ts';
import { SYSTEM } from '../../kit/actor.ts';
import { sha256 } from '../../kit/digest.ts';
import { laneName, partsOfLane } from '../../kit/lane.ts';
import { problemLine } from '../../kit/problem.ts';
import type { Ms } from '../../kit/time.ts';
import type { Entry } from '../../ledger/record.ts';
import { Refused } from '../flow/types.ts';
import { answered } from '../forge-call.ts';
import type { LaneStates } from '../lanes/lane-states.ts';
import type { CompareTarget, Comparison, ProposalPlan, ProposeTarget } from './planner.ts';

export interface ProposingParts {
  readonly platform: Platform;
  readonly forge: ForgePort;
  readonly lanes: LaneStates;
  authors?(service: string, digest: string): readonly string[];
  budgetLeft?(environment: string, slo: string): number | null;
}

/** A pull request as written, and the digest of the file that it changes. */
export interface Proposed {
  readonly pull: PullRequest;
  readonly basis: string;
}

export const environmentOf = (platform: Platform, name: string): Environment =>
  platform.environments.find((e) => e.name === name)!;
const baseOf = (platform: Platform, name: string): string =>
  branchOf(platform, environmentOf(platform, name));

/** What a lane's last release showed. */
function evidenceIn(lane: Lane | undefined, left: (slo: string) => number | null): PromotionEvidence[] {
  const release = lane?.release;
  if (!lane || !release) return [];
  return [
    {
      environment: partsOfLane(lane.lane)[1],
      release: release.id,
      counts: countsOf(release, left),
      reasons: release.verdict?.reasons ?? [],
      burn: lane.burn,
      loads: release.loads.map(loadSentence),
    },
  ];
}

/** What users are returned to with its configuration and chart; null: only its pods are known, or nothing is. */
function wholeGood(lane: Lane | undefined): Revision | null {
  const good = lane?.returning ?? lane?.stable;
  return good && good.template !== 'unknown' ? good : null;
}

/**
 * What a revert writes: the artefact with its last good configuration and chart; a chart that it was without is
 * removed. If they are unknown, because only the pods are known, they are not changed.
 */
function reverted(artefact: Artefact, lane: Lane | undefined) {
  const good = wholeGood(lane);
  return good ? { ...artefact, chart: good.chart ?? null, config: good.config } : artefact;
}

/** Whether a branch still holds a proposal: of a revert that is all that it restores, of a promotion the artefact. */
function isProposed(ours: Revision, { kind, digest }: KeptProposal, lane: Lane | undefined): boolean {
  const good = kind === 'revert' ? wholeGood(lane) : null;
  return good?.digest === digest ? identityOf(ours) === identityOf(good) : ours.digest === digest;
}

/** The file at the base branch, and as it should be. Throws `Refused` if it cannot be written. */
async function textsOf(parts: ProposingParts, service: string, plan: ProposalPlan) {
  const path = desiredPath(plan.environment, service);
  const before = await answered(() => parts.forge.text(baseOf(parts.platform, plan.environment), path));
  const read = before === null ? null : parseDesired(path, before, service);
  // An unreadable file is not overwritten: a person fixes it first.
  if (read && !read.ok)
    throw new Refused({ code: 'INVALID', message: read.error.map(problemLine).join('; ') });
  const lane = parts.lanes.get(laneName(service, plan.environment));
  const wanted = plan.kind === 'revert' ? reverted(plan.artefact, lane) : plan.artefact;
  return { path, before, after: withArtefact(before, service, wanted) };
}

const patchOf = (path: string, before: string | null, after: string): string =>
  createTwoFilesPatch(path, path, before ?? '', after, '', '', { context: 3 })
    .split('\n')
    .filter((line) => !/^(Index: |=+$)/.test(line))
    .join('\n');

/** Nothing to commit: Git already has the change, and the next read will show it. */
const isNothing = (thrown: unknown): boolean =>
  thrown instanceof Refused &&
  thrown.refusal.code === 'INVALID' &&
  /no (commits|changes) between/i.test(thrown.message);

/** Writes the pull request of a plan; null: there is nothing to be written. Throws `Refused`. */
export async function propose(
  parts: ProposingParts,
  { lane, plan }: ProposeTarget,
): Promise<Proposed | null> {
  const { platform, forge, lanes } = parts;
  const [service] = partsOfLane(lane);
  const { path, before, after } = await textsOf(parts, service, plan);
  // The forge is ahead of the last fetch and already has the change; not every forge refuses an empty pull request.
  if (before === after) return null;
  const evidence = plan.from.flatMap((e) =>
    evidenceIn(lanes.get(laneName(service, e)), (slo) => parts.budgetLeft?.(e, slo) ?? null),
  );
  const change = {
    branch: proposalBranch(service, plan),
    base: baseOf(platform, plan.environment),
    files: { [path]: after },
    title: titleOf(service, plan),
    body: bodyOf(service, plan, {
      evidence,
      authors: parts.authors?.(service, plan.artefact.digest) ?? [],
      diff: patchOf(path, before, after),
    }),
    labels: [],
    autoMerge: false,
  };
  try {
    return { pull: await answered(() => forge.propose(change)), basis: sha256(before ?? '') };
  } catch (thrown) {
    if (isNothing(thrown)) return null;
    throw thrown;
  }
}

/** The records of a proposal. One that had to be opened again ends the pull request before. */
export function proposedEntries(
  { lane, plan, actor }: ProposeTarget,
  { pull, basis }: Proposed,
  now: Ms,
): Entry[] {
  const { kind, artefact, from, why, updates } = plan;
  const { version, digest } = artefact;
  const { number } = pull;
  const type = updates === number ? 'proposal.updated' : 'proposal.opened';
  const data = { kind, number, artefact: { version, digest }, from: [...from], why, basis };
  const made = gitopsEntry(type, lane, data, now, actor);
  if (updates === null || updates === number) return [made];
  const left = { number: updates, how: 'withdrawn' as const, why: `#${number} replaces it` };
  return [made, gitopsEntry('proposal.ended', lane, left, now, SYSTEM)];
}

/**
 * Whether a proposal is still current. If the file at the base changed, or somebody pushed to its branch, it is written
 * again, before it conflicts or merges something else.
 */
export async function compare(
  { platform, forge, lanes }: ProposingParts,
  { kept, pull, at }: CompareTarget,
): Promise<Comparison> {
  const [service] = partsOfLane(kept.lane);
  const path = desiredPath(kept.environment, service);
  const base = await answered(() => forge.text(baseOf(platform, kept.environment), path));
  const ours = await answered(() => forge.text(pull.head.sha, path));
  const read = ours === null ? null : parseDesired(path, ours, service);
  return {
    at,
    asked: read?.ok === true && isProposed(read.value, kept, lanes.get(kept.lane)),
    same: kept.basis === null || kept.basis === sha256(base ?? ''),
  };
}
