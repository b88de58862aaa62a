import { z } from 'zod';
import { parseDuration } from '../kit/time.ts';
import { EVIDENCE_DEFAULTS } from './defaults.ts';

const name = z
  .string()
  .regex(
    /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
    'expected a name: lower-case letters, digits and dashes, 63 at most',
  );
const label = z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'expected a Prometheus label name');
/** Written `5m`, read as milliseconds. */
const duration = z
  .string()
  .refine((text) => parseDuration(text) !== undefined, 'expected a duration such as 30s, 5m or 1h')
  .describe('A duration such as 30s, 5m, 1h or 30d.');
const metadata = z.strictObject({
  name,
  displayName: z.string().optional(),
  labels: z.record(z.string(), z.union([z.string(), z.array(z.string())])).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});

export const openSloService = z.strictObject({
  apiVersion: z.literal('openslo/v1'),
  kind: z.literal('Service'),
  metadata,
  spec: z.strictObject({ description: z.string().optional() }).optional(),
});

const metricSource = z.strictObject({
  metricSource: z.strictObject({
    metricSourceRef: z.string().optional(),
    type: z.literal('Prometheus', 'expected Prometheus: no other source is read').optional(),
    spec: z.strictObject({ query: z.string() }),
  }),
});

const ratioMetric = z
  .strictObject({
    counter: z.literal(true, 'expected counter: true: exact counts need counters'),
    good: metricSource.optional(),
    bad: metricSource.optional(),
    total: metricSource,
  })
  .refine((m) => (m.good === undefined) !== (m.bad === undefined), 'expected exactly one of good and bad');

const objective = z
  .strictObject({
    displayName: z.string().optional(),
    target: z.number().optional(),
    targetPercent: z.number().optional(),
  })
  .refine(
    (o) => (o.target === undefined) !== (o.targetPercent === undefined),
    'expected exactly one of target and targetPercent',
  )
  .refine((o) => {
    const target = o.target ?? (o.targetPercent ?? 0) / 100;
    return target > 0.5 && target < 1;
  }, 'expected an objective above 0.5 and below 1 (50 % to 100 %, both excluded): 100 % leaves no budget to judge by');

export const openSloSlo = z.strictObject({
  apiVersion: z.literal('openslo/v1'),
  kind: z.literal('SLO'),
  metadata,
  spec: z.strictObject({
    description: z.string().optional(),
    service: z.string(),
    indicator: z.strictObject({
      metadata: metadata.optional(),
      spec: z.strictObject({ description: z.string().optional(), ratioMetric }),
    }),
    timeWindow: z
      .array(z.strictObject({ duration, isRolling: z.literal(true, 'expected a rolling window') }))
      .length(1, 'expected exactly one time window'),
    budgetingMethod: z.literal('Occurrences', 'expected Occurrences'),
    objectives: z.array(objective).min(1, 'expected at least one objective'),
  }),
});

const secretRef = z.strictObject({
  secretRef: z.union([
    z.strictObject({ env: z.string().min(1) }),
    z.strictObject({ file: z.string().min(1) }),
  ]),
});

const prometheus = z
  .strictObject({
    embedded: z.literal(true).optional().describe('Started by us on a free port of this machine.'),
    address: z
      .string()
      .regex(/^https?:\/\/[^\s]+$/, 'expected an http:// or https:// address')
      .optional(),
    version: z
      .string()
      .regex(/^\d+\.\d+/, 'expected a version such as 2.42')
      .optional(),
    scrapeInterval: duration.default('5s'),
    evaluationInterval: duration.default('15s'),
    budgetInterval: duration.default('1m').describe('How often the SLO window itself is summed.'),
    timeout: duration.default('5s'),
    bearer: secretRef.optional(),
    basic: z.strictObject({ username: z.string(), ...secretRef.shape }).optional(),
    mtls: z.strictObject({ cert: secretRef, key: secretRef, ca: secretRef.optional() }).optional(),
    tenant: z.strictObject({ header: z.string().default('X-Scope-OrgID'), value: z.string() }).optional(),
  })
  .refine(
    (p) => (p.embedded === true) !== (p.address !== undefined),
    'expected exactly one of embedded: true and address',
  )
  .refine((p) => !(p.bearer && p.basic), 'expected at most one of bearer and basic');

const window = (threshold: number, size: string) =>
  z.strictObject({
    window: z.literal(size, `expected ${size}: the recorded window`).default(size),
    threshold: z.number().positive().default(threshold),
  });

const environment = z.strictObject({
  name,
  mode: z.enum(['observe', 'enforce'], 'expected observe or enforce').default('enforce'),
  validation: z
    .enum(['canary', 'canary-multi-window'], 'expected canary or canary-multi-window')
    .default('canary-multi-window'),
  prometheus,
  burn: z.strictObject({ fast: window(14, '5m').optional(), slow: window(3, '1h').optional() }).optional(),
});

const strategy = z.strictObject({
  steps: z
    .array(z.number().int().min(1).max(100))
    .min(1)
    .refine((s) => s.every((w, i) => i === 0 || w > s[i - 1]!), 'expected steps that rise')
    .refine((s) => s.at(-1) === 100, 'expected the last step to be 100')
    .optional(),
  warmUp: duration.optional(),
  dwell: duration.optional(),
  deadline: duration.optional(),
  hold: duration.optional(),
});

const guard = z
  .strictObject({
    name,
    query: z.string(),
    min: z.number().optional(),
    max: z.number().optional(),
    noData: z.enum(['pass', 'hold', 'fail']).default('hold'),
    for: duration.default('0s'),
  })
  .refine((g) => g.min !== undefined || g.max !== undefined, 'expected min or max');

const service = z.strictObject({
  name,
  slos: z.array(z.string()).min(1, 'expected at least one SLO: a release is judged by them'),
  burnSlos: z.array(z.string()).default([]),
  revisionLabel: label.default('revision'),
  versionLabel: label.default('version'),
  strategy: strategy.optional(),
  guards: z.array(guard).default([]),
  run: z
    .strictObject({
      command: z.array(z.string()).min(1),
      health: z.string().startsWith('/').default('/healthz'),
      metrics: z.string().startsWith('/').default('/metrics'),
    })
    .optional(),
});

const evidence = z.strictObject({
  tolerance: z.number().positive().default(EVIDENCE_DEFAULTS.tolerance),
  detect: z.number().positive().default(EVIDENCE_DEFAULTS.detect),
  rho: z.number().positive().default(EVIDENCE_DEFAULTS.rho),
  alpha: z.number().positive().lt(1).default(EVIDENCE_DEFAULTS.alpha),
  beta: z.number().positive().lt(1).default(EVIDENCE_DEFAULTS.beta),
  minBad: z.number().int().positive().default(EVIDENCE_DEFAULTS.minBad),
});

const recovery = z.strictObject({
  looks: z.number().int().positive().default(2),
  burnBelow: z.number().positive().default(1),
  for: duration.default('5m'),
});

export const platformDocument = z.strictObject({
  apiVersion: z.literal('sluice.dev/v1'),
  kind: z.literal('Platform'),
  metadata,
  spec: z.strictObject({
    environments: z
      .array(environment)
      .min(1, 'expected at least one environment')
      .describe('In promotion order.'),
    services: z.array(service).min(1, 'expected at least one service'),
    strategy: strategy.optional(),
    evidence: evidence.optional(),
    recovery: recovery.optional(),
    repository: z
      .strictObject({
        path: z.string().optional(),
        branch: z.string().default('main'),
        poll: duration.default('2s'),
      })
      .optional(),
    alerts: z
      .strictObject({
        webhook: z
          .string()
          .regex(/^https?:\/\//)
          .optional(),
      })
      .optional(),
  }),
});

export const DOCUMENTS = {
  'openslo/v1 Service': openSloService,
  'openslo/v1 SLO': openSloSlo,
  'sluice.dev/v1 Platform': platformDocument,
} as const;
export type DocumentKind = keyof typeof DOCUMENTS;

export type OpenSloSlo = z.infer<typeof openSloSlo>;
export type PlatformDocument = z.infer<typeof platformDocument>;

/** JSON Schema of all documents, so that editors complete and check them. */
export const jsonSchema = (): object => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Sluice declaration',
  oneOf: Object.values(DOCUMENTS).map((schema) => {
    const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Record<
      string,
      unknown
    >;
    return rest;
  }),
});
