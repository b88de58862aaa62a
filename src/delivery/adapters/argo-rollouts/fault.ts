import type { ContainerNow, Pod } from './pods.ts';

/** The health of the pods of one revision, and the cause if they are unhealthy. */
export interface RolloutHealth {
  readonly health: 'absent' | 'starting' | 'ready' | 'exited';
  /** A fault of the version itself: it is blamed. */
  readonly exit?: string;
  /** An outside cause that keeps it from running: it is not blamed. */
  readonly hindered?: string;
}

interface HealthQuestion {
  /** Pods of the revision in question, and of what serves as stable. */
  readonly pods: readonly Pod[];
  readonly stable: readonly Pod[];
  /** The container that is the service; null: not known. */
  readonly container: string | null;
  /** Its Rollout missed its progress deadline. */
  readonly overdue: boolean;
  /** Why no pod of it can be made, in the cluster's own words. */
  readonly refused: string | null;
  readonly paused: boolean;
}

/** A container that is the service, or is made of the same image and runs before it. */
const isOwn = (pod: Pod, c: ContainerNow, service: string | null): boolean => {
  if (service === null) return pod.containers.length === 1;
  return (
    c.name === service ||
    pod.containers.some((s) => s.name === service && s.image !== '' && s.image === c.image)
  );
};

const crashOf = (pod: Pod, service: string | null, own: boolean): string | null =>
  pod.containers.find((c) => c.crash !== null && isOwn(pod, c, service) === own)?.crash ?? null;

/** An outside cause that keeps all of its pods from being ready; null: none is known. */
function hindranceOf(q: HealthQuestion): string | null {
  const { pods, stable, container, refused } = q;
  if (pods.length === 0)
    return refused
      ? `no pod of it can be created: ${refused}`
      : q.paused
        ? 'its Rollout is paused'
        : 'it has no pods';
  if (stable.length > 0 && stable.every((pod) => !pod.ready))
    return 'no pod of the stable version is ready either';
  const able = pods.filter((pod) => pod.hindered === null);
  if (able.length === 0) return pods[0]!.hindered;
  const others = able.map((pod) => crashOf(pod, container, false));
  return others.every((crash) => crash !== null) ? `${others[0]}: it is not the service` : null;
}

/**
 * A version is blamed only for what is its own: that the service crashes repeatedly in every pod that could run,
 * or is never ready in any, beside stable pods that are well. One pod of many that fails is judged by its requests;
 * no room, no image, a sidecar, a lost node or a broken stable version are nobody's fault. Pure.
 */
export function healthOf(q: HealthQuestion): RolloutHealth {
  if (q.pods.some((pod) => pod.ready)) return { health: 'ready' };
  const hindered = hindranceOf(q);
  if (hindered !== null) return { health: q.pods.length === 0 ? 'absent' : 'starting', hindered };
  const able = q.pods.filter((pod) => pod.hindered === null);
  const crashes = able.map((pod) => crashOf(pod, q.container, true));
  if (crashes.every((crash) => crash !== null)) return { health: 'exited', exit: crashes[0]! };
  if (q.overdue) return { health: 'exited', exit: 'it was not ready within its progress deadline' };
  return { health: 'starting' };
}
