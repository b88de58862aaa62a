import { z } from 'zod';
import { fail, ok, type Result } from '../kit/result.ts';
import { beginEvidence, EVIDENCE_DEFAULTS, observe, ruleOf } from './evidence.ts';
import { judge, OPEN_GATES, type Reason, type VerdictWord } from './verdict.ts';

const counts = z
  .strictObject({ total: z.number().int().nonnegative(), bad: z.number().int().nonnegative() })
  .refine((c) => c.bad <= c.total, 'bad cannot be more than total');

/** One trace in the format of the published vectors. */
export const traceSchema = z.object({
  name: z.string().optional(),
  settings: z.object({
    objective: z.number(),
    steps: z.number(),
    intervalSeconds: z.number().positive().optional(),
    slos: z.number().default(EVIDENCE_DEFAULTS.slos),
    tolerance: z.number().default(EVIDENCE_DEFAULTS.tolerance),
    detect: z.number().default(EVIDENCE_DEFAULTS.detect),
    rho: z.number().default(EVIDENCE_DEFAULTS.rho),
    alpha: z.number().default(EVIDENCE_DEFAULTS.alpha),
    beta: z.number().default(EVIDENCE_DEFAULTS.beta),
    minBad: z.number().default(EVIDENCE_DEFAULTS.minBad),
  }),
  history: z.array(counts.nullable()).default([]),
  intervals: z.array(
    z.object({ step: z.number().int().nonnegative(), canary: counts.nullable(), stable: counts.nullable() }),
  ),
});
export type Trace = z.infer<typeof traceSchema>;

/** Natural logarithms; indices count from 0, null where there was none. */
export interface TraceAnswer {
  readonly firstPass: number | null;
  readonly firstFail: number | null;
  readonly bar: number;
  readonly intervals: readonly {
    readonly overBudget: number;
    readonly worseThanStable: number;
    readonly exposure: number;
    readonly verdict: VerdictWord;
    readonly reasons: readonly Reason[];
  }[];
}

/** Judges a whole trace; after a fail the verdict stays fail. */
export function judgeTrace(trace: Trace): Result<TraceAnswer, string> {
  const rule = ruleOf(trace.settings);
  if (!rule.ok) return rule;
  let evidence = beginEvidence(rule.value, trace.history);
  const intervals: TraceAnswer['intervals'][number][] = [];
  for (const [index, interval] of trace.intervals.entries()) {
    if (interval.step < evidence.step) return fail(`interval ${index} goes back to step ${interval.step}`);
    if (interval.step >= trace.settings.steps)
      return fail(
        `interval ${index} is in step ${interval.step}, but there are ${trace.settings.steps} steps`,
      );
    evidence = observe(evidence, interval);
    const { verdict, reasons } = judge(new Map([['', evidence]]), OPEN_GATES);
    const { overBudget, worseThanStable, exposure } = evidence;
    intervals.push({ overBudget, worseThanStable, exposure, verdict, reasons });
  }
  const first = (word: VerdictWord) => {
    const at = intervals.findIndex((i) => i.verdict === word);
    return at < 0 ? null : at;
  };
  return ok({ firstPass: first('pass'), firstFail: first('fail'), bar: rule.value.bar, intervals });
}
