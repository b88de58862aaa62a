import { invariant, never } from '../kit/result.ts';
import type { Assessment, Look } from './assess.ts';
import { type BurnRule, burnWord } from './burn-rule.ts';
import {
  type Burn,
  type Effect,
  type EffectKind,
  type Event,
  evolve,
  type Lane,
  type Release,
  type ReleaseSettings,
  type Revision,
} from './events.ts';
import type { MoveReason, State } from './machine.ts';
import type { Delivery } from './port.ts';

/** How a lane gets back to rest: numbers of the evidence rule's page. */
export interface RecoverySettings {
  /** Looks with the fast burn under its threshold before Degraded becomes Recovery. */
  readonly looks: number;
  /** Fast burn below which a service counts as back within its objective. */
  readonly burnBelow: number;
  readonly forMs: number;
}

/** What the declaration says of one lane. */
export interface LaneSettings {
  readonly mode: 'observe' | 'enforce';
  readonly release: ReleaseSettings;
  readonly burn: BurnRule;
  readonly recovery: RecoverySettings;
  readonly declaration: string;
}

/** What is known of the stable version before a release: needed to open one. */
export interface Baseline {
  /** The revision that would be released: a baseline taken for another is none. */
  readonly target: string;
  readonly history: Readonly<Record<string, ({ total: number; bad: number } | null)[]>>;
  readonly cursors: Readonly<Record<string, [number, number]>>;
  readonly burn: Burn;
}

/** Everything one decision rests on. Null: not looked at, or not to be had. */
export interface Seen {
  readonly desired: Revision | null;
  readonly delivery: Delivery | null;
  readonly look: Look | null;
  readonly assessment: Assessment | null;
  readonly baseline: Baseline | null;
  /** Looks in a row in which the canary could not be reached while it should have had traffic. */
  readonly unreachableLooks: number;
}

export const MAX_ATTEMPTS = 3;
const MAX_ROUNDS = 8;
const UNREACHABLE_LOOKS = 2;

interface Context {
  readonly lane: Lane;
  readonly seen: Seen;
  readonly settings: LaneSettings;
  readonly now: number;
}

const isRelease = (state: State): boolean =>
  state === 'Deploying' || state === 'Canary' || state === 'Evaluating' || state === 'Promote';

const lastStep = (release: Release): number => release.settings.weights.length - 1;
const isConfirmed = (release: Release): boolean => release.confirmedAt[release.step] !== undefined;

function effect(lane: Lane, generation: number, kind: EffectKind, revision: string, weight: number): Effect {
  return { id: `${lane.lane}#${generation}.${kind}`, lane: lane.lane, generation, kind, revision, weight };
}

interface MoveOptions {
  readonly effects?: readonly (readonly [EffectKind, string, number])[];
  readonly step?: number;
  readonly blamed?: boolean;
  readonly note?: string;
}

function move(c: Context, to: State, reason: MoveReason, options: MoveOptions = {}): Event {
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

const done = (id: string, outcome: string): Event => ({ type: 'command.done', data: { id, outcome } });

/** Whether this revision may begin a release now; the reason why not is for the status page. */
export function startable(lane: Lane, desired: Revision | null): boolean {
  if (!desired || desired.revision === lane.stable?.revision) return false;
  if (isRefused(lane, desired) || lane.aside.includes(desired.revision)) return false;
  const again = lane.release?.target.revision === desired.revision;
  // The same revision again is a retry: only from rest, and not for ever.
  return !again || (lane.state === 'Stable' && lane.release!.attempt < MAX_ATTEMPTS);
}

/** A blamed revision is refused; so is its digest under another configuration, unless it is the stable one. */
export const isRefused = (lane: Lane, desired: Revision): boolean =>
  lane.rejected.some(
    (r) =>
      r.revision === desired.revision || (r.digest === desired.digest && r.digest !== lane.stable?.digest),
  );

function open(c: Context, reason: MoveReason): Event[] {
  const { lane, seen, settings } = c;
  const target = seen.desired;
  if (!startable(lane, target) || !target || seen.baseline?.target !== target.revision) return [];
  const release = `${lane.lane.replace('/', '.')}.${lane.releases + 1}`;
  const first = lane.stable === null;
  const attempt = lane.release?.target.revision === target.revision ? lane.release.attempt + 1 : 1;
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

function stop(c: Context, reason: MoveReason, options: { blamed?: boolean; note?: string } = {}): Event {
  const release = c.lane.release!;
  return move(c, 'Abort', reason, { ...options, effects: [['abort', release.target.revision, 0]] });
}

const burnFires = (c: Context): boolean =>
  c.lane.release!.burnJudged &&
  c.lane.release!.burnArmed &&
  c.seen.look !== null &&
  burnWord(c.seen.look.burn, c.settings.burn) === 'firing';

/** What stops a release that has traffic, gravest first. Verdicts first: nobody's order outruns harm. */
function stopping(c: Context): Event[] {
  const { lane, seen, now } = c;
  const release = lane.release!;
  const verdict = seen.assessment?.verdict;
  if (verdict?.verdict === 'fail')
    return [
      stop(c, verdict.reasons.includes('GUARD_FAILED') ? 'GUARD_FAILED' : 'HARM_SHOWN', { blamed: true }),
    ];
  if (seen.delivery?.canaryHealth === 'exited')
    return [stop(c, 'CANARY_DOWN', { blamed: true, note: seen.delivery.exit ?? 'its process ended' })];
  if (seen.unreachableLooks >= UNREACHABLE_LOOKS)
    return [stop(c, 'CANARY_DOWN', { blamed: true, note: `unreachable for ${seen.unreachableLooks} looks` })];
  if (burnFires(c)) return [stop(c, 'MULTI_WINDOW_BURN')];
  const abort = lane.commands.find((command) => command.command === 'abort');
  if (abort) return [done(abort.id, 'aborting'), stop(c, 'OPERATOR', { note: abort.reason })];
  if (seen.desired && seen.desired.revision !== release.target.revision)
    return [stop(c, 'SUPERSEDED', { note: `${seen.desired.version} is wanted now` })];
  if (release.heldAt !== null && now - release.heldAt >= release.settings.holdMs)
    return [stop(c, 'HOLD_EXPIRED')];
  return [];
}

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

/** Commands that find nothing to act on are answered, not kept. */
function answerIdle(c: Context): Event[] {
  return c.lane.commands.map((command) =>
    done(command.id, `nothing to ${command.command} in ${c.lane.state}`),
  );
}

function deploying(c: Context): Event[] {
  const { lane, seen, now } = c;
  const release = lane.release!;
  const abort = lane.commands.find((command) => command.command === 'abort');
  if (abort) return [done(abort.id, 'aborting'), stop(c, 'OPERATOR', { note: abort.reason })];
  if (seen.desired && seen.desired.revision !== release.target.revision) return [stop(c, 'SUPERSEDED')];
  if (seen.delivery?.canaryHealth === 'exited')
    return [stop(c, 'CANARY_DOWN', { blamed: true, note: seen.delivery.exit ?? 'its process ended' })];
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

function canary(c: Context): Event[] {
  const { lane, seen } = c;
  const release = lane.release!;
  const stopped = stopping(c);
  if (stopped.length > 0) return stopped;
  const obeyed = obey(c);
  if (obeyed.length > 0) return obeyed;
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

function evaluating(c: Context): Event[] {
  const { lane, seen } = c;
  const release = lane.release!;
  const stopped = stopping(c);
  if (stopped.length > 0) return stopped;
  const obeyed = obey(c);
  if (obeyed.length > 0) return obeyed;
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

function promoting(c: Context): Event[] {
  const { lane, seen } = c;
  const release = lane.release!;
  const revision = release.target.revision;
  if (seen.delivery?.stable === revision && seen.delivery.weight === 0) {
    const effects: MoveOptions['effects'] = release.from ? [['clean', release.from.revision, 0]] : [];
    return [...answerIdle(c), move(c, 'Stable', 'FULL_TRAFFIC', { effects })];
  }
  if (seen.delivery?.canaryHealth === 'exited' && seen.delivery.stable !== revision)
    return [stop(c, 'CANARY_DOWN', { blamed: true })];
  const abort = lane.commands.find((command) => command.command === 'abort');
  return abort ? [done(abort.id, 'aborting'), stop(c, 'OPERATOR', { note: abort.reason })] : answerIdle(c);
}

function aborting(c: Context): Event[] {
  const { lane, seen } = c;
  if (lane.commands.length > 0) return answerIdle(c);
  if (seen.delivery?.weight !== 0) return [];
  return [
    move(c, 'Rollback', 'TRAFFIC_RESTORED', { effects: [['clean', lane.release!.target.revision, 0]] }),
  ];
}

function rollingBack(c: Context): Event[] {
  const { lane, seen } = c;
  const release = lane.release!;
  if (lane.commands.length > 0) return answerIdle(c);
  if (seen.delivery?.canaryHealth !== 'absent') return [];
  return release.cause === 'SUPERSEDED' && release.from !== null
    ? [move(c, 'Recovery', 'NOT_FAILED')]
    : [move(c, 'Degraded', 'CANARY_STOPPED')];
}

function degraded(c: Context): Event[] {
  const { lane, seen, settings } = c;
  if (lane.commands.length > 0) return answerIdle(c);
  const fix = open(c, 'FIX_FORWARD');
  if (fix.length > 0) return fix;
  if (!seen.look || lane.stable === null || !seen.delivery || seen.delivery.weight !== 0) return [];
  const fast = seen.look.burn.fast;
  const under = fast !== null && fast < settings.burn.fast;
  const looksUnder = under ? lane.quiet.looksUnder + 1 : 0;
  if (looksUnder >= settings.recovery.looks) return [move(c, 'Recovery', 'ERRORS_REDUCED')];
  return looksUnder === lane.quiet.looksUnder
    ? []
    : [{ type: 'lane.quiet', data: { looksUnder, since: null } }];
}

function recovering(c: Context): Event[] {
  const { lane, seen, settings, now } = c;
  if (lane.commands.length > 0) return answerIdle(c);
  if (seen.look && burnWord(seen.look.burn, settings.burn) === 'firing')
    return [move(c, 'Degraded', 'RELAPSE')];
  if (lane.release?.cause === 'SUPERSEDED' && lane.release.endedAt !== null && lane.release.from !== null)
    return [move(c, 'Stable', 'NOT_FAILED')];
  const fix = open(c, 'FIX_FORWARD');
  if (fix.length > 0) return fix;
  if (!seen.look) return [];
  const { fast } = seen.look.burn;
  const word = burnWord(seen.look.burn, settings.burn);
  const quiet = word === 'false' && fast !== null && fast < settings.recovery.burnBelow;
  const since = quiet ? (lane.quiet.since ?? now) : null;
  if (since !== null && now - since >= settings.recovery.forMs) return [move(c, 'Stable', 'RECOVERED')];
  return since === lane.quiet.since ? [] : [{ type: 'lane.quiet', data: { looksUnder: 0, since } }];
}

/** What serves already when we come is stable: a lost ledger, or a service that somebody else delivers. */
function adopt(c: Context): Event[] {
  const serving = c.seen.delivery?.stable ?? null;
  if (c.lane.state !== 'Idle' || serving === null) return [];
  const wanted = c.seen.desired?.revision === serving ? c.seen.desired : null;
  const stable = wanted ?? { revision: serving, version: 'unknown', digest: '', config: {} };
  return [{ type: 'lane.adopted', data: { stable } }, move(c, 'Stable', 'ADOPTED')];
}

function resting(c: Context): Event[] {
  const { lane, seen, settings } = c;
  if (lane.commands.length > 0) return answerIdle(c);
  const adopted = adopt(c);
  if (adopted.length > 0) return adopted;
  const burning = seen.look && burnWord(seen.look.burn, settings.burn) === 'firing';
  if (lane.state === 'Stable' && burning) return [move(c, 'Degraded', 'BURNING')];
  return open(c, lane.state === 'Idle' ? 'FIRST_RELEASE' : 'NEW_VERSION');
}

/** A version that is wanted but cannot begin now waits where everybody sees it; the newest replaces it. */
function waiting(c: Context): Event[] {
  const { lane, seen } = c;
  const wanted = seen.desired;
  const busy = lane.state === 'Abort' || lane.state === 'Rollback';
  const blocked = startable(lane, wanted) && seen.baseline === null && !isRelease(lane.state);
  const waits =
    wanted &&
    (busy
      ? wanted.revision !== lane.release?.target.revision && wanted.revision !== lane.stable?.revision
      : blocked);
  const target = waits ? wanted : null;
  return (target?.revision ?? null) === (lane.waiting?.revision ?? null)
    ? []
    : [{ type: 'lane.waiting', data: { target } }];
}

/** In observe mode somebody else delivers: the machine follows what is seen, and says what it would have done. */
function following(c: Context): Event[] {
  const { lane, seen } = c;
  const release = lane.release!;
  const delivery = seen.delivery;
  if (!delivery) return [];
  if (lane.commands.length > 0) return answerIdle(c);
  const mine = delivery.canary === release.target.revision;
  const took = delivery.stable === release.target.revision;
  if (lane.state === 'Deploying')
    return took || (mine && delivery.weight > 0) ? [move(c, 'Canary', 'CANARY_STARTED')] : [];
  if (took && lane.state !== 'Promote')
    return [move(c, 'Promote', 'OVERRIDDEN', { note: 'promoted by whoever delivers' })];
  if (lane.state === 'Promote') return took ? [move(c, 'Stable', 'FULL_TRAFFIC')] : [];
  if (!mine || delivery.weight === 0)
    return [move(c, 'Abort', 'OPERATOR', { note: 'stopped by whoever delivers' })];
  const steps = release.settings.weights.filter((w) => w <= delivery.weight).length;
  const step = Math.max(release.step, steps - 1, 0);
  if (release.confirmedAt[step] === undefined)
    return [{ type: 'release.confirmed', data: { release: release.id, step, weight: delivery.weight } }];
  if (lane.state === 'Canary' && seen.look && seen.look.intervals.length > 0)
    return [move(c, 'Evaluating', 'COUNTS_ARRIVED')];
  return [];
}

function next(c: Context): Event[] {
  const { state, release } = c.lane;
  if (release && !release.enforced && isRelease(state)) return following(c);
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

/** The look's own record: counts, verdict and burn, once per look and release. */
function lookRecord(c: Context): Event[] {
  const { lane, seen, settings } = c;
  const release = lane.release;
  const { look, assessment } = seen;
  if (!release || !look || !assessment || !isRelease(lane.state)) return [];
  const pairFalse = burnWord(look.burn, settings.burn) === 'false';
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
    queries: [...look.queries],
  };
  return [{ type: 'release.looked', data }];
}

/**
 * What one look leads to: the events to record, effects inside them. Pure; the same input gives the same
 * events. A verdict is used for one move: the next step is judged by its own look.
 */
export function decide(lane: Lane, seen: Seen, settings: LaneSettings, now: number): Event[] {
  const out: Event[] = [];
  let c: Context = { lane, seen, settings, now };
  const take = (events: Event[]) => {
    out.push(...events);
    c = { ...c, lane: events.reduce((state, event) => evolve(state, event, now), c.lane) };
  };
  take(lookRecord(c));
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const events = next(c);
    if (events.length === 0) {
      take(waiting(c));
      return out;
    }
    const movedTo = events.find((e) => e.type === 'lane.moved')?.data;
    take(events);
    // A look and its verdict speak for the state they were taken in; only being judged leads on at once.
    const keeps = !movedTo || (movedTo.from === 'Canary' && movedTo.to === 'Evaluating');
    if (!keeps) c = { ...c, seen: { ...c.seen, look: null, assessment: null } };
    if (events.some((e) => e.type === 'lane.quiet')) c = { ...c, seen: { ...c.seen, look: null } };
    if (events.some((e) => e.type === 'release.opened')) return out;
  }
  invariant(false, `${lane.lane} comes to rest within ${MAX_ROUNDS} rounds`);
}
