import { parseDuration } from '../kit/time.ts';
import { BURN_DEFAULTS, KUBERNETES_DEFAULTS } from './defaults.ts';
import type { Parsed } from './documents.ts';
import { compileOwnStrategy, judgeIntervalOf } from './judging.ts';
import type { Environment, Load, PrometheusSource } from './platform.ts';
import { checkKnown, type Path, type Report } from './report.ts';
import type { PlatformDocument } from './schema.ts';
import { clusterPlace } from './syncing-checks.ts';
import { prometheusAccess } from './workload-access.ts';

const ms = (text: string): number => parseDuration(text)!;

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
    ...prometheusAccess(p),
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

const compileLoad = (l: NonNullable<EnvironmentInput['load']>): Load => ({
  durationMs: ms(l.duration),
  address: l.address ?? null,
  targets: l.targets.map(({ service, path, rps }) => ({ service, path, rps })),
});

/** One window of the burn rule as declared, or as the architecture has it. */
export function burnSide(which: 'fast' | 'slow', burn: EnvironmentInput['burn']) {
  const { window, threshold } = { ...BURN_DEFAULTS[which], ...burn?.[which] };
  return { windowMs: ms(window), threshold };
}

/** One environment with every default filled in; `platform` names its namespace. */
export function compileEnvironment(
  e: EnvironmentInput,
  all: readonly EnvironmentInput[],
  platform: string,
  edition: 1 | 2,
): Environment {
  const side = (which: 'fast' | 'slow') => burnSide(which, e.burn);
  return {
    name: e.name,
    mode: e.mode,
    validation: e.validation,
    prometheus: compilePrometheus(e.prometheus),
    judgeIntervalMs: e.judgeInterval
      ? ms(e.judgeInterval)
      : judgeIntervalOf(edition, ms(e.prometheus.scrapeInterval)),
    burn: { fast: side('fast'), slow: e.validation === 'canary-multi-window' ? side('slow') : null },
    after: afterOf(e, all),
    stage: stageOf(e),
    wave: waveOf(e),
    branch: e.branch ?? null,
    strategy: compileOwnStrategy(e.strategy, e.validation === 'k6', edition),
    load: e.load ? compileLoad(e.load) : null,
    delivery: e.delivery,
    ...(e.sync ? { sync: e.sync } : {}),
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
export function checkOrder(doc: Parsed<PlatformDocument>, report: Report): void {
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
      report(doc, at, 'ORDER_IN_A_CIRCLE', `"${environment.name}" would depend on itself`);
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
