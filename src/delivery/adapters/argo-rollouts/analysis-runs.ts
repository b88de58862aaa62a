import { z } from 'zod';
import { HASH_LABEL, labels, ownerOf, owners } from './template.ts';

const runSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string(), labels, ownerReferences: owners }),
  status: z
    .looseObject({
      phase: z.string().default(''),
      metricResults: z
        .array(
          z.looseObject({
            name: z.string(),
            phase: z.string().default(''),
            message: z.string().default(''),
            measurements: z.array(z.looseObject({ value: z.string().default('') })).default([]),
          }),
        )
        .default([]),
    })
    .prefault({}),
});

/** An AnalysisRun, as far as it is read here: why a canary was stopped. */
export interface AnalysisRun {
  readonly rollout: string;
  readonly hash: string;
  readonly phase: string;
  /** The metric that failed, or could not be measured, with what it said last. */
  readonly failed: { readonly metric: string; readonly phase: string; readonly said: string } | null;
}

const ENDED_BADLY: readonly string[] = ['Failed', 'Error'];
const MAX_SAID = 200;

export function analysisRunOf(object: unknown): AnalysisRun {
  const { metadata, status } = runSchema.parse(object);
  const bad = status.metricResults.find((m) => ENDED_BADLY.includes(m.phase));
  return {
    rollout: ownerOf(metadata.ownerReferences, 'Rollout'),
    hash: metadata.labels[HASH_LABEL] ?? '',
    phase: status.phase,
    failed: bad
      ? {
          metric: bad.name,
          phase: bad.phase,
          said: (bad.measurements.at(-1)?.value || bad.message).slice(0, MAX_SAID),
        }
      : null,
  };
}
