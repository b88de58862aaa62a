import { z } from 'zod';
import { invariant } from '../kit/result.ts';
import { identityOf } from './identity.ts';
import { isDeclared, MOVE_REASONS, type MoveReason, STATES } from './machine.ts';
import { REASONS } from './verdict.ts';

/** What runs as one arm: told apart by revision; the version is for people. */
export const revisionSchema = z.object({
  revision: z.string(),
  version: z.string(),
  digest: z.string(),
  config: z.record(z.string(), z.unknown()),
  /** The Helm chart that it is installed by, where one is named. */
  chart: z.string().optional(),
  /** Set where the revision is a pod template: whether it is known what Git asked for when it was made. */
  template: z.enum(['known', 'unknown']).optional(),
});
export type Revision = z.infer<typeof revisionSchema>;

const counts = z.object({ total: z.number(), bad: z.number() });
export const intervalSchema = z.object({
  step: z.number(),
  canary: counts.nullable(),
  stable: counts.nullable(),
  warmUp: z.boolean().optional(),
});

/** The settings that a release keeps to its end, whatever is declared meanwhile. */
export const releaseSettingsSchema = z.object({
  weights: z.array(z.number()),
  warmUpMs: z.number(),
  dwellMs: z.number(),
  deadlineMs: z.number(),
  holdMs: z.number(),
  intervalMs: z.number(),
  slos: z.array(z.object({ slo: z.string(), objective: z.number() })),
  evidence: z.object({
    tolerance: z.number(),
    detect: z.number(),
    rho: z.number(),
    alpha: z.number(),
    beta: z.number(),
    minBad: z.number(),
  }),
  /** It passes no step before a load test is over. */
  loadTested: z.boolean().default(false),
});
export type ReleaseSettings = z.infer<typeof releaseSettingsSchema>;

/** A target state that somebody outside has to be brought to. */
export const effectSchema = z.object({
  id: z.string(),
  lane: z.string(),
  generation: z.number(),
  kind: z.enum(['start', 'step', 'abort', 'promote', 'clean']),
  revision: z.string(),
  weight: z.number(),
});
export type Effect = z.infer<typeof effectSchema>;
export type EffectKind = Effect['kind'];

const verdictSchema = z.object({
  verdict: z.enum(['pass', 'fail', 'inconclusive']),
  reasons: z.array(z.enum(REASONS)),
  numbers: z.array(z.record(z.string(), z.union([z.number(), z.string()]))),
});

export const burnSchema = z.object({ fast: z.number().nullable(), slow: z.number().nullable() });
export type Burn = z.infer<typeof burnSchema>;

/** Why nothing new begins for now: a freeze reaches this plane as data. */
export const holdSchema = z.object({
  id: z.string(),
  reason: z.string(),
  by: z.string(),
  until: z.number().nullable(),
});
export type Hold = z.infer<typeof holdSchema>;

/** What a load test said: evidence beside the SLOs, whose word counts. */
export const loadSchema = z.object({
  run: z.string(),
  tool: z.enum(['k6', 'sluice']),
  outcome: z.enum(['passed', 'failed', 'broken']),
  requests: z.number(),
  failed: z.number(),
  p95Ms: z.number().nullable(),
  thresholds: z.array(z.object({ name: z.string(), ok: z.boolean() })),
  startedAt: z.number(),
  endedAt: z.number(),
  /** Why it is broken, or why this tool was taken. */
  note: z.string(),
});
export type LoadResult = z.infer<typeof loadSchema>;

const MOVE_REASON_NAMES = Object.keys(MOVE_REASONS) as [MoveReason, ...MoveReason[]];

export const COMMANDS = ['abort', 'pause', 'resume', 'promote'] as const;
export type CommandName = (typeof COMMANDS)[number];

export const eventSchemas = {
  'release.opened': z.object({
    release: z.string(),
    target: revisionSchema,
    from: revisionSchema.nullable(),
    attempt: z.number(),
    settings: releaseSettingsSchema,
    history: z.record(z.string(), z.array(counts.nullable())),
    cursors: z.record(z.string(), z.tuple([z.number(), z.number()])),
    burnArmed: z.boolean(),
    burnJudged: z.boolean(),
    declaration: z.string(),
    enforced: z.boolean(),
  }),
  'release.looked': z.object({
    release: z.string(),
    step: z.number(),
    intervals: z.record(z.string(), z.array(intervalSchema)),
    cursors: z.record(z.string(), z.tuple([z.number(), z.number()])),
    burn: burnSchema,
    burnArmed: z.boolean(),
    verdict: verdictSchema,
    queries: z.array(z.string()),
  }),
  'release.confirmed': z.object({ release: z.string(), step: z.number(), weight: z.number() }),
  'release.held': z.object({ release: z.string(), held: z.boolean() }),
  'release.loaded': loadSchema.extend({ release: z.string() }),
  'release.paused': z.object({ release: z.string(), paused: z.boolean(), reason: z.string() }),
  'lane.moved': z.object({
    release: z.string().nullable(),
    from: z.enum(STATES),
    to: z.enum(STATES),
    reason: z.enum(MOVE_REASON_NAMES),
    step: z.number(),
    generation: z.number(),
    blamed: z.boolean(),
    note: z.string().optional(),
    effects: z.array(effectSchema),
  }),
  'lane.drifted': z.object({
    seen: z.string(),
    wanted: z.string(),
    generation: z.number(),
    effects: z.array(effectSchema),
  }),
  /** A condemned artefact may be tried again: somebody said why. */
  'lane.lifted': z.object({ digest: z.string(), reason: z.string() }),
  'lane.adopted': z.object({ stable: revisionSchema }),
  'lane.waiting': z.object({
    target: revisionSchema.nullable(),
    /** What holds it, where something does. */
    hold: holdSchema.nullable().optional(),
  }),
  'lane.quiet': z.object({ looksUnder: z.number(), since: z.number().nullable() }),
  'effect.settled': z.object({
    id: z.string(),
    result: z.enum(['done', 'cancelled']),
    note: z.string().optional(),
  }),
  'command.accepted': z.object({ id: z.string(), command: z.enum(COMMANDS), reason: z.string() }),
  'command.done': z.object({ id: z.string(), outcome: z.string() }),
} as const;

export type EventType = keyof typeof eventSchemas;
export type Event = {
  [T in EventType]: { readonly type: T; readonly data: z.infer<(typeof eventSchemas)[T]> };
}[EventType];
export type EventData<T extends EventType> = z.infer<(typeof eventSchemas)[T]>;

export const EVENT_VERSION = 1;

/** Reads a recorded event of any version that was ever written. */
export function upcast(type: string, v: number, data: unknown): Event {
  invariant(v === EVENT_VERSION, `${type} has version ${v}, this engine knows ${EVENT_VERSION}`);
  const schema = eventSchemas[type as EventType];
  invariant(schema, `${type} is an event of a release`);
  return { type, data: schema.parse(data) } as Event;
}

export interface Release {
  readonly id: string;
  readonly target: Revision;
  readonly from: Revision | null;
  readonly attempt: number;
  readonly openedAt: number;
  readonly endedAt: number | null;
  readonly settings: ReleaseSettings;
  readonly history: EventData<'release.opened'>['history'];
  readonly intervals: Readonly<Record<string, readonly z.infer<typeof intervalSchema>[]>>;
  /** When each interval was closed, shared by all SLOs of the release. */
  readonly lookTimes: readonly number[];
  readonly cursors: Readonly<Record<string, readonly [number, number]>>;
  readonly step: number;
  /** When the edge was seen to serve the weight of each step. */
  readonly confirmedAt: readonly number[];
  readonly enteredStepAt: number;
  readonly burnArmed: boolean;
  readonly burnJudged: boolean;
  readonly paused: boolean;
  readonly heldAt: number | null;
  readonly cause: MoveReason | null;
  readonly blamed: boolean;
  readonly verdict: EventData<'release.looked'>['verdict'] | null;
  readonly enforced: boolean;
  readonly declaration: string;
  readonly loads: readonly LoadResult[];
}

export interface Rejected {
  readonly revision: string;
  readonly digest: string;
  /** Digest, configuration and chart in one; null: not known. */
  readonly identity: string | null;
  readonly version?: string;
  readonly reason: MoveReason;
  readonly release: string;
}

/** Something that was stable in a lane: what was asked for, and what it was known as. */
export interface KnownStable {
  /** Of its digest, configuration and chart; null: not known. */
  readonly identity: string | null;
  readonly version: string;
  readonly revision: string;
}

/** Everything known of one service in one environment: a fold of its outcomes. */
export interface Lane {
  readonly lane: string;
  readonly state: (typeof STATES)[number];
  readonly since: number;
  readonly generation: number;
  readonly stable: Revision | null;
  readonly release: Release | null;
  readonly waiting: Revision | null;
  readonly hold: Hold | null;
  readonly rejected: readonly Rejected[];
  /** Revisions set aside by a person or an expired hold: not failed, not tried again by themselves. */
  readonly aside: readonly string[];
  readonly quiet: { readonly looksUnder: number; readonly since: number | null };
  readonly burn: Burn;
  readonly pending: readonly Effect[];
  readonly commands: readonly {
    readonly id: string;
    readonly command: CommandName;
    readonly reason: string;
  }[];
  /** Releases opened so far: numbers the ids. */
  readonly releases: number;
  /** What was stable here, the latest last: going back to one of these is a revert. */
  readonly stables: readonly KnownStable[];
  /** Digests that were stable here, the latest last: promotion order is about artefacts. */
  readonly served: readonly string[];
  /** When releases were condemned, the latest last. */
  readonly failures: readonly number[];
}

export const laneName = (service: string, environment: string): string => `${service}/${environment}`;

export const emptyLane = (lane: string): Lane => ({
  lane,
  state: 'Idle',
  since: 0,
  generation: 0,
  stable: null,
  release: null,
  waiting: null,
  hold: null,
  rejected: [],
  aside: [],
  quiet: { looksUnder: 0, since: null },
  burn: { fast: null, slow: null },
  pending: [],
  commands: [],
  releases: 0,
  stables: [],
  served: [],
  failures: [],
});

const MAX_REMEMBERED = 100;
const remember = <T>(list: readonly T[], item: T): readonly T[] =>
  [...list.filter((known) => known !== item), item].slice(-MAX_REMEMBERED);

/** The lane with this as what is stable. A digest that is not known says nothing of promotion order. */
function withStable(lane: Lane, stable: Revision): Lane {
  const { revision, version, digest } = stable;
  const known: KnownStable = { identity: identityOf(stable), version, revision };
  const others = lane.stables.filter((s) => s.identity !== known.identity || s.revision !== revision);
  return {
    ...lane,
    stable,
    stables: [...others, known].slice(-MAX_REMEMBERED),
    served: digest ? remember(lane.served, digest) : lane.served,
  };
}

/** Abort outruns and cancels everything older in its lane; a newer generation replaces an older one. */
function plan(pending: readonly Effect[], effects: readonly Effect[]): readonly Effect[] {
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
    cause: null,
    blamed: false,
    verdict: null,
    enforced: data.enforced,
    declaration: data.declaration,
    loads: [],
  };
  return { ...lane, release, waiting: null, hold: null, releases: lane.releases + 1 };
}

function looked(lane: Lane, data: EventData<'release.looked'>, at: number): Lane {
  const release = lane.release!;
  const intervals: Record<string, readonly z.infer<typeof intervalSchema>[]> = { ...release.intervals };
  let closed = 0;
  for (const [slo, more] of Object.entries(data.intervals)) {
    intervals[slo] = [...(intervals[slo] ?? []), ...more];
    closed = Math.max(closed, more.length);
  }
  return {
    ...lane,
    burn: data.burn,
    release: {
      ...release,
      intervals,
      lookTimes: [...release.lookTimes, ...Array.from({ length: closed }, () => at)],
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
  if (data.to === 'Canary' && data.reason === 'NEXT_STEP')
    return {
      ...next,
      release: { ...release, step: data.step, enteredStepAt: at, heldAt: null, verdict: null },
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

function aborted(next: Lane, release: Release, data: EventData<'lane.moved'>, at: number): Lane {
  const { revision, digest, version } = release.target;
  const identity = identityOf(release.target);
  const rejected = data.blamed
    ? [...next.rejected, { revision, digest, identity, version, reason: data.reason, release: release.id }]
    : next.rejected;
  const setAside = data.reason === 'OPERATOR' || data.reason === 'HOLD_EXPIRED';
  return {
    ...next,
    rejected,
    failures: data.blamed ? remember(next.failures, at) : next.failures,
    aside: setAside ? [...next.aside, revision] : next.aside,
    release: { ...release, cause: data.reason, blamed: data.blamed },
  };
}

function loaded(lane: Lane, { release: id, ...load }: EventData<'release.loaded'>): Lane {
  const release = lane.release;
  // A load test may end after its release did.
  if (!release || release.id !== id || release.loads.some((known) => known.run === load.run)) return lane;
  return { ...lane, release: { ...release, loads: [...release.loads, load] } };
}

/** Applies one recorded event. Total: it never judges, and never refuses what was recorded. */
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
    case 'release.held':
      return {
        ...lane,
        release: { ...lane.release!, heldAt: event.data.held ? at : null, enteredStepAt: at },
      };
    case 'release.loaded':
      return loaded(lane, event.data);
    case 'lane.lifted':
      return {
        ...lane,
        rejected: lane.rejected.filter((r) => r.digest !== event.data.digest),
        // Tried anew, it is no repetition of the attempt that failed.
        release: lane.release && lane.state === 'Stable' ? { ...lane.release, attempt: 0 } : lane.release,
      };
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

export const foldLane = (lane: string, events: Iterable<{ event: Event; at: number }>): Lane => {
  let state = emptyLane(lane);
  for (const { event, at } of events) state = evolve(state, event, at);
  return state;
};
