import { parseDuration } from '../kit/time.ts';
import type { AlertingDocument, NoDataInput } from './alerting-schema.ts';
import { NO_DATA_DEFAULT } from './defaults.ts';
import type { Parsed } from './documents.ts';
import type { AlertLevel, NoDataAlert, Slo, SloAlerting } from './platform.ts';
import { checkKnown, type Report } from './report.ts';

type LevelInput = AlertingDocument['spec']['page'];

const ms = (text: string): number => parseDuration(text)!;

const levelOf = (severity: string, l: LevelInput): AlertLevel => ({
  enabled: l?.enabled ?? true,
  severity: l?.severity ?? severity,
  labels: l?.labels ?? {},
  annotations: l?.annotations ?? {},
  forMs: ms(l?.for ?? '0s'),
  windows: l?.windows?.map((w) => ({ longMs: ms(w.long), shortMs: ms(w.short), factor: w.factor })) ?? null,
});

const noDataOf = (n: NoDataInput | undefined): NoDataAlert => ({
  enabled: n?.enabled ?? NO_DATA_DEFAULT.enabled,
  afterMs: ms(n?.after ?? NO_DATA_DEFAULT.after),
  severity: n?.severity ?? NO_DATA_DEFAULT.severity,
});

/** As the Platform says, where nothing else is declared. */
export const defaultAlerting = (platform: NoDataInput | undefined): SloAlerting => ({
  name: null,
  labels: {},
  annotations: {},
  page: levelOf('page', undefined),
  ticket: levelOf('ticket', undefined),
  noData: noDataOf(platform),
});

const alertingOf = ({ spec }: AlertingDocument, platform: SloAlerting): SloAlerting => ({
  name: spec.name ?? null,
  labels: spec.labels,
  annotations: spec.annotations,
  page: levelOf('page', spec.page),
  ticket: levelOf('ticket', spec.ticket),
  noData: spec.noData ? noDataOf(spec.noData) : platform.noData,
});

/** Every set of labels of a document, with its path. */
const labelSets = ({ spec }: AlertingDocument) => [
  { path: ['spec', 'labels'], names: Object.keys(spec.labels) },
  { path: ['spec', 'page', 'labels'], names: Object.keys(spec.page?.labels ?? {}) },
  { path: ['spec', 'ticket', 'labels'], names: Object.keys(spec.ticket?.labels ?? {}) },
];

/** SLOs with what is declared of their alerts; each is named by one document at most. */
export function withAlerting(
  slos: readonly Slo[],
  docs: readonly Parsed<AlertingDocument>[],
  platform: SloAlerting,
  known: { readonly refused: ReadonlySet<string>; readonly reserved: ReadonlySet<string> },
  report: Report,
): Slo[] {
  const declared = new Map<string, { doc: Parsed<AlertingDocument>; alerting: SloAlerting; line: number }>();
  const names = slos.map((s) => s.name);
  for (const doc of docs) {
    for (const { path, names: labelNames } of labelSets(doc.value))
      for (const name of labelNames)
        if (known.reserved.has(name))
          report(
            doc,
            [...path, name],
            'LABEL_COLLISION',
            `label "${name}" is reserved for Sluice`,
            'rename it',
          );
    for (const [i, name] of doc.value.spec.slos.entries()) {
      const path = ['spec', 'slos', i];
      if (!known.refused.has(name)) checkKnown(report, doc, path, 'SLO', name, names);
      const before = declared.get(name);
      if (before)
        report(
          doc,
          path,
          'DUPLICATE_NAME',
          `the alerts of "${name}" are declared twice`,
          `first at ${before.doc.file}:${before.line}`,
        );
      else declared.set(name, { doc, alerting: alertingOf(doc.value, platform), line: doc.lineOf(path) });
    }
  }
  return slos.map((slo) => ({ ...slo, alerting: declared.get(slo.name)?.alerting ?? platform }));
}
