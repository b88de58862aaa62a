import { isRefused } from './admission.ts';
import type { Revision } from './events.ts';
import type { Lane, Release } from './lane.ts';
import { isPromoted } from './machine.ts';
import type { MoveReason, VerdictReason } from './reasons.ts';
import { weightNow } from './steps.ts';

interface Question {
  readonly revision: string;
  readonly step: number;
  readonly phase: 'start' | 'step';
}

interface Answer {
  readonly verdict: 'pass' | 'fail' | 'inconclusive';
  /** Codes of verdicts; of a release that ended otherwise, why it did. */
  readonly reasons: readonly (VerdictReason | MoveReason)[];
}

/** The position of a Rollout when it asks, as its API server reports it at that moment. */
export interface RolloutStanding {
  /** Hash of the pod template that it asks for, as far as its controller has seen it. */
  readonly revision: string;
  /** Weight of the last step that is behind it, by its own steps; 0: before any. */
  readonly weight: number;
  readonly aborted: boolean;
}

const answer = (verdict: Answer['verdict'], ...reasons: Answer['reasons']): Answer => ({ verdict, reasons });

/**
 * Where a step of a Rollout is, seen from that of its release: a Rollout knows the steps that it began with, and goes
 * through the last two of them again after it was set back. So its weight says where it is: at a lower one it is behind,
 * at a higher one it has not gone back yet.
 */
function placeOf(release: Release, step: number): 'behind' | 'here' | 'ahead' {
  const asked = release.stepsBack === 0 ? step : (release.settings.weights[step] ?? Infinity);
  const at = release.stepsBack === 0 ? release.step : weightNow(release);
  return asked < at ? 'behind' : asked > at ? 'ahead' : 'here';
}

/**
 * The answer to Argo Rollouts about one step of one release attempt. Inconclusive keeps it waiting, also if the question
 * is not about the current release. Pure.
 */
export function answerFor(lane: Lane, wanted: Revision | null, { revision, step, phase }: Question): Answer {
  const release = lane.release?.target.revision === revision ? lane.release : null;
  if (release?.blamed) return answer('fail', ...(release.verdict?.reasons ?? []));
  if (wanted?.revision === revision && isRefused(lane, wanted)) return answer('fail', 'REJECTED');
  if (wanted?.revision === revision && wanted.unclear !== undefined)
    return answer('inconclusive', 'UNCLEAR_ARTEFACT');
  if (lane.hold && lane.waiting?.revision === revision) return answer('inconclusive', 'HELD');
  const unknown = answer('inconclusive', 'UNKNOWN_RELEASE');
  if (!release) return unknown;
  const passed = isPromoted(release.cause);
  if (release.endedAt !== null && !passed) return unknown;
  if (release.cause !== null && !passed) return answer('fail', release.cause);
  if (passed) return answer('pass', 'TRIED_ENOUGH');
  if (phase === 'start') return answer('pass');
  const place = placeOf(release, step);
  if (place === 'behind') return answer('pass', 'TRIED_ENOUGH');
  if (place === 'ahead' || !release.verdict) return answer('inconclusive', 'OTHER_STEP');
  // It continues once the pass is recorded, not by a verdict alone: a pause or a hold keeps it here.
  if (release.enforced && release.paused) return answer('inconclusive', 'PAUSED');
  if (release.enforced && release.heldAt !== null) return answer('inconclusive', 'HELD');
  if (release.enforced && release.verdict.verdict === 'pass') return answer('inconclusive', 'NOT_YET');
  return { verdict: release.verdict.verdict, reasons: release.verdict.reasons };
}

/**
 * The same where it is not said which step is asked about: the Rollout itself says it, read when it is asked. Null:
 * it could not be read, and then nothing passes. However far behind this server is, *pass* is said of the step at which
 * the Rollout stands only once it is on record as passed. Pure.
 */
export function answerStanding(
  lane: Lane,
  wanted: Revision | null,
  revision: string,
  standing: RolloutStanding | null,
): Answer {
  const release = lane.release?.target.revision === revision ? lane.release : null;
  const known = standing !== null && standing.revision === revision && !standing.aborted;
  const index = known ? (release?.settings.weights.findLastIndex((w) => w <= standing.weight) ?? -1) : -1;
  const phase = known && standing.weight === 0 ? 'start' : 'step';
  const step = phase === 'start' ? 0 : Math.max(index, 0);
  const said = answerFor(lane, wanted, { revision, step, phase });
  if (said.verdict !== 'pass') return said;
  if (!known) return answer('inconclusive', standing === null ? 'STANDING_UNKNOWN' : 'OTHER_STEP');
  return phase === 'step' && index < 0 ? answer('inconclusive', 'OTHER_STEP') : said;
}
