import { z } from 'zod';
import { WEEKDAYS } from '../declaration/defaults.ts';

/** The settings of a release: kept until its end, whatever is declared later. */
export const releaseSettingsSchema = z.object({
  weights: z.array(z.number()),
  warmUpMs: z.number(),
  dwellMs: z.number(),
  /** Of full traffic, where it is not the first step; as long as any where it is left out. */
  dwellAtFullMs: z.number().optional(),
  deadlineMs: z.number(),
  holdMs: z.number(),
  intervalMs: z.number(),
  slos: z.array(
    z.object({
      slo: z.string(),
      objective: z.number(),
      /** The SLO that it stands in for: the same, counted by our own requests alone. */
      standsInFor: z.string().optional(),
    }),
  ),
  evidence: z.object({
    /** Releases of earlier versions name none: they are judged by the first. */
    edition: z.union([z.literal(1), z.literal(2)]).optional(),
    tolerance: z.number(),
    detect: z.number(),
    rho: z.number(),
    alpha: z.number(),
    beta: z.number(),
    minBad: z.number(),
    witnesses: z.number().optional(),
    compare: z.boolean().optional(),
  }),
  /** How long a step may wait only for requests, and when a person is asked; left out: as for any other step. */
  lowTraffic: z
    .object({
      longestMs: z.number().nullable(),
      hours: z
        .object({
          days: z.array(z.enum(WEEKDAYS)),
          fromMinute: z.number(),
          toMinute: z.number(),
          timeZone: z.string(),
        })
        .nullable(),
    })
    .optional(),
  /** Whether a step passes only after a load test. */
  loadTested: z.boolean().default(false),
});
export type ReleaseSettings = z.infer<typeof releaseSettingsSchema>;
