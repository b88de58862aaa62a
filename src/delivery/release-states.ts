import {
  abortConditions,
  endedExternally,
  held,
  stoppedByHand,
  stoppedExternally,
} from './abort-conditions.ts';
import { mayAsk, stepDeadline, stepSince } from './deadline.ts';
import type { Event } from './events.ts';
import { externalPromotion, wasPromotedExternally } from './external-promotion.ts';
import { isSame } from './identity.ts';
import { answerIdle, answerStopping } from './retry.ts';
import { isAlone, isCompared, lastStep, weightNow, weightsOf } from './steps.ts';
import {
  type DecisionContext,
  done,
  effect,
  isConfirmed,
  type MoveOptions,
  move,
  stop,
} from './transitions.ts';

/** Carries out pause, resume and promote on a release in progress. */
function obey(c: DecisionContext): Event[] {
  const release = c.lane.release!;
  const [command] = c.lane.commands;
  if (!command || command.command === 'abort') return [];
  if (command.command === 'retry')
    return [done(command.id, `${release.target.version} is already in progress`)];
  if (command.command === 'promote') {
    const promoted = move(c, 'Promote', 'OVERRIDDEN', {
      note: command.reason,
      effects: [['promote', release.target.revision, 100]],
    });
    return [done(command.id, 'promoting'), promoted];
  }
  const paused = command.command === 'pause';
  const flag: Event = {
    type: 'release.paused',
    data: { release: release.id, paused, reason: command.reason },
  };
  const unhold: Event[] =
    !paused && release.heldAt !== null
      ? [{ type: 'release.held', data: { release: release.id, held: false } }]
      : [];
  return [done(command.id, paused ? 'paused' : 'resumed'), flag, ...unhold];
}

/** Its start deadline passed. A version with an outside cause, or that could not be observed, is not blamed. */
function notStarted(c: DecisionContext): Event[] {
  const { delivery } = c.seen;
  if (!delivery) return [];
  const { hindered } = delivery;
  if (delivery.aborted) return [];
  return [
    hindered === undefined
      ? stop(c, 'FAILED_TO_START', { blamed: true })
      : stop(c, 'COULD_NOT_RUN', { note: hindered }),
  ];
}

/** The version starts, without traffic. */
export function deploying(c: DecisionContext): Event[] {
  const { lane, seen, now } = c;
  const release = lane.release!;
  const abort = lane.commands.find((command) => command.command === 'abort');
  if (abort) return [done(abort.id, 'aborting'), stop(c, 'OPERATOR', { note: abort.reason })];
  if (seen.desired && !isSame(seen.desired, release.target)) return [stop(c, 'SUPERSEDED')];
  // A pending start restarts what was stopped before.
  const there = lane.pending.length === 0;
  for (const first of [
    ...(there ? [stoppedByHand] : []),
    endedExternally,
    ...(there ? [stoppedExternally] : []),
  ]) {
    const events = first(c);
    if (events.length > 0) return events;
  }
  if (wasPromotedExternally(c)) return [move(c, 'Canary', 'CANARY_STARTED')];
  // Before its first weight a Rollout may wait for something else than us: that it has no pods yet is no fault.
  const waits = c.settings.followed && (seen.delivery?.waits ?? []).includes(release.settings.weights[0]!);
  if (!waits && now - release.openedAt >= release.settings.deadlineMs) return notStarted(c);
  if (seen.delivery?.canaryHealth !== 'ready' || seen.delivery.canary !== release.target.revision) return [];
  const weight = release.settings.weights[0]!;
  return [move(c, 'Canary', 'CANARY_STARTED', { effects: [['step', release.target.revision, weight]] })];
}

/** Corrects and reports a weight that was changed by hand or lost by a restart. */
function drift(c: DecisionContext): Event[] {
  const { lane, seen } = c;
  const release = lane.release!;
  const wanted = weightNow(release);
  // The own steps of a Rollout are followed, not corrected.
  if (c.settings.followed && seen.delivery?.asks && !seen.delivery.asks.includes(wanted)) return [];
  if (!release.enforced || !seen.delivery || lane.pending.length > 0 || seen.delivery.weight === wanted)
    return [];
  const generation = lane.generation + 1;
  const data = {
    seen: `${seen.delivery.weight} %`,
    wanted: `${wanted} %`,
    generation,
    effects: [effect(lane, generation, 'step', release.target.revision, wanted)],
  };
  return [{ type: 'lane.drifted', data }];
}

/** The version that a person returns users to is promoted as soon as it runs, without steps, with the reason recorded. */
function returnNow(c: DecisionContext): Event[] {
  const { lane } = c;
  const { revision, version } = lane.release!.target;
  if (lane.returning?.revision !== revision) return [];
  return [
    move(c, 'Promote', 'OVERRIDDEN', {
      note: `users are returned to ${version}`,
      effects: [['promote', revision, 100]],
    }),
  ];
}

/** What takes precedence over progress: reasons to stop, a person's order, then a transition made elsewhere. */
function interruption(c: DecisionContext): Event[] {
  for (const first of [abortConditions, returnNow, obey, externalPromotion]) {
    const events = first(c);
    if (events.length > 0) return events;
  }
  return [];
}

/** Canary: the version has its share of traffic, or is about to; counts are awaited. */
export function canary(c: DecisionContext): Event[] {
  const { lane, seen } = c;
  const release = lane.release!;
  const interrupted = interruption(c);
  if (interrupted.length > 0) return interrupted;
  if (!isConfirmed(release)) {
    const weight = weightNow(release);
    if (seen.delivery?.weight === weight && seen.delivery.canary === release.target.revision)
      return [{ type: 'release.confirmed', data: { release: release.id, step: release.step, weight } }];
  }
  const drifted = drift(c);
  if (drifted.length > 0) return drifted;
  const counted = seen.look !== null && seen.look.trouble === null && seen.look.intervals.length > 0;
  if (isConfirmed(release) && counted) return [move(c, 'Evaluating', 'COUNTS_ARRIVED')];
  return hold(c);
}

/** Past the step's deadline a release waits for a person. */
function hold(c: DecisionContext): Event[] {
  const release = c.lane.release!;
  const since = stepSince(release, c.settings.followed, c.seen.delivery);
  if (release.heldAt !== null || since === null) return [];
  if (c.now - since < stepDeadline(release, c.now, since)) return [];
  return mayAsk(release, c.now) ? [held(release)] : [];
}

/** Evaluating: the counts are judged. */
export function evaluating(c: DecisionContext): Event[] {
  const { lane, seen } = c;
  const release = lane.release!;
  const interrupted = interruption(c);
  if (interrupted.length > 0) return interrupted;
  const drifted = drift(c);
  if (drifted.length > 0) return drifted;
  // Before waiting or passing: a paused release must not harm all users either.
  const back = stepBack(c);
  if (back.length > 0) return back;
  const waits = hasPassedAlone(c) ? [] : hold(c);
  if (waits.length > 0) return waits;
  if (!seen.look || !seen.assessment) return [];
  const free = !release.paused && release.heldAt === null;
  if (seen.assessment.verdict.verdict === 'pass' && free && !goesByItself(c))
    return askFirst(c) ?? [advance(c)];
  return seen.look.trouble === null ? [] : [move(c, 'Canary', 'NOT_ENOUGH_EVIDENCE')];
}

/** At full traffic it may be failing without stable traffic to compare with: stable gets traffic again before a verdict. */
function stepBack(c: DecisionContext): Event[] {
  const release = c.lane.release!;
  const asked = c.seen.assessment?.verdict.reasons.includes('STEP_BACK') ?? false;
  if (!asked || !isAlone(release)) return [];
  const weight = release.settings.weights.at(-2)!;
  const effects: MoveOptions['effects'] = [['step', release.target.revision, weight]];
  return [move(c, 'Canary', 'STEP_BACK', { step: release.step + 1, effects, back: true })];
}

const MOST_STEPS_BACK = 2;

/** No harm compared with stable for the second time: the fault is shared, or shows only at full load. A person decides. */
function askFirst(c: DecisionContext): Event[] | null {
  const release = c.lane.release!;
  const asks = release.stepsBack >= MOST_STEPS_BACK && isCompared(release) && release.letOn !== release.step;
  return asks ? [held(release)] : null;
}

/** After the last step of a Rollout that does not wait for Sluice it is judged until it is stable: a pass changes nothing. */
function goesByItself({ lane, seen, settings }: DecisionContext): boolean {
  const release = lane.release!;
  const last = weightsOf(release).at(-1)!;
  const asks = settings.followed ? seen.delivery?.asks : undefined;
  return asks !== undefined && release.step === lastStep(release) && !asks.includes(last);
}

/** It passed, and its Rollout takes over when its own steps say: nobody is asked about that. */
const hasPassedAlone = (c: DecisionContext): boolean =>
  goesByItself(c) && (c.seen.assessment?.verdict ?? c.lane.release!.verdict)?.verdict === 'pass';

function advance(c: DecisionContext): Event {
  const release = c.lane.release!;
  const revision = release.target.revision;
  if (release.step === lastStep(release)) {
    // After its last weight a Rollout continues by itself; only an order skips its steps.
    const last = release.settings.weights.at(-1)!;
    return move(c, 'Promote', 'PASSED', { effects: [['promote', revision, last]] });
  }
  const step = release.step + 1;
  const weight = weightsOf(release)[step]!;
  return move(c, 'Canary', 'NEXT_STEP', { step, effects: [['step', revision, weight]] });
}

/** What still stops a version that passed and waits for its Rollout to take over. */
function stoppingLate(c: DecisionContext): Event[] {
  const { lane, seen, settings } = c;
  for (const first of [stoppedByHand, endedExternally, stoppedExternally]) {
    const events = first(c);
    if (events.length > 0) return events;
  }
  const target = lane.release!.target;
  if (!settings.followed || !seen.desired || isSame(seen.desired, target)) return [];
  return [stop(c, 'SUPERSEDED', { note: `${seen.desired.version} is wanted now` })];
}

/** Replaces a tag by the digest that its pods report. */
function exactly(c: DecisionContext): Event[] {
  const { target } = c.lane.release!;
  const serves = c.seen.delivery?.serves;
  if (serves?.revision !== target.revision || !target.digest.startsWith('tag:')) return [];
  if (!serves.digest.startsWith('sha256:')) return [];
  return [{ type: 'lane.adopted', data: { stable: { ...target, digest: serves.digest } } }];
}

/** Promote: it passed and becomes stable. */
export function promoting(c: DecisionContext): Event[] {
  const { lane, seen } = c;
  const release = lane.release!;
  const revision = release.target.revision;
  if (seen.delivery?.stable === revision && seen.delivery.weight === 0) {
    const effects: MoveOptions['effects'] = release.from ? [['clean', release.from.revision, 0]] : [];
    return [...answerIdle(c), move(c, 'Stable', 'FULL_TRAFFIC', { effects }), ...exactly(c)];
  }
  const stopped = seen.delivery?.stable === revision ? [] : stoppingLate(c);
  if (stopped.length > 0) return stopped;
  const abort = lane.commands.find((command) => command.command === 'abort');
  return abort ? [done(abort.id, 'aborting'), stop(c, 'OPERATOR', { note: abort.reason })] : answerIdle(c);
}

/** Abort: its traffic is removed. */
export function aborting(c: DecisionContext): Event[] {
  const { lane, seen, settings } = c;
  const answered = answerStopping(c);
  if (answered.length > 0) return answered;
  if (seen.delivery?.weight !== 0) return [];
  // It had no traffic before the stop: the stop must be observed, or it would continue later.
  const { canary, aborted } = seen.delivery;
  const goesOn = settings.followed && lane.release!.enforced && canary === lane.release!.target.revision;
  if (goesOn && aborted === false) return [];
  return [
    move(c, 'Rollback', 'TRAFFIC_RESTORED', { effects: [['clean', lane.release!.target.revision, 0]] }),
  ];
}

/** Rollback: its processes end. */
export function rollingBack(c: DecisionContext): Event[] {
  const { lane, seen } = c;
  const release = lane.release!;
  const answered = answerStopping(c);
  if (answered.length > 0) return answered;
  if (seen.delivery?.canaryHealth !== 'absent') return [];
  return release.cause === 'SUPERSEDED' && release.from !== null
    ? [move(c, 'Recovery', 'NOT_FAILED')]
    : [move(c, 'Degraded', 'CANARY_STOPPED')];
}
