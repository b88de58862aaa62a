import { slipOf } from '../kit/nearest.ts';
import { parseDuration } from '../kit/time.ts';
import type { Parsed } from './documents.ts';
import { readQuery } from './indicators.ts';
import { compileStrategy, type StrategyInput } from './judging.ts';
import { isIn } from './layout.ts';
import type { OpenSloSlo } from './openslo.ts';
import { oldestVersion } from './origin.ts';
import type { Guard, Service, Slo } from './platform.ts';
import { checkKnown, type Path, type Report } from './report.ts';
import type { PlatformDocument } from './schema.ts';
import { workloadSelector } from './workload-access.ts';

const ms = (text: string): number => parseDuration(text)!;

type ServiceInput = PlatformDocument['spec']['services'][number];

/** One service with every default filled in; `shared` is the strategy that all services have. */
export function compileService(s: ServiceInput, shared: StrategyInput, edition: 1 | 2): Service {
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
  const { name, slos, burnSlos } = s;
  const strategy = compileStrategy(s.strategy, shared, edition);
  return {
    name,
    ...(s.team === undefined ? {} : { team: s.team }),
    description: '',
    ...(s.environments === undefined ? {} : { environments: s.environments }),
    slos,
    burnSlos,
    ...workloadSelector(s),
    strategy,
    guards,
    run: s.run ?? null,
  };
}

/** An SLO of another service is recorded where that one runs, and nowhere else. */
function checkRecorded(
  doc: Parsed<PlatformDocument>,
  { path, service, slo }: { path: Path; service: ServiceInput; slo: Slo },
  report: Report,
): void {
  const { services, environments } = doc.value.spec;
  const owner = services.find((s) => s.name === slo.service);
  const missing = environments.find(({ name }) => isIn(service, name) && owner && !isIn(owner, name));
  if (missing)
    report(
      doc,
      path,
      'RUNS_ELSEWHERE',
      `SLO "${slo.name}" is not recorded in "${missing.name}": "${slo.service}" does not run there`,
      `name an SLO of a service that runs in "${missing.name}"`,
    );
}

/** SLOs that a service names exist and are its own, and its guards are queries. */
export function checkReferences(
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
        else if (field === 'burnSlos') checkRecorded(doc, { path, service, slo: found }, report);
        else if (found.service !== service.name)
          report(
            doc,
            path,
            'FOREIGN_SLO',
            `SLO "${slo}" belongs to service "${found.service}"`,
            'list it under burnSlos instead',
          );
      }
    for (const [j, guard] of service.guards.entries()) {
      const at = ['spec', 'services', i, 'guards', j, 'query'];
      readQuery(doc, at, guard.query, oldestVersion(doc, []), report);
    }
  }
}

/** Without a Platform a service needs no document of its own; a name that looks like a slip is asked about. */
export function checkSlips(docs: readonly Parsed[], known: readonly string[], report: Report): void {
  for (const doc of docs as Parsed<OpenSloSlo>[]) {
    const { service } = doc.value.spec;
    const meant = known.includes(service) ? undefined : slipOf(service, known);
    if (meant !== undefined)
      report(
        doc,
        ['spec', 'service'],
        'UNKNOWN_SERVICE',
        `no service is named "${service}"`,
        `did you mean "${meant}"? If not, declare a Service of that name`,
      );
  }
}

/** Whether every service an SLO names exists, as an OpenSLO Service or in the Platform. */
export function checkServices(docs: readonly Parsed[], known: readonly string[], report: Report): void {
  for (const doc of docs as Parsed<OpenSloSlo>[]) {
    const { service } = doc.value.spec;
    checkKnown(report, doc, ['spec', 'service'], 'service', service, known, 'declare a Service of that name');
  }
}

/** Judged by exact counts: only counters can judge a release, and only as they are now. */
const isJudgeable = ({ indicator, budgeting }: Slo): boolean =>
  indicator.kind === 'counters' &&
  budgeting.kind === 'occurrences' &&
  [...indicator.total, ...indicator.part].every((c) => c.offsetMs === undefined);

/** SLOs that judge releases count requests; the others belong under burnSlos. */
export function checkJudged(doc: Parsed<PlatformDocument>, slos: readonly Slo[], report: Report): void {
  const byName = new Map(slos.map((s) => [s.name, s]));
  for (const [i, service] of doc.value.spec.services.entries())
    for (const [j, name] of service.slos.entries()) {
      const slo = byName.get(name);
      if (slo && !isJudgeable(slo))
        report(
          doc,
          ['spec', 'services', i, 'slos', j],
          'NOT_COUNTED',
          `SLO "${name}" does not count requests with plain counters, so a canary cannot be judged by it`,
          'list it under burnSlos',
        );
    }
}
