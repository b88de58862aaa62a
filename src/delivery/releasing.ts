import type { Event } from './events.ts';
import { isSame } from './identity.ts';
import { movedThere, tookOver } from './moved-there.ts';
import {
  answerIdle,
  type Context,
  done,
  effect,
  isConfirmed,
  lastStep,
  type MoveOptions,
  move,
  stop,
} from './moves.ts';
import { stoppedThere, stopping } from './stopping.ts';

/** Pause, resume and promote, where a release is on its way. */
function obey(c: Context): Event[] {
  const release = c.lane.release!;
  const [command] = c.lane.commands;
  if (!command || command.command === 'abort') return [];
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

/** The version starts, without traffic. */
export function deploying(c: Context): Event[] {
  const { lane, seen, now } = c;
  const release = lane.release!;
  const abort = lane.commands.find((command) => command.command === 'abort');
  if (abort) return [done(abort.id, 'aborting'), stop(c, 'OPERATOR', { note: abort.reason })];
  if (seen.desired && !isSame(seen.desired, release.target)) return [stop(c, 'SUPERSEDED')];
  if (seen.delivery?.canaryHealth === 'exited')
    return [stop(c, 'CANARY_DOWN', { blamed: true, note: seen.delivery.exit ?? 'its process ended' })];
  const there = stoppedThere(c);
  if (there.length > 0 && lane.pending.length === 0) return there;
  if (tookOver(c)) return [move(c, 'Canary', 'CANARY_STARTED')];
  if (now - release.openedAt >= release.settings.deadlineMs)
    return [stop(c, 'FAILED_TO_START', { blamed: true })];
  if (seen.delivery?.canaryHealth !== 'ready' || seen.delivery.canary !== release.target.revision) return [];
  const weight = release.settings.weights[0]!;
  return [move(c, 'Canary', 'CANARY_STARTED', { effects: [['step', release.target.revision, weight]] })];
}

/** A weight that somebody moved by hand, or that a restart lost, is put back and told. */
function drift(c: Context): Event[] {
  const { lane, seen } = c;
  const release = lane.release!;
  const wanted = release.settings.weights[release.step]!;
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

/** What goes before any progress: harm and what else stops a release, a person's order, then a move of others. */
function interruption(c: Context): Event[] {
  for (const first of [stopping, obey, movedThere]) {
    const events = first(c);
    if (events.length > 0) return events;
  }
  return [];
}

/** It has its share of traffic, or is about to; numbers are awaited. */
export function canary(c: Context): Event[] {
  const { lane, seen } = c;
  const release = lane.release!;
  const interrupted = interruption(c);
  if (interrupted.length > 0) return interrupted;
  if (!isConfirmed(release)) {
    const weight = release.settings.weights[release.step]!;
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
function hold(c: Context): Event[] {
  const release = c.lane.release!;
  if (release.heldAt !== null || c.now - release.enteredStepAt < release.settings.deadlineMs) return [];
  return [{ type: 'release.held', data: { release: release.id, held: true } }];
}

/** Its numbers are judged. */
export function evaluating(c: Context): Event[] {
  const { lane, seen } = c;
  const release = lane.release!;
  const interrupted = interruption(c);
  if (interrupted.length > 0) return interrupted;
  const drifted = drift(c);
  if (drifted.length > 0) return drifted;
  const held = hold(c);
  if (held.length > 0) return held;
  if (!seen.look || !seen.assessment) return [];
  const free = !release.paused && release.heldAt === null;
  if (seen.assessment.verdict.verdict === 'pass' && free) return [advance(c)];
  return seen.look.trouble === null ? [] : [move(c, 'Canary', 'NOT_ENOUGH_EVIDENCE')];
}

function advance(c: Context): Event {
  const release = c.lane.release!;
  const revision = release.target.revision;
  if (release.step === lastStep(release))
    return move(c, 'Promote', 'PASSED', { effects: [['promote', revision, 100]] });
  const step = release.step + 1;
  const weight = release.settings.weights[step]!;
  return move(c, 'Canary', 'NEXT_STEP', { step, effects: [['step', revision, weight]] });
}

/** It passed and takes over. */
export function promoting(c: Context): Event[] {
  const { lane, seen } = c;
  const release = lane.release!;
  const revision = release.target.revision;
  if (seen.delivery?.stable === revision && seen.delivery.weight === 0) {
    const effects: MoveOptions['effects'] = release.from ? [['clean', release.from.revision, 0]] : [];
    return [...answerIdle(c), move(c, 'Stable', 'FULL_TRAFFIC', { effects })];
  }
  if (seen.delivery?.canaryHealth === 'exited' && seen.delivery.stable !== revision)
    return [stop(c, 'CANARY_DOWN', { blamed: true })];
  const there = stoppedThere(c);
  if (there.length > 0) return there;
  const abort = lane.commands.find((command) => command.command === 'abort');
  return abort ? [done(abort.id, 'aborting'), stop(c, 'OPERATOR', { note: abort.reason })] : answerIdle(c);
}

/** It is stopped: traffic first. */
export function aborting(c: Context): Event[] {
  const { lane, seen } = c;
  if (lane.commands.length > 0) return answerIdle(c);
  if (seen.delivery?.weight !== 0) return [];
  return [
    move(c, 'Rollback', 'TRAFFIC_RESTORED', { effects: [['clean', lane.release!.target.revision, 0]] }),
  ];
}

/** Its processes go. */
export function rollingBack(c: Context): Event[] {
  const { lane, seen } = c;
  const release = lane.release!;
  if (lane.commands.length > 0) return answerIdle(c);
  if (seen.delivery?.canaryHealth !== 'absent') return [];
  return release.cause === 'SUPERSEDED' && release.from !== null
    ? [move(c, 'Recovery', 'NOT_FAILED')]
    : [move(c, 'Degraded', 'CANARY_STOPPED')];
}
