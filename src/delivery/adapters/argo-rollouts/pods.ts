import { z } from 'zod';
import { conditions, HASH_LABEL, labels, ownerOf, owners } from './template.ts';

const STRAINED_RESTARTS = 2;

const terminated = z.looseObject({ exitCode: z.number().default(0), reason: z.string().default('') });
const containerState = z.looseObject({
  name: z.string().default(''),
  ready: z.boolean().default(false),
  restartCount: z.number().default(0),
  imageID: z.string().default(''),
  image: z.string().default(''),
  state: z
    .looseObject({
      waiting: z.looseObject({ reason: z.string().default(''), message: z.string().default('') }).optional(),
      running: z.looseObject({}).optional(),
      terminated: terminated.optional(),
    })
    .default({}),
  lastState: z.looseObject({ terminated: terminated.optional() }).default({}),
});
type ContainerState = z.infer<typeof containerState>;

const podSchema = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    labels,
    deletionTimestamp: z.string().optional(),
    ownerReferences: owners,
  }),
  status: z
    .looseObject({
      phase: z.string().default(''),
      reason: z.string().default(''),
      message: z.string().default(''),
      conditions,
      containerStatuses: z.array(containerState).default([]),
      initContainerStatuses: z.array(containerState).default([]),
    })
    .prefault({}),
});
type PodObject = z.infer<typeof podSchema>;

/** One container of a pod: what it runs, and how it is. */
export interface ContainerNow {
  readonly name: string;
  readonly image: string;
  readonly ready: boolean;
  readonly imageId: string;
  /** How it crashes repeatedly; null: it does not. */
  readonly crash: string | null;
}

export interface Pod {
  readonly name: string;
  /** The ReplicaSet that made it; empty: nobody did, or somebody else. */
  readonly replicaSet: string;
  readonly hash: string;
  readonly going: boolean;
  readonly ready: boolean;
  readonly containers: readonly ContainerNow[];
  /** The outside cause that keeps it from running: no room, no node, no image; null: none. */
  readonly hindered: string | null;
}

/** How a container crashes repeatedly, where it does. */
function crashOf(c: ContainerState): string | null {
  const looping = c.state.waiting?.reason === 'CrashLoopBackOff';
  if (!looping && (c.ready || c.restartCount < STRAINED_RESTARTS)) return null;
  const ended = c.lastState.terminated ?? c.state.terminated;
  const why = ended?.reason === 'OOMKilled' ? ', over its memory limit' : '';
  return `container ${c.name} crashes repeatedly${ended ? `, with code ${ended.exitCode}` : ''}${why} (${c.restartCount} restarts)`;
}

const PULLING = [
  'ErrImagePull',
  'ImagePullBackOff',
  'ErrImageNeverPull',
  'InvalidImageName',
  'RegistryUnavailable',
];
const NOT_MADE = ['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError'];
const NOT_THERE = /not found|manifest unknown|does not exist|no such image|InvalidImageName|NeverPull/i;
const MAX_WORDS = 200;
const inShort = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, MAX_WORDS);

/** Reasons for a missing image: none of its code ran, so the version is not judged by it. */
function pullTrouble(c: ContainerState): string | null {
  const { reason = '', message = '' } = c.state.waiting ?? {};
  if (NOT_MADE.includes(reason))
    return inShort(`container ${c.name} cannot be created: ${message || reason}`);
  if (!PULLING.includes(reason)) return null;
  const what = NOT_THERE.test(`${reason} ${message}`)
    ? 'its image is not found'
    : 'its image cannot be pulled';
  return inShort(`${what}: ${message || reason}`);
}

/** An outside cause that keeps a pod from running. */
function hindranceOf({ status }: PodObject): string | null {
  const condition = (type: string) => status.conditions.find((c) => c.type === type);
  const scheduled = condition('PodScheduled');
  if (scheduled?.status === 'False' && status.phase !== 'Running')
    return inShort(`no node has enough resources for it: ${scheduled.message || scheduled.reason}`);
  if (status.reason === 'NodeLost' || condition('Ready')?.status === 'Unknown')
    return 'its node does not answer';
  if (status.reason === 'Evicted' || condition('DisruptionTarget')?.status === 'True')
    return inShort(
      `it was evicted: ${status.message || condition('DisruptionTarget')?.message || 'by its node'}`,
    );
  if (
    status.phase === 'Failed' &&
    ['NodeShutdown', 'Terminated', 'NodeAffinity', 'UnexpectedAdmissionError'].includes(status.reason)
  )
    return inShort(`its node refused it: ${status.message || status.reason}`);
  return (
    [...status.initContainerStatuses, ...status.containerStatuses].map(pullTrouble).find((t) => t !== null) ??
    null
  );
}

export function podOf(object: unknown): Pod {
  const pod = podSchema.parse(object);
  const { metadata, status } = pod;
  const told = status.conditions.find((c) => c.type === 'Ready');
  const all = [...status.initContainerStatuses, ...status.containerStatuses];
  return {
    name: metadata.name,
    replicaSet: ownerOf(metadata.ownerReferences, 'ReplicaSet'),
    hash: metadata.labels[HASH_LABEL] ?? '',
    going: metadata.deletionTimestamp !== undefined,
    ready: told
      ? told.status === 'True'
      : status.containerStatuses.length > 0 && status.containerStatuses.every((c) => c.ready),
    containers: all.map((c) => ({
      name: c.name,
      image: c.image,
      ready: c.ready,
      imageId: c.imageID,
      crash: crashOf(c),
    })),
    hindered: hindranceOf(pod),
  };
}
