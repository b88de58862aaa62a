import type { ClusterPlace } from '../declaration/platform.ts';
import { systemClock } from '../io/clock.ts';
import type { Kubernetes } from '../io/kubernetes/client.ts';
import { fail, messageOf, ok, type Result } from '../kit/result.ts';
import type { Env } from './context.ts';
import { readOptionalSecret } from './secrets.ts';

/** The API of a declared cluster: by its kubeconfig, or that of the cluster which this runs in. */
export async function openCluster(place: ClusterPlace, env: Env): Promise<Result<Kubernetes, string>> {
  const kubeconfig = readOptionalSecret(place.kubeconfig, env);
  if (!kubeconfig.ok) return kubeconfig;
  const { openKubernetes } = await import('../io/kubernetes/client.ts');
  try {
    const again = (): string | null => {
      const read = readOptionalSecret(place.kubeconfig, env);
      return read.ok ? read.value : kubeconfig.value;
    };
    const named = { kubeconfig: kubeconfig.value, context: place.context, again };
    return ok(openKubernetes(named, () => systemClock.now()));
  } catch (thrown) {
    return fail(messageOf(thrown));
  }
}
