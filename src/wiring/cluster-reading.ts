import { type KindOf, readKinds } from '../io/kubernetes/reading.ts';
import { fail, messageOf, ok, type Result } from '../kit/result.ts';
import type { Env } from './context.ts';
import { openCluster } from './kubernetes.ts';

const of = (base: string, kinds: Readonly<Record<string, string>>, more: Partial<KindOf> = {}): KindOf[] =>
  Object.entries(kinds).map(([kind, plural]) => ({
    base,
    apiVersion: base.replace(/^\/apis?\//, ''),
    kind,
    plural,
    ...more,
  }));

/** What says how services are released; Rollouts first, without which there is nothing. */
const KINDS: readonly KindOf[] = [
  ...of('/apis/argoproj.io/v1alpha1', { Rollout: 'rollouts', AnalysisTemplate: 'analysistemplates' }),
  ...of(
    '/apis/argoproj.io/v1alpha1',
    { ClusterAnalysisTemplate: 'clusteranalysistemplates' },
    { clusterScope: true },
  ),
  ...of('/apis/apps/v1', { Deployment: 'deployments', ReplicaSet: 'replicasets' }),
  ...of('/api/v1', { Service: 'services' }),
  ...of('/apis/monitoring.coreos.com/v1', { PodMonitor: 'podmonitors', ServiceMonitor: 'servicemonitors' }),
  ...of('/apis/sloth.slok.dev/v1', { PrometheusServiceLevel: 'prometheusservicelevels' }),
  ...of('/apis/pyrra.dev/v1alpha1', { ServiceLevelObjective: 'servicelevelobjectives' }),
];

export interface ClusterReading {
  /** Of the kubeconfig; null: its current one. */
  readonly context: string | null;
  /** None: all of them. */
  readonly namespaces: readonly string[];
  readonly env: Env;
}

/** Objects of a live cluster, each with where it was found; or why it cannot be read. */
export async function readCluster({
  context,
  namespaces,
  env,
}: ClusterReading): Promise<Result<readonly { file: string; line: number; value: unknown }[], string>> {
  const kubernetes = await openCluster({ kubeconfig: null, context }, env);
  if (!kubernetes.ok) return kubernetes;
  try {
    const objects = await readKinds(kubernetes.value, KINDS, namespaces);
    return ok(objects.map((value) => ({ file: kubernetes.value.server, line: 1, value })));
  } catch (thrown) {
    return fail(messageOf(thrown));
  }
}
