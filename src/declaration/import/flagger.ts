import type { z } from 'zod';
import type { Problem } from '../../kit/problem.ts';
import { problemsOf, type SourceFile } from '../documents.ts';
import type { Path } from '../report.ts';
import { type ForeignDocument, foreignDocuments } from './documents.ts';
import {
  type Analysis,
  analysis,
  type Canary,
  type CanarySpec,
  canarySchema,
  type FlaggerMetricTemplate,
  templateSchema,
} from './flagger-canary.ts';
import { checkMade } from './flagger-checks.ts';
import { nameOf } from './openslo.ts';
import { problemAt, type Skipped, skip } from './reading.ts';

interface FlaggerOptions {
  /** What Flagger's controller is told by `-mesh-provider`; for Canaries that name none. */
  readonly provider: string | null;
  /** Of Canaries that name none, as where kustomize or Helm adds it. */
  readonly namespace: string | null;
}

/** What became of one check of a canary: an SLO, a guard, or nothing; and what to know about it. */
interface FlaggerCheck {
  readonly file: string;
  readonly line: number;
  readonly check: string;
  readonly as: 'slo' | 'guard' | null;
  readonly note: string;
}

export interface FlaggerImport {
  readonly file: string;
  readonly line: number;
  readonly service: string;
  readonly slos: readonly object[];
  /** The service's part of a Platform; null: without an SLO nothing could be judged. */
  readonly entry: object | null;
  readonly checks: readonly FlaggerCheck[];
  /** What is done otherwise here, or has to be declared by hand. */
  readonly notes: readonly string[];
}

export interface FlaggerReading {
  readonly canaries: readonly FlaggerImport[];
  /** Everything that is refused, at its line: documents, Canaries and single checks. */
  readonly problems: readonly Problem[];
  readonly skipped: readonly Skipped[];
}

/** Its weights, and 100 as a step like the others: Flagger goes there without looking. */
function stepsOf({ stepWeights, stepWeight, maxWeight }: Analysis): number[] | null {
  const own = stepWeights ?? (stepWeight && maxWeight ? rising(stepWeight, maxWeight) : null);
  if (!own) return null;
  return [...new Set([...own.map(Math.round).filter((w) => w >= 1 && w < 100), 100])].sort((a, b) => a - b);
}
const rising = (by: number, to: number): number[] =>
  Array.from({ length: Math.max(1, Math.floor(to / by)) }, (_, i) => (i + 1) * by);

function notesOf(c: Canary): string[] {
  const { webhooks, alerts, iterations, match, mirror } = c.analysis;
  const tests = webhooks.filter((w) => w.type === undefined || w.type === 'rollout');
  return [
    'its threshold of failed checks has no counterpart: a release is stopped by the evidence rule, and waits if there are too few requests',
    `targetRef ${c.spec.targetRef.kind}/${c.spec.targetRef.name} becomes a Rollout (charts/service)`,
    'revisionLabel must name a label of these series that distinguishes both versions',
    ...(iterations ? [`${iterations} iterations are not imported: traffic is shifted by weight`] : []),
    ...(match?.length ? ['matches by header or cookie are not imported: traffic is shifted by weight'] : []),
    ...(mirror ? ['mirrored traffic is not imported'] : []),
    ...(c.spec.metricsServer ? [`metricsServer ${c.spec.metricsServer}: give it with --prometheus`] : []),
    ...(tests.length > 0
      ? [`webhooks ${tests.map((w) => w.name).join(', ')}: declare load on the environment instead`]
      : []),
    ...webhooks.filter((w) => !tests.includes(w)).map((w) => `webhook ${w.name} (${w.type}) is not imported`),
    ...(alerts.length > 0 ? ['alerts: declare notifications'] : []),
  ];
}

const analysisPath = (c: Canary): Path => ['spec', c.spec.analysis ? 'analysis' : 'canaryAnalysis'];

interface Brought {
  readonly canary: FlaggerImport;
  readonly problems: readonly Problem[];
}

/** Null: another one of its name is kept. */
interface Kept {
  readonly canary: FlaggerImport | null;
  readonly problems: readonly Problem[];
}

function bring(c: Canary, templates: readonly FlaggerMetricTemplate[]): Brought {
  const { document } = c.place;
  const { analysis: a } = c;
  const service = nameOf(c.names.name);
  const pathOf = (i: number): Path => [...analysisPath(c), 'metrics', i];
  const all = a.metrics.map((m) => checkMade(c, m, templates));
  const checks = all.map(({ as, note }, i): FlaggerCheck => {
    const line = document.lineOf(pathOf(i));
    return { file: document.file, line, check: a.metrics[i]!.name, as, note };
  });
  const slos = all.flatMap((m) => m.slo ?? []);
  const guards = all.flatMap((m) => m.guard ?? []);
  const steps = stepsOf(a);
  const strategy = { ...(steps ? { steps } : {}), ...(a.interval ? { dwell: a.interval } : {}) };
  const entry = {
    name: service,
    slos: slos.map((slo) => (slo as { metadata: { name: string } }).metadata.name),
    ...(Object.keys(strategy).length > 0 ? { strategy } : {}),
    ...(guards.length > 0 ? { guards } : {}),
  };
  const refused = checks.flatMap(({ check, as, note }, i) =>
    as === null
      ? [problemAt(c.place, pathOf(i), 'FLAGGER_CHECK', `${c.names.name}, check ${check}: ${note}`)]
      : [],
  );
  const nothing = `Canary ${c.names.name} has no check that becomes an SLO: its releases cannot be judged`;
  return {
    canary: {
      file: document.file,
      line: document.line,
      service,
      slos,
      entry: slos.length > 0 ? entry : null,
      checks,
      notes: notesOf(c),
    },
    problems: [
      ...refused,
      ...(slos.length > 0 ? [] : [problemAt(c.place, analysisPath(c), 'FLAGGER_NO_SLO', nothing)]),
    ],
  };
}

function shaped<T>(schema: z.ZodType<T>, document: ForeignDocument): { value: T } | { problems: Problem[] } {
  const parsed = schema.safeParse(document.value);
  return parsed.success
    ? { value: parsed.data }
    : {
        problems: problemsOf(parsed.error, { schema, value: document.value }, document.file, document.lineOf),
      };
}

function canaryOf(
  document: ForeignDocument,
  { metadata, spec }: CanarySpec,
  options: FlaggerOptions,
): Canary {
  const namespace = metadata.namespace ?? options.namespace;
  const target = spec.targetRef.name;
  return {
    place: { document, pathOf: (path) => path },
    spec,
    names: {
      name: metadata.name,
      namespace: namespace ?? 'default',
      target,
      service: spec.service?.name ?? target,
      ingress: spec.ingressRef?.name ?? target,
      route: spec.routeRef?.name ?? target,
    },
    analysis: spec.analysis ?? spec.canaryAnalysis ?? analysis.parse({}),
    provider: spec.provider ?? options.provider,
    givenNamespace: namespace !== null && namespace !== undefined,
  };
}

/** Two Canaries of one name, as in two namespaces: the first that can be judged is kept, the others are told. */
function unique(all: readonly Brought[]): Kept[] {
  return all.map((one) => {
    const same = all.filter((other) => other.canary.service === one.canary.service);
    const kept = same.find((other) => other.canary.entry !== null) ?? same[0]!;
    if (kept === one) return one;
    const { service, file, line } = one.canary;
    const problem: Problem = {
      code: 'DUPLICATE_NAME',
      file,
      line,
      path: 'metadata.name',
      message: `several Canaries are named "${service}": another one is kept`,
      next: `that of ${kept.canary.file}:${kept.canary.line}; import one namespace at a time`,
    };
    return { canary: null, problems: [problem] };
  });
}

/** Every Canary of these files, with the templates that they share; what cannot be read, and where. */
export function importFlagger(
  files: readonly SourceFile[],
  options: FlaggerOptions = { provider: null, namespace: null },
): FlaggerReading {
  const { documents, unreadable } = foreignDocuments(files);
  const canaries: Canary[] = [];
  const templates: FlaggerMetricTemplate[] = [];
  const skipped: Skipped[] = [];
  const problems = unreadable
    .filter(({ text }) => text.includes('flagger.app/'))
    .map(({ problem }) => problem);
  for (const document of documents) {
    const { apiVersion, kind } = document.value;
    const ours = typeof apiVersion === 'string' && apiVersion.startsWith('flagger.app/');
    if (ours && kind === 'Canary') {
      const read = shaped(canarySchema, document);
      if ('value' in read) canaries.push(canaryOf(document, read.value, options));
      else problems.push(...read.problems);
    } else if (ours && kind === 'MetricTemplate') {
      const read = shaped(templateSchema, document);
      if ('value' in read) templates.push(read.value);
      else problems.push(...read.problems);
    } else
      skipped.push(
        skip(document, ours ? 'notifications are declared in the Platform instead' : "not Flagger's"),
      );
  }
  const brought = unique(canaries.map((c) => bring(c, templates)));
  return {
    canaries: brought.flatMap((b) => b.canary ?? []),
    problems: [...problems, ...brought.flatMap((b) => b.problems)],
    skipped,
  };
}
