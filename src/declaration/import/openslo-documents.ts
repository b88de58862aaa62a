import type { Problem } from '../../kit/problem.ts';
import { compileDocuments } from '../compile.ts';
import { type Parsed, parseValue, type SourceFile } from '../documents.ts';
import type { OpenSloSlo } from '../openslo.ts';
import { type ForeignDocument, foreignDocuments } from './documents.ts';
import { versionSource } from './openslo.ts';
import {
  type Brought,
  GIVE_VERSION,
  type ImportRefusal,
  joinReadings,
  NOTHING,
  type Reading,
  refusing,
  type SourcePlace,
  skip,
  titleOf,
} from './reading.ts';

/**
 * Reads OpenSLO documents of any version one by one, and writes each SLO that can be read as one document of v1 that
 * needs no other. What the declaration itself would refuse as a whole is refused here alone.
 */

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Documents by kind and name, as they were written. */
type Library = ReadonlyMap<string, unknown>;
const keyOf = (kind: string, name: unknown): string => `${kind} ${String(name)}`;

const inPlace = (library: Library, kind: string, field: string, entry: unknown): unknown => {
  const name = typeof entry === 'string' ? entry : isFields(entry) ? entry[field] : undefined;
  const found = name === undefined ? undefined : library.get(keyOf(kind, name));
  if (!isFields(found)) return entry;
  const { apiVersion: _, ...document } = found;
  return document;
};

/** A policy with its condition and targets in place. */
function policyOf(library: Library, entry: unknown): unknown {
  const policy = inPlace(library, 'AlertPolicy', 'alertPolicyRef', entry);
  if (!isFields(policy) || !isFields(policy['spec'])) return policy;
  const each = (list: unknown, kind: string, field: string): unknown =>
    Array.isArray(list) ? list.map((one) => inPlace(library, kind, field, one)) : list;
  const { conditions, notificationTargets, ...spec } = policy['spec'];
  return {
    ...policy,
    spec: {
      ...spec,
      conditions: each(conditions, 'AlertCondition', 'conditionRef'),
      notificationTargets: each(notificationTargets, 'AlertNotificationTarget', 'targetRef'),
    },
  };
}

/** What an SLO says, as far as it can be followed; and what of it is left out. */
interface Followed {
  readonly value: Fields;
  readonly notes: readonly string[];
}

/** Sources by reference: where Prometheus is, whoever imports says. One that is not declared is taken for one. */
function withoutSources(value: unknown, library: Library, unknown: Set<string>): unknown {
  if (Array.isArray(value)) return value.map((one) => withoutSources(one, library, unknown));
  if (!isFields(value)) return value;
  const { metricSourceRef, ...rest } = value;
  const plain = Object.fromEntries(
    Object.entries(rest).map(([key, inner]) => [key, withoutSources(inner, library, unknown)]),
  );
  if (metricSourceRef === undefined) return plain;
  const source = library.get(keyOf('DataSource', metricSourceRef));
  const { type } = isFields(source) && isFields(source['spec']) ? source['spec'] : { type: undefined };
  if (type === undefined && plain['type'] === undefined) unknown.add(String(metricSourceRef));
  return { type: type ?? 'Prometheus', ...plain };
}

/** An SLO with everything in place that it refers to, and without references that lead nowhere. */
function followed(document: Fields, library: Library): Followed {
  const spec = isFields(document['spec']) ? document['spec'] : {};
  const { indicatorRef, alertPolicies, ...rest } = spec;
  const sli = indicatorRef === undefined ? undefined : library.get(keyOf('SLI', indicatorRef));
  const indicator = isFields(sli)
    ? { indicator: { metadata: sli['metadata'], spec: sli['spec'] } }
    : indicatorRef === undefined
      ? {}
      : { indicatorRef };
  const entries: readonly unknown[] = Array.isArray(alertPolicies) ? alertPolicies : [];
  const policies = entries.map((entry) => policyOf(library, entry));
  const found = policies.filter((policy) => isFields(policy) && 'spec' in policy);
  const lost = entries.filter((_, i) => !found.includes(policies[i]!));
  const unknown = new Set<string>();
  const inside = withoutSources({ ...rest, ...indicator }, library, unknown) as Fields;
  return {
    value: { ...document, spec: { ...inside, ...(found.length > 0 ? { alertPolicies: found } : {}) } },
    notes: [
      ...lost.map((entry) => `alert policy ${JSON.stringify(entry)} is left out: no document declares it`),
      ...[...unknown].map((name) => `source "${name}" is not declared: taken for a Prometheus`),
    ],
  };
}

const unsaid = (window: unknown): boolean =>
  isFields(window) && window['isRolling'] === undefined && window['calendar'] === undefined;
const ROLLING = 'a window that is neither rolling nor of a calendar is read as rolling';

/** Versions before v1 write their windows in another form. */
const isOlder = (value: Fields): boolean => /alpha$/.test(String(value['apiVersion']));
const THIRTY_DAYS =
  'no window is named: read as 30 days that roll, which Sloth takes for it; declare timeWindow for another';

/** The window of an SLO that names none: OpenSLO asks for one, but Sloth, which reads such documents, does not. */
function thirtyDays(value: Fields, { timeWindow: _, timeWindows: __, ...spec }: Fields): Followed {
  const window = isOlder(value)
    ? { timeWindows: [{ unit: 'Day', count: 30, isRolling: true }] }
    : { timeWindow: [{ duration: '30d', isRolling: true }] };
  return { value: { ...value, spec: { ...spec, ...window } }, notes: [THIRTY_DAYS] };
}

const isNone = (windows: unknown): boolean =>
  windows === undefined || windows === null || (Array.isArray(windows) && windows.length === 0);

/** Whether no window is named, neither by the SLO nor by an objective of it. */
const unnamed = (spec: Fields): boolean => {
  const objectives = Array.isArray(spec['objectives']) ? spec['objectives'].filter(isFields) : [];
  return [spec, ...objectives].every((one) => isNone(one['timeWindow']) && isNone(one['timeWindows']));
};

/** A window that says no more than how long it is can only be one that rolls. */
function rolling(value: Fields): Followed {
  if (!isFields(value['spec'])) return { value, notes: [] };
  const spec = value['spec'];
  if (unnamed(spec)) return thirtyDays(value, spec);
  const key = ['timeWindow', 'timeWindows'].find((name) => Array.isArray(spec[name]));
  const windows = key ? (spec[key] as readonly unknown[]) : [];
  if (!windows.some(unsaid)) return { value, notes: [] };
  const said = windows.map((one) => (unsaid(one) ? { ...(one as Fields), isRolling: true } : one));
  return { value: { ...value, spec: { ...spec, [key!]: said } }, notes: [ROLLING] };
}

const isOpenSlo = (value: Fields): boolean => /^openslo/.test(String(value['apiVersion']));

/** Where another backend is asked, nothing else about the document matters. */
function telling(problems: readonly Problem[]): readonly Problem[] {
  const backend = problems.filter((p) => p.message.endsWith('is not read'));
  const told = backend.length > 0 ? backend : problems;
  return told.map((p) => (p.code === 'PROMQL_VERSION' ? { ...p, next: GIVE_VERSION } : p));
}

/** What the declaration says of its queries, as every importer does. */
const saidOf = (notes: readonly Problem[]): readonly string[] => [
  ...new Set(notes.filter(({ code }) => code === 'QUERY').map(({ message }) => message)),
];

/** One document that is an SLO, of whatever version. */
function readSlo(document: ForeignDocument, library: Library, sources: readonly Parsed[]): Reading {
  const place: SourcePlace = { document, pathOf: (path) => path };
  const metadata = isFields(document.value['metadata']) ? document.value['metadata'] : {};
  const refusal: ImportRefusal = { place, at: [], slo: String(metadata['name'] ?? '?') };
  const complete = followed(document.value, library);
  const { value, notes: assumed } = rolling(complete.value);
  const notes = [...complete.notes, ...assumed];
  const parsed = parseValue(value, document.file, document.lineOf);
  if (parsed.problems.length > 0) return refusing(refusal, telling(parsed.problems));
  return joinReadings(
    parsed.documents.map((slo) => {
      const alone = { documents: [slo, ...sources], problems: [], refused: new Set<string>() };
      const compiled = compileDocuments(alone, document.file, { platform: 'optional' });
      const { metadata: own, spec } = (slo as Parsed<OpenSloSlo>).value;
      if (!compiled.ok) return refusing({ ...refusal, slo: own.name }, telling(compiled.error));
      const brought: Brought = {
        file: document.file,
        line: document.line,
        document: titleOf(document),
        slo: own.name,
        as: compiled.value.slos[0]!.indicator.kind,
        notes: [...notes, ...saidOf(compiled.value.origin.notes)],
        service: spec.service,
        value: slo.raw as object,
        alerting: null,
      };
      return { ...NOTHING, brought: [brought] };
    }),
  );
}

/** Other documents of OpenSLO, which matter as far as SLOs refer to them. */
function libraryOf(documents: readonly ForeignDocument[]): { library: Library; problems: Problem[] } {
  const parsed = documents.map((d) => parseValue(d.value, d.file, d.lineOf));
  const entries = parsed
    .flatMap((p) => p.documents)
    .map(({ raw }): [string, unknown] => {
      const { kind, metadata } = raw as { kind: string; metadata: { name: string } };
      return [keyOf(kind, metadata.name), raw];
    });
  return { library: new Map(entries), problems: parsed.flatMap((p) => [...telling(p.problems)]) };
}

/** Every SLO of these files; what cannot be read, and why; what is not OpenSLO's. */
export function importOpenSlo(
  files: readonly SourceFile[],
  options: { readonly version: string | null } = { version: null },
): Reading {
  const { documents, unreadable } = foreignDocuments(files);
  const ours = documents.filter((d) => isOpenSlo(d.value));
  const slos = ours.filter((d) => d.value['kind'] === 'SLO');
  const { library, problems } = libraryOf(ours.filter((d) => !slos.includes(d)));
  const { version } = options;
  const sources = version === null ? [] : parseValue(versionSource(version), 'version', () => 1).documents;
  const joined = joinReadings(slos.map((slo) => readSlo(slo, library, sources)));
  const broken = unreadable.filter(({ text }) => /apiVersion:\s*["']?openslo/.test(text));
  return {
    ...joined,
    problems: [...broken.map(({ problem }) => problem), ...problems, ...joined.problems],
    skipped: documents.filter((d) => !isOpenSlo(d.value)).map((d) => skip(d, "not OpenSLO's")),
  };
}
