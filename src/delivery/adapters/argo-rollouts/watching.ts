import type { Kubernetes } from '../../../io/kubernetes/client.ts';
import { type Reflector, reflect } from '../../../io/kubernetes/reflector.ts';
import type { Clock } from '../../../kit/time.ts';
import { type AnalysisRun, analysisRunOf } from './analysis-runs.ts';
import type { Scene } from './observed.ts';
import { type Pod, podOf } from './pods.ts';
import { type Rollout, rolloutOf } from './rollout.ts';
import { HASH_LABEL, type ReplicaSet, replicaSetOf } from './template.ts';

interface Watched {
  readonly kubernetes: Kubernetes;
  readonly clock: Clock;
  readonly namespace: string;
  readonly warn: (details: object, message: string) => void;
}

/** The Rollouts of one namespace with their objects, as last reported by the API server. */
interface Watching {
  /** Undefined: there is none of that name. */
  rollout(name: string): Rollout | undefined;
  /** Why a Rollout, or what belongs to a version that it runs, cannot be read; null: all of it can. */
  unreadable(name: string): string | null;
  /** Whether all of it was reported within this time. */
  seenWithin(ms: number): boolean;
  sceneOf(rollout: Rollout, container: string | null): Scene;
  close(): Promise<void>;
}

/** Objects by their owner, grouped again after a change. */
function grouped<T>(all: Reflector<T>, of: (one: T) => string): (owner: string) => readonly T[] {
  let groups: Map<string, T[]> | null = null;
  all.onChange(() => {
    groups = null;
  });
  return (owner) => {
    groups ??= Map.groupBy(all.values(), of);
    return groups.get(owner) ?? [];
  };
}

function reflectors({ namespace, ...shared }: Watched) {
  const argo = `/apis/argoproj.io/v1alpha1/namespaces/${namespace}`;
  const labelled = { ...shared, labelSelector: HASH_LABEL };
  const rollouts = reflect<Rollout>({ ...shared, path: `${argo}/rollouts`, pick: rolloutOf });
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const pods = reflect<Pod>({ ...labelled, path, pick: podOf });
  const sets = `/apis/apps/v1/namespaces/${namespace}/replicasets`;
  const replicaSets = reflect<ReplicaSet>({ ...labelled, path: sets, pick: replicaSetOf });
  const runs = reflect<AnalysisRun>({ ...labelled, path: `${argo}/analysisruns`, pick: analysisRunOf });
  return { rollouts, pods, replicaSets, runs };
}

/** The first object of these that cannot be read and belongs to one of these versions. */
function unreadableOf(
  kinds: readonly (readonly [string, Reflector<unknown>])[],
  hashes: readonly string[],
): string | null {
  for (const [kind, reflector] of kinds)
    for (const [name, { why, labels }] of reflector.malformed())
      if (hashes.includes(labels[HASH_LABEL] ?? '')) return `${kind} ${name} cannot be read: ${why}`;
  return null;
}

export function watchRollouts(watched: Watched): Watching {
  const { rollouts, pods, replicaSets, runs } = reflectors(watched);
  const setsFor = grouped(replicaSets, (one) => one.rollout);
  const podsFor = grouped(pods, (pod) => pod.replicaSet);
  const runsFor = grouped(runs, (run) => run.rollout);
  /** Revisions that were seen to be promoted in full; the Rollout no longer shows it once they are stable. */
  const inFull = new Map<string, string>();
  rollouts.onChange((name) => {
    const one = rollouts.get(name);
    if (one?.promoteFull) inFull.set(name, one.asked);
  });
  return {
    rollout: (name) => rollouts.get(name),
    unreadable(name) {
      const malformed = rollouts.malformed().get(name);
      if (malformed) return `Rollout ${name} cannot be read: ${malformed.why}`;
      const rollout = rollouts.get(name);
      if (!rollout) return null;
      const { asked, stable, aborted } = rollout;
      const hashes = [asked, stable].filter(Boolean);
      const owned = [['ReplicaSet', replicaSets] as const, ['Pod', pods] as const];
      // Why it was stopped decides whom to blame.
      const why = aborted ? unreadableOf([['AnalysisRun', runs]], [asked]) : null;
      return unreadableOf(owned, hashes) ?? why;
    },
    seenWithin: (ms) => [rollouts, replicaSets, pods].every((one) => one.seenWithin(ms)),
    sceneOf(rollout, container) {
      const sets = setsFor(rollout.name);
      return {
        rollout,
        replicaSets: sets,
        pods: sets.flatMap((one) => podsFor(one.name)),
        runs: runsFor(rollout.name),
        container,
        promotedInFull: inFull.get(rollout.name) ?? null,
      };
    },
    async close() {
      await Promise.all([rollouts, replicaSets, pods, runs].map((one) => one.close()));
    },
  };
}
