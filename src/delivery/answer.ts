import { isRefused } from './admission.ts';
import type { Lane, Revision } from './events.ts';

export interface Question {
  readonly revision: string;
  readonly step: number;
  readonly phase: 'start' | 'step';
}

export interface Answer {
  readonly verdict: 'pass' | 'fail' | 'inconclusive';
  readonly reasons: readonly string[];
}

const answer = (verdict: Answer['verdict'], ...reasons: string[]): Answer => ({ verdict, reasons });

/**
 * What Argo Rollouts is told of one step of one release attempt. Inconclusive keeps it waiting, also where the
 * question is about something else than the release that is judged now. Pure.
 */
export function answerFor(lane: Lane, wanted: Revision | null, { revision, step, phase }: Question): Answer {
  const release = lane.release?.target.revision === revision ? lane.release : null;
  if (release?.blamed) return answer('fail', ...(release.verdict?.reasons ?? []));
  if (wanted?.revision === revision && isRefused(lane, wanted)) return answer('fail', 'REJECTED');
  if (lane.hold && lane.waiting?.revision === revision) return answer('inconclusive', 'HELD');
  if (!release) return answer('inconclusive', 'UNKNOWN_RELEASE');
  const passed = release.cause === 'PASSED' || release.cause === 'OVERRIDDEN';
  if (release.endedAt !== null && !passed) return answer('inconclusive', 'UNKNOWN_RELEASE');
  if (release.cause !== null && !passed) return answer('fail', release.cause);
  if (passed) return answer('pass', 'TRIED_ENOUGH');
  if (phase === 'start') return answer('pass');
  if (step < release.step) return answer('pass', 'TRIED_ENOUGH');
  if (step !== release.step || !release.verdict) return answer('inconclusive', 'OTHER_STEP');
  // It is told to go on once that is on record, and not by a look alone: a pause, or a hold, keeps it here.
  if (release.enforced && release.paused) return answer('inconclusive', 'PAUSED');
  if (release.enforced && release.heldAt !== null) return answer('inconclusive', 'HELD');
  if (release.enforced && release.verdict.verdict === 'pass') return answer('inconclusive', 'NOT_YET');
  return { verdict: release.verdict.verdict, reasons: release.verdict.reasons };
}
