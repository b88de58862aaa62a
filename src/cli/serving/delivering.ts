import type { Asked } from '../../controller/followed.ts';
import type { Platform } from '../../declaration/platform.ts';
import type { DeliveryPort } from '../../delivery/port.ts';
import type { Stack, StackOptions } from '../../embedded/stack.ts';
import { CliError, EXIT, type Io } from '../io.ts';
import { secretMissing } from '../places.ts';
import type { ServeAdapters } from '../serve.ts';

/** One environment, wherever its versions run. */
export interface DeliveredEnvironment {
  readonly name: string;
  readonly prometheus: string;
  readonly delivery: DeliveryPort;
  /** Where a service answers from here; null: not known here. */
  edgeOf(service: string): string | null;
}

export interface Delivering {
  readonly environments: readonly DeliveredEnvironment[];
  of(environment: string): DeliveredEnvironment;
  readonly asked: Asked;
  heal(): Promise<void>;
}

const NO_STACK: Stack = { environments: [], heal: async () => {}, stop: async () => {} };

async function openStack(options: StackOptions, adapters: ServeAdapters): Promise<Stack> {
  const embedded = options.platform.environments.some((e) => e.delivery === 'embedded');
  if (!embedded) return NO_STACK;
  const started = await adapters.startStack(options);
  if (started.ok) return started.value;
  throw new CliError(EXIT.unreachable, {
    code: 'PROGRAMS_MISSING',
    message: started.error,
    next: 'then run this again',
  });
}

/** Opens every environment: what runs on this machine is started or adopted, what runs in a cluster is followed. */
export async function openDelivering(
  io: Io,
  options: StackOptions,
  adapters: ServeAdapters,
  warn: (details: object, message: string) => void,
  closing: (() => Promise<void>)[],
  lost: () => boolean,
): Promise<Delivering> {
  const stack = await openStack(options, adapters);
  // What another server has taken over is not ours to end.
  closing.push(async () => (lost() ? undefined : stack.stop()));
  const clusters = await adapters.openClusters(options.platform, io.env, warn);
  if (!clusters.ok) throw secretMissing(clusters.error);
  closing.push(() => clusters.value.close());
  const followed = options.platform.environments.filter((e) => e.delivery === 'argo-rollouts');
  const environments: DeliveredEnvironment[] = [
    ...stack.environments,
    ...followed.map(({ name, prometheus }) => ({
      name,
      prometheus: prometheus.address,
      delivery: clusters.value.delivery(name),
      edgeOf: () => null,
    })),
  ];
  return {
    environments,
    of: (name) => environments.find((e) => e.name === name)!,
    asked: (service, environment) => clusters.value.asked(service, environment),
    heal: () => stack.heal(),
  };
}

/** Where load tests reach a service: where it is declared to answer, else at its edge on this machine. */
export const addressIn =
  (platform: Platform, delivering: Delivering) =>
  (environment: string, service: string): string | null => {
    const declared = platform.environments.find((e) => e.name === environment)?.load?.address;
    if (declared) return declared.replaceAll('{service}', service).replaceAll('{environment}', environment);
    return delivering.of(environment)?.edgeOf(service) ?? null;
  };
