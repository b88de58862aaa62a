import { z } from 'zod';
import { nearest } from '../../kit/nearest.ts';
import type { SourceFile } from '../documents.ts';
import type { Path } from '../report.ts';
import { carriedAlerting, type ForeignLevel } from './alerting.ts';
import { type ForeignDocument, foreignDocuments } from './documents.ts';
import { nameOf, ownLabels, runbookOf, shareOf, sloDocument, wrongPercent } from './openslo.ts';
import {
  type ImportRefusal,
  joinReadings,
  NOTHING,
  problemAt,
  type Reading,
  readShape,
  refusing,
  type Sense,
  type SourcePlace,
  skip,
  titleOf,
} from './reading.ts';
import { senseOfEvents, senseOfRatio } from './sense.ts';
import { slothPlugin } from './sloth-plugins.ts';

/**
 * Reads Sloth's `prometheus/v1` documents and its Kubernetes resource `PrometheusServiceLevel`, which says the same in
 * camelCase. Source: its published specifications of both.
 */

/** Sloth reads any plain value as the text of a label. */
const words = z.record(
  z.string(),
  z.union([z.string(), z.number(), z.boolean()]).transform(String),
  'expected labels: names with a text each',
);
const alert = z
  .strictObject({ disable: z.boolean().optional(), labels: words.optional(), annotations: words.optional() })
  .nullish();
const slothSlo = z.strictObject({
  name: z.union([z.string().min(1), z.number().transform(String)]),
  description: z.string().nullish(),
  objective: z.number(),
  labels: words.nullish(),
  sli: z
    .strictObject({
      events: z.strictObject({ error_query: z.string(), total_query: z.string() }).nullish(),
      raw: z.strictObject({ error_ratio_query: z.string() }).nullish(),
      plugin: z.strictObject({ id: z.string(), options: words.nullish() }).nullish(),
    })
    .refine(
      (sli) => [sli.events, sli.raw, sli.plugin].filter(Boolean).length === 1,
      'expected exactly one of events, raw and plugin',
    ),
  alerting: z
    .strictObject({
      name: z.string().nullish(),
      labels: words.nullish(),
      annotations: words.nullish(),
      page_alert: alert,
      ticket_alert: alert,
    })
    .nullish(),
  plugins: z.unknown().optional(),
});
const slothFrame = z.strictObject({
  version: z.literal('prometheus/v1').optional(),
  service: z.union([z.string().min(1), z.number().transform(String)]),
  labels: words.nullish(),
  slos: z.array(z.unknown()),
  slo_plugins: z.unknown().optional(),
});
type SlothSlo = z.infer<typeof slothSlo>;

/** How Sloth is run where that is not said in its documents. */
interface SlothOptions {
  /** `--default-slo-period`: Sloth's own default is 30d. */
  readonly window: string;
}

const WINDOW = /\{\{-?\s*\.window\s*-?\}\}/g;
/** The range of a rate is ours to choose; five minutes is the shortest window of Sloth. */
const atFiveMinutes = (query: string): string => query.replace(WINDOW, '5m');

/** Queries without it are the same for every window: Sloth's shorter and longer rules would say the same. */
function withoutWindow({ events, raw }: SlothSlo['sli']): string[] {
  const queries = events ? [events.error_query, events.total_query] : raw ? [raw.error_ratio_query] : [];
  return queries.every((q) => q.search(WINDOW) >= 0)
    ? []
    : [
        'a query does not use {{.window}}, and Sloth refuses it: every window of the SLO is counted here all the same',
      ];
}

function senseOf(sli: SlothSlo['sli']): Sense {
  if (sli.events)
    return senseOfEvents(atFiveMinutes(sli.events.error_query), 'bad', atFiveMinutes(sli.events.total_query));
  if (sli.raw) return senseOfRatio(atFiveMinutes(sli.raw.error_ratio_query), 'bad');
  const plugin = slothPlugin(sli.plugin!.id, sli.plugin!.options ?? {});
  if (!plugin.ok) return plugin;
  const sense = senseOfEvents(plugin.part, plugin.partIs, plugin.total);
  if (!sense.ok) return sense;
  const notes = [`plugin ${sli.plugin!.id}, written out`, ...(plugin.note ? [plugin.note] : [])];
  return { ...sense, notes: [...notes, ...sense.notes] };
}

/** Where the query stands that could not be read. */
function sliPath(sli: SlothSlo['sli'], sense: Extract<Sense, { ok: false }>): Path {
  if (sli.events) return ['sli', 'events', sense.of === 'total' ? 'total_query' : 'error_query'];
  return sli.raw ? ['sli', 'raw', 'error_ratio_query'] : ['sli', 'plugin', 'id'];
}

/** Sloth's labels in templates of annotations, by the names that alerts of ours have. */
const OUR_LABELS: Readonly<Record<string, string>> = {
  sloth_service: 'service',
  sloth_slo: 'slo',
  sloth_severity: 'severity',
};
const ourLabels = (annotations: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(annotations).map(([name, text]) => [
      name,
      text.replace(/(\$labels|\.Labels)\.(sloth_\w+)/g, (all, of, label) =>
        OUR_LABELS[label] ? `${of}.${OUR_LABELS[label]}` : all,
      ),
    ]),
  );

const levelOf = (level: z.infer<typeof alert>): ForeignLevel => ({
  disabled: level?.disable === true,
  labels: level?.labels ?? {},
  annotations: ourLabels(level?.annotations ?? {}),
});

const alertingOf = (name: string, service: string, alerting: SlothSlo['alerting']) =>
  carriedAlerting({
    slo: name,
    service,
    name: alerting?.name ?? null,
    labels: alerting?.labels ?? {},
    annotations: ourLabels(alerting?.annotations ?? {}),
    page: levelOf(alerting?.page_alert),
    ticket: levelOf(alerting?.ticket_alert),
    noData: null,
  });

interface Shared {
  readonly service: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly window: string;
}

/** One SLO of a document, by itself. */
function readSlo(value: unknown, index: number, shared: Shared, place: SourcePlace): Reading {
  const base: Path = ['slos', index];
  const theirs = (value as { name?: unknown } | null)?.name;
  const name = nameOf(`${shared.service}-${typeof theirs === 'string' ? theirs : index + 1}`);
  const refusal: ImportRefusal = { place, at: base, slo: name };
  const read = readShape(slothSlo, value, place, base);
  if (!read.ok) return refusing(refusal, read.problems);
  const slo = read.value;
  const wrong = wrongPercent(slo.objective);
  const sense = senseOf(slo.sli);
  const problems = [
    ...(wrong ? [problemAt(place, [...base, 'objective'], 'OBJECTIVE', wrong)] : []),
    ...(sense.ok ? [] : [problemAt(place, [...base, ...sliPath(slo.sli, sense)], 'INDICATOR', sense.why)]),
  ];
  if (problems.length > 0 || !sense.ok) return refusing(refusal, problems);
  const { alerting } = slo;
  const annotations = runbookOf(alerting?.annotations ?? {}, ['runbook', 'runbook_url']);
  const service = nameOf(shared.service);
  const own = ownLabels({ ...shared.labels, ...slo.labels }, { service, slo: name });
  const carried = alertingOf(name, service, alerting);
  const { document } = place;
  const notes = [
    ...read.notes,
    ...withoutWindow(slo.sli),
    ...sense.notes,
    ...own.notes,
    ...carried.notes,
    ...(slo.plugins === undefined ? [] : ['plugins: SLO plugins are code of Sloth, left out']),
  ];
  return {
    ...NOTHING,
    brought: [
      {
        file: document.file,
        line: document.lineOf(place.pathOf(base)),
        document: titleOf(document),
        slo: name,
        as: sense.as,
        notes,
        service,
        alerting: carried.value,
        value: sloDocument({
          name,
          service,
          description: slo.description ?? undefined,
          target: shareOf(slo.objective),
          window: shared.window,
          sense,
          labels: own.labels,
          ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
        }),
      },
    ],
  };
}

/** The resource says in camelCase what the plain form says in snake_case. Labels are names of others: left alone. */
function plainForm(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((v) => plainForm(v));
  const verbatim = ['labels', 'annotations', 'options'].includes(key);
  if (value === null || typeof value !== 'object' || verbatim) return value;
  return Object.fromEntries(
    Object.entries(value).map(([k, v]) => [
      k.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`),
      plainForm(v, k),
    ]),
  );
}

const camel = (key: PropertyKey): PropertyKey =>
  typeof key === 'string' ? key.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase()) : key;

/** A path as it is written in a document: names of either form. */
function spelt(value: unknown, [key, ...rest]: Path): Path {
  if (key === undefined) return [];
  const fields = (typeof value === 'object' && value !== null ? value : {}) as Record<PropertyKey, unknown>;
  const there = key in fields || !(camel(key) in fields) ? key : (camel(key) as typeof key);
  return [there, ...spelt(fields[there], rest)];
}

/** Names of the other form, which Sloth does not read there. */
function otherForm(value: unknown, resource: boolean): string[] {
  const names = resource
    ? /"((?:error|total|error_ratio)_query|(?:page|ticket)_alert)":/
    : /"((?:error|total|errorRatio)Query|(?:page|ticket)Alert)":/;
  const found = names.exec(JSON.stringify(value))?.[1];
  return found ? [`${found} is a name of Sloth's other form: it is read, and Sloth itself refuses it`] : [];
}

type Form =
  | { readonly place: SourcePlace; readonly frame: unknown; readonly notes: readonly string[] }
  | { readonly why: string };

const RESOURCE = 'sloth.slok.dev/v1';
const KIND = 'PrometheusServiceLevel';

/** What a document is of Sloth's: its plain form with the way back to it, or why it is none. */
function formOf(document: ForeignDocument): Form | null {
  const { apiVersion, kind, version, spec } = document.value;
  if (typeof apiVersion === 'string' && apiVersion.startsWith('sloth.slok.dev/')) {
    if (apiVersion !== RESOURCE || kind !== KIND)
      return { why: `expected ${RESOURCE} ${KIND}, got ${apiVersion} ${String(kind)}` };
    return {
      frame: plainForm(spec),
      notes: otherForm(spec, true),
      place: { document, pathOf: (path) => ['spec', ...spelt(spec, path)] },
    };
  }
  if (typeof version !== 'string' || !('slos' in document.value || version.startsWith('prometheus/')))
    return null;
  if (version === 'prometheus/v1')
    return {
      frame: plainForm(document.value),
      notes: otherForm(document.value['slos'], false),
      place: { document, pathOf: (path) => spelt(document.value, path) },
    };
  if (!version.startsWith('prometheus/') && !nearest(version, ['prometheus/v1'])) return null;
  return { why: `expected version prometheus/v1, got "${version}"` };
}

function readDocument(document: ForeignDocument, options: SlothOptions): Reading {
  const form = formOf(document);
  if (form === null) return { ...NOTHING, skipped: [skip(document, "not Sloth's")] };
  const whole = { document, pathOf: (path: Path) => path };
  if ('why' in form)
    return {
      ...NOTHING,
      problems: [
        problemAt(whole, ['apiVersion' in document.value ? 'apiVersion' : 'version'], 'VERSION', form.why),
      ],
    };
  const read = readShape(slothFrame, form.frame, form.place);
  if (!read.ok) return { ...NOTHING, problems: read.problems };
  const { service, labels, slos } = read.value;
  const shared = { service, labels: labels ?? {}, window: options.window };
  const joined = joinReadings(slos.map((slo, i) => readSlo(slo, i, shared, form.place)));
  const plugins = read.value.slo_plugins === undefined ? [] : ['slo_plugins: code of Sloth, left out'];
  const notes = [...form.notes, ...read.notes, ...plugins];
  return {
    ...joined,
    brought: joined.brought.map((one) => ({ ...one, notes: [...notes, ...one.notes] })),
    skipped: slos.length === 0 ? [skip(document, 'it holds no SLO')] : [],
  };
}

/** Whether a text that is no YAML was meant to be one of Sloth's. */
const wasSloth = (text: string): boolean =>
  /^\s*version:\s*["']?prometheus\/v1/m.test(text) || text.includes('sloth.slok.dev/');

/** Every Sloth document of these files as OpenSLO; what cannot be brought over, and why; what is not Sloth's. */
export function importSloth(
  files: readonly SourceFile[],
  options: SlothOptions = { window: '30d' },
): Reading {
  const { documents, unreadable } = foreignDocuments(files);
  const joined = joinReadings(documents.map((document) => readDocument(document, options)));
  const broken = unreadable.filter(({ text }) => wasSloth(text)).map(({ problem }) => problem);
  return { ...joined, problems: [...broken, ...joined.problems] };
}
