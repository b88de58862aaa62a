import { z } from 'zod';
import { STATES } from './machine.ts';
import { MOVE_REASONS, type MoveReason, REASONS } from './reasons.ts';
import { releaseSettingsSchema } from './release-settings.ts';

/** What runs as one arm of a release, identified by revision; the version is for people. */
const revisionSchema = z.object({
  revision: z.string(),
  version: z.string(),
  digest: z.string(),
  config: z.record(z.string(), z.unknown()),
  /** The Helm chart that it is installed by, where one is named. */
  chart: z.string().optional(),
  /** Set where the revision is a pod template: whether it is known what Git asked for when it was made. */
  template: z.enum(['known', 'unknown']).optional(),
  /** Why its artefact cannot be determined, if so: it is not judged and does not start. */
  unclear: z.string().optional(),
});

/** A release starts or stops waiting for a person. */
const heldSchema = z.object({
  release: z.string(),
  held: z.boolean(),
  /** Set if it waits only for requests. */
  wants: z.literal('traffic').optional(),
});

/** Requests of one arm in one interval. */
const counts = z.object({ total: z.number(), bad: z.number() });
const intervalSchema = z.object({
  step: z.number(),
  canary: counts.nullable(),
  stable: counts.nullable(),
  warmUp: z.boolean().optional(),
});

export type RecordedInterval = z.infer<typeof intervalSchema>;

/** The result of a load test: shown next to the SLOs, which decide. */
const loadSchema = z.object({
  run: z.string(),
  tool: z.enum(['k6', 'sluice']),
  outcome: z.enum(['passed', 'failed', 'broken']),
  requests: z.number(),
  failed: z.number(),
  p95Ms: z.number().nullable(),
  thresholds: z.array(z.object({ name: z.string(), ok: z.boolean() })),
  startedAt: z.number(),
  endedAt: z.number(),
  /** Why it is broken, or why this tool was used. */
  note: z.string(),
});
export type LoadResult = z.infer<typeof loadSchema>;

const verdictSchema = z.object({
  verdict: z.enum(['pass', 'fail', 'inconclusive']),
  reasons: z.array(z.enum(REASONS)),
  numbers: z.array(z.record(z.string(), z.union([z.number(), z.string()]))),
});

export type Revision = z.infer<typeof revisionSchema>;

/** A target state of the edge or the cluster. */
const effectSchema = z.object({
  id: z.string(),
  lane: z.string(),
  generation: z.number(),
  kind: z.enum(['start', 'step', 'abort', 'promote', 'clean']),
  revision: z.string(),
  weight: z.number(),
  /** A step to a weight below the current one. */
  back: z.literal(true).optional(),
});
export type ReleaseEffect = z.infer<typeof effectSchema>;
export type EffectKind = ReleaseEffect['kind'];

const burnSchema = z.object({ fast: z.number().nullable(), slow: z.number().nullable() });
export type RecordedBurn = z.infer<typeof burnSchema>;

/** Why no new release starts for now, such as a freeze, which reaches this plane as data. */
const holdSchema = z.object({
  id: z.string(),
  reason: z.string(),
  by: z.string(),
  until: z.number().nullable(),
});
export type Hold = z.infer<typeof holdSchema>;

const MOVE_REASON_NAMES = Object.keys(MOVE_REASONS) as [MoveReason, ...MoveReason[]];

export const COMMANDS = ['abort', 'pause', 'resume', 'promote', 'retry'] as const;
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
    /** Digest of the queries that it rests on, which are on record by themselves (`queries.kept`). */
    asked: z.string(),
    /** The error message of the source. */
    said: z.string().optional(),
  }),
  'release.confirmed': z.object({ release: z.string(), step: z.number(), weight: z.number() }),
  'release.held': heldSchema,
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
  /** A rejected artefact may be tried again; a person gave the reason. */
  'lane.lifted': z.object({ digest: z.string(), reason: z.string() }),
  /** A revision that was set aside may start again; `reason` says who or what asked for it. */
  'lane.retried': z.object({ revision: z.string(), reason: z.string() }),
  /** A person returns users to an earlier version; the version that they leave is rejected. */
  'lane.returned': z.object({ from: revisionSchema, to: revisionSchema, reason: z.string() }),
  'lane.adopted': z.object({ stable: revisionSchema }),
  'lane.waiting': z.object({
    target: revisionSchema.nullable(),
    /** What holds it; null: nothing. */
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
