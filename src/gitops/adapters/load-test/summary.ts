import { z } from 'zod';
import { parseForeign } from '../../../kit/json.ts';
import { type LoadPlan, type Threshold, thresholdName } from '../../load.ts';

/** What either tool leaves behind, in one form. */
export interface LoadSummary {
  readonly requests: number;
  readonly failed: number;
  readonly p95Ms: number | null;
  readonly thresholds: readonly { readonly name: string; readonly ok: boolean }[];
}

const number = z.number().catch(0);
/** Of k6's summary only what is used. `rate` metrics count their trues as passes. */
const k6Summary = z.object({
  metrics: z.record(
    z.string(),
    z.object({
      values: z.record(z.string(), number),
      thresholds: z.record(z.string(), z.object({ ok: z.boolean() })).optional(),
    }),
  ),
});

/** Reads k6's own summary. A threshold that it does not speak of did not hold. */
export function readK6(text: string, plan: LoadPlan): LoadSummary {
  const { metrics } = k6Summary.parse(parseForeign(text));
  const failed = metrics['http_req_failed']?.values ?? {};
  return {
    requests: metrics['http_reqs']?.values['count'] ?? 0,
    failed: failed['passes'] ?? 0,
    p95Ms: metrics['http_req_duration']?.values['p(95)'] ?? null,
    thresholds: plan.thresholds.map((t) => ({
      name: thresholdName(t),
      ok: metrics[`${t.metric}{service:${t.service}}`]?.thresholds?.[t.expression]?.ok ?? false,
    })),
  };
}

/** What one answer was: whom it was asked of, whether it failed, how long it took. */
export interface LoadAnswer {
  readonly service: string;
  readonly failed: boolean;
  readonly ms: number;
}

/** The value below which a share (0 to 1) of them lies; 0 of none. */
export const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;

function holds(t: Threshold, mine: readonly LoadAnswer[]): boolean {
  if (mine.length === 0) return false;
  const bound = Number(/<=(.+)$/.exec(t.expression)?.[1]);
  if (t.metric === 'http_req_failed') return mine.filter((a) => a.failed).length / mine.length <= bound;
  const share = Number(/^p\((.+?)\)/.exec(t.expression)?.[1]) / 100;
  return (
    percentile(
      mine.map((a) => a.ms).sort((a, b) => a - b),
      share,
    ) <= bound
  );
}

/** The same words over what our own generator saw. */
export function summarise(asked: readonly LoadAnswer[], plan: LoadPlan): LoadSummary {
  const all = asked.map((a) => a.ms).sort((a, b) => a - b);
  return {
    requests: asked.length,
    failed: asked.filter((a) => a.failed).length,
    p95Ms: all.length > 0 ? percentile(all, 0.95) : null,
    thresholds: plan.thresholds.map((t) => ({
      name: thresholdName(t),
      ok: holds(
        t,
        asked.filter((a) => a.service === t.service),
      ),
    })),
  };
}
