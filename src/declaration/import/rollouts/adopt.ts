import { compareText } from '../../../kit/order.ts';
import { rolloutStrategy } from '../../rollout-strategy.ts';
import { nameOf } from '../openslo.ts';
import { argumentsOf, type ImportedMetric, importMetric, type MetricImport } from './metrics.ts';
import { patchOf } from './patch.ts';
import type { RolloutResource, RolloutResources, TemplateResource, Workload } from './resources.ts';
import { type Asked, templatesOf } from './templates.ts';

/** What became of one Rollout. */
interface Adopted {
  readonly service: string;
  readonly rollout: string;
  readonly namespace: string;
  /** Its part of a Platform; null: it cannot be judged yet, and the questions say why. */
  readonly entry: { readonly name: string; readonly [key: string]: unknown } | null;
  readonly slos: readonly object[];
  readonly metrics: readonly ImportedMetric[];
  readonly questions: readonly string[];
}

export interface Adoption {
  readonly rollouts: readonly Adopted[];
  /** Addresses of Prometheus that its analyses name, the most used first. */
  readonly prometheus: readonly string[];
  /** An environment a namespace; one alone is called prod. */
  readonly environments: readonly { readonly name: string; readonly namespace: string }[];
  /** Rollouts with the steps that they would like: merge patches. */
  readonly patches: readonly { readonly path: string; readonly patch: object }[];
  /** What could not be told of all of them together. */
  readonly questions: readonly string[];
}

const HASH_META = '__meta_kubernetes_pod_label_rollouts_pod_template_hash';
const HASH_LABEL = 'rollouts-pod-template-hash';
const HASH_TARGET = 'rollouts_pod_template_hash';

const DEFAULT_NAMESPACE = 'default';
const ONLY = 'prod';
const namespaceOf = (r: RolloutResource): string => r.metadata.namespace ?? DEFAULT_NAMESPACE;

/** The pod template of a Rollout: its own, or that of the workload that it refers to. */
function workloadOf(
  r: RolloutResource,
  all: RolloutResources,
): Pick<Workload, 'labels' | 'containers'> | null {
  const { template, workloadRef } = r.spec;
  if (template)
    return {
      labels: template.metadata.labels,
      containers: template.spec.containers.map(({ name, image }) => ({ name, image })),
    };
  return (
    all.workloads.find(
      (w) =>
        w.kind === workloadRef?.kind && w.name === workloadRef.name && w.namespace === r.metadata.namespace,
    ) ?? null
  );
}

/** The container that is the service, by what its revisions changed; null with a question where that cannot be told. */
function containerOf(
  r: RolloutResource,
  all: RolloutResources,
): { readonly container: string | null; readonly question: string | null } {
  const { name } = r.metadata;
  const workload = workloadOf(r, all);
  if (!workload)
    return {
      container: null,
      question: `Where is the template of ${name}? Its ${r.spec.workloadRef?.kind ?? 'template'} ${r.spec.workloadRef?.name ?? ''} was not found.`,
    };
  const { containers } = workload;
  if (containers.length === 1) return { container: null, question: null };
  const past = all.workloads.filter((w) => w.rollout === name && w.namespace === r.metadata.namespace);
  const changed = containers.filter((c) =>
    past.some((w) => w.containers.some((p) => p.name === c.name && p.image !== c.image)),
  );
  if (changed.length === 1) return { container: changed[0]!.name, question: null };
  const names = containers.map((c) => c.name).join(', ');
  return {
    container: null,
    question: `Which container of ${name} is the service: ${names}? Write it as container; until then the container whose image changes is used, and nothing is judged if there is more than one.`,
  };
}

/** The label that its monitors write the hash of the pod template into; null: none does. */
function labelFromMonitors(labels: Readonly<Record<string, string>>, all: RolloutResources): string | null {
  const selects = (matchLabels: Readonly<Record<string, string>>) =>
    Object.entries(matchLabels).length > 0 && Object.entries(matchLabels).every(([k, v]) => labels[k] === v);
  const services = all.services.filter((s) => selects(s.spec.selector ?? {})).map((s) => s.metadata.labels);
  for (const { kind, spec } of all.monitors) {
    const { matchLabels } = spec.selector;
    const mine =
      kind === 'PodMonitor'
        ? selects(matchLabels)
        : services.some((of) => Object.entries(matchLabels).every(([k, v]) => of[k] === v));
    if (!mine) continue;
    const written = [...spec.podMetricsEndpoints, ...spec.endpoints]
      .flatMap((e) => e.relabelings)
      .find((r) => r.sourceLabels.includes(HASH_META) && r.targetLabel);
    if (written?.targetLabel) return written.targetLabel;
    if (spec.podTargetLabels.includes(HASH_LABEL)) return HASH_TARGET;
  }
  return null;
}

/** Fields of the Rollout that its arguments may refer to. */
const fieldsOf = (r: RolloutResource): ReadonlyMap<string, string> =>
  new Map([
    ['metadata.name', r.metadata.name],
    ['metadata.namespace', namespaceOf(r)],
    ...Object.entries(r.metadata.labels).map(([k, v]): [string, string] => [`metadata.labels['${k}']`, v]),
  ]);

function metricsOf(r: RolloutResource, service: string, asked: readonly Asked[]): MetricImport[] {
  const made = asked.flatMap(({ template, args }) =>
    template.spec.metrics.map((metric) =>
      importMetric(
        service,
        template.metadata.name,
        metric,
        argumentsOf(args, template.spec.args, fieldsOf(r)),
      ),
    ),
  );
  // A metric that several templates ask is one.
  const seen = new Set<string>();
  return made.filter((m) => {
    const key = JSON.stringify([
      m.slo,
      m.guard,
      m.imported.metric,
      m.imported.as === null && m.imported.template,
    ]);
    return !seen.has(key) && seen.add(key);
  });
}

/** The hash is in the metrics, or somebody has to put it there. */
function labelQuestion(name: string, label: string | null): string[] {
  return label !== null
    ? []
    : [
        `Which label of the metrics of ${name} distinguishes its versions? No monitor adds the hash of the pod template: add "${HASH_LABEL}" to podTargetLabels of its monitor, and revisionLabel: ${HASH_TARGET} holds.`,
      ];
}

/** The provider of a metric, as far as it says where and how Prometheus is asked. */
interface PrometheusProvider {
  readonly address?: unknown;
  readonly headers?: readonly { readonly key?: unknown }[];
  readonly authentication?: object;
}

interface Written {
  readonly documents: readonly object[];
  readonly names: readonly string[];
}

/** SLOs that OpenSLO documents beside it declare for this service already. */
function declaredFor(service: string, all: RolloutResources): Written {
  const mine = all.openSlo.filter(
    ({ kind, value }) =>
      kind === 'SLO' &&
      nameOf(String((value['spec'] as { service?: unknown } | undefined)?.service ?? '')) === service,
  );
  return {
    documents: mine.map(({ value }) => value),
    names: mine.map(({ value }) => String((value['metadata'] as { name?: unknown } | undefined)?.name ?? '')),
  };
}

function adoptOne(r: RolloutResource, service: string, all: RolloutResources): Adopted {
  const { name } = r.metadata;
  const asked = templatesOf(r, all);
  const metrics = metricsOf(r, service, asked.found);
  const { container, question } = containerOf(r, all);
  const labels = workloadOf(r, all)?.labels ?? {};
  const label = metrics.find((m) => m.revisionLabel)?.revisionLabel ?? labelFromMonitors(labels, all);
  const declared = declaredFor(service, all);
  const made = metrics.flatMap((m) => (m.slo ? [m.slo as { metadata: { name: string } }] : []));
  const slos = [...new Map([...made].map((slo) => [slo.metadata.name, slo])).values()];
  const names = [...declared.names, ...slos.map((slo) => slo.metadata.name)];
  const guards = [
    ...new Map(
      metrics.flatMap((m) => (m.guard ? [[(m.guard as { name: string }).name, m.guard]] : [])),
    ).values(),
  ];
  const { kind, post } = rolloutStrategy(r.spec.strategy);
  const questions = [
    ...(kind === 'blue-green' && post.length > 0 && !post.includes('sluice-verdict')
      ? [
          `Should the postPromotionAnalysis of ${name} also wait for Sluice? It uses the strategy blueGreen and has one of its own (${post.join(', ')}): add the ClusterAnalysisTemplate sluice-verdict to it.`,
        ]
      : []),
    ...asked.questions,
    ...(question ? [question] : []),
    ...labelQuestion(name, label),
    ...metrics.flatMap((m) => m.questions),
    ...(names.length === 0
      ? [
          `What is a good request of ${name}? No analysis defines it: declare an SLO for service ${service}, and add it to the Platform.`,
        ]
      : []),
  ];
  const entry = {
    name: service,
    slos: names,
    ...(name === service ? {} : { rollout: name }),
    ...(container ? { container } : {}),
    revisionLabel: label ?? HASH_TARGET,
    ...(guards.length > 0 ? { guards } : {}),
  };
  return {
    service,
    rollout: name,
    namespace: namespaceOf(r),
    entry: names.length > 0 ? entry : null,
    slos: [...declared.documents, ...slos],
    metrics: metrics.map((m) => m.imported),
    questions,
  };
}

/** Addresses that analyses ask, the most used first. */
function addressesOf(all: RolloutResources): string[] {
  const counts = new Map<string, number>();
  for (const { spec } of all.templates)
    for (const { provider } of spec.metrics) {
      const address = (provider['prometheus'] as { address?: unknown } | undefined)?.address;
      if (typeof address === 'string' && /^https?:\/\/\S+$/.test(address) && !address.includes('{{'))
        counts.set(address, (counts.get(address) ?? 0) + 1);
    }
  return [...counts].sort(([a, n], [b, m]) => m - n || compareText(a, b)).map(([address]) => address);
}

/** How analyses sign in at Prometheus: Sluice has to as well, and no secret of theirs is read. */
function credentialQuestions(all: RolloutResources): string[] {
  const ways = new Map<string, Set<string>>();
  for (const { spec } of all.templates)
    for (const { provider } of spec.metrics) {
      const { address, headers, authentication } = (provider['prometheus'] ?? {}) as PrometheusProvider;
      if (typeof address !== 'string') continue;
      const sent = [
        ...(Array.isArray(headers) ? headers : []).map(({ key }) => `the header ${String(key)}`),
        ...Object.keys(authentication ?? {}).map((kind) => `authentication ${kind}`),
      ];
      if (sent.length > 0) ways.set(address, new Set([...(ways.get(address) ?? []), ...sent]));
    }
  return [...ways].map(
    ([address, sent]) =>
      `How does Sluice sign in at ${address.includes('{{') ? 'Prometheus' : address}? Analyses send ${[...sent].join(' and ')}: declare bearer, basic, mtls or tenant under prometheus, each secret by reference.`,
  );
}

/** Templates are no manifests: what they put out is. Those that hold Rollouts are named. */
function unrenderedQuestions({ unrendered }: RolloutResources): string[] {
  if (unrendered.length === 0) return [];
  const rollouts = unrendered.filter((u) => u.rollout).map((u) => u.file);
  const which =
    rollouts.length > 0
      ? `, with a Rollout in ${rollouts.join(', ')}`
      : `, none with a Rollout (${unrendered[0]!.file}${unrendered.length > 1 ? ' and others' : ''})`;
  return [
    `What do the templates put out? ${unrendered.length} files are filled in by Helm${which}: helm template CHART > manifests.yaml, and sluice adopt manifests.yaml.`,
  ];
}

/** Objects of one name in one namespace: they cannot all be in one cluster, and one of them was taken. */
function namesakes(
  objects: readonly Pick<TemplateResource | RolloutResource, 'kind' | 'metadata' | 'spec'>[],
): string[] {
  const byName = Map.groupBy(objects, ({ kind, metadata: { name, namespace = DEFAULT_NAMESPACE } }) =>
    kind === 'ClusterAnalysisTemplate' ? `${kind} ${name}` : `${kind} ${name} in namespace ${namespace}`,
  );
  return [...byName].flatMap(([what, list]) => {
    if (new Set(list.map(({ spec }) => JSON.stringify(spec))).size < 2) return [];
    const [kind, ...named] = what.split(' ');
    return [
      `Which ${kind} is meant? ${list.length} are called ${named.join(' ')}, and they differ: the first was taken. Adopt the folders apart, or name the one that runs.`,
    ];
  });
}

/**
 * What it takes to follow these Rollouts: objectives and guards from their own analyses, a service each, the steps
 * that they would wait at, and everything that could not be told as questions. One Rollout in several namespaces is
 * one service. Pure.
 */
export function adopt(all: RolloutResources): Adoption {
  const seen = new Map<string, Adopted>();
  for (const r of [...all.rollouts].sort((a, b) => compareText(a.metadata.name, b.metadata.name))) {
    const service = nameOf(r.metadata.name);
    if (!seen.has(service)) seen.set(service, adoptOne(r, service, all));
  }
  const namespaces = [...new Set(all.rollouts.map(namespaceOf))].sort(compareText);
  const environments = namespaces.map((namespace) => ({
    name: namespaces.length === 1 ? ONLY : nameOf(namespace),
    namespace,
  }));
  const rolloutIn = Map.groupBy(all.rollouts, (r) => nameOf(r.metadata.name));
  /** A service without a Rollout in each namespace names the environments that it runs in. */
  const placed = (adopted: Adopted): Adopted => {
    const mine = new Set(rolloutIn.get(adopted.service)!.map(namespaceOf));
    if (!adopted.entry || mine.size === namespaces.length) return adopted;
    const where = environments.filter((e) => mine.has(e.namespace)).map((e) => e.name);
    const { name, ...entry } = adopted.entry;
    return { ...adopted, entry: { name, environments: where, ...entry } };
  };
  const prometheus = addressesOf(all);
  const asks = (list: readonly string[], text: string): string[] => (list.length > 1 ? [text] : []);
  return {
    rollouts: [...seen.values()].map(placed),
    prometheus,
    environments,
    patches: all.rollouts.flatMap((r) => {
      const environment = environments.find((e) => e.namespace === namespaceOf(r))!.name;
      const patch = patchOf(r, nameOf(r.metadata.name), environment);
      return patch ? [{ path: `${environment}/${r.metadata.name}.yaml`, patch }] : [];
    }),
    questions: [
      ...asks(
        prometheus,
        `Which Prometheus should be used: ${prometheus.join(', ')}? The one that is queried most was used.`,
      ),
      ...credentialQuestions(all),
      ...asks(
        namespaces,
        `In which order is a version promoted through ${namespaces.join(', ')}? Declare it with after, under each environment.`,
      ),
      ...all.foreign.map(
        ({ kind, name }) =>
          `${kind} ${name} holds objectives: import them with sluice import ${kind === 'PrometheusServiceLevel' ? 'sloth' : 'pyrra'}, and list them under slos.`,
      ),
      ...unrenderedQuestions(all),
      ...namesakes([...all.rollouts, ...all.templates]),
      ...all.problems.map(({ file, line, message }) => `${file}:${line} could not be read: ${message}`),
    ],
  };
}
