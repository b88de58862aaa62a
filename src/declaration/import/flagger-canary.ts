import { z } from 'zod';
import { parseDuration } from '../../kit/time.ts';
import type { CanaryNames } from './flagger-providers.ts';
import type { SourcePlace } from './reading.ts';

/** Reads Flagger's `flagger.app/v1beta1` resources. Source: its published custom resource definitions. */
const range = z.object({ min: z.number().optional(), max: z.number().optional() });
const metric = z.object({
  name: z.string(),
  interval: z
    .string()
    .refine((text) => parseDuration(text) !== undefined, 'expected a duration such as 1m')
    .optional(),
  threshold: z.number().optional(),
  thresholdRange: range.optional(),
  query: z.string().optional(),
  templateRef: z.object({ name: z.string(), namespace: z.string().optional() }).optional(),
  templateVariables: z.record(z.string(), z.union([z.string(), z.number().transform(String)])).default({}),
});
const list = <T extends z.ZodType>(of: T) =>
  z
    .array(of)
    .nullish()
    .transform((all) => all ?? []);
export const analysis = z.object({
  interval: z.string().optional(),
  iterations: z.number().optional(),
  maxWeight: z.number().optional(),
  stepWeight: z.number().optional(),
  stepWeights: z.array(z.number()).optional(),
  match: z.array(z.unknown()).nullish(),
  mirror: z.boolean().optional(),
  metrics: list(metric),
  webhooks: list(z.object({ name: z.string(), type: z.string().optional() })),
  alerts: list(z.object({ name: z.string() })),
});
export const canarySchema = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string().optional() }),
  spec: z.object({
    provider: z.string().optional(),
    metricsServer: z.string().optional(),
    targetRef: z.object({ kind: z.string(), name: z.string() }),
    service: z.object({ name: z.string().optional() }).optional(),
    ingressRef: z.object({ name: z.string() }).optional(),
    routeRef: z.object({ name: z.string() }).optional(),
    analysis: analysis.optional(),
    canaryAnalysis: analysis.optional(),
  }),
});
export const templateSchema = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string().optional() }),
  spec: z.object({ provider: z.object({ type: z.string() }), query: z.string() }),
});
export type CanarySpec = z.infer<typeof canarySchema>;
export type FlaggerMetricTemplate = z.infer<typeof templateSchema>;
export type FlaggerMetric = z.infer<typeof metric>;
export type Analysis = z.infer<typeof analysis>;

/** A Canary that has its shape, with what queries are filled in with. */
export interface Canary {
  readonly place: SourcePlace;
  readonly spec: CanarySpec['spec'];
  readonly names: CanaryNames;
  readonly analysis: Analysis;
  readonly provider: string | null;
  readonly givenNamespace: boolean;
}
