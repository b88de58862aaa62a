import { burnWord } from '../runtime/burn.ts';
import { isHeldBack, isRefused } from './admission.ts';
import {
  type Effect,
  type EffectKind,
  type Event,
  evolve,
  type Lane,
  type Release,
  type Revision,
} from './events.ts';
import { isSame } from './identity.ts';
import type { MoveReason, State } from './machine.ts';
import type { LaneSettings, Seen } from './seen.ts';

export const MAX_ATTEMPTS = 3;

/** Everything one decision is made from. */
export interface Context {
  readonly lane: Lane;
  readonly seen: Seen;
  readonly settings: LaneSettings;
  readonly now: number;
}

/** States in which a release is on its way. */
export const isRelease = (state: State): boolean =>
  state === 'Deploying' || state === 'Canary' || state === 'Evaluating' || state === 'Promote';

/** Index of the last step: 100 %, judged like the others. */
export const lastStep = (release: Release): number => release.settings.weights.length - 1;

/** The edge was seen to serve the weight of the present step. */
export const isConfirmed = (release: Release): boolean => release.confirmedAt[release.step] !== undefined;

/** A target state for the outside, with its lane and generation. */
export function effect(
  lane: Lane,
  generation: number,
  kind: EffectKind,
  revision: string,
  weight: number,
): Effect {
  return { id: `${lane.lane}#${generation}.${kind}`, lane: lane.lane, generation, kind, revision, weight };
}

/** What goes with a move: effects as [kind, revision, weight]. */
export interface MoveOptions {
  readonly effects?: readonly (readonly [EffectKind, string, number])[];
  readonly step?: number;
  readonly blamed?: boolean;
  readonly note?: string;
}

/** One move of the machine, as it will be recorded. In observe mode its effects are left out. */
export function move(c: Context, to: State, reason: MoveReason, options: MoveOptions = {}): Event {
  const { lane } = c;
  const wanted = lane.release && !lane.release.enforced ? [] : (options.effects ?? []);
  const generation = lane.generation + 1;
  return {
    type: 'lane.moved',
    data: {
      release: lane.release?.id ?? null,
      from: lane.state,
      to,
      reason,
      step: options.step ?? lane.release?.step ?? 0,
      generation,
      blamed: options.blamed ?? false,
      ...(options.note ? { note: options.note } : {}),
      effects: wanted.map(([kind, revision, weight]) => effect(lane, generation, kind, revision, weight)),
    },
  };
}

/** An order that was answered. */
export const done = (id: string, outcome: string): Event => ({ type: 'command.done', data: { id, outcome } });

/** Whether this revision may begin a release now; the reason why not is for the status page. */
export function startable(lane: Lane, desired: Revision | null): boolean {
  if (!desired || (lane.stable && isSame(desired, lane.stable))) return false;
  if (isRefused(lane, desired) || lane.aside.includes(desired.revision)) return false;
  const again = lane.release !== null && isSame(lane.release.target, desired);
  // The same revision again is a retry: only from rest, and not for ever.
  return !again || (lane.state === 'Stable' && lane.release!.attempt < MAX_ATTEMPTS);
}

/** Opens a release of the wanted revision, if it may begin now. */
export function open(c: Context, reason: MoveReason): Event[] {
  const { lane, seen, settings } = c;
  const target = seen.desired;
  if (!startable(lane, target) || !target || seen.baseline?.target !== target.revision) return [];
  if (isHeldBack(lane, target, seen.hold)) return [];
  const release = `${lane.lane.replace('/', '.')}.${lane.releases + 1}`;
  const first = lane.stable === null;
  const attempt = lane.release && isSame(lane.release.target, target) ? lane.release.attempt + 1 : 1;
  const degraded = lane.state === 'Degraded';
  const opened: Event = {
    type: 'release.opened',
    data: {
      release,
      target,
      from: lane.stable,
      attempt,
      settings: { ...settings.release, weights: first ? [100] : settings.release.weights },
      history: first ? {} : { ...seen.baseline.history },
      cursors: { ...seen.baseline.cursors },
      burnArmed: burnWord(seen.baseline.burn, settings.burn) === 'false',
      burnJudged: !degraded,
      declaration: settings.declaration,
      enforced: settings.mode === 'enforce',
    },
  };
  const after = { ...c, lane: evolve(lane, opened, c.now) };
  return [opened, move(after, 'Deploying', reason, { effects: [['start', target.revision, 0]] })];
}

/** Stops the release: traffic first, whatever the reason. */
export function stop(
  c: Context,
  reason: MoveReason,
  options: { blamed?: boolean; note?: string } = {},
): Event {
  const release = c.lane.release!;
  return move(c, 'Abort', reason, { ...options, effects: [['abort', release.target.revision, 0]] });
}

/** Commands that find nothing to act on are answered, not kept. */
export function answerIdle(c: Context): Event[] {
  return c.lane.commands.map((command) =>
    done(command.id, `nothing to ${command.command} in ${c.lane.state}`),
  );
}
