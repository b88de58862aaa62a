import { CliError, EXIT } from '../cli/io.ts';
import type { DesiredRevision } from '../controller/rollout-desired-state.ts';
import type { Platform } from '../declaration/platform.ts';
import type { RolloutStanding } from '../delivery/answer.ts';
import type { Revision } from '../delivery/events.ts';
import type { StackOptions } from '../embedded/stack.ts';
import type { MetricsPort } from '../runtime/port.ts';
import { type DeliveredEnvironment, deliveredEnvironments } from '../wiring/delivery.ts';
import type { AppContext } from './context.ts';
import { opened } from './opened.ts';

export interface Delivering {
  readonly environments: readonly DeliveredEnvironment[];
  of(environment: string): DeliveredEnvironment;
  readonly asked: DesiredRevision;
  /** Where a Rollout stands, read now; null: it cannot be read, or nobody follows it. */
  standing(service: string, environment: string): Promise<RolloutStanding | null>;
  /** Starts again what ended on this machine. */
  heal(): Promise<void>;
}

interface DeliveringOptions {
  /** File that holds the token with which Alertmanager delivers. */
  readonly credentialsFile: string;
  revisionOf(lane: string, revision: string): Revision | null;
  progress(what: string): void;
}

const stackOptions = (context: AppContext, options: DeliveringOptions): StackOptions => ({
  platform: context.platform,
  directory: context.directory,
  work: context.work,
  root: context.root,
  env: context.env,
  webhook: {
    url: `${context.listener.url}/webhooks/alertmanager`,
    credentialsFile: options.credentialsFile,
  },
  revisionOf: options.revisionOf,
  progress: options.progress,
});

/** Opens every environment: what runs on this machine is started or adopted, what runs in a cluster is followed. */
export async function openDelivering(context: AppContext, options: DeliveringOptions): Promise<Delivering> {
  const { platform, wiring, lifecycle } = context;
  const stack = await wiring.openStack(stackOptions(context, options));
  if (!stack.ok)
    throw new CliError(EXIT.unreachable, {
      code: 'PROGRAMS_MISSING',
      message: stack.error,
      next: 'then run this again',
    });
  // What another server has taken over is not ours to end.
  lifecycle.onStop(async () => (context.lost() ? undefined : stack.value.stop()));
  const clusters = opened(await wiring.openClusters(context));
  lifecycle.onStop(() => clusters.close());
  const environments = deliveredEnvironments(platform, stack.value, clusters);
  return {
    environments,
    of: (name) => environments.find((e) => e.name === name)!,
    asked: (service, environment) => clusters.asked(service, environment),
    standing: (service, environment) => clusters.standing(service, environment),
    heal: () => stack.value.heal(),
  };
}

/** The Prometheus of each environment, where it answers from here. */
export async function openMetricsPorts(
  { wiring, platform, env }: AppContext,
  { environments }: Delivering,
): Promise<ReadonlyMap<string, MetricsPort>> {
  const ports = new Map<string, MetricsPort>();
  for (const { name, prometheus } of environments)
    ports.set(
      name,
      opened(await wiring.openMetrics(platform, name, prometheus, env), `Prometheus of ${name}`),
    );
  return ports;
}

/** Where load tests reach a service: where it is declared to answer, else at its edge on this machine. */
export const addressIn =
  (platform: Platform, delivering: Delivering) =>
  (environment: string, service: string): string | null => {
    const declared = platform.environments.find((e) => e.name === environment)?.load?.address;
    if (declared) return declared.replaceAll('{service}', service).replaceAll('{environment}', environment);
    return delivering.of(environment)?.edgeOf(service) ?? null;
  };
