import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { randomTrace } from '../../../test/random-traces.ts';
import { judgeTrace, type TraceAnswer, traceSchema } from '../trace.ts';

type Trace = ReturnType<typeof randomTrace>;

/**
 * One interval as an independent judge answered it, which was written from the text of the rule alone and calculates
 * with forty digits: evidence, exposure and clump factor to twelve digits. Another generator wants other answers.
 */
type Row = readonly [
  index: number,
  overBudget: number,
  worseThanStable: number,
  exposure: number,
  clumps: number,
  verdict: string,
  stepBack: boolean,
];
interface Vector {
  readonly name: string;
  /** Of the random trace; where there is none, the trace itself is given. */
  readonly seed?: number;
  readonly trace?: Trace;
  /** Total and bad requests of the canary, then of stable: whether it is still the trace that was judged. */
  readonly requests: readonly number[];
  readonly firstPass: number | null;
  readonly firstFail: number | null;
  readonly firstStepBack: number | null;
  readonly at: readonly Row[];
}

const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../test/vectors/evidence-2-random.json'), 'utf8'),
) as Vector[];
const SEEDS = Array.from({ length: 120 }, (_, i) => i + 1);

function answerOf(trace: Trace): TraceAnswer {
  const answer = judgeTrace(traceSchema.parse(trace), 2);
  if (!answer.ok) throw new Error(answer.error);
  return answer.value;
}

const sumOf = ({ intervals }: Trace): number[] =>
  (['canary', 'stable'] as const).flatMap((arm) =>
    (['total', 'bad'] as const).map((what) => intervals.reduce((sum, i) => sum + (i[arm]?.[what] ?? 0), 0)),
  );

/** After the first fail the independent judge looked no further. */
const until = (index: number | null, last: number | null): number | null =>
  index !== null && last !== null && index > last ? null : index;

const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b));

const isJudged = (i: Trace['intervals'][number]): boolean => i.canary !== null && i.stable !== null;

describe('the evidence rule, second edition, on random traces', () => {
  it.each(vectors.map((v) => [v.name, v] as const))(
    'JUDGE-1: %s: as an independent judge answers',
    (_, v) => {
      const trace = v.trace ?? randomTrace(v.seed!);
      expect(sumOf(trace), 'the trace that was judged').toEqual(v.requests);
      const answer = answerOf(trace);
      const { firstFail } = answer;
      expect([until(answer.firstPass, firstFail), firstFail, until(answer.firstStepBack, firstFail)]).toEqual(
        [v.firstPass, v.firstFail, v.firstStepBack],
      );
      for (const [index, overBudget, worseThanStable, exposure, clumps, verdict, stepBack] of v.at) {
        const got = answer.intervals[index]!;
        for (const [what, number] of Object.entries({ overBudget, worseThanStable, exposure, clumps }))
          expect(got[what as 'clumps'], `${what} at ${index}`).toSatisfy((is: number) => near(is, number));
        expect([got.verdict, got.stepBack], `at ${index}`).toEqual([verdict, stepBack]);
      }
    },
  );

  it('JUDGE-5: an interval with a missing arm passes nothing, steps nothing back, and every number stands', () => {
    for (const seed of SEEDS) {
      const trace = randomTrace(seed);
      const { intervals, firstFail } = answerOf(trace);
      for (const [index, interval] of trace.intervals.entries()) {
        const before = intervals[index - 1];
        if (isJudged(interval) || before === undefined) continue;
        const { overBudget, worseThanStable, clumps, exposure, verdict, stepBack } = intervals[index]!;
        const stands = { overBudget, worseThanStable, clumps };
        expect(before, `seed ${seed} at ${index}`).toMatchObject(stands);
        expect(exposure).toBe(trace.intervals[index - 1]!.step === interval.step ? before.exposure : 0);
        const shown = firstFail !== null && index > firstFail;
        expect([verdict, stepBack]).toEqual([shown ? 'fail' : 'inconclusive', false]);
      }
    }
  });

  it('JUDGE-5: what one arm counted while the other was missing changes nothing', () => {
    for (const seed of SEEDS) {
      const trace = randomTrace(seed);
      const other = { total: 1_000, bad: 1_000 };
      const intervals = trace.intervals.map((i) =>
        isJudged(i) ? i : { ...i, canary: i.canary && other, stable: i.stable && other },
      );
      expect(answerOf({ ...trace, intervals })).toEqual(answerOf(trace));
    }
  });

  it('JUDGE-7: what is answered of an interval does not change with the intervals after it', () => {
    for (const seed of SEEDS) {
      const trace = randomTrace(seed);
      const half = Math.ceil(trace.intervals.length / 2);
      const answer = answerOf({ ...trace, intervals: trace.intervals.slice(0, half) });
      expect(answer.intervals).toEqual(answerOf(trace).intervals.slice(0, half));
    }
  });

  it('JUDGE-14: of the past of stable, gaps and intervals without traffic are no part, nor are more than twelve', () => {
    for (const seed of SEEDS) {
      const { history = [], ...trace } = randomTrace(seed);
      const recent = history.filter((counts) => counts !== null && counts.total > 0).slice(-12);
      expect(answerOf({ ...trace, history: recent })).toEqual(answerOf({ ...trace, history }));
    }
  });

  it('JUDGE-4: no interval lets a question rise by more than a witness may, and the first answers none', () => {
    for (const seed of SEEDS) {
      const trace = randomTrace(seed);
      const { intervals, bar } = answerOf(trace);
      const most = (bar + Math.log(8)) / (trace.settings.witnesses ?? 2);
      let [over, worse] = [0, 0];
      for (const { overBudget, worseThanStable } of intervals) {
        expect(overBudget - over, `seed ${seed}`).toBeLessThanOrEqual(most + 1e-9);
        expect(worseThanStable - worse, `seed ${seed}`).toBeLessThanOrEqual(most + 1e-9);
        [over, worse] = [overBudget, worseThanStable];
      }
      expect(intervals[0]!.verdict, `seed ${seed}`).not.toBe('fail');
    }
  });
});
