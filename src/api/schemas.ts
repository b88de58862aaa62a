import { z } from '@hono/zod-openapi';
import { NOTICE_KINDS } from '../declaration/defaults.ts';
import { COMMANDS } from '../delivery/events.ts';
import { FAMILIES, STATES } from '../delivery/machine.ts';
import { MOVE_REASON_CODES, REASONS } from '../delivery/reasons.ts';
import { SCOPES } from '../kit/actor.ts';
import { OUTCOME_NAMES } from './lane.ts';
import { limitedGrantSchema } from './rights.ts';

/** Schemas of the HTTP contract: what the server answers, and what the console and the command line read. */

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number(),
    detail: z.string(),
    next: z.string().optional(),
  })
  .openapi('Problem');

const sloView = z.object({
  slo: z.string(),
  objective: z.number(),
  budgetLeft: z.number().nullable(),
  burnFast: z.number().nullable(),
  burnSlow: z.number().nullable(),
});

export const laneSummarySchema = z
  .object({
    service: z.string(),
    environment: z.string(),
    mode: z.enum(['observe', 'enforce']),
    state: z.enum(STATES),
    family: z.enum(FAMILIES),
    outcome: z.enum(OUTCOME_NAMES),
    since: z.number(),
    sentence: z.string(),
    stable: z.string().nullable(),
    canary: z.string().nullable(),
    weight: z.number(),
    asked: z.number().nullable(),
    release: z.string().nullable(),
    held: z.boolean(),
    paused: z.boolean(),
    waiting: z.string().nullable(),
    hold: z.object({ id: z.string(), reason: z.string(), until: z.number().nullable() }).nullable(),
    slos: z.array(sloView).readonly(),
    thresholds: z.object({ fast: z.number(), slow: z.number().nullable() }),
    windows: z.object({ fast: z.string(), slow: z.string().nullable() }),
    trouble: z.string().nullable(),
  })
  .openapi('Lane');

export const overviewSchema = z
  .object({
    schema: z.literal('sluice.dev/overview/v1'),
    platform: z.string(),
    sentence: z.string(),
    at: z.number(),
    ledger: z.object({ seq: z.number(), hash: z.string() }),
    problems: z.array(z.string()),
    /** Names of environments in promotion order. */
    environments: z.array(z.string()),
    /** Freezes that are active; null: this server does not know them. */
    freezes: z
      .array(
        z.object({
          id: z.string(),
          scope: z.object({ environment: z.string(), service: z.string() }),
          scopeText: z.string(),
          until: z.number().nullable(),
          reason: z.string(),
        }),
      )
      .nullable(),
    /** Who owns a service, where somebody is named. */
    teams: z.record(z.string(), z.string()),
    /** Links to elsewhere, as templates. */
    links: z.array(z.object({ name: z.string(), url: z.string() })).readonly(),
    lanes: z.array(laneSummarySchema).readonly(),
  })
  .openapi('Overview');
export type OverviewAnswer = z.infer<typeof overviewSchema>;

export const releaseListSchema = z
  .object({
    schema: z.literal('sluice.dev/releases/v1'),
    releases: z.array(
      z.object({
        id: z.string(),
        service: z.string(),
        environment: z.string(),
        version: z.string(),
        openedAt: z.number(),
        endedAt: z.number().nullable(),
        cause: z.string().nullable(),
        blamed: z.boolean(),
        outcome: z.enum(OUTCOME_NAMES),
        sentence: z.string(),
      }),
    ),
    /** Older ones that are not listed; each is found by its name. */
    leftOut: z.number(),
  })
  .openapi('Releases');
export type ReleaseList = z.infer<typeof releaseListSchema>;

export const verdictSchema = z
  .object({
    schema: z.literal('sluice.dev/verdict/v1'),
    verdict: z.enum(['pass', 'fail', 'inconclusive']),
    /** Of a release that ended without a verdict: why it ended. */
    reasons: z.array(z.enum([...new Set([...REASONS, ...MOVE_REASON_CODES])])).readonly(),
    release: z.string().nullable(),
    step: z.number(),
    numbers: z.array(z.record(z.string(), z.union([z.string(), z.number()])).readonly()).readonly(),
    nextLookAt: z.number(),
    /** Why what waits does not begin, and what would help. */
    help: z.string().nullable().optional(),
  })
  .openapi('Verdict');
export type VerdictAnswer = z.infer<typeof verdictSchema>;

export const recordSchema = z
  .object({
    ledger: z.string(),
    seq: z.number(),
    at: z.number(),
    type: z.string(),
    v: z.number(),
    subject: z.string(),
    actor: z.object({ id: z.string(), kind: z.string() }),
    cause: z.string().nullable(),
    /** Anything, and always there. */
    data: z.unknown().refine((data) => data !== undefined),
    prev: z.string(),
    hash: z.string(),
  })
  .openapi('Record');

export const ledgerPageSchema = z
  .object({
    schema: z.literal('sluice.dev/ledger/v1'),
    records: z.array(recordSchema),
    /** Ask again with `after` of this; null at the end. */
    next: z.number().nullable(),
  })
  .openapi('LedgerPage');

export const verificationSchema = z
  .object({
    schema: z.literal('sluice.dev/verification/v1'),
    ok: z.boolean(),
    records: z.number(),
    head: z.object({ seq: z.number(), hash: z.string() }),
    breaks: z.array(
      z.object({ line: z.number(), seq: z.number().nullable(), code: z.string(), message: z.string() }),
    ),
  })
  .openapi('Verification');

export const commandSchema = z.object({
  command: z.enum(COMMANDS),
  reason: z.string().trim().min(1, 'a reason is required; it is recorded in the ledger').max(1_000),
});

export const commandAnswerSchema = z
  .object({
    schema: z.literal('sluice.dev/command/v1'),
    id: z.string(),
    lane: z.string(),
    command: z.enum(COMMANDS),
    seq: z.number(),
  })
  .openapi('Command');

/** A name that everybody sees as it is: without control characters, and without marks that turn or hide letters. */
const shownName = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    .regex(/^[^\p{C}]+$/u, 'expected a name without control characters or hidden marks');

export const tokenRequestSchema = z.object({
  name: shownName(100),
  scopes: z.array(z.enum(SCOPES)).min(1),
  /** ISO 8601; left out: it does not expire. */
  expires: z.iso.datetime({ offset: true }).optional(),
  /** The person who carries it; left out: whoever makes it, if that is a person by name. */
  person: shownName(200).optional(),
  /** The scopes are for these services, and for those of these teams, alone; both left out: for everything. */
  services: z.array(z.string()).min(1).max(1_000).optional(),
  teams: z.array(z.string()).min(1).max(1_000).optional(),
});

export const tokenAnswerSchema = z
  .object({ schema: z.literal('sluice.dev/token/v1'), id: z.string(), name: z.string(), token: z.string() })
  .openapi('Token');

const tokenViewSchema = z.object({
  id: z.string(),
  name: z.string(),
  /** For everything. */
  scopes: z.array(z.enum(SCOPES)),
  /** For named services and teams alone. */
  limited: z.array(limitedGrantSchema),
  createdAt: z.number(),
  createdBy: z.string(),
  person: z.string(),
  expiresAt: z.number().nullable(),
  revokedAt: z.number().nullable(),
  /** Milliseconds since 1970; null: not since this server started. */
  lastUsedAt: z.number().nullable(),
});

export const tokenListSchema = z
  .object({ schema: z.literal('sluice.dev/tokens/v1'), at: z.number(), tokens: z.array(tokenViewSchema) })
  .openapi('TokenList');

export const tokenRevokedSchema = z
  .object({ schema: z.literal('sluice.dev/token-revoked/v1'), token: tokenViewSchema })
  .openapi('TokenRevoked');

export const explanationSchema = z
  .object({ schema: z.literal('sluice.dev/explanation/v1'), release: z.string(), lines: z.array(z.string()) })
  .openapi('Explanation');

const distribution = z.object({
  state: z.enum(['ready', 'partial', 'stale', 'missing']),
  /** Why it is not ready; null: it is. */
  why: z.string().nullable(),
  /** The end of the time that was counted, in milliseconds since 1970; null where it is missing. */
  at: z.number().nullable(),
  spanMs: z.number(),
  /** Upper bounds of the buckets in milliseconds, ascending; the last one is null: it has none. */
  bounds: z.array(z.number().nullable()),
  /** Requests in each bucket alone; null: this version has no complete histogram. */
  canary: z.array(z.number()).nullable(),
  stable: z.array(z.number()).nullable(),
});

export const latencySchema = z
  .object({
    schema: z.literal('sluice.dev/latency/v1'),
    release: z.string(),
    slos: z.array(z.object({ slo: z.string(), distribution })),
  })
  .openapi('Latency');

export const noticeListSchema = z
  .object({
    schema: z.literal('sluice.dev/notices/v1'),
    at: z.number(),
    notices: z.array(
      z.object({
        /** Names the thing: a release, a pull request, a freeze, a lane. */
        thread: z.string(),
        kind: z.enum(NOTICE_KINDS),
        service: z.string().nullable(),
        environment: z.string().nullable(),
        title: z.string(),
        text: z.string(),
        at: z.number(),
        /** The record that it tells of. */
        rev: z.number(),
        /** Below the address of the console. */
        path: z.string(),
      }),
    ),
    /** Ask again with `before` of this; null at the end. */
    next: z.number().nullable(),
  })
  .openapi('Notices');
