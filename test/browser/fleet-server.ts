import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import type { BudgetView } from '../../src/api/budgets.ts';
import { type ActiveFreeze, fleetSentence } from '../../src/api/fleet.ts';
import type { FreezeView } from '../../src/api/governance.ts';
import { type LaneSummary, nameOfLane, type Outcome } from '../../src/api/lane.ts';
import { type NoticeQuery, noticePage } from '../../src/api/notices/list.ts';
import type { Notice } from '../../src/api/notices/notice.ts';
import { NOTICE_KINDS } from '../../src/declaration/defaults.ts';
import { FAMILY, type State } from '../../src/delivery/machine.ts';
import { SYSTEM } from '../../src/kit/actor.ts';
import { type Random, seededRandom } from '../../src/kit/random.ts';
import { memoryLedger } from '../../src/ledger/adapters/memory/ledger.ts';
import type { LedgerRecord } from '../../src/ledger/record.ts';
import { consoleFiles, endings, newApp } from '../../src/server/app.ts';
import type { AppParts } from '../../src/server/http.ts';
import { auditRoutes } from '../../src/server/routes/audit.ts';
import { budgetRoutes } from '../../src/server/routes/budgets.ts';
import { governanceRoutes } from '../../src/server/routes/governance.ts';
import { ledgerRoutes } from '../../src/server/routes/ledger.ts';
import { noticeRoutes } from '../../src/server/routes/notices.ts';
import { pipelineRoutes } from '../../src/server/routes/pipeline.ts';
import { pullRoutes } from '../../src/server/routes/pulls.ts';
import { releaseRoutes } from '../../src/server/routes/releases.ts';
import { signInRoutes } from '../../src/server/routes/sign-in.ts';
import { streamRoutes } from '../../src/server/routes/stream.ts';
import { ROOT } from '../e2e/stage.ts';

export interface FleetOptions {
  readonly services: number;
  readonly environments: readonly string[];
  /** Whether everything is well; otherwise something of every kind is wrong. */
  readonly calm?: boolean;
}

interface Kind {
  readonly state: State;
  readonly outcome: Outcome;
  readonly sentence: string;
  readonly more?: Partial<LaneSummary>;
}

const STABLE: Kind = {
  state: 'Stable',
  outcome: 'stable',
  sentence: 'serves all traffic; 82% of the error budget remaining.',
};
const TROUBLES: readonly Kind[] = [
  {
    state: 'Evaluating',
    outcome: 'held',
    sentence: 'is held at 50%: its deadline passed without a verdict. Resume or abort it.',
    more: { canary: '2.4.0', weight: 50, asked: 50, held: true },
  },
  {
    state: 'Degraded',
    outcome: 'rolled-back',
    sentence:
      'was rolled back 42 s after its first request: 5.2% of 1210 requests failed, stable 0.02%. Why: over budget and worse than stable.',
  },
  {
    state: 'Evaluating',
    outcome: 'judged',
    sentence: 'is at 20%: 120 of 332 good requests seen, about 40 s more.',
    more: { canary: '2.4.1-rc.12', weight: 20, asked: 20 },
  },
  {
    state: 'Deploying',
    outcome: 'starting',
    sentence: 'is starting; it gets traffic once it answers its health check.',
    more: { canary: '2.5.0', asked: 0 },
  },
  {
    state: 'Recovery',
    outcome: 'recovering',
    sentence: 'serves and is recovering: within the objective for 4 min.',
  },
  {
    state: 'Stable',
    outcome: 'waiting',
    sentence: 'is held at 0% traffic by a freeze: quarter end.',
    more: { waiting: '3.0.0' },
  },
];

function laneOf(
  service: string,
  environment: string,
  kind: Kind,
  random: Random,
  trouble: number,
): LaneSummary {
  const left = trouble === 7 ? -2.06 : trouble === 8 ? 0.04 : random.next() * 0.6 + 0.4;
  return {
    service,
    environment,
    mode: trouble === 9 ? 'observe' : 'enforce',
    state: kind.state,
    family: FAMILY[kind.state],
    outcome: kind.outcome,
    since: Date.now() - random.below(86_400_000),
    sentence: `${service} ${kind.more?.canary ?? kind.more?.waiting ?? '2.3.1'} in ${environment} ${kind.sentence}`,
    stable: '2.3.1',
    canary: null,
    weight: 0,
    asked: null,
    release: `${service}.${environment}.3`,
    held: false,
    paused: false,
    waiting: null,
    hold: null,
    slos: [
      {
        slo: `${service}-availability`,
        objective: 0.999,
        budgetLeft: left,
        burnFast: trouble === 10 ? 22 : 0.4,
        burnSlow: trouble === 10 ? 5 : 0.3,
      },
    ],
    thresholds: { fast: 14, slow: 3 },
    windows: { fast: '5m', slow: '1h' },
    trouble: null,
    ...kind.more,
  };
}

const NAMES = [
  'checkout',
  'cart',
  'payment',
  'catalogue',
  'search',
  'profile',
  'notification-dispatcher',
  'inventory',
  'shipping',
  'pricing',
];

/** Lanes of a fleet: the same for the same options. */
export function fleetOf({ services, environments, calm = false }: FleetOptions): LaneSummary[] {
  const random = seededRandom(7);
  return Array.from({ length: services }, (_, i) => {
    const round = Math.floor(i / NAMES.length);
    const service = `${NAMES[i % NAMES.length]}${round === 0 ? '' : `-${round}`}`;
    return environments.map((environment, e) => {
      const place = i * environments.length + e;
      const trouble = calm ? 99 : place % 17;
      return laneOf(service, environment, (place % 3 === 0 && TROUBLES[trouble]) || STABLE, random, trouble);
    });
  }).flat();
}

const FREEZE: ActiveFreeze = {
  id: 'f-1',
  scope: { environment: 'prod', service: 'payment' },
  scopeText: 'payment/prod',
  until: Date.now() + 3 * 3_600_000,
  reason: 'quarter end',
};

/** One notice of each kind, the newest last. */
const noticesOf = (lanes: readonly LaneSummary[]): Notice[] =>
  NOTICE_KINDS.map((kind, i) => {
    const lane = lanes[i * 7 + 1] ?? lanes[0]!;
    return {
      thread: `n-${i}`,
      kind,
      kinds: [kind],
      service: lane.service,
      environment: lane.environment,
      title: `${lane.service} in ${lane.environment}: ${kind}`,
      text: lane.sentence,
      at: Date.now() - (NOTICE_KINDS.length - i) * 600_000,
      rev: i + 1,
      settled: true,
      path: `/releases/${lane.release}`,
    };
  });

const budgetsOf = (lanes: readonly LaneSummary[]): BudgetView[] =>
  lanes.flatMap((l) =>
    l.slos.map((s) => ({
      service: l.service,
      slo: s.slo,
      environment: l.environment,
      objective: s.objective,
      windowMs: 30 * 86_400_000,
      state: (s.budgetLeft ?? 1) <= 0 ? ('exhausted' as const) : ('stable' as const),
      sentence: `${s.slo} in ${l.environment} is within budget.`,
      left: s.budgetLeft,
      requests: 1_000_000,
      bad: 180,
      allowed: 1_000,
      coverage: 1,
      burnFast: s.burnFast,
      burnSlow: s.burnSlow,
      exhaustedAt: null,
      windows: l.windows,
    })),
  );

const past = (l: LaneSummary, i: number) => ({
  id: l.release!,
  service: l.service,
  environment: l.environment,
  version: l.canary ?? '2.3.1',
  openedAt: Date.now() - (i + 1) * 3_600_000,
  endedAt: l.canary ? null : Date.now() - (i + 1) * 3_600_000 + 300_000,
  cause: null,
  blamed: l.outcome === 'rolled-back',
  outcome: l.outcome === 'stable' ? ('promoted' as const) : l.outcome,
  sentence: l.sentence,
});

const BOUNDS = [5, 10, 25, 50, 100, 200, 300, 500, 1_000, 2_500, null];

/** Distributions in each of their states, one an environment. */
const latency = (l: LaneSummary) => {
  const measured = { why: null, at: Date.now() - 5_000, spanMs: 200_000, bounds: BOUNDS };
  const canary = [0, 4, 60, 240, 420, 310, 136, 30, 8, 2, 0];
  const stable = [0, 30, 700, 2_100, 1_300, 500, 126, 30, 12, 2, 0];
  const missing = { at: null, spanMs: 0, bounds: [], canary: null, stable: null };
  const why = 'Prometheus gave no answer (connection refused)';
  const distribution =
    l.environment === 'prod'
      ? ({ ...missing, state: 'missing', why } as const)
      : l.environment === 'stage'
        ? ({ ...measured, state: 'stale', why: `${why}; this is 42 s old`, canary, stable } as const)
        : ({ ...measured, state: 'ready', canary, stable } as const);
  return {
    schema: 'sluice.dev/latency/v1' as const,
    release: l.release!,
    slos: [{ slo: `${l.service}-latency`, distribution }],
  };
};

const chart = (slo: string) => ({
  slo,
  bar: 6.9,
  enough: -2.3,
  at: Array.from({ length: 40 }, (_, i) => Date.now() - (40 - i) * 5_000),
  step: Array.from({ length: 40 }, (_, i) => (i < 20 ? 0 : 1)),
  canaryTotal: Array.from({ length: 40 }, () => 30),
  canaryBad: Array.from({ length: 40 }, (_, i) => (i > 20 ? 2 : 0)),
  stableTotal: Array.from({ length: 40 }, () => 120),
  stableBad: Array.from({ length: 40 }, () => 0),
  overBudget: Array.from({ length: 40 }, (_, i) => Math.max(-1, (i - 20) * 0.66)),
  worseThanStable: Array.from({ length: 40 }, (_, i) => Math.max(-1, (i - 22) * 0.5)),
  exposure: Array.from({ length: 40 }, (_, i) => -i * 0.02),
});

const release = (l: LaneSummary) => ({
  schema: 'sluice.dev/release/v1' as const,
  ...past(l, 1),
  revision: 'abc123',
  from: '2.3.0',
  current: true,
  state: l.state,
  verdict: {
    word: 'inconclusive',
    reasons: [{ code: 'TOO_FEW_REQUESTS', words: 'not enough requests so far' }],
  },
  totals: { canary: { total: 1_210, bad: 63 }, stable: { total: 4_800, bad: 1 } },
  steps: [20, 50, 100].map((weight, i) => ({
    weight,
    status: i === 0 ? 'done' : i === 1 ? 'now' : 'next',
    back: false,
    confirmedAt: i === 0 ? Date.now() - 60_000 : null,
    needs: i === 1 ? [{ slo: 's', seen: 120, needed: 332, seconds: 40 }] : [],
  })),
  charts: [chart(`${l.service}-availability`), chart(`${l.service}-latency`)],
  latency: [
    {
      slo: `${l.service}-latency`,
      thresholdMs: 300,
      sentence: '3.3% of 1210 canary requests took longer than 300 ms, stable 0.92%.',
      slow: 'Requests slower than 300 ms, percent',
    },
  ],
  path: [
    { from: 'Stable', to: 'Deploying', at: Date.now() - 300_000, reason: 'NEW_VERSION' },
    { from: 'Deploying', to: 'Canary', at: Date.now() - 290_000, reason: 'CANARY_STARTED' },
  ],
  timeline: [
    {
      seq: 12,
      at: Date.now() - 290_000,
      actor: 'sluice',
      title: 'Deploying → Canary',
      detail: 'the new version answers its health check',
    },
    { seq: 11, at: Date.now() - 300_000, actor: 'sluice', title: 'Release of 2.4.0 opened', detail: '' },
  ],
  machine: [
    { from: 'Stable', to: 'Deploying', by: 'seed' },
    { from: 'Deploying', to: 'Canary', by: 'seed' },
  ],
  loads: [],
  digest: `sha256:${'a'.repeat(64)}`,
  declaration: `sha256:${'b'.repeat(64)}`,
  enforced: true,
  differences: [{ path: 'version', from: '2.3.0', to: '2.3.1' }],
  trouble: null,
  weight: l.weight,
  origin: {
    pull: null,
    authors: ['ada'],
    commit: {
      sha: 'c'.repeat(40),
      url: `https://git.example/shop/desired/commit/${'c'.repeat(40)}`,
      mergedBy: 'grace',
    },
  },
  asked: {
    at: Date.now() - 5_000,
    seq: 12,
    queries: [`sum by (revision) (http_requests_total{service="${l.service}"})`],
  },
});

/** The console over the real routes of the API, which answer for a fleet that is made up; events come when told to. */
export async function serveFleet(options: FleetOptions) {
  const lanes = fleetOf(options);
  const frozen = options.calm || !options.environments.includes('prod') ? [] : [FREEZE];
  const now = () => Date.now();
  const ledger = memoryLedger('fleet');
  const entry = (subject: string, type = 'release.looked') =>
    ({
      at: now(),
      type,
      v: 1,
      subject,
      actor: SYSTEM,
      cause: null,
      data: { verdict: { verdict: 'pass', reasons: [] }, id: type },
    }) as const;
  await ledger.append(
    lanes
      .slice(0, 30)
      .map((l) => entry(nameOfLane(l), 'lane.moved'))
      .map((e) => ({
        ...e,
        data: { release: null, from: 'Canary', to: 'Evaluating', reason: 'COUNTS_ARRIVED' },
      })),
  );
  const listeners = new Set<(records: readonly LedgerRecord[]) => void>();
  const byName = new Map(lanes.map((l) => [nameOfLane(l), l]));
  const rows = () => [...byName.values()];
  const freezes: FreezeView[] = frozen.map((f) => ({
    ...f,
    kind: 'manual',
    since: now() - 3_600_000,
    by: 'ada',
    state: 'stands',
    liftable: true,
    lifted: null,
    scope: { ...f.scope },
  }));
  const releases = lanes.map(past);
  const notices = noticesOf(lanes);
  const parts = {
    allowedHosts: [],
    openReads: true,
    verdictToken: null,
    consoleDir: join(ROOT, 'console', 'dist'),
    ledger,
    now,
    slos: [],
    queries: {
      overview: async () => ({
        schema: 'sluice.dev/overview/v1',
        platform: 'fleet',
        sentence: fleetSentence(rows(), frozen, now()),
        at: now(),
        ledger: await ledger.head(),
        problems: [],
        environments: [...options.environments],
        freezes: frozen,
        teams: { checkout: 'shop', cart: 'shop', payment: 'money' },
        links: [{ name: 'Logs', url: 'https://logs.example/{service}/{environment}' }],
        lanes: rows(),
      }),
      changed: (_type: string, subject: string) => ({
        ...(byName.has(subject) ? { lane: byName.get(subject)! } : {}),
      }),
      release: async (id: string) => {
        const found = lanes.find((l) => l.release === id);
        return found && release(found);
      },
      notices: (query: NoticeQuery) => ({
        schema: 'sluice.dev/notices/v1',
        at: now(),
        ...noticePage(notices, now(), query),
      }),
      latency: async (id: string) => {
        const found = lanes.find((l) => l.release === id);
        return found && latency(found);
      },
      releases: async () => ({ schema: 'sluice.dev/releases/v1', releases, leftOut: 0 }),
    },
    budgets: {
      list: async () => ({
        schema: 'sluice.dev/budgets/v1',
        sentence: 'Every SLO is within its error budget.',
        at: now(),
        budgets: budgetsOf(lanes),
      }),
      detail: async (environment: string, slo: string) => {
        const found = budgetsOf(lanes).find((b) => b.environment === environment && b.slo === slo);
        return (
          found && {
            schema: 'sluice.dev/budget/v1',
            ...found,
            at: now(),
            spanMs: 86_400_000,
            leftOverTime: Array.from({ length: 60 }, (_, i) => [now() - (60 - i) * 1_440_000, 1 - i * 0.003]),
            consumers: [],
            adjustments: [],
            query: `slo:error_budget_remaining:ratio{slo="${slo}"}`,
          }
        );
      },
      replay: async () => ({
        ok: true,
        value: {
          schema: 'sluice.dev/replay/v1',
          sentence: 'No release was opened in this period: nothing to judge again.',
          releases: [],
          alerts: [],
        },
      }),
    },
    governanceQueries: {
      pulls: () => ({
        schema: 'sluice.dev/pulls/v1',
        sentence: 'No pull request is open.',
        at: now(),
        forge: 'github',
        pulls: [],
      }),
      pull: async () => undefined,
      freezes: () => ({
        schema: 'sluice.dev/freezes/v1',
        sentence:
          frozen.length > 0 ? 'payment/prod is frozen for another 3 h: quarter end.' : 'Nothing is frozen.',
        at: now(),
        freezes,
      }),
      waivers: () => ({ schema: 'sluice.dev/waivers/v1', at: now(), waivers: [] }),
      audit: async () => ({
        schema: 'sluice.dev/audit/v1',
        sentence: '2 records; the newest: Canary → Evaluating.',
        searched: 2,
        next: null,
        entries: [2, 1].map((seq) => ({
          seq,
          at: now(),
          type: 'lane.moved',
          subject: 'checkout/prod',
          actor: 'sluice',
          sentence: 'Canary → Evaluating',
          hash: 'h',
        })),
      }),
    },
    promoter: null,
    gate: null,
    sync: { of: () => null },
    lastEnvironments: ['prod'],
    measures: () => ({
      deployments: 0,
      perDay: 0,
      leadTimeMs: null,
      failures: 0,
      changeFailureRate: null,
      timeToRestoreMs: null,
      leftOutAt: null,
    }),
    controller: {
      lanes: () => [],
      lane: () => undefined,
      states: new Map(),
      onRecords: (listener: (records: readonly LedgerRecord[]) => void) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
    },
    tokens: { whose: () => undefined },
    signIn: { issuer: null, actorOfSession: () => undefined, actorOfToken: () => undefined },
    answered: { once: async (_c: unknown, _a: string, next: () => Promise<void>) => void (await next()) },
    governance: {},
  } as unknown as AppParts;
  const app = newApp(parts);
  for (const routes of [
    releaseRoutes,
    noticeRoutes,
    ledgerRoutes,
    budgetRoutes,
    governanceRoutes,
    pullRoutes,
    pipelineRoutes,
    auditRoutes,
    signInRoutes,
  ])
    routes(app, { ...parts, mayExport: (_, next) => next() });
  streamRoutes(app, parts);
  endings(app);
  consoleFiles(app, parts.consoleDir);
  const asked: string[] = [];
  let failing: number | null = null;
  const server = createServer((req, res) => {
    asked.push(`${req.method} ${req.url}`);
    if (failing !== null && req.url?.startsWith('/api/v1/events'))
      return void res.writeHead(failing).end('Bad gateway');
    return void getRequestListener((request) => app.fetch(request))(req, res);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lanes,
    asked,
    followers: () => listeners.size,
    /** Answers the stream with this status; null: as it is. Who follows already is cut off. */
    failStream(status: number | null) {
      failing = status;
      if (status !== null) server.closeAllConnections();
    },
    /** One record of a lane, with what it changed of its row. */
    async change(name: string, change: Partial<LaneSummary>, type = 'release.looked') {
      byName.set(name, { ...byName.get(name)!, ...change });
      const records = await ledger.append([entry(name, type)]);
      for (const listener of listeners) listener(records);
    },
    /** Something that people are notified of, and the record that says so. */
    async notify(title: string) {
      const [lane] = lanes;
      const kind = 'freeze';
      const [last] = noticesOf(lanes.slice(0, 1)).slice(-1);
      notices.push({
        ...last!,
        thread: title,
        kind,
        kinds: [kind],
        title,
        path: '/freezes',
        rev: 1_000 + notices.length,
      });
      await this.change(nameOfLane(lane!), {}, 'freeze.set');
    },
    async close() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
