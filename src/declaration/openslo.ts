import { z } from 'zod';
import { parseDuration } from '../kit/time.ts';
import { parseSelectorSum } from '../promql/parse.ts';
import { duration, metadata, prometheusVersion } from './fields.ts';

/** OpenSLO v1, kind by kind. Source: the OpenSLO specification, v1. */
const document = <K extends string, S extends z.ZodType>(kind: K, spec: S) =>
  z.strictObject({ apiVersion: z.literal('openslo/v1'), kind: z.literal(kind), metadata, spec });

export const openSloService = z.strictObject({
  apiVersion: z.literal('openslo/v1'),
  kind: z.literal('Service'),
  metadata,
  spec: z.strictObject({ description: z.string().optional() }).optional(),
});

/** Sloth's word for a window of its choice: every window is ours to choose. */
const WINDOW = /\{\{-?\s*\.[wW]indow\s*-?\}\}/g;

/** What speaks PromQL: Prometheus and its relatives. */
const PROMETHEUS_LIKE: ReadonlySet<string> = new Set([
  'prometheus',
  'mimir',
  'cortex',
  'thanos',
  'victoriametrics',
  'amazonmanagedprometheus',
  'googlemanagedprometheus',
]);
const speaksPromQl = (type: string): boolean =>
  PROMETHEUS_LIKE.has(
    type
      .toLowerCase()
      .replace(/^grafana[-_ ]?/, '')
      .replace(/[^a-z]/g, ''),
  );

/** OpenSLO leaves the fields of a source to the source: these are the names that people give to a query. */
const QUERY_FIELDS = ['query', 'promql', 'promQL', 'expr', 'expression'] as const;
const queryOf = (spec: Readonly<Record<string, unknown>> | undefined): string | undefined =>
  QUERY_FIELDS.map((field) => spec?.[field]).find((text): text is string => typeof text === 'string');

/** Only `query` of another source's spec would be read; so a foreign source is refused before its fields are. */
const metricSource = z.strictObject({
  metricSource: z
    .looseObject({
      metricSourceRef: z.string().optional(),
      type: z.string().optional(),
      spec: z.looseObject({ query: z.string().optional().describe('PromQL.') }).optional(),
    })
    .superRefine((source, context) => {
      if (source.type !== undefined && !speaksPromQl(source.type))
        context.addIssue({
          code: 'custom',
          path: ['type'],
          message: `expected Prometheus: "${source.type}" is not read`,
        });
      else if (queryOf(source.spec) === undefined)
        context.addIssue({ code: 'custom', path: ['spec', 'query'], message: 'expected a PromQL query' });
    })
    .transform((source) => ({
      ref: source.metricSourceRef ?? null,
      query: (queryOf(source.spec) ?? '').replace(WINDOW, '5m'),
    })),
});

const COUNTER_NAME = /_(total|count|bucket|sum)$/;
/** Whether a query is nothing but counters, by their names: nobody calls anything else so. */
function isCounters(query: string | undefined): boolean {
  const sum = query === undefined ? null : parseSelectorSum(query);
  return sum?.ok === true && sum.value.every((s) => COUNTER_NAME.test(s.metric));
}

const ratioMetric = z
  .strictObject({
    counter: z
      .boolean()
      .optional()
      .describe('Whether bare metrics are counters; by default their names decide.'),
    good: metricSource.optional(),
    bad: metricSource.optional(),
    total: metricSource.optional(),
    rawType: z.enum(['success', 'failure'], 'expected success or failure').optional(),
    raw: metricSource.optional(),
  })
  .superRefine((m, context) => {
    const issue = (message: string) => context.addIssue({ code: 'custom', message });
    if (m.raw) {
      if (m.good || m.bad || m.total) issue('expected raw alone, without good, bad and total');
      else if (!m.rawType) issue('expected rawType: success or failure');
      return;
    }
    if ((m.good === undefined) === (m.bad === undefined)) issue('expected exactly one of good and bad');
    if (!m.total) issue('expected total: without it no ratio can be computed');
    if (m.counter === false && [m.good, m.bad, m.total].some((s) => isCounters(s?.metricSource.query)))
      context.addIssue({
        code: 'custom',
        path: ['counter'],
        message: 'these are counters by their names (_total, _count, _bucket): expected counter: true',
      });
  })
  .transform(({ counter, ...m }) => ({
    ...m,
    counter:
      counter ??
      (isCounters(m.total?.metricSource.query) && isCounters((m.good ?? m.bad)?.metricSource.query)),
  }));

const indicatorSpec = z
  .strictObject({
    description: z.string().optional(),
    ratioMetric: ratioMetric.optional(),
    thresholdMetric: metricSource.optional(),
  })
  .refine(
    (s) => (s.ratioMetric === undefined) !== (s.thresholdMetric === undefined),
    'expected exactly one of ratioMetric and thresholdMetric',
  );

export const openSloSli = document('SLI', indicatorSpec);

/** A number, written as one or in quotes, as Kubernetes resources do that have no fractions. */
const number = z.union([
  z.number(),
  z
    .string()
    .regex(/^[+-]?\d+(\.\d+)?$/, 'expected a number')
    .transform(Number),
]);

const NO_OBJECTIVE =
  'expected an objective above 0.5 and below 1 (50% to 100%, both excluded): 100% leaves no error budget';

/** 99.9 where 0.999 is meant, and the other way round. */
function wrongUnit(o: {
  readonly target?: number | undefined;
  readonly targetPercent?: number | undefined;
}): { readonly path: string[]; readonly message: string } | null {
  const exact = (value: number) => Number(value.toPrecision(12));
  const { target, targetPercent } = o;
  if (target !== undefined && target > 50 && target < 100)
    return {
      path: ['target'],
      message: `target is a share: write ${exact(target / 100)}, or targetPercent: ${target}`,
    };
  if (targetPercent !== undefined && targetPercent > 0.5 && targetPercent < 1)
    return {
      path: ['targetPercent'],
      message: `targetPercent is a percentage: write ${exact(targetPercent * 100)}, or target: ${targetPercent}`,
    };
  return null;
}

const objective = z
  .strictObject({
    displayName: z.string().optional(),
    op: z.enum(['lt', 'lte', 'gt', 'gte'], 'expected lt, lte, gt or gte').optional(),
    value: number.optional(),
    target: number.optional(),
    targetPercent: number.optional(),
    timeSliceTarget: number.pipe(z.number().gt(0).lte(1)).optional(),
    timeSliceWindow: duration.optional(),
    indicator: z
      .never(
        'a composite SLO (an indicator inside an objective) has no single error budget: declare one SLO for each',
      )
      .optional(),
    indicatorRef: z
      .never(
        'a composite SLO (an indicator inside an objective) has no single error budget: declare one SLO for each',
      )
      .optional(),
    compositeWeight: z
      .never('a composite SLO has no single error budget: declare one SLO for each')
      .optional(),
  })
  .refine(
    (o) => (o.target === undefined) !== (o.targetPercent === undefined),
    'expected exactly one of target and targetPercent',
  )
  .superRefine((o, context) => {
    const target = o.target ?? (o.targetPercent ?? 0) / 100;
    if (target > 0.5 && target < 1) return;
    const mixed = wrongUnit(o);
    if (mixed) context.addIssue({ code: 'custom', ...mixed });
    else context.addIssue({ code: 'custom', message: NO_OBJECTIVE });
  });

/** OpenSLO counts a day as the shortest window; M, Q and Y are the calendar's. */
const CALENDAR_UNITS = /^(\d+)([dwMQ])$/;
const timeWindow = z
  .strictObject({
    duration: z.string(),
    isRolling: z.boolean().default(false),
    calendar: z.strictObject({ startTime: z.string(), timeZone: z.string() }).optional(),
  })
  .superRefine((w, context) => {
    const issue = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (w.isRolling) {
      if (w.calendar) issue('calendar', 'expected no calendar: the window is rolling');
      if (/^\d+[MQY]$/.test(w.duration))
        issue(
          'duration',
          'expected days or hours: a month has no fixed length; a rolling window has (30d, 90d)',
        );
      else if (parseDuration(w.duration) === undefined)
        issue('duration', 'expected a duration such as 30d or 12h');
    } else {
      if (!w.calendar)
        issue('calendar', 'expected calendar: a window that is not rolling needs its start and zone');
      if (/^\d+Y$/.test(w.duration))
        issue('duration', 'expected at most a quarter: no Prometheus keeps a year at this precision');
      else if (!CALENDAR_UNITS.test(w.duration))
        issue('duration', 'expected a calendar duration such as 1d, 1w, 1M or 1Q');
    }
  });

const conditionSpec = z.strictObject({
  description: z.string().optional(),
  severity: z.string().min(1),
  condition: z.strictObject({
    kind: z.string().superRefine((kind, context) => {
      if (kind.toLowerCase() !== 'burnrate')
        context.addIssue({
          code: 'custom',
          message: `expected burnrate: "${kind}" is not a condition of OpenSLO v1`,
        });
    }),
    op: z.enum(['lt', 'lte', 'gt', 'gte'], 'expected lt, lte, gt or gte').default('gte'),
    threshold: z.number().positive(),
    lookbackWindow: duration,
    alertAfter: duration.default('0s'),
  }),
});
export const openSloAlertCondition = document('AlertCondition', conditionSpec);

const targetSpec = z.strictObject({ description: z.string().optional(), target: z.string().min(1) });
export const openSloTarget = document('AlertNotificationTarget', targetSpec);

const policySpec = z.strictObject({
  description: z.string().optional(),
  alertWhenNoData: z.boolean().default(false),
  alertWhenBreaching: z.boolean().default(true),
  alertWhenResolved: z.boolean().default(false),
  conditions: z
    .array(
      z.union(
        [
          z.strictObject({ conditionRef: z.string() }),
          z.strictObject({ kind: z.literal('AlertCondition'), metadata, spec: conditionSpec }),
        ],
        'expected conditionRef, or an AlertCondition in place',
      ),
    )
    .length(1, 'expected exactly one condition: OpenSLO v1 allows no more'),
  notificationTargets: z.array(
    z.union(
      [
        z.strictObject({ targetRef: z.string() }),
        z.strictObject({ kind: z.literal('AlertNotificationTarget'), metadata, spec: targetSpec }),
      ],
      'expected targetRef, or an AlertNotificationTarget in place',
    ),
  ),
});
export const openSloAlertPolicy = document('AlertPolicy', policySpec);

export const openSloDataSource = document(
  'DataSource',
  z.strictObject({
    description: z.string().optional(),
    type: z.string().superRefine((type, context) => {
      if (!speaksPromQl(type))
        context.addIssue({ code: 'custom', message: `expected Prometheus: "${type}" is not read` });
    }),
    connectionDetails: z
      .looseObject({ url: z.string().optional(), version: prometheusVersion.optional() })
      .optional(),
  }),
);

export const openSloSlo = document(
  'SLO',
  z
    .strictObject({
      description: z.string().optional(),
      service: z.string(),
      indicator: z.strictObject({ metadata: metadata.optional(), spec: indicatorSpec }).optional(),
      indicatorRef: z.string().optional(),
      timeWindow: z.array(timeWindow).length(1, 'expected exactly one time window'),
      budgetingMethod: z.enum(
        ['Occurrences', 'Timeslices', 'RatioTimeslices'],
        'expected Occurrences, Timeslices or RatioTimeslices',
      ),
      objectives: z.array(objective).min(1, 'expected at least one objective'),
      alertPolicies: z
        .array(
          z.union(
            [
              z.string(),
              z.strictObject({ alertPolicyRef: z.string() }),
              z.strictObject({ kind: z.literal('AlertPolicy'), metadata, spec: policySpec }),
            ],
            'expected the name of an AlertPolicy, or one in place',
          ),
        )
        .default([]),
    })
    .refine(
      (s) => (s.indicator === undefined) !== (s.indicatorRef === undefined),
      'expected exactly one of indicator and indicatorRef',
    ),
);

export type OpenSloSlo = z.infer<typeof openSloSlo>;
export type OpenSloSli = z.infer<typeof openSloSli>;
export type IndicatorSpec = z.infer<typeof indicatorSpec>;
export type Objective = z.infer<typeof objective>;
export type TimeWindow = z.infer<typeof timeWindow>;
export type AlertPolicyDocument = z.infer<typeof openSloAlertPolicy>;
export type AlertConditionDocument = z.infer<typeof openSloAlertCondition>;
export type DataSourceDocument = z.infer<typeof openSloDataSource>;
export type TargetDocument = z.infer<typeof openSloTarget>;
