import { digestOf } from '../kit/digest.ts';
import { nearest } from '../kit/nearest.ts';
import { byPlace, type Problem, pathText } from '../kit/problem.ts';
import { fail, ok, type Result } from '../kit/result.ts';
import { parseDuration } from '../kit/time.ts';
import { selectorTest } from '../promql/match.ts';
import { parseSelectorSum, parseTree, type Selector } from '../promql/parse.ts';
import { BURN_DEFAULTS, EVIDENCE_DEFAULTS, RECOVERY_DEFAULTS, STRATEGY_DEFAULTS } from './defaults.ts';
import { type Parsed, parseDocuments, type SourceFile } from './documents.ts';
import type { Environment, Guard, Platform, PrometheusSource, Service, Slo, Strategy } from './platform.ts';
import type { OpenSloSlo, PlatformDocument } from './schema.ts';

type Path = readonly PropertyKey[];
type Report = (at: Parsed, path: Path, code: string, message: string, next?: string) => void;

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

function selectors(doc: Parsed, path: Path, query: string, report: Report): readonly Selector[] {
  const parsed = parseSelectorSum(query);
  if (!parsed.ok) {
    const hint =
      parsed.error.code === 'PROMQL_SYNTAX'
        ? 'see the expression in the Prometheus console'
        : 'write the counter alone, as http_requests_total{service="x"}; range and rate are added for you';
    report(doc, path, parsed.error.code, `PromQL ${parsed.error.message}`, hint);
    return [];
  }
  for (const selector of parsed.value) {
    const test = selectorTest(selector);
    if (!test.ok) report(doc, path, 'PROMQL_REGEX', test.error);
  }
  return parsed.value;
}

function compileSlos(doc: Parsed<OpenSloSlo>, report: Report): Slo[] {
  const { spec, metadata } = doc.value;
  const metric = spec.indicator.spec.ratioMetric;
  const base = ['spec', 'indicator', 'spec', 'ratioMetric'];
  const read = (side: 'good' | 'bad' | 'total') => {
    const source = metric[side];
    const path = [...base, side, 'metricSource', 'spec', 'query'];
    return source ? selectors(doc, path, source.metricSource.spec.query, report) : [];
  };
  const partIs = metric.good ? 'good' : 'bad';
  const part = read(partIs);
  const total = read('total');
  return spec.objectives.map((o) => ({
    name:
      spec.objectives.length === 1
        ? metadata.name
        : `${metadata.name}-${(o.displayName ?? String(o.target ?? o.targetPercent)).toLowerCase().replace(/[^a-z0-9]+/g, '-')}`,
    service: spec.service,
    objective: o.target ?? Number(((o.targetPercent ?? 0) / 100).toPrecision(12)),
    windowMs: ms(spec.timeWindow[0]!.duration),
    description: spec.description ?? '',
    total,
    part,
    partIs,
  }));
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
  };
}

function compileEnvironment(e: EnvironmentInput): Environment {
  const side = (which: 'fast' | 'slow') => {
    const merged = { ...BURN_DEFAULTS[which], ...e.burn?.[which] };
    return { windowMs: ms(merged.window), threshold: merged.threshold };
  };
  return {
    name: e.name,
    mode: e.mode,
    validation: e.validation,
    prometheus: compilePrometheus(e.prometheus),
    burn: { fast: side('fast'), slow: e.validation === 'canary' ? null : side('slow') },
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
  for (const [i, service] of doc.value.spec.services.entries()) {
    for (const field of ['slos', 'burnSlos'] as const)
      for (const [j, slo] of service[field].entries()) {
        const found = slos.find((s) => s.name === slo);
        const path = ['spec', 'services', i, field, j];
        const near = nearest(slo, names);
        const hint = near ? `did you mean "${near}"?` : `known: ${names.join(', ') || 'none'}`;
        if (!found && refused.has(slo)) continue;
        if (!found) report(doc, path, 'UNKNOWN_SLO', `no SLO is named "${slo}"`, hint);
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
  for (const doc of docs as Parsed<OpenSloSlo>[])
    if (!known.includes(doc.value.spec.service)) {
      const near = nearest(doc.value.spec.service, known);
      const hint = near ? `did you mean "${near}"?` : 'declare a Service of that name';
      report(
        doc,
        ['spec', 'service'],
        'UNKNOWN_SERVICE',
        `no service is named "${doc.value.spec.service}"`,
        hint,
      );
    }
}

/** Turns the user's files into one frozen Platform, or tells everything that is wrong with all of them. */
export function compileDeclaration(files: readonly SourceFile[]): Result<Platform, Problem[]> {
  const { documents, problems, refused } = parseDocuments(files);
  const report: Report = (at, path, code, message, next) => {
    problems.push({
      code,
      file: at.file,
      line: at.lineOf(path),
      path: pathText(path),
      message,
      ...(next ? { next } : {}),
    });
  };
  const of = (kind: string) => documents.filter((d) => d.kind === kind);
  const sloDocs = of('openslo/v1 SLO') as Parsed<OpenSloSlo>[];
  const platforms = of('sluice.dev/v1 Platform') as Parsed<PlatformDocument>[];
  const slos = sloDocs.flatMap((doc) => compileSlos(doc, report));
  const place = (doc: Parsed) => ({
    name: (doc.value as OpenSloSlo).metadata.name,
    at: doc,
    path: ['metadata', 'name'],
  });
  unique(of('openslo/v1 Service').map(place), 'service', report);
  unique(sloDocs.map(place), 'SLO', report);
  const [first, second] = platforms;
  if (second)
    report(second, ['kind'], 'TWO_PLATFORMS', 'a second Platform', `the first is in ${first!.file}`);
  if (!first) {
    const file = files[0]?.file ?? '.';
    // A document that could not be read may have been the Platform: its own problem is enough.
    if (problems.length === 0)
      problems.push({
        code: 'NO_PLATFORM',
        file,
        line: 1,
        path: '',
        message: 'no Platform document was found',
        next: 'run `sluice init` for a working example',
      });
    return fail([...problems].sort(byPlace));
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
  checkReferences(first, slos, refused, report);
  const declared = of('openslo/v1 Service').map((d) => (d.value as OpenSloSlo).metadata.name);
  checkServices(sloDocs, [...declared, ...spec.services.map((s) => s.name)], report);
  if (problems.length > 0) return fail([...problems].sort(byPlace));
  const recovery = { ...RECOVERY_DEFAULTS, ...spec.recovery };
  const body = {
    name: first.value.metadata.name,
    environments: spec.environments.map(compileEnvironment),
    services: spec.services.map((s) => compileService(s, spec.strategy)),
    slos: slos.sort((a, b) => a.name.localeCompare(b.name)),
    evidence: { ...EVIDENCE_DEFAULTS, ...spec.evidence },
    recovery: { looks: recovery.looks, burnBelow: recovery.burnBelow, forMs: ms(recovery.for) },
    repository: {
      path: spec.repository?.path ?? 'embedded',
      branch: spec.repository?.branch ?? 'main',
      pollMs: ms(spec.repository?.poll ?? '2s'),
    },
    alerts: { webhook: spec.alerts?.webhook ?? null },
  };
  return ok(deepFreeze({ ...body, digest: digestOf(body) }));
}
