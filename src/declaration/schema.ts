import { z } from 'zod';
import { parseDuration } from '../kit/time.ts';
import { sloTestDocument } from './cases.ts';
import { ALERT_DEFAULTS, EVIDENCE_DEFAULTS, KUBERNETES_DEFAULTS, NOTICE_KINDS } from './defaults.ts';
import { duration, label, metadata, name } from './fields.ts';
import { calendarFreeze, forge, policy, secretRef, signIn } from './governance-schema.ts';
import {
  openSloAlertCondition,
  openSloAlertPolicy,
  openSloDataSource,
  openSloService,
  openSloSli,
  openSloSlo,
  openSloTarget,
} from './openslo.ts';

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
    lateness: duration
      .default('0s')
      .describe('How late samples may arrive (remote write); rules look that much back.'),
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

/** The recorded window, or a shorter one in whole seconds: for machines on which a story has to fit in minutes. */
const window = (threshold: number, size: '5m' | '1h') =>
  z.strictObject({
    window: duration
      .refine(
        (text) => text === size || shortWindow(text),
        `expected ${size}, or whole seconds below 5m: the recorded window`,
      )
      .default(size),
    threshold: z.number().positive().default(threshold),
  });
const shortWindow = (text: string): boolean => {
  const ms = parseDuration(text);
  return ms !== undefined && ms >= 5_000 && ms < 300_000 && ms % 1_000 === 0;
};

const http = z.string().regex(/^https?:\/\/[^\s]+$/, 'expected an http:// or https:// address');
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

/** Requests of our own: whom to ask, and how often. Bounded, so that a typing error floods nobody. */
const load = z.strictObject({
  duration: duration
    .default('30s')
    .describe('Of one load test; where a canary is judged, load lasts as long as it.'),
  address: http
    .optional()
    .describe(
      'Where services answer, with {service} and {environment}; the edge of this machine where left out.',
    ),
  targets: z
    .array(
      z.strictObject({
        service: z.string(),
        path: z.string().startsWith('/', 'expected a path that begins with /'),
        rps: z.number().int().min(1).max(1_000),
      }),
    )
    .min(1)
    .max(20),
});

const environment = z
  .strictObject({
    name,
    mode: z.enum(['observe', 'enforce'], 'expected observe or enforce').default('enforce'),
    validation: z
      .enum(['k6', 'canary', 'canary-multi-window'], 'expected k6, canary or canary-multi-window')
      .default('canary-multi-window')
      .describe(
        'k6: deployed at once, load-tested and judged by its SLOs; canary: one burn window; both windows.',
      ),
    prometheus,
    after: z
      .array(z.string())
      .optional()
      .describe(
        'Environments, or stages, that come before this one; the one above it where left out; [] for none.',
      ),
    stage: name.optional().describe('Several regions may make up one stage.'),
    wave: z.number().int().min(1).max(100).optional().describe('Within a stage, lower waves come first.'),
    branch: z
      .string()
      .regex(/^[\w.][\w./-]*$/, 'expected the name of a branch')
      .optional()
      .describe('Where this environment has a branch of its own in the desired-state repository.'),
    strategy: strategy.optional().describe("In place of a service's own, in this environment."),
    delivery: z
      .enum(['embedded', 'argo-rollouts'], 'expected embedded or argo-rollouts')
      .default('embedded')
      .describe('embedded: processes and nginx on this machine; argo-rollouts: Rollouts are followed.'),
    cluster: z
      .strictObject({
        server: http
          .default(KUBERNETES_DEFAULTS.apiServer)
          .describe('Its API server, as Argo CD knows it as a destination.'),
        namespace: name.optional().describe("Where its services run; the platform's name where left out."),
        kubeconfig: secretRef
          .optional()
          .describe('How to reach it from Sluice; the cluster that Sluice runs in where left out.'),
        context: z.string().min(1).optional().describe('Of that kubeconfig; its current one where left out.'),
      })
      .optional(),
    load: load.optional().describe('Requests of our own while a version is judged here: they count.'),
    promotion: z
      .strictObject({
        soak: duration.default('0s').describe('How long a version rests here before it is promoted on.'),
        autoMerge: z
          .boolean()
          .default(false)
          .describe('Promotions into it merge by themselves once the gate allows.'),
        autoRevert: z.boolean().default(false).describe('Reverts after a rollback merge by themselves.'),
      })
      .optional(),
    burn: z.strictObject({ fast: window(14, '5m').optional(), slow: window(3, '1h').optional() }).optional(),
    budget: z
      .strictObject({
        window: duration
          .refine(shortWindow, 'expected whole seconds from 5s up to 5m')
          .optional()
          .describe("A short one in place of the SLOs' own, for a machine to try things on."),
        holds: z
          .boolean()
          .optional()
          .describe(
            'Whether a budget that is spent or unknown holds changes here; by default not where only load tests run.',
          ),
      })
      .optional(),
  })
  .refine(
    (e) => e.delivery === 'embedded' || e.prometheus.address !== undefined,
    'expected prometheus.address: the Prometheus that sees those Rollouts',
  )
  .refine((e) => e.wave === undefined || e.stage !== undefined, 'expected a stage beside wave')
  .refine((e) => e.validation !== 'k6' || e.load !== undefined, 'expected load: validation k6 tests with it')
  .refine(
    (e) => e.validation !== 'k6' || e.strategy?.steps === undefined,
    'expected no steps: validation k6 deploys at once',
  );

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

/** A secret of a receiver is read by Alertmanager itself, from a file: it never passes through us. */
const secretFile = z.strictObject({ file: z.string().startsWith('/', 'expected an absolute path') });
const receiver = z
  .strictObject({
    name,
    webhook: z.strictObject({ url: http }).optional(),
    slack: z.strictObject({ channel: z.string().min(1), apiUrl: secretFile }).optional(),
    pagerDuty: z.strictObject({ routingKey: secretFile }).optional(),
    email: z
      .strictObject({
        to: z.string().regex(/^[^\s@]+@[^\s@]+$/, 'expected an e-mail address'),
        from: z.string().regex(/^[^\s@]+@[^\s@]+$/, 'expected an e-mail address'),
        smarthost: z.string().regex(/^[^\s:]+:\d+$/, 'expected host:port'),
        username: z.string().optional(),
        password: secretFile.optional(),
      })
      .optional(),
    sendResolved: z.boolean().default(true),
  })
  .refine(
    (r) => [r.webhook, r.slack, r.pagerDuty, r.email].filter(Boolean).length === 1,
    'expected exactly one of webhook, slack, pagerDuty and email',
  );
const route = z.strictObject({
  receiver: z.string(),
  severity: z.enum(['page', 'ticket'], 'expected page or ticket').optional(),
  environments: z.array(z.string()).optional(),
  services: z.array(z.string()).optional(),
});
const alerts = z.strictObject({
  webhook: http.optional(),
  runbook: http.optional().describe('Link with {service}, {slo}, {environment} and {alert}.'),
  ladder: z.boolean().default(true).describe('The SRE workbook ladder beside the declared pair.'),
  minBad: z
    .number()
    .int()
    .min(0)
    .default(ALERT_DEFAULTS.minBad)
    .describe('An alert needs this many bad requests in its long window.'),
  labels: z.record(label, z.string()).default({}),
  receivers: z.array(receiver).default([]),
  routes: z.array(route).default([]),
});
const instant = z
  .string()
  .refine(
    (text) => /T.*(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text)),
    'expected a moment with its offset, such as 2026-03-01T02:00:00+01:00',
  );
const maintenance = z
  .strictObject({
    from: instant,
    to: instant,
    reason: z.string().min(1),
    services: z.array(z.string()).optional().describe('Whose requests do not count; all where left out.'),
    environments: z.array(z.string()).optional(),
  })
  .refine((m) => Date.parse(m.to) > Date.parse(m.from), 'expected an end after the beginning');

/** Secrets of chats and mail servers are ours to read: by reference, as every secret. */
const notification = z
  .strictObject({
    name,
    on: z
      .array(z.enum(NOTICE_KINDS, `expected kinds of ${NOTICE_KINDS.join(', ')}`))
      .min(1)
      .optional()
      .describe('What it is about; everything but routine where left out.'),
    environments: z.array(z.string()).optional(),
    services: z.array(z.string()).optional(),
    slack: z
      .strictObject({ channel: z.string().min(1), token: secretRef, address: http.optional() })
      .optional()
      .describe('A bot token: a message is updated in place, which incoming webhooks cannot do.'),
    teams: z.strictObject({ url: secretRef }).optional().describe('The address of a workflow or webhook.'),
    email: z
      .strictObject({
        to: z
          .array(z.string().regex(/^[^\s@]+@[^\s@]+$/, 'expected an e-mail address'))
          .min(1)
          .max(20),
        from: z.string().regex(/^[^\s@]+@[^\s@]+$/, 'expected an e-mail address'),
        smarthost: z.string().regex(/^[^\s:]+:\d+$/, 'expected host:port'),
        username: z.string().optional(),
        password: secretRef.optional(),
      })
      .optional(),
    webhook: z
      .strictObject({ url: http, secret: secretRef.optional() })
      .optional()
      .describe('Signed where a secret is given: x-sluice-signature is the HMAC-SHA-256 of the body.'),
  })
  .refine(
    (n) => [n.slack, n.teams, n.email, n.webhook].filter(Boolean).length === 1,
    'expected exactly one of slack, teams, email and webhook',
  );

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
    ledger: z
      .strictObject({
        postgres: z
          .strictObject({ url: secretRef })
          .describe(
            'Shared by several servers, of which one leads. The address holds a password: by reference.',
          ),
      })
      .optional()
      .describe('Where decisions are kept; a file in the work folder where left out.'),
    kubernetes: z
      .strictObject({
        server: http
          .default(KUBERNETES_DEFAULTS.server)
          .describe('Where Rollouts ask for verdicts: Sluice itself.'),
        argoCd: z
          .strictObject({
            repository: z.string().min(1).describe('The desired-state repository, as Argo CD reaches it.'),
            namespace: name.default(KUBERNETES_DEFAULTS.argoCdNamespace),
            kubeconfig: secretRef
              .optional()
              .describe('How to reach the cluster of Argo CD; the one that Sluice runs in where left out.'),
            context: z.string().min(1).optional().describe('Of that kubeconfig.'),
            webhookToken: secretRef
              .optional()
              .describe('What its notifications carry as bearer token; none are taken where left out.'),
            chart: z
              .string()
              .default(KUBERNETES_DEFAULTS.chart)
              .describe('Folder of the chart in that repository.'),
          })
          .optional(),
      })
      .optional(),
    alerts: alerts.optional(),
    maintenance: z.array(maintenance).default([]),
    notifications: z.array(notification).default([]),
    policy: policy.optional(),
    freezes: z.array(calendarFreeze).default([]),
    forge: forge.optional(),
    signIn: signIn.optional(),
  }),
});

export const DOCUMENTS = {
  'openslo/v1 Service': openSloService,
  'openslo/v1 SLO': openSloSlo,
  'openslo/v1 SLI': openSloSli,
  'openslo/v1 AlertPolicy': openSloAlertPolicy,
  'openslo/v1 AlertCondition': openSloAlertCondition,
  'openslo/v1 AlertNotificationTarget': openSloTarget,
  'openslo/v1 DataSource': openSloDataSource,
  'sluice.dev/v1 Platform': platformDocument,
  'sluice.dev/v1 SloTest': sloTestDocument,
} as const;
export type DocumentKind = keyof typeof DOCUMENTS;

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
