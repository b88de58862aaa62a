import type { Kubernetes } from '../../../io/kubernetes/client.ts';
import { type Reflector, reflect } from '../../../io/kubernetes/reflector.ts';
import type { Clock } from '../../../kit/time.ts';
import type { Effect, Revision } from '../../events.ts';
import { onlyNewest } from '../../generations.ts';
import type { DeliveryPort, Probe } from '../../port.ts';
import {
  type AnalysisRun,
  analysisRunOf,
  askedOf,
  deliveryOf,
  HASH_LABEL,
  type Pod,
  podOf,
  type Rollout,
  rolloutOf,
} from './rollout.ts';

export interface ArgoRolloutsOptions {
  readonly kubernetes: Kubernetes;
  readonly clock: Clock;
  readonly namespace: string;
  readonly warn: (details: object, message: string) => void;
}

/** The Rollouts of one namespace: followed, and stopped, retried or promoted where that is decided. */
export interface ArgoRollouts {
  readonly delivery: DeliveryPort;
  /** What the Rollout of a service asks for now; null: nothing, or nobody can say. */
  asked(service: string): Revision | null;
  close(): Promise<void>;
}

/** The label that the charts, and most others, give a pod. */
const NAME_LABEL = 'app.kubernetes.io/name';
/** Older than that it is not what is so now. */
const FRESH_MS = 12_000;
/**
 * What was stopped begins anew. Argo Rollouts passes over the first analysis while the stopped ReplicaSet still has
 * its deadline, and would then abort by the background analysis of the try before: that one is forgotten.
 */
const RETRY = { abort: false, canary: { currentBackgroundAnalysisRunStatus: null } };
const serviceOf = (lane: string): string => lane.split('/')[0]!;

/** Objects by the service that they belong to, sorted out anew once something changed. */
function grouped<T>(all: Reflector<T>, of: (one: T) => string): (service: string) => readonly T[] {
  let groups: Map<string, T[]> | null = null;
  all.onChange(() => {
    groups = null;
  });
  return (service) => {
    groups ??= Map.groupBy(all.values(), of);
    return groups.get(service) ?? [];
  };
}

export function argoRollouts({ kubernetes, clock, namespace, warn }: ArgoRolloutsOptions): ArgoRollouts {
  const base = `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/rollouts`;
  const shared = { kubernetes, clock, warn };
  const rollouts: Reflector<Rollout> = reflect({ ...shared, path: base, pick: rolloutOf });
  const pods: Reflector<Pod> = reflect({
    ...shared,
    path: `/api/v1/namespaces/${namespace}/pods`,
    labelSelector: HASH_LABEL,
    pick: (object) => podOf(object, NAME_LABEL),
  });
  const runs: Reflector<AnalysisRun> = reflect({
    ...shared,
    path: `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/analysisruns`,
    labelSelector: HASH_LABEL,
    pick: analysisRunOf,
  });
  const isNewest = onlyNewest();

  function rolloutFor(lane: string): Rollout {
    if (!rollouts.seenWithin(FRESH_MS) || !pods.seenWithin(FRESH_MS))
      throw new Error(`${kubernetes.server} has not been heard of for ${FRESH_MS / 1_000} s`);
    const found = rollouts.get(serviceOf(lane));
    if (!found) throw new Error(`there is no Rollout ${serviceOf(lane)} in ${namespace}`);
    return found;
  }

  const podsFor = grouped(pods, (pod) => pod.service);
  const runsFor = grouped(runs, (run) => run.rollout);
  const seen = (lane: string, target: string | null) =>
    deliveryOf(rolloutFor(lane), podsFor(serviceOf(lane)), target, runsFor(serviceOf(lane)));
  const patchStatus = (service: string, status: object) =>
    kubernetes.patch(`${base}/${service}/status`, { status });

  /** Argo Rollouts moves by itself as it is answered; only what it would not do by itself is asked of it. */
  async function carryOut({ kind, lane, revision }: Effect): Promise<void> {
    const service = serviceOf(lane);
    const rollout = rolloutFor(lane);
    if (rollout.asked !== revision) return;
    if (kind === 'abort' && !rollout.aborted && rollout.stable !== revision)
      return patchStatus(service, { abort: true });
    if (kind === 'start' && rollout.aborted) return patchStatus(service, RETRY);
    if (kind === 'promote' && rollout.weights.percent < 100 && !rollout.promoteFull)
      return patchStatus(service, { promoteFull: true, pauseConditions: null });
    if ((kind === 'step' || kind === 'promote') && rollout.inconclusive)
      return patchStatus(service, { pauseConditions: null });
  }

  function probe({ kind, lane, revision, weight }: Effect): Probe {
    const rollout = rolloutFor(lane);
    const now = seen(lane, revision);
    const superseded = rollout.asked !== revision;
    const done: Readonly<Record<Effect['kind'], boolean>> = {
      start: !superseded && !rollout.aborted,
      step: superseded || now.weight >= weight || rollout.stable === revision,
      // What became stable meanwhile cannot be aborted any more: Git's revert brings the old one back.
      abort: superseded || rollout.aborted || rollout.stable === revision,
      promote: superseded || rollout.stable === revision,
      // Its pods are Argo Rollouts' own to end.
      clean: true,
    };
    return done[kind] ? 'done' : 'absent';
  }

  return {
    delivery: {
      observe: async (lane, target) => seen(lane, target),
      async apply(effect) {
        if (isNewest(effect)) await carryOut(effect);
      },
      probe: async (effect) => probe(effect),
    },
    asked(service) {
      const rollout = rollouts.seenWithin(FRESH_MS) ? rollouts.get(service) : undefined;
      return rollout ? askedOf(rollout) : null;
    },
    async close() {
      await Promise.all([rollouts.close(), pods.close(), runs.close()]);
    },
  };
}
