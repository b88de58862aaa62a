import { z } from 'zod';
import { formatDuration, parseDuration } from '../../kit/time.ts';
import { parseSelectorSum } from '../../promql/parse.ts';
import { selectorText } from '../../promql/scope.ts';
import type { SourceFile } from '../documents.ts';
import type { Path } from '../report.ts';
import { carriedAlerting, type ForeignLevel } from './alerting.ts';
import { type ForeignDocument, foreignDocuments } from './documents.ts';
import { nameOf, ownLabels, runbookOf, shareOf, sloDocument, source, wrongPercent } from './openslo.ts';
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
import { senseOfEvents } from './sense.ts';

/** Reads Pyrra's `ServiceLevelObjective`. Source: its published custom resource definition, v1alpha1. */

const query = z.strictObject({ metric: z.string().min(1) });
const grouping = z.array(z.string().min(1)).nullish();
const indicator = z
  .strictObject({
    ratio: z.strictObject({ errors: query, total: query, grouping }).nullish(),
    latency: z.strictObject({ success: query, total: query, grouping }).nullish(),
    latencyNative: z.strictObject({ total: query, latency: z.string(), grouping }).nullish(),
    bool_gauge: z.strictObject({ metric: z.string().min(1), grouping }).nullish(),
  })
  .refine(
    (i) => [i.ratio, i.latency, i.latencyNative, i.bool_gauge].filter(Boolean).length === 1,
    'expected exactly one of ratio, latency, latencyNative and bool_gauge',
  );
const specSchema = z.strictObject({
  target: z
    .union([z.string(), z.number().transform(String)])
    .refine(
      (text) => text.trim() !== '' && Number.isFinite(Number(text)),
      'expected a percentage, such as "99.5"',
    ),
  window: z
    .string()
    .refine((text) => parseDuration(text) !== undefined, 'expected a duration such as 28d, 4w or 12h'),
  description: z.string().nullish(),
  indicator,
  alerting: z
    .strictObject({
      disabled: z.boolean().nullish(),
      burnrates: z.boolean().nullish(),
      absent: z.boolean().nullish(),
      name: z.string().nullish(),
      absentName: z.string().nullish(),
      severities: z.unknown().optional(),
    })
    .nullish(),
  partial_response_strategy: z.string().nullish(),
  performance_over_accuracy: z.boolean().nullish(),
});
const words = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String))
  .nullish();
const headSchema = z.looseObject({
  name: z.string().min(1),
  namespace: z.string().nullish(),
  labels: words,
  annotations: words,
});
type Indicator = z.infer<typeof indicator>;
type Head = z.infer<typeof headSchema>;

interface PyrraOptions {
  /** The service of SLOs that name none by a label; null: each is its own. */
  readonly service: string | null;
}

/** One counter, as text; or why it is none. */
function counter(
  text: string,
): { readonly ok: true; readonly text: string } | { readonly ok: false; readonly why: string } {
  const parsed = parseSelectorSum(text);
  if (!parsed.ok) return { ok: false, why: `PromQL ${parsed.error.message}` };
  const [only, second] = parsed.value;
  if (!only || second) return { ok: false, why: 'expected one metric with its labels' };
  return { ok: true, text: selectorText(only) };
}

/** Pyrra adds the rate by itself, so these are counters by their place. */
function senseOfCounters(part: string, partIs: 'good' | 'bad', total: string): Sense {
  const [some, all] = [counter(part), counter(total)];
  if (!some.ok) return { ...some, of: 'part' };
  if (!all.ok) return { ...all, of: 'total' };
  return senseOfEvents(`sum(rate(${some.text}[5m]))`, partIs, `sum(rate(${all.text}[5m]))`);
}

/** Native histograms: seconds as PromQL writes them. */
function senseOfNative(metric: string, latency: string): Sense {
  const ms = parseDuration(latency);
  if (ms === undefined) return { ok: false, why: `expected a latency such as 200ms or 1s, got "${latency}"` };
  const all = counter(metric);
  if (!all.ok) return all;
  return {
    ok: true,
    as: 'histogram',
    indicator: {
      ratioMetric: {
        counter: true,
        good: source(`histogram_fraction(0, ${ms / 1_000}, ${all.text})`),
        total: source(`histogram_count(${all.text})`),
      },
    },
    notes: [],
    groupBy: [],
  };
}

function senseOf(i: Indicator): {
  readonly sense: Sense;
  readonly at: Path;
  readonly grouping: readonly string[];
} {
  if (i.ratio)
    return {
      sense: senseOfCounters(i.ratio.errors.metric, 'bad', i.ratio.total.metric),
      at: ['ratio'],
      grouping: i.ratio.grouping ?? [],
    };
  if (i.latency)
    return {
      sense: senseOfCounters(i.latency.success.metric, 'good', i.latency.total.metric),
      at: ['latency'],
      grouping: i.latency.grouping ?? [],
    };
  if (i.latencyNative)
    return {
      sense: senseOfNative(i.latencyNative.total.metric, i.latencyNative.latency),
      at: ['latencyNative'],
      grouping: i.latencyNative.grouping ?? [],
    };
  const gauge = i.bool_gauge!;
  const one = counter(gauge.metric);
  return {
    sense: one.ok
      ? {
          ok: true,
          as: 'threshold',
          indicator: { thresholdMetric: source(one.text) },
          notes: ['each sample of the gauge counts once: 1 is good'],
          groupBy: [],
          good: { op: 'gte', value: 1 },
        }
      : one,
    at: ['bool_gauge'],
    grouping: gauge.grouping ?? [],
  };
}

const PREFIX = 'pyrra.dev/';
/** Pyrra reads files of its own without a look at their version: generators of them write it without its group. */
const SHORT_VERSION = 'apiVersion v1alpha1 is read as pyrra.dev/v1alpha1';
/** Pyrra passes labels and annotations of its own prefix on to rules, without it. */
const passedOn = (all: Readonly<Record<string, string>> | null | undefined): Record<string, string> =>
  Object.fromEntries(
    Object.entries(all ?? {}).flatMap(([name, value]) =>
      name.startsWith(PREFIX) ? [[name.slice(PREFIX.length), value]] : [],
    ),
  );

/** Pyrra knows no services: a label may name it, or whoever imports. */
function serviceOf(
  head: Head,
  options: PyrraOptions,
): { readonly service: string; readonly notes: readonly string[] } {
  const labels = head.labels ?? {};
  const named = [`${PREFIX}service`, 'service', 'app.kubernetes.io/name'].find((label) => labels[label]);
  if (named) return { service: nameOf(labels[named]!), notes: [] };
  if (options.service) return { service: nameOf(options.service), notes: [] };
  return {
    service: nameOf(head.name),
    notes: ['Pyrra names no service: it is its own; name one by --service or by the label pyrra.dev/service'],
  };
}

/** Labels are on alerts as they are on the SLO; annotations that are passed on belong to alerts alone. */
function alertingOf(
  { name, service }: { readonly name: string; readonly service: string },
  head: Head,
  alerting: z.infer<typeof specSchema>['alerting'],
) {
  const off = alerting?.disabled === true;
  const level: ForeignLevel = {
    disabled: off || alerting?.burnrates === false,
    labels: {},
    annotations: {},
  };
  return carriedAlerting({
    slo: name,
    service,
    name: alerting?.name || null,
    labels: {},
    annotations: passedOn(head.annotations),
    page: level,
    ticket: level,
    noData: off || alerting?.absent === false ? false : null,
  });
}

interface Parts {
  readonly head: Head;
  readonly spec: z.infer<typeof specSchema>;
  readonly place: SourcePlace;
}

/** Where the query stands that could not be read. */
const queryPath = (kind: Path, { of }: Extract<Sense, { ok: false }>): Path => [
  'spec',
  'indicator',
  ...kind,
  ...(of === 'total' ? ['total'] : of === 'part' ? [kind[0] === 'ratio' ? 'errors' : 'success'] : []),
];

/** Annotations of ours for what Pyrra passes on to alerts. */
const annotationsOf = (head: Head): Record<string, string> =>
  runbookOf(passedOn(head.annotations), ['runbook_url', 'runbook']);

function bring({ head, spec, place }: Parts, notes: readonly string[], options: PyrraOptions): Reading {
  const { document } = place;
  const name = nameOf(head.name);
  const refusal: ImportRefusal = { place, at: [], slo: name };
  const wrong = wrongPercent(Number(spec.target));
  const { sense, at, grouping: groups } = senseOf(spec.indicator);
  const problems = [
    ...(wrong ? [problemAt(place, ['spec', 'target'], 'OBJECTIVE', wrong)] : []),
    ...(sense.ok ? [] : [problemAt(place, queryPath(at, sense), 'INDICATOR', sense.why)]),
  ];
  if (problems.length > 0 || !sense.ok) return refusing(refusal, problems);
  const { service, notes: about } = serviceOf(head, options);
  const own = ownLabels(passedOn(head.labels), { service, slo: name });
  const carried = alertingOf({ name, service }, head, spec.alerting);
  return {
    ...NOTHING,
    brought: [
      {
        file: document.file,
        line: document.line,
        document: titleOf(document),
        slo: name,
        as: sense.as,
        notes: [...notes, ...sense.notes, ...own.notes, ...about, ...carried.notes],
        service,
        alerting: carried.value,
        value: sloDocument({
          name,
          service,
          description: spec.description ?? undefined,
          target: shareOf(Number(spec.target)),
          window: formatDuration(parseDuration(spec.window)!),
          sense: { ...sense, groupBy: groups },
          labels: own.labels,
          annotations: annotationsOf(head),
        }),
      },
    ],
  };
}

/** Others have objectives of this kind as well: their group tells them apart. */
const foreign = (apiVersion: unknown, kind: unknown): string =>
  kind === 'ServiceLevelObjective' && typeof apiVersion === 'string'
    ? `not Pyrra's: its apiVersion is ${apiVersion}`
    : "not Pyrra's";

function readDocument(document: ForeignDocument, options: PyrraOptions): Reading {
  const { apiVersion, kind, metadata, spec } = document.value;
  const short = apiVersion === 'v1alpha1' && kind === 'ServiceLevelObjective';
  if (!short && (typeof apiVersion !== 'string' || !apiVersion.startsWith(PREFIX)))
    return { ...NOTHING, skipped: [skip(document, foreign(apiVersion, kind))] };
  const place: SourcePlace = { document, pathOf: (path) => path };
  if (!short && (apiVersion !== 'pyrra.dev/v1alpha1' || kind !== 'ServiceLevelObjective')) {
    const message = `expected pyrra.dev/v1alpha1 ServiceLevelObjective, got ${String(apiVersion)} ${String(kind)}`;
    return { ...NOTHING, problems: [problemAt(place, ['kind'], 'VERSION', message)] };
  }
  const head = readShape(headSchema, metadata, place, ['metadata']);
  const body = readShape(specSchema, spec, place, ['spec']);
  if (head.ok && body.ok) {
    const parts = { head: head.value, spec: body.value, place };
    return bring(parts, [...(short ? [SHORT_VERSION] : []), ...body.notes], options);
  }
  const problems = [...(head.ok ? [] : head.problems), ...(body.ok ? [] : body.problems)];
  const name = head.ok ? nameOf(head.value.name) : titleOf(document);
  return refusing({ place, at: [], slo: name }, problems);
}

/** Every Pyrra document of these files as OpenSLO; what cannot be brought over, and why; what is not Pyrra's. */
export function importPyrra(
  files: readonly SourceFile[],
  options: PyrraOptions = { service: null },
): Reading {
  const { documents, unreadable } = foreignDocuments(files);
  const readings = documents.map((document) => readDocument(document, options));
  const broken = unreadable.filter(({ text }) => text.includes('pyrra.dev/')).map(({ problem }) => problem);
  const joined = joinReadings(readings);
  return { ...joined, problems: [...broken, ...joined.problems] };
}
