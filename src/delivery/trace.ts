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

const intervals = z
  .array(
    z.strictObject({
      step: z.number().int().nonnegative(),
      canary: counts.nullable(),
      stable: counts.nullable(),
    }),
  )
  .superRefine((list, refused) => {
    for (const [index, { step }] of list.entries()) {
      const before = list[index - 1]?.step ?? 0;
      if (step >= before) continue;
      const message = `expected ${before} or more, got ${step}: steps never go back, and a step back is a new step`;
      refused.addIssue({ code: 'custom', path: [index, 'step'], message });
    }
  });

/**
 * One trace in the format of the published vectors. What is left out is taken as its edition takes it; what is not
 * known is refused, or a misspelt setting would be judged by its default.
 */
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
  intervals,
  /** What the published vectors expect; not read. */
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
  if (!rule.ok) return fail(`settings: ${rule.error}`);
  let evidence = beginEvidence(rule.value, trace.history);
  const intervals: TraceAnswer['intervals'][number][] = [];
  for (const [index, interval] of trace.intervals.entries()) {
    if (edition === 1 && interval.step >= rule.value.settings.steps)
      return fail(
        `intervals[${index}].step is ${interval.step}, but settings.steps is ${rule.value.settings.steps}: steps count from 0`,
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
