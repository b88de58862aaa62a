import { z } from 'zod';
import { parseDuration } from '../kit/time.ts';
import { alertingDocument, noData } from './alerting-schema.ts';
import { sloTestDocument } from './cases.ts';
import { consoleLink } from './console-links.ts';
import { ALERT_DEFAULTS, KUBERNETES_DEFAULTS, NOTICE_KINDS } from './defaults.ts';
import { completed, type SchemaNode } from './described.ts';
import {
  duration,
  guard,
  http,
  label,
  mailAddress,
  mailFields,
  metadata,
  name,
  placeFields,
  prometheusVersion,
  secretKey,
} from './fields.ts';
import { calendarFreeze, forge, policy, secretRef, signIn } from './governance-schema.ts';
import { evidence, strategy } from './judging.ts';
import { ledger } from './ledger-schema.ts';
import { maintenance } from './maintenance-schema.ts';
import {
  openSloAlertCondition,
  openSloAlertPolicy,
  openSloDataSource,
  openSloService,
  openSloSli,
  openSloSlo,
  openSloTarget,
} from './openslo.ts';
import { argoCd, flux, sync } from './syncing-schema.ts';

const prometheus = z
  .strictObject({
    embedded: z.literal(true).optional().describe('Sluice starts it on a free port of this machine.'),
    address: http.optional(),
    version: prometheusVersion.optional(),
    scrapeInterval: duration.default('5s'),
    evaluationInterval: duration.default('15s'),
    budgetInterval: duration.default('1m').describe('How often the sum over the SLO window is evaluated.'),
    timeout: duration.default('5s'),
    lateness: duration
      .default('0s')
      .describe('How late samples may arrive (remote write); rules are evaluated with this offset.'),
    bearer: secretRef.optional(),
    basic: z.strictObject({ username: z.string(), ...secretRef.shape }).optional(),
    mtls: z.strictObject({ cert: secretRef, key: secretRef, ca: secretRef.optional() }).optional(),
    tenant: z.strictObject({ header: z.string().default('X-Scope-OrgID'), value: z.string() }).optional(),
    rolloutSecret: secretKey
      .optional()
      .describe(
        'A Secret in the namespace of the Rollouts with the complete Authorization header for their analyses. Default, if a token or password is declared: sluice-prometheus, key authorization.',
      ),
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

/** Requests of our own: whom to ask, and how often. Bounded, so that a typing error floods nobody. */
const load = z.strictObject({
  duration: duration
    .default('30s')
    .describe('Duration of one load test; where a canary is judged, load lasts as long as the canary.'),
  address: http
    .optional()
    .describe(
      'Address of the services, with {service} and {environment}; by default the edge on this machine.',
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
        'k6: deployed in one step, load-tested and judged by its SLOs. canary: one burn-rate window. canary-multi-window: both windows.',
      ),
    prometheus,
    after: z
      .array(z.string())
      .optional()
      .describe('Environments or stages before this one; by default the one declared above it; [] for none.'),
    stage: name.optional().describe('Several regions may make up one stage.'),
    wave: z.number().int().min(1).max(100).optional().describe('Within a stage, lower waves come first.'),
    branch: z
      .string()
      .regex(/^[\w.][\w./-]*$/, 'expected the name of a branch')
      .optional()
      .describe('Where this environment has a branch of its own in the desired-state repository.'),
    strategy: strategy.optional().describe('Replaces the strategy of the services in this environment.'),
    judgeInterval: duration
      .optional()
      .describe(
        'Length of the intervals in which a release is judged; shorter scrapes are pooled. Default: 5s, or one scrape interval if that is longer; with the first edition of the evidence rule, one scrape interval.',
      ),
    delivery: z
      .enum(['embedded', 'argo-rollouts'], 'expected embedded or argo-rollouts')
      .default('embedded')
      .describe('embedded: processes and nginx on this machine. argo-rollouts: Rollouts in a cluster.'),
    cluster: z
      .strictObject({
        server: http
          .default(KUBERNETES_DEFAULTS.apiServer)
          .describe('Its API server, as the destination is named in Argo CD.'),
        namespace: name
          .optional()
          .describe('Namespace of its services; by default the name of the Platform.'),
        kubeconfig: secretRef
          .optional()
          .describe('Kubeconfig with which Sluice reaches it; by default the cluster that Sluice runs in.'),
        context: z
          .string()
          .min(1)
          .optional()
          .describe('Context of that kubeconfig; by default the current one.'),
      })
      .optional(),
    sync: sync.optional(),
    load: load
      .optional()
      .describe('Load that Sluice generates while a version is judged here; these requests count.'),
    promotion: z
      .strictObject({
        soak: duration
          .default('0s')
          .describe('How long a version must be stable here before it is promoted further.'),
        autoMerge: z
          .boolean()
          .default(false)
          .describe(
            'Promotion pull requests to this environment merge automatically once the gate allows them.',
          ),
        autoRevert: z
          .boolean()
          .default(false)
          .describe('Revert pull requests after a rollback merge automatically.'),
      })
      .optional(),
    burn: z.strictObject({ fast: window(14, '5m').optional(), slow: window(3, '1h').optional() }).optional(),
    budget: z
      .strictObject({
        window: duration
          .refine(shortWindow, 'expected whole seconds from 5s up to 5m')
          .optional()
          .describe('A short window that replaces those of the SLOs, for demos and tests.'),
        holds: z
          .boolean()
          .optional()
          .describe(
            'Whether a spent or unknown budget blocks changes here; by default not in environments with load tests only.',
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
    'expected no steps: validation k6 deploys in one step',
  );

const service = z.strictObject({
  name,
  team: name
    .optional()
    .describe(
      'Who owns it: rights may be limited to teams, the console filters by team, and links may name {team}.',
    ),
  slos: z.array(z.string()).min(1, 'expected at least one SLO: a release is judged by them'),
  burnSlos: z.array(z.string()).default([]),
  revisionLabel: label.default('revision'),
  versionLabel: label.default('version'),
  ...placeFields,
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
        to: mailAddress,
        ...mailFields,
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
  ladder: z.boolean().default(true).describe('The SRE workbook ladder in addition to the declared pair.'),
  minBad: z
    .number()
    .int()
    .min(0)
    .default(ALERT_DEFAULTS.minBad)
    .describe('An alert needs this many bad requests in its long window.'),
  labels: z.record(label, z.string()).default({}),
  receivers: z.array(receiver).default([]),
  routes: z.array(route).default([]),
  noData: noData.optional().describe('Of SLOs whose series are absent; each may declare its own.'),
});
/** Secrets of chats and mail servers are ours to read: by reference, as every secret. */
const notification = z
  .strictObject({
    name,
    on: z
      .array(z.enum(NOTICE_KINDS, `expected kinds of ${NOTICE_KINDS.join(', ')}`))
      .min(1)
      .optional()
      .describe('Events to report; by default all except proposed and denied.'),
    environments: z.array(z.string()).optional(),
    services: z.array(z.string()).optional(),
    slack: z
      .strictObject({ channel: z.string().min(1), token: secretRef, address: http.optional() })
      .optional()
      .describe('A bot token: messages are updated in place, which incoming webhooks cannot do.'),
    teams: z.strictObject({ url: secretRef }).optional().describe('The address of a workflow or webhook.'),
    email: z
      .strictObject({
        to: z.array(mailAddress).min(1).max(20),
        ...mailFields,
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

const platformDocument = z.strictObject({
  apiVersion: z.literal('sluice.dev/v1'),
  kind: z.literal('Platform'),
  metadata,
  spec: z.strictObject({
    environments: z
      .array(environment)
      .min(1, 'expected at least one environment')
      .describe('In promotion order.'),
    services: z.array(service).min(1, 'expected at least one service'),
    links: z
      .array(consoleLink)
      .max(20)
      .default([])
      .describe('Links of the console to dashboards, logs, traces and sources.'),
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
    ledger: ledger.optional().describe('Where decisions are stored; by default a file in the work folder.'),
    kubernetes: z
      .strictObject({
        server: http
          .default(KUBERNETES_DEFAULTS.server)
          .describe('Address of Sluice, from which Rollouts get verdicts.'),
        serverSecret: secretKey
          .optional()
          .describe(
            'A Secret in the namespace of the Rollouts with the complete Authorization header for their requests.',
          ),
        argoCd: argoCd.optional(),
        flux: flux.optional(),
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
  'sluice.dev/v1 Alerting': alertingDocument,
} as const;
export type DocumentKind = keyof typeof DOCUMENTS;

export type PlatformDocument = z.infer<typeof platformDocument>;

/** JSON Schema of all documents, so that editors complete and check them; every property is described. */
export const jsonSchema = (): object => ({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Sluice declaration',
  oneOf: Object.entries(DOCUMENTS).map(([kind, schema]) => {
    const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
    return completed(rest as SchemaNode, kind.split(' ')[1]!);
  }),
});
