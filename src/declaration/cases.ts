import { z } from 'zod';
import { parseDuration } from '../kit/time.ts';
import { readSeries } from '../promql/series.ts';
import { duration, label, metadata } from './fields.ts';

/** Cases of users, beside their SLOs: what goes in, and what has to come out. */
const TEMPLATES = ['good', 'bad', 'nan', 'empty', 'late', 'flapping', 'reset'] as const;
/** `>= 14`, `3..5`, `12.5`, `none`: written as people say it. */
const NUMBER = '[-+]?\\d+(?:\\.\\d+)?(?:e[-+]?\\d+)?';
export const EXPECTED = new RegExp(
  `^\\s*(?:none|(<=|>=|<|>|=)?\\s*(${NUMBER})|(${NUMBER})\\s*\\.\\.\\s*(${NUMBER}))\\s*$`,
);
const expected = z.union([
  z.number(),
  z.string().regex(EXPECTED, 'expected a number, a comparison such as ">= 14", a span such as 3..5, or none'),
]);

const input = z
  .strictObject({
    series: z
      .string()
      .min(1)
      .superRefine((text, context) => {
        const series = readSeries(text);
        if (text !== '' && !series.ok)
          context.addIssue({ code: 'custom', message: `not a valid series: ${series.error}`, input: text });
      }),
    values: z.string().optional().describe('As promtool writes them: 0+100x40, _x10, stale.'),
    template: z.enum(TEMPLATES, `expected one of ${TEMPLATES.join(', ')}`).optional(),
    perInterval: z.number().positive().default(100),
    for: duration.default('1h'),
  })
  .refine(
    (i) => (i.values === undefined) !== (i.template === undefined),
    'expected exactly one of values and template',
  );

const expectation = z.strictObject({
  at: duration,
  slo: z.string(),
  burn: z.record(z.enum(['5m', '30m', '1h', '2h', '6h', '1d', '3d']), expected.optional()).optional(),
  budget: expected.optional().describe('Remaining share of the error budget: 1 is all of it.'),
  requests: expected.optional().describe('Requests of the last five minutes.'),
  bad: expected.optional(),
  group: z
    .record(label, z.string())
    .optional()
    .describe(
      'Labels of one group: expect the numbers and alerts of that group instead of the whole service.',
    ),
  alerts: z
    .array(z.string())
    .optional()
    .describe('Names of all alerts of this SLO that fire; [] for silence.'),
});

const verdict = z.strictObject({
  slo: z.string(),
  canary: z.string().describe('Revision label of the canary.'),
  stable: z.string(),
  from: duration.default('0s').describe('When the release started; earlier samples are history.'),
  expect: z.enum(['pass', 'fail', 'inconclusive'], 'expected pass, fail or inconclusive'),
});

const spec = z.strictObject({
  environment: z.string().optional(),
  interval: duration.default('15s'),
  cases: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        input: z.array(input).min(1, 'expected at least one series'),
        expect: z.array(expectation).default([]),
        verdicts: z.array(verdict).default([]),
      }),
    )
    .min(1, 'expected at least one case'),
});

/** So many intervals of a case are played: promtool evaluates every rule at each of them. */
const MOST_INTERVALS = 200_000;

/** Where a case is too long to be played. */
function tooLong({ interval, cases }: z.infer<typeof spec>): (string | number)[][] {
  const most = MOST_INTERVALS * (parseDuration(interval) ?? 1);
  const over = (text: string) => (parseDuration(text) ?? 0) > most;
  return cases.flatMap((one, i) => [
    ...one.input.flatMap((given, j) => (over(given.for) ? [['cases', i, 'input', j, 'for']] : [])),
    ...one.expect.flatMap((wanted, j) => (over(wanted.at) ? [['cases', i, 'expect', j, 'at']] : [])),
    ...one.verdicts.flatMap((asked, j) => (over(asked.from) ? [['cases', i, 'verdicts', j, 'from']] : [])),
  ]);
}

export const sloTestDocument = z.strictObject({
  apiVersion: z.literal('sluice.dev/v1'),
  kind: z.literal('SloTest'),
  metadata,
  spec: spec.superRefine((value, context) => {
    for (const path of tooLong(value))
      context.addIssue({
        code: 'custom',
        path,
        message: `is more than ${MOST_INTERVALS} intervals: shorten it, or choose a longer interval`,
      });
  }),
});
export type SloTestDocument = z.infer<typeof sloTestDocument>;
export type SloCase = SloTestDocument['spec']['cases'][number];
export type CaseInput = SloCase['input'][number];
