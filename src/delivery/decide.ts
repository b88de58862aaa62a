import { invariant, never } from '../kit/result.ts';
import { burnState } from '../runtime/burn.ts';
import type { Event } from './events.ts';
import { evolve } from './evolve.ts';
import type { Lane } from './lane.ts';
import type { LaneSettings, Observation } from './observation.ts';
import { observeMode } from './observe-mode.ts';
import { aborting, canary, deploying, evaluating, promoting, rollingBack } from './release-states.ts';
import { degraded, recovering, resting, waiting } from './steady-states.ts';
import { type DecisionContext, isRelease } from './transitions.ts';

/** Beside the orders of people, which are carried out one a round. */
const MAX_ROUNDS = 8;

function next(c: DecisionContext): Event[] {
  const { state, release } = c.lane;
  if (release && !release.enforced && isRelease(state)) return observeMode(c);
  switch (state) {
    case 'Idle':
    case 'Stable':
      return resting(c);
    case 'Deploying':
      return deploying(c);
    case 'Canary':
      return canary(c);
    case 'Evaluating':
      return evaluating(c);
    case 'Promote':
      return promoting(c);
    case 'Abort':
      return aborting(c);
    case 'Rollback':
      return rollingBack(c);
    case 'Degraded':
      return degraded(c);
    case 'Recovery':
      return recovering(c);
    default:
      return never(state);
  }
}

/** The record of an evaluation: counts, verdict and burn, at most once per evaluation and release. */
function lookRecord(c: DecisionContext): Event[] {
  const { lane, seen, settings } = c;
  const release = lane.release;
  const { look, assessment } = seen;
  if (!release || !look || !assessment || !isRelease(lane.state)) return [];
  const pairFalse = burnState(look.burn, settings.burn) === 'false';
  const changed = JSON.stringify(release.verdict?.reasons) !== JSON.stringify(assessment.verdict.reasons);
  const arming = pairFalse && !release.burnArmed;
  if (look.intervals.length === 0 && !changed && !arming) return [];
  const data = {
    release: release.id,
    step: release.step,
    intervals: assessment.intervals,
    cursors: { ...look.cursors } as Record<string, [number, number]>,
    burn: look.burn,
    burnArmed: release.burnArmed || pairFalse,
    verdict: {
      verdict: assessment.verdict.verdict,
      reasons: [...assessment.verdict.reasons],
      numbers: assessment.verdict.numbers.map((n) => ({ ...n })),
    },
    asked: look.asked,
    ...(look.said ? { said: look.said } : {}),
  };
  return [{ type: 'release.looked', data }];
}

/**
 * While a person returns users to an earlier version, that version is wanted until it serves; Git is reverted in
 * parallel. A Rollout takes its desired state from Git alone.
 */
function returning(lane: Lane, seen: Observation, { followed }: LaneSettings): Observation {
  return lane.returning && !followed ? { ...seen, desired: lane.returning } : seen;
}

/**
 * Decides from one evaluation: the events to record, with their effects. Pure; the same input gives the same events. A
 * verdict is used for one transition: the next step is judged by an evaluation of its own.
 */
export function decide(lane: Lane, seen: Observation, settings: LaneSettings, now: number): Event[] {
  const out: Event[] = [];
  let c: DecisionContext = { lane, seen: returning(lane, seen, settings), settings, now };
  const take = (events: Event[]) => {
    out.push(...events);
    c = { ...c, lane: events.reduce((state, event) => evolve(state, event, now), c.lane) };
  };
  take(lookRecord(c));
  const most = MAX_ROUNDS + lane.commands.length;
  for (let round = 0; round < most; round++) {
    const events = next(c);
    if (events.length === 0) {
      take(waiting(c));
      return out;
    }
    const movedTo = events.find((e) => e.type === 'lane.moved')?.data;
    take(events);
    // A verdict applies to the state in which it was made; only a transition into Evaluating continues at once.
    const keeps = !movedTo || (movedTo.from === 'Canary' && movedTo.to === 'Evaluating');
    if (!keeps) c = { ...c, seen: { ...c.seen, look: null, assessment: null } };
    if (events.some((e) => e.type === 'lane.quiet')) c = { ...c, seen: { ...c.seen, look: null } };
    if (events.some((e) => e.type === 'release.opened')) return out;
  }
  invariant(false, `${lane.lane} settles within ${most} rounds`);
}
