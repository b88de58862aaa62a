import { z } from '@hono/zod-openapi';
import { STATES } from '../delivery/machine.ts';
import { OUTCOME_NAMES } from './lane.ts';

/** One release in the HTTP contract: what a page, a command or another program may read of it. */

const state = z.enum(STATES);
const listOf = <T extends z.ZodType>(item: T) => z.array(item).readonly();
const numbers = listOf(z.number());
const perInterval = listOf(z.number().nullable());
const arm = z.object({ total: z.number(), bad: z.number() });

const step = z.object({
  weight: z.number(),
  status: z.enum(['done', 'now', 'next', 'stopped']),
  back: z.boolean(),
  confirmedAt: z.number().nullable(),
  needs: listOf(
    z.object({ slo: z.string(), seen: z.number(), needed: z.number(), seconds: z.number().nullable() }),
  ),
});

const chart = z.object({
  slo: z.string(),
  bar: z.number(),
  at: numbers,
  step: numbers,
  canaryTotal: perInterval,
  canaryBad: perInterval,
  stableTotal: perInterval,
  stableBad: perInterval,
  overBudget: numbers,
  worseThanStable: numbers,
  exposure: numbers,
  enough: z.number(),
});

const load = z.object({
  run: z.string(),
  tool: z.enum(['k6', 'sluice']),
  outcome: z.enum(['passed', 'failed', 'broken']),
  requests: z.number(),
  failed: z.number(),
  p95Ms: z.number().nullable(),
  thresholds: listOf(z.object({ name: z.string(), ok: z.boolean() })),
  startedAt: z.number(),
  endedAt: z.number(),
  note: z.string(),
  sentence: z.string(),
});

const timelineEntry = z.object({
  seq: z.number(),
  at: z.number(),
  actor: z.string(),
  title: z.string(),
  detail: z.string(),
  from: state.optional(),
  to: state.optional(),
});

export const releaseSchema = z
  .looseObject({
    schema: z.literal('sluice.dev/release/v1'),
    id: z.string(),
    service: z.string(),
    environment: z.string(),
    version: z.string(),
    revision: z.string(),
    from: z.string().nullable(),
    openedAt: z.number(),
    endedAt: z.number().nullable(),
    current: z.boolean(),
    state,
    outcome: z.enum(OUTCOME_NAMES),
    sentence: z.string(),
    cause: z.string().nullable(),
    blamed: z.boolean(),
    verdict: z
      .object({ word: z.string(), reasons: listOf(z.object({ code: z.string(), words: z.string() })) })
      .nullable(),
    totals: z.object({ canary: arm, stable: arm }),
    steps: listOf(step),
    charts: listOf(chart),
    path: listOf(z.object({ from: state, to: state, at: z.number(), reason: z.string() })),
    timeline: listOf(timelineEntry),
    machine: listOf(z.object({ from: state, to: state, by: z.string() })),
    loads: listOf(load),
    /** `sha256:…` of its artefact; empty: not known. */
    digest: z.string(),
    declaration: z.string(),
    /** False: it is judged and recorded, and nothing is touched. */
    enforced: z.boolean(),
    differences: listOf(
      z.object({ path: z.string(), from: z.string().nullable(), to: z.string().nullable() }),
    ),
    trouble: z.string().nullable(),
    weight: z.number(),
    origin: z.object({
      pull: z.number().nullable(),
      authors: listOf(z.string()),
      commit: z
        .object({ sha: z.string(), url: z.string().nullable(), mergedBy: z.string().nullable() })
        .nullish(),
    }),
    asked: z.object({ at: z.number(), seq: z.number(), queries: listOf(z.string()) }).nullable(),
    /** Of each SLO that is about time. */
    latency: listOf(
      z.object({ slo: z.string(), thresholdMs: z.number(), sentence: z.string(), slow: z.string() }),
    ),
  })
  .openapi('Release');

export type ReleaseAnswer = z.infer<typeof releaseSchema>;
