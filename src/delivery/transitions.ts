import { burnState } from '../runtime/burn.ts';
import { isHeldBack, isRefused } from './admission.ts';
import type { EffectKind, Event, Hold, ReleaseEffect, Revision } from './events.ts';
import { evolve } from './evolve.ts';
import { isSame } from './identity.ts';
import type { Lane, Release } from './lane.ts';
import { type State, UNCLEAR_HOLD } from './machine.ts';
import type { Baseline, LaneSettings, Observation } from './observation.ts';
import type { MoveReason } from './reasons.ts';

export const MAX_ATTEMPTS = 3;

/** The inputs of one decision. */
export interface DecisionContext {
  readonly lane: Lane;
  readonly seen: Observation;
  readonly settings: LaneSettings;
  readonly now: number;
}

/** States in which a release is in progress. */
export const isRelease = (state: State): boolean =>
  state === 'Deploying' || state === 'Canary' || state === 'Evaluating' || state === 'Promote';

/** Whether the edge was seen to serve the weight of the current step. */
export const isConfirmed = (release: Release): boolean => release.confirmedAt[release.step] !== undefined;

/** An effect, with its lane and generation. */
export function effect(
  lane: Lane,
  generation: number,
  kind: EffectKind,
  revision: string,
  weight: number,
): ReleaseEffect {
  return { id: `${lane.lane}#${generation}.${kind}`, lane: lane.lane, generation, kind, revision, weight };
}

/** The effects of a transition, as [kind, revision, weight]. */
export interface MoveOptions {
  readonly effects?: readonly (readonly [EffectKind, string, number])[];
  readonly step?: number;
  readonly blamed?: boolean;
  readonly note?: string;
  /** Its steps are to a lower weight. */
  readonly back?: true;
}

/** One transition of the machine, as recorded. In observe mode it has no effects. */
export function move(c: DecisionContext, to: State, reason: MoveReason, options: MoveOptions = {}): Event {
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
      effects: wanted.map(([kind, revision, weight]) => ({
        ...effect(lane, generation, kind, revision, weight),
        ...(options.back ? { back: true as const } : {}),
      })),
    },
  };
}

/** The answer to an order. */
export const done = (id: string, outcome: string): Event => ({ type: 'command.done', data: { id, outcome } });

/** Whether it was superseded: if it is wanted again, it does not repeat a failed attempt. */
const wasSuperseded = (release: Release): boolean =>
  release.endedAt !== null && release.cause === 'SUPERSEDED';

/** What holds this target: an unclear artefact, or a freeze. */
export function holdFor(lane: Lane, wanted: Revision, hold: Hold | null): Hold | null {
  if (wanted.unclear !== undefined)
    return { id: UNCLEAR_HOLD, reason: wanted.unclear, by: 'sluice', until: null };
  return isHeldBack(lane, wanted, hold) ? hold : null;
}

/** Whether this revision may start a release now; the reason why not is for the status page. */
export function startable(lane: Lane, desired: Revision | null): boolean {
  if (!desired || (lane.stable && isSame(desired, lane.stable))) return false;
  if (isRefused(lane, desired) || lane.aside.includes(desired.revision)) return false;
  const again = lane.release !== null && isSame(lane.release.target, desired) && !wasSuperseded(lane.release);
  if (!again) return true;
  // The same revision again is a retry: only from rest, and a limited number of times; if a person asked, at once.
  const { attempt } = lane.release!;
  return attempt === 0 || (lane.state === 'Stable' && attempt < MAX_ATTEMPTS);
}

const NO_BASELINE: Omit<Baseline, 'target'> = {
  history: {},
  cursors: {},
  burn: { fast: null, slow: null },
};

/** Opens a release of the wanted revision, if it may start now. */
export function open(c: DecisionContext, reason: MoveReason): Event[] {
  const { lane, seen, settings } = c;
  const target = seen.desired;
  if (!startable(lane, target) || !target) return [];
  const returning = lane.returning?.revision === target.revision;
  // A return to a good version waits neither for metrics nor for a person.
  const baseline = seen.baseline?.target === target.revision ? seen.baseline : returning ? NO_BASELINE : null;
  if (!baseline) return [];
  if (!returning && holdFor(lane, target, seen.hold) !== null) return [];
  const release = `${lane.lane.replace('/', '.')}.${lane.releases + 1}`;
  const first = lane.stable === null;
  const again = lane.release && isSame(lane.release.target, target) && !wasSuperseded(lane.release);
  const attempt = again ? lane.release!.attempt + 1 : 1;
  // A Rollout goes through its own steps, whatever is declared.
  const own = settings.followed ? seen.delivery?.steps : undefined;
  // Where stable can get no traffic back, the estimate decides at full traffic.
  const compare =
    settings.release.evidence.compare !== false && (!settings.followed || seen.delivery?.returns === true);
  const degraded = lane.state === 'Degraded';
  const opened: Event = {
    type: 'release.opened',
    data: {
      release,
      target,
      from: lane.stable,
      attempt,
      settings: {
        ...settings.release,
        weights: first ? [100] : [...(own ?? settings.release.weights)],
        evidence: { ...settings.release.evidence, compare },
      },
      history: first ? {} : { ...baseline.history },
      cursors: { ...baseline.cursors },
      burnArmed: burnState(baseline.burn, settings.burn) === 'false',
      burnJudged: !degraded && !returning,
      declaration: settings.declaration,
      enforced: settings.mode === 'enforce',
    },
  };
  const after = { ...c, lane: evolve(lane, opened, c.now) };
  return [opened, move(after, 'Deploying', reason, { effects: [['start', target.revision, 0]] })];
}

/** Aborts the release: its traffic is removed first, whatever the reason. */
export function stop(
  c: DecisionContext,
  reason: MoveReason,
  options: { blamed?: boolean; note?: string } = {},
): Event {
  const release = c.lane.release!;
  return move(c, 'Abort', reason, { ...options, effects: [['abort', release.target.revision, 0]] });
}
