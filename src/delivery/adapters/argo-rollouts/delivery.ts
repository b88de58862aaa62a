import type { Kubernetes } from '../../../io/kubernetes/client.ts';
import { partsOfLane } from '../../../kit/lane.ts';
import type { Clock } from '../../../kit/time.ts';
import type { RolloutStanding } from '../../answer.ts';
import type { ReleaseEffect, Revision } from '../../events.ts';
import { onlyNewest } from '../../generations.ts';
import type { DeliveryPort, Probe } from '../../port.ts';
import { askedOf, deliveryOf } from './observed.ts';
import { type Rollout, standingOf } from './rollout.ts';
import { watchRollouts } from './watching.ts';

/** Where a service runs, as declared: its Rollout, and the container of its pods. */
interface RolloutPlace {
  readonly rollout: string;
  /** Null: it is found by what changes. */
  readonly container: string | null;
}

export interface ArgoRolloutsOptions {
  readonly kubernetes: Kubernetes;
  readonly clock: Clock;
  readonly namespace: string;
  /** Of a service that is declared; one of its own name, where left out. */
  readonly places?: ReadonlyMap<string, RolloutPlace>;
  readonly warn: (details: object, message: string) => void;
}

/** The Rollouts of one namespace: followed, and stopped, retried or promoted where that is decided. */
export interface ArgoRollouts {
  readonly delivery: DeliveryPort;
  /** The revision that the Rollout of a service asks for now; null: none, or unknown. */
  asked(service: string): Revision | null;
  /** Where the Rollout of a service stands, read now; null: it cannot be read. */
  standing(service: string): Promise<RolloutStanding | null>;
  close(): Promise<void>;
}

/** Observations that are older do not count. */
const FRESH_MS = 12_000;
/**
 * What was stopped begins anew. Argo Rollouts passes over the first analysis while the stopped ReplicaSet still has
 * its deadline, and would then abort by the background analysis of the try before: that one is forgotten.
 */
const RETRY = { abort: false, canary: { currentBackgroundAnalysisRunStatus: null } };
export const serviceOf = (lane: string): string => partsOfLane(lane)[0];

/**
 * It goes on from an earlier step. The analysis of the step where it stood is forgotten: Argo Rollouts would take its
 * result for that of the earlier one.
 */
const setBack = (index: number) => ({
  currentStepIndex: index,
  pauseConditions: null,
  canary: { currentStepAnalysisRunStatus: null },
});

/** The patch for what a Rollout would not do by itself; null: none is needed. */
function patchFor({ kind, revision, weight, back }: ReleaseEffect, rollout: Rollout): object | null {
  if (rollout.asked !== revision) return null;
  if (back) {
    const { before, weights, stable, aborted, promoteFull } = rollout;
    const may = stable !== revision && !aborted && !promoteFull && weights.percent > weight;
    return may && before?.weight === weight ? setBack(before.index) : null;
  }
  if (kind === 'abort' && !rollout.aborted && rollout.stable !== revision) return { abort: true };
  if (kind === 'start' && rollout.aborted) return RETRY;
  if (kind === 'promote' && rollout.weights.percent < weight && !rollout.promoteFull)
    return { promoteFull: true, pauseConditions: null };
  const waits = (kind === 'step' || kind === 'promote') && rollout.inconclusive;
  return waits ? { pauseConditions: null } : null;
}

function probed(
  { kind, revision, weight, back }: ReleaseEffect,
  rollout: Rollout,
  seenWeight: number,
): Probe {
  const superseded = rollout.asked !== revision;
  const reached = back ? seenWeight <= weight : seenWeight >= weight;
  const done: Readonly<Record<ReleaseEffect['kind'], boolean>> = {
    start: !superseded && !rollout.aborted,
    step: superseded || reached || rollout.stable === revision,
    // A version that has become stable can no longer be aborted: a revert in Git brings the old one back.
    abort: superseded || rollout.aborted || rollout.stable === revision,
    promote: superseded || rollout.stable === revision,
    // Argo Rollouts ends its pods.
    clean: true,
  };
  return done[kind] ? 'done' : 'absent';
}

export function argoRollouts({ places, ...watched }: ArgoRolloutsOptions): ArgoRollouts {
  const { kubernetes, namespace } = watched;
  const base = `/apis/argoproj.io/v1alpha1/namespaces/${namespace}/rollouts`;
  const watching = watchRollouts(watched);
  const isNewest = onlyNewest();
  const placeOf = (lane: string): RolloutPlace =>
    places?.get(serviceOf(lane)) ?? { rollout: serviceOf(lane), container: null };

  function rolloutFor(lane: string): Rollout {
    if (!watching.seenWithin(FRESH_MS))
      throw new Error(`${kubernetes.server} has not reported for ${FRESH_MS / 1_000} s`);
    const { rollout } = placeOf(lane);
    const unreadable = watching.unreadable(rollout);
    if (unreadable !== null) throw new Error(unreadable);
    const found = watching.rollout(rollout);
    if (!found) throw new Error(`there is no Rollout ${rollout} in ${namespace}`);
    return found;
  }
  const seen = (lane: string, target: string | null) =>
    deliveryOf(watching.sceneOf(rolloutFor(lane), placeOf(lane).container), target);

  return {
    delivery: {
      observe: async (lane, target) => seen(lane, target),
      /** Argo Rollouts moves by itself as it is answered. */
      async apply(effect) {
        if (!isNewest(effect)) return;
        const status = patchFor(effect, rolloutFor(effect.lane));
        const { rollout } = placeOf(effect.lane);
        if (status) await kubernetes.patch(`${base}/${rollout}/status`, { status });
      },
      probe: async (effect) =>
        probed(effect, rolloutFor(effect.lane), seen(effect.lane, effect.revision).weight),
    },
    asked(service) {
      const { rollout: name, container } = placeOf(service);
      const rollout = watching.seenWithin(FRESH_MS) ? watching.rollout(name) : undefined;
      return rollout && watching.unreadable(name) === null
        ? askedOf(watching.sceneOf(rollout, container))
        : null;
    },
    async standing(service) {
      try {
        return standingOf(await kubernetes.get(`${base}/${placeOf(service).rollout}`));
      } catch {
        return null;
      }
    },
    close: watching.close,
  };
}
