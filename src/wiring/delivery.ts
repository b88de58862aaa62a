import type { DesiredRevision } from '../controller/rollout-desired-state.ts';
import { servicesIn } from '../declaration/layout.ts';
import { namespaceOf, type Platform } from '../declaration/platform.ts';
import type { ArgoRollouts } from '../delivery/adapters/argo-rollouts/delivery.ts';
import type { RolloutStanding } from '../delivery/answer.ts';
import type { DeliveryPort } from '../delivery/port.ts';
import type { Stack, StackOptions } from '../embedded/stack.ts';
import { systemClock } from '../io/clock.ts';
import { fail, ok, type Result } from '../kit/result.ts';
import type { WiringContext } from './context.ts';
import { openCluster } from './kubernetes.ts';

/** Rollouts of every environment that a cluster delivers. */
interface Clusters {
  delivery(environment: string): DeliveryPort;
  readonly asked: DesiredRevision;
  /** Where a Rollout stands, read now; null: it cannot be read, or nobody follows it. */
  standing(service: string, environment: string): Promise<RolloutStanding | null>;
  close(): Promise<void>;
}

/** The clusters in which Argo Rollouts delivers. */
export async function openClusters({
  platform,
  env,
  warn,
}: WiringContext): Promise<Result<Clusters, string>> {
  const followed = platform.environments.filter((e) => e.delivery === 'argo-rollouts');
  const opened = new Map<string, ArgoRollouts>();
  const places = new Map(
    platform.services.map(({ name, rollout = name, container = null }) => [name, { rollout, container }]),
  );
  for (const environment of followed) {
    const { name, cluster } = environment;
    const kubernetes = await openCluster(cluster, env);
    if (!kubernetes.ok) return fail(`the cluster of ${name}: ${kubernetes.error}`);
    const { argoRolloutsIn } = await import('../delivery/adapters/argo-rollouts/namespaces.ts');
    const namespaces = new Map(
      servicesIn(platform, environment).map((s) => [s.name, namespaceOf(s, environment)]),
    );
    const place = { kubernetes: kubernetes.value, clock: systemClock, namespaces };
    opened.set(name, argoRolloutsIn({ ...place, places, warn }));
  }
  return ok({
    delivery: (environment) => opened.get(environment)!.delivery,
    asked: (service, environment) => opened.get(environment)?.asked(service) ?? null,
    standing: async (service, environment) => (await opened.get(environment)?.standing(service)) ?? null,
    close: async () => void (await Promise.all([...opened.values()].map((one) => one.close()))),
  });
}

const NO_STACK: Stack = { environments: [], heal: async () => {}, stop: async () => {} };

/** What runs on this machine: started, or adopted where it runs already. */
export async function openStack(options: StackOptions): Promise<Result<Stack, string>> {
  if (!options.platform.environments.some((e) => e.delivery === 'embedded')) return ok(NO_STACK);
  const { createEdge } = await import('../delivery/adapters/nginx/edge.ts');
  const { createProcesses } = await import('../delivery/adapters/process/processes.ts');
  return (await import('../embedded/stack.ts')).startStack(options, { createEdge, createProcesses });
}

/** One environment, wherever its versions run. */
export interface DeliveredEnvironment {
  readonly name: string;
  /** Where its Prometheus answers from here. */
  readonly prometheus: string;
  readonly delivery: DeliveryPort;
  /** Where a service answers from here; null: not known here. */
  edgeOf(service: string): string | null;
}

/** Every environment of the Platform: those on this machine, and those that are followed in a cluster. */
export function deliveredEnvironments(
  platform: Platform,
  stack: Stack,
  clusters: Clusters,
): readonly DeliveredEnvironment[] {
  const followed = platform.environments.filter((e) => e.delivery === 'argo-rollouts');
  return [
    ...stack.environments,
    ...followed.map(({ name, prometheus }) => ({
      name,
      prometheus: prometheus.address,
      delivery: clusters.delivery(name),
      edgeOf: () => null,
    })),
  ];
}
