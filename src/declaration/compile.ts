import { digestOf } from '../kit/digest.ts';
import { byPlace, type Problem } from '../kit/problem.ts';
import { fail, ok, type Result } from '../kit/result.ts';
import { parseDuration } from '../kit/time.ts';
import { compileAlerts } from './alert-receivers.ts';
import { defaultAlerting, withAlerting } from './alerting.ts';
import type { AlertingDocument } from './alerting-schema.ts';
import type { SloTestDocument } from './cases.ts';
import { RECOVERY_DEFAULTS } from './defaults.ts';
import { type Parsed, type ParsedDocuments, parseDocuments, type SourceFile } from './documents.ts';
import { checkOrder, compileEnvironment } from './environments.ts';
import {
  checkGovernanceSpec,
  checkSignIn,
  compileForge,
  compileFreeze,
  compilePolicy,
  compileSignIn,
} from './governance.ts';
import { compileEvidence, declaredEdition } from './judging.ts';
import { compileMaintenance, compileNotification } from './notifications.ts';
import type { DataSourceDocument, OpenSloSlo } from './openslo.ts';
import { oldestVersion, originOf, tellInto } from './origin.ts';
import type { Platform, Slo, SloOrigin } from './platform.ts';
import {
  checkAlerts,
  checkIntervals,
  checkNames,
  checkSizes,
  checkTargets,
  unique,
} from './platform-checks.ts';
import type { Path, Report } from './report.ts';
import { RESERVED_LABELS } from './reserved-labels.ts';
import type { PlatformDocument } from './schema.ts';
import { checkJudged, checkReferences, checkServices, checkSlips, compileService } from './services.ts';
import { checkSources, KINDS, type Named, runbooksOf, shelfOf, uniqueSlos } from './shelf.ts';
import { compileSlos, type PolicyShelf } from './slos.ts';
import { checkSync, compileSync } from './syncing-checks.ts';
import { withoutPlatform } from './without-platform.ts';
import { ourServer } from './workload-access.ts';

const ms = (text: string): number => parseDuration(text)!;

function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === 'object' && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}

/** The digest of a large fleet takes its time, and rendering does not ask for it: computed once, when asked. */
function withDigest(body: Omit<Platform, 'digest' | 'origin'>, origin: SloOrigin): Platform {
  let digest: string | null = null;
  const platform = {
    ...deepFreeze(body),
    origin: Object.freeze(origin),
    get digest(): string {
      digest ??= digestOf(body);
      return digest;
    },
  };
  return Object.freeze(platform);
}

const bySlo = (a: Slo, b: Slo): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

export interface CompileOptions {
  /** Whether OpenSLO documents may stand without a Platform. */
  readonly platform: 'required' | 'optional';
}

/** A Platform document that was checked, with every default filled in. */
function bodyOf(
  { metadata, spec }: PlatformDocument,
  slos: readonly Slo[],
): Omit<Platform, 'digest' | 'origin'> {
  const recovery = { ...RECOVERY_DEFAULTS, ...spec.recovery };
  const edition = declaredEdition(spec.evidence);
  return {
    name: metadata.name,
    environments: spec.environments.map((e) =>
      compileEnvironment(e, spec.environments, metadata.name, edition),
    ),
    services: spec.services.map((s) => compileService(s, spec.strategy, edition)),
    slos,
    ...(spec.links.length > 0 ? { links: spec.links } : {}),
    evidence: compileEvidence(spec.evidence),
    recovery: { looks: recovery.looks, burnBelow: recovery.burnBelow, forMs: ms(recovery.for) },
    repository: {
      path: spec.repository?.path ?? 'embedded',
      branch: spec.repository?.branch ?? 'main',
      pollMs: ms(spec.repository?.poll ?? '2s'),
    },
    kubernetes: {
      ...ourServer(spec.kubernetes),
      ...compileSync(spec.kubernetes),
    },
    ledger: spec.ledger?.postgres ? { url: spec.ledger.postgres.url.secretRef } : null,
    anchorKey: spec.ledger?.signing?.key.secretRef ?? null,
    alerts: compileAlerts(spec.alerts),
    maintenance: spec.maintenance.map(compileMaintenance),
    notifications: spec.notifications.map(compileNotification),
    policy: compilePolicy(spec.policy),
    freezes: spec.freezes.map(compileFreeze),
    forge: compileForge(spec.forge),
    signIn: compileSignIn(spec.signIn),
  };
}

/** Turns the user's files into one frozen Platform, or tells everything that is wrong with all of them. */
export const compileDeclaration = (
  files: readonly SourceFile[],
  options: CompileOptions = { platform: 'required' },
): Result<Platform, Problem[]> => compileDocuments(parseDocuments(files), files[0]?.file ?? '.', options);

/** What the checks of one declaration share. */
interface Compiling {
  readonly refused: ReadonlySet<string>;
  readonly problems: Problem[];
  readonly report: Report;
  readonly sloDocs: readonly Parsed<OpenSloSlo>[];
  /** Names of services that have a document of their own. */
  readonly declared: readonly string[];
  readonly shelf: PolicyShelf;
  of(kind: string): readonly Parsed[];
}

/** Every SLO document, as the SLOs that its objectives make. */
function compiledSlos(
  { sloDocs, shelf, report, refused, of }: Compiling,
  platform: PlatformDocument | undefined,
) {
  const runbooks = runbooksOf(of(KINDS.Service));
  const alerting = defaultAlerting(platform?.spec.alerts?.noData);
  const slosOf = sloDocs.map((doc) => compileSlos(doc, shelf, runbooks, alerting, report));
  const slos = withAlerting(
    slosOf.flat().sort(bySlo),
    of('sluice.dev/v1 Alerting') as Parsed<AlertingDocument>[],
    alerting,
    { refused, reserved: RESERVED_LABELS },
    report,
  );
  return { slosOf, slos };
}

/** Within a file a case is known by its name. */
function checkCases(docs: readonly Parsed<SloTestDocument>[], report: Report): void {
  const named = docs.flatMap((at) =>
    at.value.spec.cases.map(({ name }, i) => ({
      name,
      at: at as Parsed,
      path: ['spec', 'cases', i, 'name'] as Path,
    })),
  );
  for (const list of Map.groupBy(named, ({ at }) => at.file).values()) unique(list, 'case', report);
}

/** Of each kind a name is given once, and there is one Platform. */
function checkUnique(
  { of, sloDocs, report }: Compiling,
  slosOf: readonly (readonly Slo[])[],
  [first, second]: readonly Parsed<PlatformDocument>[],
): void {
  const place = (doc: Parsed) => ({
    name: (doc.value as Named).metadata.name,
    at: doc,
    path: ['metadata', 'name'],
  });
  for (const [what, kind] of Object.entries(KINDS))
    if (kind !== KINDS.SLO) unique(of(kind).map(place), what === 'Service' ? 'service' : what, report);
  uniqueSlos(sloDocs, slosOf, report);
  checkCases(of('sluice.dev/v1 SloTest') as Parsed<SloTestDocument>[], report);
  if (second)
    report(second, ['kind'], 'TWO_PLATFORMS', 'a second Platform', `the first is in ${first!.file}`);
}

/** OpenSLO documents alone are a declaration where that is allowed; elsewhere a Platform is missing. */
function checkAlone(
  { problems, sloDocs, declared, report }: Compiling,
  folder: string,
  { isOptional, isAllowed }: { readonly isOptional: boolean; readonly isAllowed: boolean },
): void {
  if (isAllowed) checkSlips(sloDocs, declared, report);
  // A document that could not be read may have been the Platform: its own problem is enough.
  else if (problems.length === 0)
    problems.push({
      code: 'NO_PLATFORM',
      file: folder,
      line: 1,
      path: '',
      message: isOptional ? 'no document of OpenSLO or Sluice was found' : 'no Platform document was found',
      next: 'run `sluice init` to write one',
    });
}

/** Everything that a Platform and the documents beside it must agree on. One that is too large is checked no further. */
function checkPlatform(c: Compiling, doc: Parsed<PlatformDocument>, slos: readonly Slo[]): void {
  const { report, problems, refused, shelf, sloDocs, declared, of } = c;
  const { spec } = doc.value;
  const at = (list: 'services' | 'environments') =>
    spec[list].map((item, i) => ({
      name: item.name,
      at: doc as Parsed,
      path: ['spec', list, i, 'name'] as Path,
    }));
  unique(at('services'), 'service', report);
  unique(at('environments'), 'environment', report);
  checkSizes(doc, report);
  if (problems.some((p) => p.code === 'TOO_LARGE')) return;
  checkReferences(doc, slos, refused, report);
  checkJudged(doc, slos, report);
  checkIntervals(doc, report);
  checkAlerts(doc, slos, report);
  checkGovernanceSpec(doc, report);
  checkSignIn(doc, report);
  checkOrder(doc, report);
  checkSync(doc, report);
  checkNames(doc, report);
  checkTargets(doc, [...shelf.targets.values()], report);
  checkSources(of(KINDS.DataSource), report);
  checkServices(sloDocs, [...declared, ...spec.services.map((s) => s.name)], report);
}

/** The same of documents that were read already; `folder` is where a missing one is told. */
export function compileDocuments(
  parsed: ParsedDocuments,
  folder: string,
  options: CompileOptions,
): Result<Platform, Problem[]> {
  const { documents, refused } = parsed;
  const problems = [...parsed.problems];
  const notes: Problem[] = [];
  const report: Report = Object.assign(tellInto(problems), { note: tellInto(notes) });
  const of = (kind: string) => documents.filter((d) => d.kind === kind);
  const platforms = of('sluice.dev/v1 Platform') as Parsed<PlatformDocument>[];
  const [first] = platforms;
  const version = oldestVersion(first, of(KINDS.DataSource) as Parsed<DataSourceDocument>[]);
  const compiling: Compiling = {
    refused,
    problems,
    report,
    sloDocs: of(KINDS.SLO) as Parsed<OpenSloSlo>[],
    declared: of(KINDS.Service).map((d) => (d.value as Named).metadata.name),
    shelf: shelfOf(documents, refused, version),
    of,
  };
  const { slosOf, slos } = compiledSlos(compiling, first?.value);
  checkUnique(compiling, slosOf, platforms);
  const isOptional = options.platform === 'optional';
  const isAllowed = isOptional && (documents.length > 0 || problems.length > 0);
  if (first) checkPlatform(compiling, first, slos);
  else checkAlone(compiling, folder, { isOptional, isAllowed });
  if (problems.length > 0) return fail([...problems].sort(byPlace));
  const body = first ? bodyOf(first.value, slos) : withoutPlatform(slos, version);
  return ok(withDigest(body, originOf(compiling.sloDocs, slosOf, notes)));
}
