import { grown } from '../kit/growing.ts';
import { invariant } from '../kit/result.ts';
import type { Event, EventData, RecordedInterval, ReleaseEffect, Revision } from './events.ts';
import { identityOf } from './identity.ts';
import type { KnownStable, Lane, Rejected, Release } from './lane.ts';
import { isDeclared } from './machine.ts';
import type { MoveReason } from './reasons.ts';

const MAX_REMEMBERED = 100;
const remember = <T>(list: readonly T[], item: T): readonly T[] =>
  [...list.filter((known) => known !== item), item].slice(-MAX_REMEMBERED);

/** The lane with another stable version. An unknown digest does not count for the promotion order. */
function withStable(lane: Lane, stable: Revision): Lane {
  const { revision, version, digest } = stable;
  const known: KnownStable = { identity: identityOf(stable), version, revision };
  const others = lane.stables.filter((s) => s.identity !== known.identity || s.revision !== revision);
  return {
    ...lane,
    stable,
    returning: lane.returning?.revision === revision ? null : lane.returning,
    stables: [...others, known].slice(-MAX_REMEMBERED),
    served: digest ? remember(lane.served, digest) : lane.served,
  };
}

/** Pending effects after an event: a newer generation replaces older ones, so that an abort cancels them. */
function plan(pending: readonly ReleaseEffect[], effects: readonly ReleaseEffect[]) {
  if (effects.length === 0) return pending;
  const newest = Math.max(...effects.map((e) => e.generation));
  return [...pending.filter((e) => e.generation >= newest), ...effects];
}

function opened(lane: Lane, data: EventData<'release.opened'>, at: number): Lane {
  const release: Release = {
    id: data.release,
    target: data.target,
    from: data.from,
    attempt: data.attempt,
    openedAt: at,
    endedAt: null,
    settings: data.settings,
    history: data.history,
    intervals: Object.fromEntries(data.settings.slos.map((s) => [s.slo, []])),
    lookTimes: [],
    cursors: data.cursors,
    step: 0,
    confirmedAt: [],
    enteredStepAt: at,
    burnArmed: data.burnArmed,
    burnJudged: data.burnJudged,
    paused: false,
    heldAt: null,
    stepsBack: 0,
    letOn: null,
    cause: null,
    blamed: false,
    verdict: null,
    enforced: data.enforced,
    declaration: data.declaration,
    loads: [],
  };
  const returning = lane.returning?.revision === data.target.revision ? lane.returning : null;
  return { ...lane, release, returning, waiting: null, hold: null, releases: lane.releases + 1 };
}

function looked(lane: Lane, data: EventData<'release.looked'>, at: number): Lane {
  const release = lane.release!;
  const intervals: Record<string, readonly RecordedInterval[]> = { ...release.intervals };
  let closed = 0;
  for (const [slo, more] of Object.entries(data.intervals)) {
    intervals[slo] = grown(intervals[slo] ?? [], more);
    closed = Math.max(closed, more.length);
  }
  return {
    ...lane,
    burn: data.burn,
    release: {
      ...release,
      intervals,
      lookTimes: grown(
        release.lookTimes,
        Array.from({ length: closed }, () => at),
      ),
      cursors: { ...release.cursors, ...data.cursors },
      burnArmed: data.burnArmed,
      verdict: data.verdict,
    },
  };
}

function moved(lane: Lane, data: EventData<'lane.moved'>, at: number): Lane {
  invariant(data.from === lane.state, `${lane.lane} moves from ${data.from} but is in ${lane.state}`);
  invariant(
    isDeclared(data.from, data.to, data.reason),
    `${data.from} → ${data.to} by ${data.reason} is undeclared`,
  );
  const next: Lane = {
    ...lane,
    state: data.to,
    since: at,
    generation: data.generation,
    pending: plan(lane.pending, data.effects),
    quiet: data.to === 'Degraded' || data.to === 'Recovery' ? { looksUnder: 0, since: null } : lane.quiet,
  };
  const release = lane.release;
  if (!release || data.release !== release.id) return next;
  if (data.to === 'Canary' && (data.reason === 'NEXT_STEP' || data.reason === 'STEP_BACK'))
    return {
      ...next,
      release: {
        ...release,
        step: data.step,
        stepsBack: release.stepsBack + (data.reason === 'STEP_BACK' ? 1 : 0),
        enteredStepAt: at,
        heldAt: null,
        verdict: null,
      },
    };
  if (data.to === 'Canary' && data.reason === 'CANARY_STARTED')
    return { ...next, release: { ...release, enteredStepAt: at } };
  if (data.to === 'Promote') return { ...next, release: { ...release, cause: data.reason } };
  if (data.to === 'Abort') return aborted(next, release, data, at);
  if (data.from === 'Promote' && data.to === 'Stable')
    return { ...withStable(next, release.target), release: { ...release, endedAt: at } };
  if (data.from === 'Rollback') return { ...next, release: { ...release, endedAt: at } };
  return next;
}

/** Stopped without a rejection, and not retried automatically: by a person, or by a team's own analysis. */
const SET_ASIDE: readonly MoveReason[] = ['OPERATOR', 'HOLD_EXPIRED', 'OWN_ANALYSIS'];

function aborted(next: Lane, release: Release, data: EventData<'lane.moved'>, at: number): Lane {
  const { revision, digest, version } = release.target;
  const identity = identityOf(release.target);
  const rejected = data.blamed
    ? [...next.rejected, { revision, digest, identity, version, reason: data.reason, release: release.id }]
    : next.rejected;
  const setAside = SET_ASIDE.includes(data.reason);
  return {
    ...next,
    rejected,
    failures: data.blamed ? remember(next.failures, at) : next.failures,
    aside: setAside ? remember(next.aside, revision) : next.aside,
    returning: null,
    release: { ...release, cause: data.reason, blamed: data.blamed },
  };
}

function loaded(lane: Lane, { release: id, ...load }: EventData<'release.loaded'>): Lane {
  const release = lane.release;
  // A load test may end after its release did.
  if (!release || release.id !== id || release.loads.some((known) => known.run === load.run)) return lane;
  return { ...lane, release: { ...release, loads: [...release.loads, load] } };
}

/** The revision may start again; its attempts are counted from 0. */
function retried(lane: Lane, { revision }: EventData<'lane.retried'>): Lane {
  const { release } = lane;
  return {
    ...lane,
    aside: lane.aside.filter((known) => known !== revision),
    release: release?.target.revision === revision ? { ...release, attempt: 0 } : release,
  };
}

/** Users return to an earlier version: the version that they leave is rejected by that order. */
function returned(lane: Lane, { from, to }: EventData<'lane.returned'>): Lane {
  const { revision, digest, version } = from;
  const blamed: Rejected = {
    revision,
    digest,
    identity: identityOf(from),
    version,
    reason: 'OPERATOR',
    release: lane.release?.id ?? '',
  };
  return {
    ...lane,
    rejected: [...lane.rejected.filter((r) => r.revision !== revision), blamed],
    returning: lane.stable?.revision === to.revision ? null : to,
  };
}

/** Applies one recorded event. It never judges, and accepts everything that was recorded. */
export function evolve(lane: Lane, event: Event, at: number): Lane {
  switch (event.type) {
    case 'release.opened':
      return opened(lane, event.data, at);
    case 'release.looked':
      return looked(lane, event.data, at);
    case 'release.confirmed': {
      const release = lane.release!;
      const confirmedAt = [...release.confirmedAt];
      confirmedAt[event.data.step] = at;
      return { ...lane, release: { ...release, step: event.data.step, confirmedAt } };
    }
    case 'release.held': {
      const release = lane.release!;
      const { held } = event.data;
      const letOn = held ? release.letOn : release.step;
      return { ...lane, release: { ...release, heldAt: held ? at : null, letOn, enteredStepAt: at } };
    }
    case 'release.loaded':
      return loaded(lane, event.data);
    case 'lane.lifted':
      return {
        ...lane,
        rejected: lane.rejected.filter((r) => r.digest !== event.data.digest),
        // Another try does not count as a repetition of the failed attempt.
        release: lane.release && lane.state === 'Stable' ? { ...lane.release, attempt: 0 } : lane.release,
      };
    case 'lane.returned':
      return returned(lane, event.data);
    case 'lane.retried':
      return retried(lane, event.data);
    case 'release.paused':
      return { ...lane, release: { ...lane.release!, paused: event.data.paused } };
    case 'lane.moved':
      return moved(lane, event.data, at);
    case 'lane.drifted':
      return { ...lane, generation: event.data.generation, pending: plan(lane.pending, event.data.effects) };
    case 'lane.adopted':
      return withStable(lane, event.data.stable);
    case 'lane.waiting':
      return { ...lane, waiting: event.data.target, hold: event.data.hold ?? null };
    case 'lane.quiet':
      return { ...lane, quiet: { looksUnder: event.data.looksUnder, since: event.data.since } };
    case 'effect.settled':
      return { ...lane, pending: lane.pending.filter((e) => e.id !== event.data.id) };
    case 'command.accepted':
      return { ...lane, commands: [...lane.commands, event.data] };
    case 'command.done':
      return { ...lane, commands: lane.commands.filter((c) => c.id !== event.data.id) };
  }
}
