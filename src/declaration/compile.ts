import { digestOf } from '../kit/digest.ts';
import { byPlace, type Problem, pathText } from '../kit/problem.ts';
import { fail, ok, type Result } from '../kit/result.ts';
import { parseDuration } from '../kit/time.ts';
import { parseTree } from '../promql/parse.ts';
import {
  ALERT_DEFAULTS,
  ANNOTATIONS,
  BURN_DEFAULTS,
  EVIDENCE_DEFAULTS,
  KUBERNETES_DEFAULTS,
  LIMITS,
  NOTICE_DEFAULT,
  RECOVERY_DEFAULTS,
  STRATEGY_DEFAULTS,
} from './defaults.ts';
import { type Parsed, parseDocuments, type SourceFile } from './documents.ts';
import { checkGovernance, compileForge, compileFreeze, compilePolicy, compileSignIn } from './governance.ts';
import type {
  AlertConditionDocument,
  AlertPolicyDocument,
  DataSourceDocument,
  OpenSloSli,
  OpenSloSlo,
  TargetDocument,
} from './openslo.ts';
import type {
  Alerting,
  ClusterPlace,
  Environment,
  Guard,
  Load,
  Maintenance,
  Notification,
  Platform,
  PrometheusSource,
  Receiver,
  Service,
  Slo,
  Strategy,
} from './platform.ts';
import { checkKnown, type Path, type Report } from './report.ts';
import type { PlatformDocument } from './schema.ts';
import { compileSlos, type PolicyShelf, RESERVED_LABELS, TILE_MS } from './slos.ts';

const ms = (text: string): number => parseDuration(text)!;

function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === 'object' && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}

/** Reports every name that stands twice, at its second place. */
function unique(
  items: readonly { name: string; at: Parsed; path: Path }[],
  what: string,
  report: Report,
): void {
  const first = new Map<string, { at: Parsed; path: Path }>();
  for (const { name, at, path } of items) {
    const before = first.get(name);
    if (!before) first.set(name, { at, path });
    else
      report(
        at,
        path,
        'DUPLICATE_NAME',
        `${what} "${name}" is declared twice`,
        `first at ${before.at.file}:${before.at.lineOf(before.path)}`,
      );
  }
}

const SIZE_WORDS = {
  environments: 'environments',
  services: 'services',
  freezes: 'freezes',
  maintenance: 'maintenance windows',
} as const;

/** What is larger is refused before anything is made of it, with the limit by name. */
function checkSizes(doc: Parsed<PlatformDocument>, report: Report): void {
  const { environments, services, freezes, maintenance } = doc.value.spec;
  const counts = { environments, services, freezes, maintenance };
  for (const [field, { length }] of Object.entries(counts)) {
    const most = LIMITS[field as keyof typeof counts];
    if (length > most)
      report(
        doc,
        ['spec', field],
        'TOO_LARGE',
        `expected at most ${most} ${SIZE_WORDS[field as keyof typeof counts]}, got ${length}`,
      );
  }
  const lanes = environments.length * services.length;
  if (lanes > LIMITS.lanes)
    report(
      doc,
      ['spec', 'services'],
      'TOO_LARGE',
      `expected at most ${LIMITS.lanes} lanes (services in each environment), got ${lanes}`,
      'split the platform',
    );
}

type StrategyInput = PlatformDocument['spec']['strategy'];

function compileStrategy(own: StrategyInput, shared: StrategyInput): Strategy {
  const pick = { ...STRATEGY_DEFAULTS, ...shared, ...own };
  return {
    steps: [...(pick.steps ?? STRATEGY_DEFAULTS.steps)],
    warmUpMs: ms(pick.warmUp ?? STRATEGY_DEFAULTS.warmUp),
    dwellMs: ms(pick.dwell ?? STRATEGY_DEFAULTS.dwell),
    deadlineMs: ms(pick.deadline ?? STRATEGY_DEFAULTS.deadline),
    holdMs: ms(pick.hold ?? STRATEGY_DEFAULTS.hold),
  };
}

type EnvironmentInput = PlatformDocument['spec']['environments'][number];

function compilePrometheus(p: EnvironmentInput['prometheus']): PrometheusSource {
  const basic = p.basic ? { basic: { username: p.basic.username, password: p.basic.secretRef } } : null;
  return {
    address: p.address ?? 'embedded',
    version: p.version ?? null,
    auth: p.bearer ? { bearer: p.bearer.secretRef } : basic,
    mtls: p.mtls
      ? { cert: p.mtls.cert.secretRef, key: p.mtls.key.secretRef, ca: p.mtls.ca?.secretRef ?? null }
      : null,
    tenant: p.tenant ?? null,
    scrapeIntervalMs: ms(p.scrapeInterval),
    evaluationIntervalMs: ms(p.evaluationInterval),
    budgetIntervalMs: ms(p.budgetInterval),
    timeoutMs: ms(p.timeout),
    latenessMs: ms(p.lateness),
  };
}

const stageOf = (e: EnvironmentInput): string => e.stage ?? e.name;
const waveOf = (e: EnvironmentInput): number => e.wave ?? 1;

/** Members of the latest wave of a stage that comes before a wave; of the whole stage where none is given. */
function lastWave(all: readonly EnvironmentInput[], stage: string, before = Number.POSITIVE_INFINITY) {
  const members = all.filter((e) => stageOf(e) === stage && waveOf(e) < before);
  const last = Math.max(...members.map(waveOf));
  return members.filter((e) => waveOf(e) === last).map((e) => e.name);
}

/** What comes before an environment: an earlier wave of its own stage, or what is declared, or what stands above it. */
function afterOf(e: EnvironmentInput, all: readonly EnvironmentInput[]): string[] {
  const earlier = lastWave(all, stageOf(e), waveOf(e));
  if (earlier.length > 0) return earlier;
  const named = (name: string) => (all.some((x) => x.name === name) ? [name] : lastWave(all, name));
  // A stage says once what comes before it: at any of its regions.
  const declared = e.after ?? all.find((x) => stageOf(x) === stageOf(e) && x.after)?.after;
  if (declared) return [...new Set(declared.flatMap(named))];
  const first = all.findIndex((x) => stageOf(x) === stageOf(e));
  return first > 0 ? lastWave(all, stageOf(all[first - 1]!)) : [];
}

const JUDGED_AT_ONCE = { steps: [100] };

function compileOwnStrategy(e: EnvironmentInput): Partial<Strategy> {
  const s = { ...e.strategy, ...(e.validation === 'k6' ? JUDGED_AT_ONCE : {}) };
  return {
    ...(s.steps ? { steps: [...s.steps] } : {}),
    ...(s.warmUp ? { warmUpMs: ms(s.warmUp) } : {}),
    ...(s.dwell ? { dwellMs: ms(s.dwell) } : {}),
    ...(s.deadline ? { deadlineMs: ms(s.deadline) } : {}),
    ...(s.hold ? { holdMs: ms(s.hold) } : {}),
  };
}

const compileLoad = (l: NonNullable<EnvironmentInput['load']>): Load => ({
  durationMs: ms(l.duration),
  address: l.address ?? null,
  targets: l.targets.map(({ service, path, rps }) => ({ service, path, rps })),
});

type ClusterInput = Pick<NonNullable<EnvironmentInput['cluster']>, 'kubeconfig' | 'context'>;

const clusterPlace = (c: ClusterInput | undefined): ClusterPlace => ({
  kubeconfig: c?.kubeconfig?.secretRef ?? null,
  context: c?.context ?? null,
});

type ArgoCdInput = NonNullable<PlatformDocument['spec']['kubernetes']>['argoCd'];

const compileArgoCd = (a: ArgoCdInput): Platform['kubernetes']['argoCd'] =>
  a
    ? {
        repository: a.repository,
        namespace: a.namespace,
        chart: a.chart,
        webhookToken: a.webhookToken?.secretRef ?? null,
        ...clusterPlace(a),
      }
    : null;

function compileEnvironment(
  e: EnvironmentInput,
  all: readonly EnvironmentInput[],
  platform: string,
): Environment {
  const side = (which: 'fast' | 'slow') => {
    const merged = { ...BURN_DEFAULTS[which], ...e.burn?.[which] };
    return { windowMs: ms(merged.window), threshold: merged.threshold };
  };
  return {
    name: e.name,
    mode: e.mode,
    validation: e.validation,
    prometheus: compilePrometheus(e.prometheus),
    burn: { fast: side('fast'), slow: e.validation === 'canary-multi-window' ? side('slow') : null },
    after: afterOf(e, all),
    stage: stageOf(e),
    wave: waveOf(e),
    branch: e.branch ?? null,
    strategy: compileOwnStrategy(e),
    load: e.load ? compileLoad(e.load) : null,
    delivery: e.delivery,
    cluster: {
      server: e.cluster?.server ?? KUBERNETES_DEFAULTS.apiServer,
      namespace: e.cluster?.namespace ?? platform,
      ...clusterPlace(e.cluster),
    },
    promotion: {
      soakMs: ms(e.promotion?.soak ?? '0s'),
      autoMerge: e.promotion?.autoMerge ?? false,
      autoRevert: e.promotion?.autoRevert ?? false,
    },
    budgetWindowMs: e.budget?.window ? ms(e.budget.window) : null,
    budgetHolds: e.budget?.holds ?? !e.load,
  };
}

type ServiceInput = PlatformDocument['spec']['services'][number];

function compileService(s: ServiceInput, shared: StrategyInput): Service {
  const guards = s.guards.map(
    (g): Guard => ({
      name: g.name,
      query: g.query,
      min: g.min ?? null,
      max: g.max ?? null,
      noData: g.noData,
      forMs: ms(g.for),
    }),
  );
  const { name, slos, burnSlos, revisionLabel, versionLabel } = s;
  const strategy = compileStrategy(s.strategy, shared);
  return {
    name,
    description: '',
    slos,
    burnSlos,
    revisionLabel,
    versionLabel,
    strategy,
    guards,
    run: s.run ?? null,
  };
}

function checkReferences(
  doc: Parsed<PlatformDocument>,
  slos: readonly Slo[],
  refused: ReadonlySet<string>,
  report: Report,
): void {
  const names = slos.map((s) => s.name);
  const byName = new Map(slos.map((s) => [s.name, s]));
  for (const [i, service] of doc.value.spec.services.entries()) {
    for (const field of ['slos', 'burnSlos'] as const)
      for (const [j, slo] of service[field].entries()) {
        const found = byName.get(slo);
        const path = ['spec', 'services', i, field, j];
        if (!found && refused.has(slo)) continue;
        if (!found) checkKnown(report, doc, path, 'SLO', slo, names);
        else if (field === 'slos' && found.service !== service.name)
          report(
            doc,
            path,
            'FOREIGN_SLO',
            `SLO "${slo}" belongs to service "${found.service}"`,
            'list it under burnSlos instead',
          );
      }
    for (const [j, guard] of service.guards.entries()) {
      const parsed = parseTree(guard.query);
      if (!parsed.ok)
        report(
          doc,
          ['spec', 'services', i, 'guards', j, 'query'],
          'PROMQL_SYNTAX',
          `PromQL ${parsed.error.message}`,
        );
    }
  }
}

/** Whether every service an SLO names exists, as an OpenSLO Service or in the Platform. */
function checkServices(docs: readonly Parsed[], known: readonly string[], report: Report): void {
  for (const doc of docs as Parsed<OpenSloSlo>[]) {
    const { service } = doc.value.spec;
    checkKnown(report, doc, ['spec', 'service'], 'service', service, known, 'declare a Service of that name');
  }
}

/** Rules are evaluated on a grid of five minutes: an interval that does not divide it would leave seams. */
function checkIntervals(doc: Parsed<PlatformDocument>, report: Report): void {
  for (const [i, environment] of doc.value.spec.environments.entries())
    for (const field of ['evaluationInterval', 'budgetInterval'] as const) {
      const text = environment.prometheus[field];
      const interval = ms(text);
      if (interval <= 0 || TILE_MS % interval !== 0)
        report(
          doc,
          ['spec', 'environments', i, 'prometheus', field],
          'INTERVAL',
          `expected an interval that divides 5m (5s, 10s, 15s, 30s, 1m), got ${text}`,
        );
    }
}

function checkAlerts(doc: Parsed<PlatformDocument>, slos: readonly Slo[], report: Report): void {
  const { alerts, environments, services } = doc.value.spec;
  const receivers = (alerts?.receivers ?? []).map((r) => r.name);
  unique(
    receivers.map((name, i) => ({ name, at: doc, path: ['spec', 'alerts', 'receivers', i, 'name'] })),
    'receiver',
    report,
  );
  const environmentNames = environments.map((e) => e.name);
  const serviceNames = [...services.map((s) => s.name), ...slos.map((s) => s.service)];
  for (const [i, route] of (alerts?.routes ?? []).entries()) {
    const at: Path = ['spec', 'alerts', 'routes', i];
    checkKnown(report, doc, [...at, 'receiver'], 'receiver', route.receiver, receivers);
    for (const [j, name] of (route.environments ?? []).entries())
      checkKnown(report, doc, [...at, 'environments', j], 'environment', name, environmentNames);
    for (const [j, name] of (route.services ?? []).entries())
      checkKnown(report, doc, [...at, 'services', j], 'service', name, serviceNames);
  }
  for (const name of Object.keys(alerts?.labels ?? {}))
    if (RESERVED_LABELS.has(name))
      report(
        doc,
        ['spec', 'alerts', 'labels', name],
        'LABEL_COLLISION',
        `label "${name}" is one of ours`,
        'name it otherwise',
      );
  for (const [i, item] of doc.value.spec.maintenance.entries()) {
    const at: Path = ['spec', 'maintenance', i];
    for (const [j, name] of (item.environments ?? []).entries())
      checkKnown(report, doc, [...at, 'environments', j], 'environment', name, environmentNames);
    for (const [j, name] of (item.services ?? []).entries())
      checkKnown(report, doc, [...at, 'services', j], 'service', name, serviceNames);
  }
}

/** Environments that lead into a circle; each is visited once, however many ways lead to it. */
function inCircles(after: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const circular = new Set<string>();
  const done = new Set<string>();
  const open = new Set<string>();
  const visit = (name: string): boolean => {
    if (open.has(name)) return true;
    if (done.has(name)) return circular.has(name);
    open.add(name);
    const found = (after.get(name) ?? []).map(visit).some(Boolean);
    open.delete(name);
    done.add(name);
    if (found) circular.add(name);
    return found;
  };
  for (const name of after.keys()) visit(name);
  return circular;
}

/** Promotion order is over environments that are declared, and goes in no circle. */
function checkOrder(doc: Parsed<PlatformDocument>, report: Report): void {
  const { environments } = doc.value.spec;
  const names = environments.map((e) => e.name);
  const stages = [...new Set(environments.flatMap((e) => e.stage ?? []))];
  const known = [...names, ...stages];
  const circular = inCircles(new Map(environments.map((e) => [e.name, afterOf(e, environments)])));
  for (const [i, environment] of environments.entries()) {
    const at: Path = ['spec', 'environments', i, 'after'];
    for (const [j, name] of (environment.after ?? []).entries())
      checkKnown(report, doc, [...at, j], 'environment', name, known);
    if (environment.after && circular.has(environment.name))
      report(doc, at, 'ORDER_IN_A_CIRCLE', `"${environment.name}" would come before itself`);
    if (
      environment.stage !== undefined &&
      names.includes(environment.stage) &&
      environment.stage !== environment.name
    )
      report(
        doc,
        ['spec', 'environments', i, 'stage'],
        'DUPLICATE_NAME',
        `"${environment.stage}" names a stage and an environment`,
      );
  }
}

/** Services that load is sent to, and those that somebody is told of, are declared. */
function checkNames(doc: Parsed<PlatformDocument>, report: Report): void {
  const { environments, services, notifications } = doc.value.spec;
  const known = { service: services.map((s) => s.name), environment: environments.map((e) => e.name) };
  const check = (path: Path, what: keyof typeof known, name: string) =>
    checkKnown(report, doc, path, what, name, known[what]);
  for (const [i, { load }] of environments.entries())
    for (const [j, { service }] of (load?.targets ?? []).entries())
      check(['spec', 'environments', i, 'load', 'targets', j, 'service'], 'service', service);
  for (const [i, n] of notifications.entries()) {
    for (const [j, name] of (n.environments ?? []).entries())
      check(['spec', 'notifications', i, 'environments', j], 'environment', name);
    for (const [j, name] of (n.services ?? []).entries())
      check(['spec', 'notifications', i, 'services', j], 'service', name);
  }
  unique(
    notifications.map((n, i) => ({ name: n.name, at: doc, path: ['spec', 'notifications', i, 'name'] })),
    'notification',
    report,
  );
}

/** Targets of OpenSLO policies are receivers of ours, by name; without a Platform they are labels only. */
function checkTargets(
  doc: Parsed<PlatformDocument>,
  targets: readonly Parsed<TargetDocument>[],
  report: Report,
): void {
  const receivers = (doc.value.spec.alerts?.receivers ?? []).map((r) => r.name);
  for (const target of targets) {
    const declare = 'declare it under spec.alerts.receivers of the Platform';
    checkKnown(report, target, ['spec', 'target'], 'receiver', target.value.spec.target, receivers, declare);
  }
}

type AlertsInput = NonNullable<PlatformDocument['spec']['alerts']>;

function compileReceiver(r: AlertsInput['receivers'][number]): Receiver {
  const base = { name: r.name, sendResolved: r.sendResolved };
  if (r.webhook) return { ...base, to: { kind: 'webhook', url: r.webhook.url } };
  if (r.slack)
    return { ...base, to: { kind: 'slack', channel: r.slack.channel, apiUrlFile: r.slack.apiUrl.file } };
  if (r.pagerDuty) return { ...base, to: { kind: 'pagerduty', routingKeyFile: r.pagerDuty.routingKey.file } };
  const { to, from, smarthost, username, password } = r.email!;
  return {
    ...base,
    to: {
      kind: 'email',
      to,
      from,
      smarthost,
      username: username ?? null,
      passwordFile: password?.file ?? null,
    },
  };
}

function compileAlerts(a: AlertsInput | undefined): Alerting {
  return {
    webhook: a?.webhook ?? null,
    runbook: a?.runbook ?? null,
    ladder: a?.ladder ?? true,
    minBad: a?.minBad ?? ALERT_DEFAULTS.minBad,
    labels: a?.labels ?? {},
    receivers: (a?.receivers ?? []).map(compileReceiver),
    routes: (a?.routes ?? []).map((r) => ({
      receiver: r.receiver,
      severity: r.severity ?? null,
      environments: r.environments ?? null,
      services: r.services ?? null,
    })),
  };
}

const compileMaintenance = (m: PlatformDocument['spec']['maintenance'][number]): Maintenance => ({
  fromMs: Date.parse(m.from),
  toMs: Date.parse(m.to),
  reason: m.reason,
  services: m.services ?? null,
  environments: m.environments ?? null,
});

function compileNotification(n: PlatformDocument['spec']['notifications'][number]): Notification {
  const { name } = n;
  const to = ((): Notification['to'] => {
    if (n.slack) {
      const { channel, token, address } = n.slack;
      return { kind: 'slack', channel, token: token.secretRef, address: address ?? null };
    }
    if (n.teams) return { kind: 'teams', url: n.teams.url.secretRef };
    if (n.webhook)
      return { kind: 'webhook', url: n.webhook.url, secret: n.webhook.secret?.secretRef ?? null };
    const { to, from, smarthost, username, password } = n.email!;
    return {
      kind: 'email',
      to,
      from,
      smarthost,
      username: username ?? null,
      password: password?.secretRef ?? null,
    };
  })();
  const on = n.on ?? NOTICE_DEFAULT;
  return { name, on, environments: n.environments ?? null, services: n.services ?? null, to };
}

const KINDS = {
  SLI: 'openslo/v1 SLI',
  AlertPolicy: 'openslo/v1 AlertPolicy',
  AlertCondition: 'openslo/v1 AlertCondition',
  AlertNotificationTarget: 'openslo/v1 AlertNotificationTarget',
  DataSource: 'openslo/v1 DataSource',
  SLO: 'openslo/v1 SLO',
  Service: 'openslo/v1 Service',
} as const;

type Named = { metadata: { name: string } };

/** Everything that documents may refer to by name. */
function shelfOf(documents: readonly Parsed[], refused: ReadonlySet<string>): PolicyShelf {
  const byName = <T extends Named>(kind: string) =>
    new Map(
      documents.filter((d) => d.kind === kind).map((d) => [(d.value as T).metadata.name, d as Parsed<T>]),
    );
  const names = new Map<string, string>();
  for (const [kind, key] of Object.entries(KINDS))
    for (const d of documents) if (d.kind === key) names.set((d.value as Named).metadata.name, kind);
  return {
    slis: byName<OpenSloSli>(KINDS.SLI),
    sources: byName<DataSourceDocument>(KINDS.DataSource),
    policies: byName<AlertPolicyDocument>(KINDS.AlertPolicy),
    conditions: byName<AlertConditionDocument>(KINDS.AlertCondition),
    targets: byName<TargetDocument>(KINDS.AlertNotificationTarget),
    kindOf: (name) => names.get(name) ?? null,
    refused,
  };
}

/** SLO documents by the names that rules will carry: several objectives make several of them. */
function uniqueSlos(
  docs: readonly Parsed<OpenSloSlo>[],
  slosOf: readonly (readonly Slo[])[],
  report: Report,
): void {
  unique(
    docs.flatMap((at, i) =>
      slosOf[i]!.map((slo, j) => ({
        name: slo.name,
        at,
        path: slosOf[i]!.length === 1 ? ['metadata', 'name'] : ['spec', 'objectives', j],
      })),
    ),
    'SLO',
    report,
  );
}

/** With a Platform, its environments say where Prometheus is; a second answer would be ignored, so it is refused. */
function checkSources(docs: readonly Parsed[], report: Report): void {
  for (const doc of docs as Parsed<DataSourceDocument>[])
    if (Object.keys(doc.value.spec.connectionDetails ?? {}).length > 0)
      report(
        doc,
        ['spec', 'connectionDetails'],
        'TWO_SOURCES',
        'the environments of the Platform say where Prometheus is',
        'remove connectionDetails',
      );
}

/** Judged by exact counts: only counters can judge a release. */
function checkJudged(doc: Parsed<PlatformDocument>, slos: readonly Slo[], report: Report): void {
  const byName = new Map(slos.map((s) => [s.name, s]));
  for (const [i, service] of doc.value.spec.services.entries())
    for (const [j, name] of service.slos.entries()) {
      const slo = byName.get(name);
      if (slo && (slo.indicator.kind !== 'counters' || slo.budgeting.kind !== 'occurrences'))
        report(
          doc,
          ['spec', 'services', i, 'slos', j],
          'NOT_COUNTED',
          `SLO "${name}" does not count requests by counters: a canary cannot be judged by it`,
          'list it under burnSlos',
        );
    }
}

const NO_STRATEGY: StrategyInput = undefined;

/** OpenSLO documents alone: rules, alerts and dashboards without environments; nothing is delivered. */
function withoutPlatform(slos: readonly Slo[]): Omit<Platform, 'digest'> {
  const services = [...new Set(slos.map((s) => s.service))].sort();
  return {
    name: 'slos',
    environments: [
      {
        name: '',
        mode: 'observe',
        validation: 'canary-multi-window',
        prometheus: {
          address: 'http://localhost:9090',
          version: null,
          auth: null,
          mtls: null,
          tenant: null,
          scrapeIntervalMs: 15_000,
          evaluationIntervalMs: 30_000,
          budgetIntervalMs: 60_000,
          timeoutMs: 5_000,
          latenessMs: 0,
        },
        burn: {
          fast: { windowMs: ms(BURN_DEFAULTS.fast.window), threshold: BURN_DEFAULTS.fast.threshold },
          slow: { windowMs: ms(BURN_DEFAULTS.slow.window), threshold: BURN_DEFAULTS.slow.threshold },
        },
        after: [],
        promotion: { soakMs: 0, autoMerge: false, autoRevert: false },
        stage: '',
        wave: 1,
        branch: null,
        strategy: {},
        load: null,
        delivery: 'embedded',
        cluster: {
          server: KUBERNETES_DEFAULTS.apiServer,
          namespace: 'default',
          ...clusterPlace(undefined),
        },
        budgetWindowMs: null,
        budgetHolds: true,
      },
    ],
    services: services.map((name) => ({
      name,
      description: '',
      slos: [],
      burnSlos: [],
      revisionLabel: 'revision',
      versionLabel: 'version',
      strategy: compileStrategy(NO_STRATEGY, NO_STRATEGY),
      guards: [],
      run: null,
    })),
    slos,
    evidence: { ...EVIDENCE_DEFAULTS },
    recovery: {
      looks: RECOVERY_DEFAULTS.looks,
      burnBelow: RECOVERY_DEFAULTS.burnBelow,
      forMs: ms(RECOVERY_DEFAULTS.for),
    },
    repository: { path: 'embedded', branch: 'main', pollMs: 2_000 },
    ledger: null,
    kubernetes: { server: KUBERNETES_DEFAULTS.server, argoCd: null },
    alerts: compileAlerts(undefined),
    maintenance: [],
    notifications: [],
    policy: compilePolicy(undefined),
    freezes: [],
    forge: null,
    signIn: compileSignIn(undefined),
  };
}

/** The digest of a large fleet takes its time, and rendering does not ask for it: computed once, when asked. */
function withDigest(body: Omit<Platform, 'digest'>): Platform {
  let digest: string | null = null;
  const platform = {
    ...deepFreeze(body),
    get digest(): string {
      digest ??= digestOf(body);
      return digest;
    },
  };
  return Object.freeze(platform);
}

const bySlo = (a: Slo, b: Slo): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

/** Adds to the problems what is wrong: once, and no more of it than somebody would read. */
function reportTo(problems: Problem[]): Report {
  const said = new Set(problems.map(placeOf));
  return (at, path, code, message, next) => {
    if (problems.length >= LIMITS.problems) return;
    const line = at.lineOf(path);
    const problem = { code, file: at.file, line, path: pathText(path), message, ...(next ? { next } : {}) };
    // Several SLOs may share one SLI: what is wrong with it is said once.
    const place = placeOf(problem);
    if (!said.has(place)) problems.push(problem);
    said.add(place);
  };
}

const placeOf = ({ file, line, path, message }: Problem): string =>
  JSON.stringify([file, line, path, message]);

export interface CompileOptions {
  /** Whether OpenSLO documents may stand without a Platform. */
  readonly platform: 'required' | 'optional';
}

/** Turns the user's files into one frozen Platform, or tells everything that is wrong with all of them. */
export function compileDeclaration(
  files: readonly SourceFile[],
  options: CompileOptions = { platform: 'required' },
): Result<Platform, Problem[]> {
  const { documents, problems, refused } = parseDocuments(files);
  const report = reportTo(problems);
  const of = (kind: string) => documents.filter((d) => d.kind === kind);
  const sloDocs = of(KINDS.SLO) as Parsed<OpenSloSlo>[];
  const serviceDocs = of(KINDS.Service);
  const platforms = of('sluice.dev/v1 Platform') as Parsed<PlatformDocument>[];
  const runbooks = new Map(
    serviceDocs.flatMap((d): [string, string][] => {
      const { metadata } = d.value as OpenSloSlo;
      const link = metadata.annotations?.[ANNOTATIONS.runbook];
      return link ? [[metadata.name, link]] : [];
    }),
  );
  const shelf = shelfOf(documents, refused);
  const slosOf = sloDocs.map((doc) => compileSlos(doc, shelf, runbooks, report));
  const slos = slosOf.flat().sort(bySlo);
  const place = (doc: Parsed) => ({
    name: (doc.value as Named).metadata.name,
    at: doc,
    path: ['metadata', 'name'],
  });
  for (const [what, kind] of Object.entries(KINDS))
    if (kind !== KINDS.SLO) unique(of(kind).map(place), what === 'Service' ? 'service' : what, report);
  uniqueSlos(sloDocs, slosOf, report);
  const [first, second] = platforms;
  if (second)
    report(second, ['kind'], 'TWO_PLATFORMS', 'a second Platform', `the first is in ${first!.file}`);
  const declared = serviceDocs.map((d) => (d.value as Named).metadata.name);
  if (!first) {
    const alone = options.platform === 'optional' && (documents.length > 0 || problems.length > 0);
    if (alone) checkServices(sloDocs, declared, report);
    // A document that could not be read may have been the Platform: its own problem is enough.
    else if (problems.length === 0)
      problems.push({
        code: 'NO_PLATFORM',
        file: files[0]?.file ?? '.',
        line: 1,
        path: '',
        message: 'no Platform document was found',
        next: 'run `sluice init` for a working example',
      });
    if (problems.length > 0) return fail([...problems].sort(byPlace));
    const body = withoutPlatform(slos);
    return ok(withDigest(body));
  }
  const { spec } = first.value;
  const at = (list: 'services' | 'environments') =>
    spec[list].map((item, i) => ({
      name: item.name,
      at: first as Parsed,
      path: ['spec', list, i, 'name'] as Path,
    }));
  unique(at('services'), 'service', report);
  unique(at('environments'), 'environment', report);
  checkSizes(first, report);
  if (problems.some((p) => p.code === 'TOO_LARGE')) return fail([...problems].sort(byPlace));
  checkReferences(first, slos, refused, report);
  checkJudged(first, slos, report);
  checkIntervals(first, report);
  checkAlerts(first, slos, report);
  checkGovernance(first, report);
  checkOrder(first, report);
  checkNames(first, report);
  checkTargets(first, [...shelf.targets.values()], report);
  checkSources(of(KINDS.DataSource), report);
  checkServices(sloDocs, [...declared, ...spec.services.map((s) => s.name)], report);
  if (problems.length > 0) return fail([...problems].sort(byPlace));
  const recovery = { ...RECOVERY_DEFAULTS, ...spec.recovery };
  const body = {
    name: first.value.metadata.name,
    environments: spec.environments.map((e) =>
      compileEnvironment(e, spec.environments, first.value.metadata.name),
    ),
    services: spec.services.map((s) => compileService(s, spec.strategy)),
    slos,
    evidence: { ...EVIDENCE_DEFAULTS, ...spec.evidence },
    recovery: { looks: recovery.looks, burnBelow: recovery.burnBelow, forMs: ms(recovery.for) },
    repository: {
      path: spec.repository?.path ?? 'embedded',
      branch: spec.repository?.branch ?? 'main',
      pollMs: ms(spec.repository?.poll ?? '2s'),
    },
    kubernetes: {
      server: spec.kubernetes?.server ?? KUBERNETES_DEFAULTS.server,
      argoCd: compileArgoCd(spec.kubernetes?.argoCd),
    },
    ledger: spec.ledger ? { url: spec.ledger.postgres.url.secretRef } : null,
    alerts: compileAlerts(spec.alerts),
    maintenance: spec.maintenance.map(compileMaintenance),
    notifications: spec.notifications.map(compileNotification),
    policy: compilePolicy(spec.policy),
    freezes: spec.freezes.map(compileFreeze),
    forge: compileForge(spec.forge),
    signIn: compileSignIn(spec.signIn),
  };
  return ok(withDigest(body));
}
