import { z } from 'zod';
import { fail, ok, type Result } from '../kit/result.ts';
import {
  beginEvidence,
  clumpsOf,
  type Edition,
  evidenceDefaults,
  observe,
  ruleOf,
  stepBackShown,
} from './evidence/evidence.ts';
import type { VerdictReason } from './reasons.ts';
import { judge, OPEN_GATES, type VerdictWord } from './verdict.ts';

const counts = z
  .strictObject({ total: z.number().int().nonnegative(), bad: z.number().int().nonnegative() })
  .refine((c) => c.bad <= c.total, 'bad cannot be more than total');

/** One trace in the format of the published vectors. What is left out is taken as its edition takes it. */
export const traceSchema = z.strictObject({
  name: z.string().optional(),
  settings: z.strictObject({
    objective: z.number(),
    /** The first edition asks for it; the second does not need it. */
    steps: z.number().optional(),
    intervalSeconds: z.number().positive().optional(),
    slos: z.number().optional(),
    tolerance: z.number().optional(),
    detect: z.number().optional(),
    rho: z.number().optional(),
    alpha: z.number().optional(),
    beta: z.number().optional(),
    minBad: z.number().optional(),
    witnesses: z.number().optional(),
    compare: z.boolean().optional(),
  }),
  history: z.array(counts.nullable()).default([]),
  intervals: z.array(
    z.strictObject({
      step: z.number().int().nonnegative(),
      canary: counts.nullable(),
      stable: counts.nullable(),
    }),
  ),
  /** What published vectors are compared with: no part of what is judged. */
  expected: z.unknown().optional(),
});
type Trace = z.infer<typeof traceSchema>;

/** Natural logarithms; indices count from 0, null where there was none. */
export interface TraceAnswer {
  readonly firstPass: number | null;
  readonly firstFail: number | null;
  readonly firstStepBack: number | null;
  readonly bar: number;
  readonly intervals: readonly {
    readonly overBudget: number;
    readonly worseThanStable: number;
    readonly exposure: number;
    /** The clump factor, this interval included. */
    readonly clumps: number;
    readonly verdict: VerdictWord;
    readonly stepBack: boolean;
    readonly reasons: readonly VerdictReason[];
  }[];
}

function ruleOfTrace({ settings }: Trace, edition: Edition) {
  if (edition === 1 && settings.steps === undefined)
    return fail('steps is missing: the first edition asks how many steps there are');
  const declared = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  return ruleOf({ ...evidenceDefaults(edition), ...declared, objective: settings.objective, edition });
}

const firstOf = <T>(list: readonly T[], is: (one: T) => boolean): number | null => {
  const at = list.findIndex(is);
  return at < 0 ? null : at;
};

/** Judges a whole trace by one edition; after a fail the verdict stays fail. */
export function judgeTrace(trace: Trace, edition: Edition): Result<TraceAnswer, string> {
  const rule = ruleOfTrace(trace, edition);
  if (!rule.ok) return rule;
  let evidence = beginEvidence(rule.value, trace.history);
  const intervals: TraceAnswer['intervals'][number][] = [];
  for (const [index, interval] of trace.intervals.entries()) {
    if (interval.step < evidence.step) return fail(`interval ${index} goes back to step ${interval.step}`);
    if (edition === 1 && interval.step >= rule.value.settings.steps)
      return fail(
        `interval ${index} is in step ${interval.step}, but there are ${rule.value.settings.steps} steps`,
      );
    evidence = observe(evidence, interval);
    const { verdict, reasons } = judge(new Map([['', evidence]]), OPEN_GATES);
    const { overBudget, worseThanStable, exposure } = evidence;
    intervals.push({
      overBudget,
      worseThanStable,
      exposure,
      clumps: clumpsOf(evidence),
      verdict,
      stepBack: stepBackShown(evidence),
      reasons,
    });
  }
  return ok({
    firstPass: firstOf(intervals, (i) => i.verdict === 'pass'),
    firstFail: firstOf(intervals, (i) => i.verdict === 'fail'),
    firstStepBack: firstOf(intervals, (i) => i.stepBack),
    bar: rule.value.bar,
    intervals,
  });
}
