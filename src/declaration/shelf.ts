import { ANNOTATIONS } from './defaults.ts';
import type { Parsed } from './documents.ts';
import type {
  AlertConditionDocument,
  AlertPolicyDocument,
  DataSourceDocument,
  OpenSloSli,
  OpenSloSlo,
  TargetDocument,
} from './openslo.ts';
import type { Slo } from './platform.ts';
import { unique } from './platform-checks.ts';
import type { Report } from './report.ts';
import type { PolicyShelf } from './slos.ts';

/** Kinds of documents that others refer to by name. */
export const KINDS = {
  SLI: 'openslo/v1 SLI',
  AlertPolicy: 'openslo/v1 AlertPolicy',
  AlertCondition: 'openslo/v1 AlertCondition',
  AlertNotificationTarget: 'openslo/v1 AlertNotificationTarget',
  DataSource: 'openslo/v1 DataSource',
  SLO: 'openslo/v1 SLO',
  Service: 'openslo/v1 Service',
} as const;

export type Named = { metadata: { name: string } };

/** Everything that documents may refer to by name. */
export function shelfOf(
  documents: readonly Parsed[],
  refused: ReadonlySet<string>,
  version: string | null,
): PolicyShelf {
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
    version,
  };
}

/** SLO documents by the names that rules will carry: several objectives make several of them. */
export function uniqueSlos(
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
export function checkSources(docs: readonly Parsed[], report: Report): void {
  for (const doc of docs as Parsed<DataSourceDocument>[])
    if (Object.keys(doc.value.spec.connectionDetails ?? {}).length > 0)
      report(
        doc,
        ['spec', 'connectionDetails'],
        'TWO_SOURCES',
        'the Platform declares the address of Prometheus for each environment',
        'remove connectionDetails',
      );
}

/** Links of services to their runbooks, by name. */
export const runbooksOf = (services: readonly Parsed[]): ReadonlyMap<string, string> =>
  new Map(
    services.flatMap((d): [string, string][] => {
      const { metadata } = d.value as OpenSloSlo;
      const link = metadata.annotations?.[ANNOTATIONS.runbook];
      return link ? [[metadata.name, link]] : [];
    }),
  );
