import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { parseTree } from '../../promql/parse.ts';
import { nameOf, source } from './openslo.ts';

/** Reads Flagger's `flagger.app/v1beta1` resources. Source: its published custom resource definitions. */
const range = z.object({ min: z.number().optional(), max: z.number().optional() });
const metric = z.object({
  name: z.string(),
  threshold: z.number().optional(),
  thresholdRange: range.optional(),
  query: z.string().optional(),
  templateRef: z.object({ name: z.string(), namespace: z.string().optional() }).optional(),
});
const analysis = z.object({
  interval: z.string().optional(),
  iterations: z.number().optional(),
  maxWeight: z.number().optional(),
  stepWeight: z.number().optional(),
  stepWeights: z.array(z.number()).optional(),
  match: z.array(z.unknown()).optional(),
  metrics: z.array(metric).default([]),
  webhooks: z.array(z.object({ name: z.string(), type: z.string().optional() })).default([]),
  alerts: z.array(z.object({ name: z.string() })).default([]),
});
const canarySchema = z.object({
  kind: z.literal('Canary'),
  metadata: z.object({ name: z.string(), namespace: z.string().default('default') }),
  spec: z.object({
    provider: z.string().optional(),
    targetRef: z.object({ kind: z.string(), name: z.string() }),
    ingressRef: z.object({ name: z.string() }).optional(),
    analysis: analysis.optional(),
    canaryAnalysis: analysis.optional(),
  }),
});
const templateSchema = z.object({
  kind: z.literal('MetricTemplate'),
  metadata: z.object({ name: z.string() }),
  spec: z.object({ provider: z.object({ type: z.string() }), query: z.string() }),
});
type Canary = z.infer<typeof canarySchema>;
type Template = z.infer<typeof templateSchema>;
type Metric = z.infer<typeof metric>;

/** What became of one check of a canary: an SLO, a guard, or nothing; and what to know about it. */
export interface FlaggerCheck {
  readonly check: string;
  readonly as: 'slo' | 'guard' | null;
  readonly note: string;
}

export interface FlaggerImport {
  readonly service: string;
  readonly slos: readonly object[];
  /** The service's part of a Platform; null: without an SLO nothing could be judged. */
  readonly entry: object | null;
  readonly checks: readonly FlaggerCheck[];
  /** What is done otherwise here, or has to be declared by hand. */
  readonly notes: readonly string[];
}

export const isFlagger = (text: string): boolean => /^apiVersion:\s*flagger\.app\//m.test(text);

/** Counters of a mesh or an ingress, as Flagger's own queries read them: all requests, the failed or good ones, latency. */
interface Source {
  total(c: Canary): string;
  part(c: Canary): { readonly good?: string; readonly bad?: string };
  /** Good requests and all of them, by a latency bound in milliseconds; null: it is no histogram. */
  latency(c: Canary, ms: number): { readonly good: string; readonly total: string } | null;
}

const istio = (c: Canary, more = ''): string =>
  `{reporter="destination",destination_workload_namespace="${c.metadata.namespace}",destination_workload=~"${c.spec.targetRef.name}.*"${more}}`;
const linkerd = (c: Canary, more = ''): string =>
  `{namespace="${c.metadata.namespace}",deployment=~"${c.spec.targetRef.name}.*",direction="inbound"${more}}`;
const nginx = (c: Canary, more = ''): string =>
  `{namespace="${c.metadata.namespace}",ingress="${c.spec.ingressRef?.name ?? c.spec.targetRef.name}"${more}}`;

const SOURCES: Readonly<Record<string, Source>> = {
  istio: {
    total: (c) => `istio_requests_total${istio(c)}`,
    part: (c) => ({ good: `istio_requests_total${istio(c, ',response_code!~"5.*"')}` }),
    latency: (c, ms) => ({
      good: `istio_request_duration_milliseconds_bucket${istio(c, `,le="${ms}"`)}`,
      total: `istio_request_duration_milliseconds_count${istio(c)}`,
    }),
  },
  linkerd: {
    total: (c) => `response_total${linkerd(c)}`,
    part: (c) => ({ bad: `response_total${linkerd(c, ',classification="failure"')}` }),
    latency: (c, ms) => ({
      good: `response_latency_ms_bucket${linkerd(c, `,le="${ms}"`)}`,
      total: `response_latency_ms_count${linkerd(c)}`,
    }),
  },
  nginx: {
    total: (c) => `nginx_ingress_controller_requests${nginx(c)}`,
    part: (c) => ({ good: `nginx_ingress_controller_requests${nginx(c, ',status!~"5.*"')}` }),
    latency: () => null,
  },
};

function sloOf(
  service: string,
  name: string,
  target: number,
  parts: { readonly good?: string; readonly bad?: string; readonly total: string },
): object {
  const { good, bad, total } = parts;
  const side = good ? { good: source(good) } : { bad: source(bad ?? '') };
  return {
    apiVersion: 'openslo/v1',
    kind: 'SLO',
    metadata: { name },
    spec: {
      service,
      indicator: { spec: { ratioMetric: { counter: true, ...side, total: source(total) } } },
      timeWindow: [{ duration: '30d', isRolling: true }],
      budgetingMethod: 'Occurrences',
      objectives: [{ target }],
    },
  };
}

interface Made {
  readonly check: FlaggerCheck;
  readonly slo?: object;
  readonly guard?: object;
}
const leftOut = (check: string, note: string): Made => ({ check: { check, as: null, note } });
/** Flagger's request-duration is its 99th percentile. */
const LATENCY_TARGET = 0.99;

function successRate(c: Canary, m: Metric, from: Source | undefined): Made {
  const min = m.thresholdRange?.min ?? m.threshold;
  const service = c.metadata.name;
  if (!from)
    return leftOut(
      m.name,
      `the counters of provider "${c.spec.provider ?? 'none'}" are not known here: declare the SLO yourself`,
    );
  if (min === undefined || !(min > 50 && min < 100))
    return leftOut(m.name, `a success rate of ${min ?? 'nothing'} % leaves no budget to judge by`);
  const name = `${service}-availability`;
  const target = Number((min / 100).toPrecision(8));
  return {
    check: {
      check: m.name,
      as: 'slo',
      note: `at least ${min} % becomes the objective; a release is judged against the version before, too`,
    },
    slo: sloOf(service, name, target, { ...from.part(c), total: from.total(c) }),
  };
}

function duration(c: Canary, m: Metric, from: Source | undefined): Made {
  const max = m.thresholdRange?.max ?? m.threshold;
  const parts = max === undefined ? null : (from?.latency(c, max) ?? null);
  if (!parts)
    return leftOut(m.name, 'there is no histogram to count slow requests by: declare the SLO yourself');
  return {
    check: {
      check: m.name,
      as: 'slo',
      note: `99 % within ${max} ms; the histogram needs a bucket at exactly ${max}`,
    },
    slo: sloOf(c.metadata.name, `${c.metadata.name}-latency`, LATENCY_TARGET, parts),
  };
}

/** Flagger's own words in a query, as they would be filled in. */
const filledIn = (query: string, c: Canary): string =>
  query
    .replace(/\{\{\s*namespace\s*\}\}/g, c.metadata.namespace)
    .replace(/\{\{\s*(target|service)\s*\}\}/g, c.spec.targetRef.name)
    .replace(/\{\{\s*ingress\s*\}\}/g, c.spec.ingressRef?.name ?? c.spec.targetRef.name)
    .replace(/\{\{\s*interval\s*\}\}/g, '1m')
    .trim()
    .replace(/\s+/g, ' ');

function guard(c: Canary, m: Metric, templates: readonly Template[]): Made {
  const template = templates.find((t) => t.metadata.name === m.templateRef?.name);
  const text = m.query ?? template?.spec.query;
  if (text === undefined)
    return leftOut(m.name, `its template "${m.templateRef?.name ?? '?'}" is not among these files`);
  if (template && template.spec.provider.type !== 'prometheus')
    return leftOut(m.name, `it is asked of ${template.spec.provider.type}, not of Prometheus`);
  const query = filledIn(text, c);
  if (/\{\{/.test(query) || !parseTree(query).ok)
    return leftOut(m.name, 'its query is not PromQL once the names are filled in');
  const { min, max } = m.thresholdRange ?? { min: undefined, max: m.threshold };
  if (min === undefined && max === undefined) return leftOut(m.name, 'it has no bound');
  const bounds = { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
  return {
    check: {
      check: m.name,
      as: 'guard',
      note: 'without data the release waits, where Flagger counts a failure',
    },
    guard: { name: nameOf(m.name), query, ...bounds, noData: 'hold' },
  };
}

/** Its weights, and 100 as a step like the others: Flagger goes there without looking. */
function stepsOf({ stepWeights, stepWeight, maxWeight }: z.infer<typeof analysis>): number[] | null {
  const own = stepWeights ?? (stepWeight && maxWeight ? rising(stepWeight, maxWeight) : null);
  if (!own) return null;
  return [...new Set([...own.map(Math.round).filter((w) => w >= 1 && w < 100), 100])].sort((a, b) => a - b);
}
const rising = (by: number, to: number): number[] =>
  Array.from({ length: Math.max(1, Math.floor(to / by)) }, (_, i) => (i + 1) * by);

function notesOf(c: Canary, a: z.infer<typeof analysis>): string[] {
  const tests = a.webhooks.filter((w) => w.type === undefined || w.type === 'rollout');
  return [
    'its threshold of failed checks has no counterpart: harm beyond doubt stops it, too few requests wait',
    `targetRef ${c.spec.targetRef.kind}/${c.spec.targetRef.name} becomes a Rollout (charts/service)`,
    'revisionLabel has to name a label of these series by which both versions are told apart',
    ...(a.iterations || a.match
      ? ['A/B by headers or iterations is not brought over: traffic goes by weight']
      : []),
    ...(tests.length > 0
      ? [`webhooks ${tests.map((w) => w.name).join(', ')}: declare load on the environment instead`]
      : []),
    ...a.webhooks
      .filter((w) => !tests.includes(w))
      .map((w) => `webhook ${w.name} (${w.type}) is not brought over`),
    ...(a.alerts.length > 0 ? ['alerts: declare notifications'] : []),
  ];
}

function bring(c: Canary, templates: readonly Template[]): FlaggerImport {
  const a = c.spec.analysis ?? c.spec.canaryAnalysis ?? analysis.parse({});
  const from = SOURCES[c.spec.provider ?? ''];
  const made = a.metrics.map((m) =>
    m.name === 'request-success-rate' && !m.templateRef && !m.query
      ? successRate(c, m, from)
      : m.name === 'request-duration' && !m.templateRef && !m.query
        ? duration(c, m, from)
        : guard(c, m, templates),
  );
  const slos = made.flatMap((m) => m.slo ?? []);
  const guards = made.flatMap((m) => m.guard ?? []);
  const steps = stepsOf(a);
  const strategy = { ...(steps ? { steps } : {}), ...(a.interval ? { dwell: a.interval } : {}) };
  const names = slos.map((slo) => (slo as { metadata: { name: string } }).metadata.name);
  const entry = {
    name: c.metadata.name,
    slos: names,
    ...(Object.keys(strategy).length > 0 ? { strategy } : {}),
    ...(guards.length > 0 ? { guards } : {}),
  };
  return {
    service: c.metadata.name,
    slos,
    entry: names.length > 0 ? entry : null,
    checks: made.map((m) => m.check),
    notes: notesOf(c, a),
  };
}

/** Every Canary of these files, with the templates that they share; or what cannot be read, and where. */
export function importFlagger(
  files: readonly { readonly file: string; readonly text: string }[],
): FlaggerImport[] | { readonly error: string; readonly file: string } {
  const canaries: Canary[] = [];
  const templates: Template[] = [];
  for (const { file, text } of files)
    for (const document of parseAllDocuments(text)) {
      if (document.errors[0]) return { error: `not YAML: ${document.errors[0].message}`, file };
      const value = document.toJS({ maxAliasCount: 100 }) as { kind?: unknown } | null;
      const schema =
        value?.kind === 'Canary' ? canarySchema : value?.kind === 'MetricTemplate' ? templateSchema : null;
      const parsed = schema?.safeParse(value);
      if (parsed && !parsed.success) {
        const issue = parsed.error.issues[0]!;
        return { error: `${String(value?.kind)}: ${issue.path.join('.')}: ${issue.message}`, file };
      }
      if (parsed?.data.kind === 'Canary') canaries.push(parsed.data);
      if (parsed?.data.kind === 'MetricTemplate') templates.push(parsed.data);
    }
  return canaries.map((c) => bring(c, templates));
}
