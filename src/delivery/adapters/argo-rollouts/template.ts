import { z } from 'zod';

/** The label that identifies the ReplicaSets of a Rollout, and so the arms of a canary. */
export const HASH_LABEL = 'rollouts-pod-template-hash';
const VERSION_LABELS = ['app.kubernetes.io/version', 'version'] as const;
/** Where our chart keeps a version that no label can hold, such as 1.4.2+build.7. */
const VERSION_ANNOTATION = 'sluice.dev/version';
/** The annotation that names the main container of a pod, as kubectl reads it. */
const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';

export const labels = z.record(z.string(), z.string()).default({});
export const owners = z.array(z.looseObject({ kind: z.string(), name: z.string() })).default([]);
const condition = z.looseObject({
  type: z.string(),
  status: z.string(),
  reason: z.string().default(''),
  message: z.string().default(''),
});
/** A condition in the status of an object. */
export const conditions = z.array(condition).default([]);
const container = z.looseObject({ name: z.string().default(''), image: z.string().default('') });

/** A pod template, as far as it is read here. */
export const templateSchema = z.looseObject({
  metadata: z.looseObject({ labels, annotations: labels }).default({ labels: {}, annotations: {} }),
  spec: z.looseObject({ containers: z.array(container).default([]) }),
});

export interface Container {
  readonly name: string;
  readonly image: string;
}

/** What a pod is made from: its containers in order, and the version that it says. */
export interface PodTemplate {
  readonly containers: readonly Container[];
  readonly version: string | null;
  /** The container that an annotation marks as the main one; null: none is marked. */
  readonly main: string | null;
}

const versionLabel = (of: Readonly<Record<string, string>>): string | null =>
  VERSION_LABELS.map((name) => of[name]).find(Boolean) ?? null;

export const templateOf = (given: z.infer<typeof templateSchema>): PodTemplate => ({
  containers: given.spec.containers.map(({ name, image }) => ({ name, image })),
  version: given.metadata.annotations[VERSION_ANNOTATION] ?? versionLabel(given.metadata.labels),
  main: given.metadata.annotations[DEFAULT_CONTAINER] ?? null,
});

/** The name of the owner of a kind; empty: it has none. */
export const ownerOf = (of: z.infer<typeof owners>, kind: string): string =>
  of.find((owner) => owner.kind === kind)?.name ?? '';

const replicaSetSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string(), labels, ownerReferences: owners }),
  spec: z.looseObject({ template: templateSchema }),
  status: z
    .looseObject({
      conditions,
    })
    .prefault({}),
});

/**
 * One revision of a Rollout: the ReplicaSet that it made of a pod template, its own or that of the workload it
 * refers to.
 */
export interface ReplicaSet {
  readonly name: string;
  readonly rollout: string;
  readonly hash: string;
  readonly template: PodTemplate;
  /** Why no pod of it can be made, in the cluster's own words: a quota, for one; null: they can. */
  readonly refused: string | null;
}

export function replicaSetOf(object: unknown): ReplicaSet {
  const { metadata, spec, status } = replicaSetSchema.parse(object);
  const failure = status.conditions.find((c) => c.type === 'ReplicaFailure' && c.status === 'True');
  return {
    name: metadata.name,
    rollout: ownerOf(metadata.ownerReferences, 'Rollout'),
    hash: metadata.labels[HASH_LABEL] ?? '',
    template: templateOf(spec.template),
    refused: failure ? failure.message || failure.reason : null,
  };
}
