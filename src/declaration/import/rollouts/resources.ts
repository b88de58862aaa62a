import { z } from 'zod';
import { faultText } from '../../../kit/faults.ts';
import { mergedKeys } from '../../../kit/merge-keys.ts';
import type { YamlText } from '../../../kit/yaml.ts';
import { readEach } from '../../../kit/yaml-pieces.ts';
import { DECLARATION_LIMITS, type SourceFile } from '../../documents.ts';

/** Reads what is deployed beside Argo Rollouts. Source: the published custom resource definitions. */
const labels = z.record(z.string(), z.coerce.string()).default({});
const metadata = z.looseObject({
  name: z.string(),
  namespace: z.string().optional(),
  labels,
});
const container = z.looseObject({ name: z.string(), image: z.string().default('') });
const template = z.looseObject({
  metadata: z.looseObject({ labels }).default({ labels: {} }),
  spec: z.looseObject({ containers: z.array(container).default([]) }),
});

const argument = z.looseObject({
  name: z.string(),
  value: z.coerce.string().optional(),
  valueFrom: z
    .looseObject({
      podTemplateHashValue: z.string().optional(),
      fieldRef: z.looseObject({ fieldPath: z.string() }).optional(),
      secretKeyRef: z.looseObject({}).optional(),
    })
    .optional(),
});
export type Argument = z.infer<typeof argument>;

const analysis = z.looseObject({
  templates: z
    .array(z.looseObject({ templateName: z.string(), clusterScope: z.boolean().default(false) }))
    .default([]),
  args: z.array(argument).default([]),
});
const experiment = z.looseObject({
  analyses: z.array(z.looseObject({ templateName: z.string() })).default([]),
});
const step = z.looseObject({
  setWeight: z.number().optional(),
  analysis: analysis.optional(),
  experiment: experiment.optional(),
});
export type Step = z.infer<typeof step>;

const rollout = z.looseObject({
  kind: z.literal('Rollout'),
  metadata,
  spec: z.looseObject({
    template: template.optional(),
    workloadRef: z.looseObject({ kind: z.string(), name: z.string() }).optional(),
    strategy: z
      .looseObject({
        canary: z.looseObject({ steps: z.array(step).nullish(), analysis: analysis.optional() }).optional(),
        blueGreen: z
          .looseObject({
            prePromotionAnalysis: analysis.optional(),
            postPromotionAnalysis: analysis.optional(),
          })
          .nullish(),
      })
      .default({}),
  }),
});
export type RolloutResource = z.infer<typeof rollout>;

const condition = z.coerce.string().optional();
const metric = z.looseObject({
  name: z.string(),
  successCondition: condition,
  failureCondition: condition,
  provider: z.record(z.string(), z.unknown()).default({}),
});
export type AnalysisMetric = z.infer<typeof metric>;

const analysisTemplate = z.looseObject({
  kind: z.enum(['AnalysisTemplate', 'ClusterAnalysisTemplate']),
  metadata,
  spec: z.looseObject({ args: z.array(argument).default([]), metrics: z.array(metric).default([]) }),
});
export type TemplateResource = z.infer<typeof analysisTemplate>;

const workload = z.looseObject({
  kind: z.enum(['Deployment', 'ReplicaSet']),
  metadata,
  spec: z.looseObject({ template }),
});
const ownedBy = z.array(z.looseObject({ kind: z.string(), name: z.string() })).default([]);

const relabeling = z.looseObject({
  sourceLabels: z.array(z.string()).default([]),
  targetLabel: z.string().optional(),
});
const endpoint = z.looseObject({
  relabelings: z.array(relabeling).default([]),
  interval: z.string().optional(),
});
const monitor = z.looseObject({
  kind: z.enum(['PodMonitor', 'ServiceMonitor']),
  metadata,
  spec: z.looseObject({
    selector: z.looseObject({ matchLabels: labels }).default({ matchLabels: {} }),
    podTargetLabels: z.array(z.string()).default([]),
    podMetricsEndpoints: z.array(endpoint).default([]),
    endpoints: z.array(endpoint).default([]),
  }),
});
type MonitorResource = z.infer<typeof monitor>;

const service = z.looseObject({
  kind: z.literal('Service'),
  apiVersion: z.literal('v1'),
  metadata,
  spec: z.looseObject({ selector: labels.nullish() }).default({ selector: {} }),
});
type ServiceResource = z.infer<typeof service>;

/** A workload whose template a Rollout refers to, or a revision that a Rollout once made. */
export interface Workload {
  readonly kind: 'Deployment' | 'ReplicaSet';
  readonly name: string;
  readonly namespace: string | undefined;
  readonly rollout: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly containers: readonly { readonly name: string; readonly image: string }[];
}

/** Everything in a folder or a cluster that says how services are released. */
export interface RolloutResources {
  readonly rollouts: readonly RolloutResource[];
  readonly templates: readonly TemplateResource[];
  readonly workloads: readonly Workload[];
  readonly monitors: readonly MonitorResource[];
  readonly services: readonly ServiceResource[];
  /** OpenSLO documents as they are, by their kind. */
  readonly openSlo: readonly { readonly kind: string; readonly value: Record<string, unknown> }[];
  /** SLOs that are kept in another tool's resources: their kind and name. */
  readonly foreign: readonly { readonly kind: string; readonly name: string }[];
  /** Files that are templates and no manifests yet, and whether a Rollout is among what they hold. */
  readonly unrendered: readonly { readonly file: string; readonly rollout: boolean }[];
  /** What could not be read, with its place. */
  readonly problems: readonly { readonly file: string; readonly line: number; readonly message: string }[];
}

/** A manifest of one object, with the place that it stands at. */
export interface Placed {
  readonly file: string;
  readonly line: number;
  readonly value: unknown;
}

interface Mutable {
  rollouts: RolloutResource[];
  templates: TemplateResource[];
  workloads: Workload[];
  monitors: MonitorResource[];
  services: ServiceResource[];
  openSlo: { kind: string; value: Record<string, unknown> }[];
  foreign: { kind: string; name: string }[];
  unrendered: { file: string; rollout: boolean }[];
  problems: { file: string; line: number; message: string }[];
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const workloadOf = (value: unknown): Workload => {
  const { kind, metadata: meta, spec } = workload.parse(value);
  const owners = ownedBy.parse((meta as { ownerReferences?: unknown }).ownerReferences ?? []);
  return {
    kind,
    name: meta.name,
    namespace: meta.namespace,
    rollout: owners.find((o) => o.kind === 'Rollout')?.name ?? '',
    labels: spec.template.metadata.labels,
    containers: spec.template.spec.containers.map(({ name, image }) => ({ name, image })),
  };
};

const FOREIGN = ['PrometheusServiceLevel', 'ServiceLevelObjective'];

/** What is done with an object by what it says it is. */
const READERS: readonly [RegExp, (into: Mutable, value: Record<string, unknown>) => void][] = [
  [/^argoproj\.io\/\S+ Rollout$/, (into, value) => into.rollouts.push(rollout.parse(value))],
  [
    /^argoproj\.io\/\S+ (Cluster)?AnalysisTemplate$/,
    (into, value) => into.templates.push(analysisTemplate.parse(value)),
  ],
  [/^apps\/v1 (Deployment|ReplicaSet)$/, (into, value) => into.workloads.push(workloadOf(value))],
  [
    /^monitoring\.coreos\.com\/\S+ (Pod|Service)Monitor$/,
    (into, value) => into.monitors.push(monitor.parse(value)),
  ],
  [/^v1 Service$/, (into, value) => into.services.push(service.parse(value))],
  [/^openslo\/v1 /, (into, value) => into.openSlo.push({ kind: String(value['kind']), value })],
  [
    new RegExp(` (${FOREIGN.join('|')})$`),
    (into, value) =>
      into.foreign.push({ kind: String(value['kind']), name: metadata.parse(value['metadata']).name }),
  ],
];

function readOne(into: Mutable, { file, line, value }: Placed): void {
  if (!isRecord(value)) return;
  // What kubectl and Helm put out may be a list of objects.
  if (String(value['kind']).endsWith('List') && Array.isArray(value['items'])) {
    for (const item of value['items']) readOne(into, { file, line, value: item });
    return;
  }
  const what = `${String(value['apiVersion'])} ${String(value['kind'])}`;
  const reader = READERS.find(([pattern]) => pattern.test(what))?.[1];
  if (!reader) return;
  try {
    reader(into, value);
  } catch (thrown) {
    if (!(thrown instanceof z.ZodError)) throw thrown;
    const name = isRecord(value['metadata']) ? String(value['metadata']['name']) : '?';
    into.problems.push({
      file,
      line,
      message: `${String(value['kind'])} ${name}: ${faultText(thrown.issues, { value })}`,
    });
  }
}

/** Objects sorted by what they are. One that cannot be read is said, and hides no other. Pure. */
export function resourcesOf(objects: Iterable<Placed>): RolloutResources {
  const into: Mutable = {
    rollouts: [],
    templates: [],
    workloads: [],
    monitors: [],
    services: [],
    openSlo: [],
    foreign: [],
    unrendered: [],
    problems: [],
  };
  for (const one of objects) readOne(into, one);
  return into;
}

/** What Helm fills in: `{{ .Values.image }}`, `{{- include "name" . }}`; not `{{args.name}}` of an analysis. */
const FILLED_IN =
  /\{\{-?\s*(?:[.$]|(?:include|if|with|range|end|else|define|template|toYaml|default|printf|quote)\b)/;
const holdsRollout = (text: string): boolean => /^\s*kind:\s*["']?Rollout\b/m.test(text);

/** Whether this is no manifest yet: it cannot be read as one, or is not named yet. */
function isUnrendered(text: string, { documents, problems }: YamlText): boolean {
  if (!FILLED_IN.test(text)) return false;
  const named = documents.some(({ value }) => {
    const meta = isRecord(value) ? value['metadata'] : undefined;
    return isRecord(meta) && String(meta['name']).includes('{{');
  });
  return problems.length > 0 || named;
}

/** Manifests as they lie in files: plain, or what kustomize and Helm put out. Of a file one problem is said. */
export function readManifests(files: readonly SourceFile[]): RolloutResources {
  const objects: Placed[] = [];
  const problems: RolloutResources['problems'][number][] = [];
  const unrendered: RolloutResources['unrendered'][number][] = [];
  for (const { file, text } of files) {
    const read = readEach(text, DECLARATION_LIMITS);
    if (isUnrendered(text, read)) {
      unrendered.push({ file, rollout: holdsRollout(text) });
      continue;
    }
    for (const { value, lineOf } of read.documents)
      objects.push({ file, line: lineOf([]), value: mergedKeys(value) });
    const [first, ...more] = read.problems;
    if (first)
      problems.push({
        file,
        line: first.line,
        message: more.length > 0 ? `${first.message} (and ${more.length} more)` : first.message,
      });
  }
  const found = resourcesOf(objects);
  return { ...found, unrendered, problems: [...problems, ...found.problems] };
}
