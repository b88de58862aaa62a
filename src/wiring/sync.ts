import { isIn } from '../declaration/layout.ts';
import { branchOf, type Environment, type Platform } from '../declaration/platform.ts';
import { type FluxPlace, syncToolOf } from '../declaration/syncing.ts';
import type { DeliveryPort } from '../delivery/port.ts';
import { fluxSourceOf } from '../gitops/flux-kinds.ts';
import type { DesiredRepository } from '../gitops/port.ts';
import type { SyncPort } from '../gitops/sync.ts';
import { systemClock } from '../io/clock.ts';
import { fail, ok, type Result } from '../kit/result.ts';
import type { WiringContext } from './context.ts';
import { openCluster } from './kubernetes.ts';
import { readOptionalSecret } from './secrets.ts';

export interface OpenSync {
  readonly port: SyncPort;
  /** What Argo CD's notifications carry; null: none are taken. */
  readonly webhookToken: string | null;
  close(): Promise<void>;
}

interface Parts {
  readonly context: WiringContext;
  delivery(environment: string): DeliveryPort;
  readonly repository: DesiredRepository;
}

/** A port for some of the environments. */
interface Opened {
  readonly port: SyncPort & { close(): Promise<void> };
  readonly environments: readonly string[];
}

const servicesOf = (platform: Platform, environment: string): string[] =>
  platform.services.filter((s) => isIn(s, environment)).map((s) => s.name);

async function openArgoCd(
  { context, delivery, repository }: Parts,
  environments: readonly string[],
): Promise<Result<{ readonly opened: Opened; readonly webhookToken: string | null }, string>> {
  const { platform, env, warn } = context;
  const argoCd = platform.kubernetes.argoCd!;
  const token = readOptionalSecret(argoCd.webhookToken, env);
  if (!token.ok) return token;
  const kubernetes = await openCluster(argoCd, env);
  if (!kubernetes.ok) return fail(`the cluster of Argo CD: ${kubernetes.error}`);
  const { argoCdSync } = await import('../gitops/adapters/sync-argo-cd/sync.ts');
  const port = argoCdSync({
    kubernetes: kubernetes.value,
    clock: systemClock,
    namespace: argoCd.namespace,
    services: (environment) => servicesOf(platform, environment),
    delivery,
    repository,
    warn,
  });
  return ok({ opened: { port, environments }, webhookToken: token.value });
}

/** The Flux of each cluster, with the environments that are there. */
async function openFlux(
  { context, delivery, repository }: Parts,
  environments: readonly Environment[],
  flux: FluxPlace,
): Promise<Result<Opened[], string>> {
  const { platform, env, warn } = context;
  const { fluxSync } = await import('../gitops/adapters/sync-flux/sync.ts');
  const opened: Opened[] = [];
  const clusters = Map.groupBy(environments, ({ cluster: { kubeconfig, context: of } }) =>
    JSON.stringify([kubeconfig, of]),
  );
  for (const members of clusters.values()) {
    const kubernetes = await openCluster(members[0]!.cluster, env);
    if (!kubernetes.ok) {
      await Promise.all(opened.map(({ port }) => port.close()));
      return fail(`the cluster of ${members[0]!.name}, whose Flux is followed: ${kubernetes.error}`);
    }
    const port = fluxSync({
      kubernetes: kubernetes.value,
      clock: systemClock,
      namespace: flux.namespace,
      environments: new Map(
        members.map((environment) => [
          environment.name,
          {
            services: servicesOf(platform, environment.name),
            source: fluxSourceOf(platform, environment, flux),
            branch: branchOf(platform, environment),
          },
        ]),
      ),
      delivery,
      repository,
      warn,
    });
    opened.push({ port, environments: members.map((e) => e.name) });
  }
  return ok(opened);
}

/** One port for all environments: each goes to the tool that applies Git there, else to our own loop. */
function routed(local: SyncPort, opened: readonly Opened[], webhookToken: string | null): OpenSync {
  const followed = new Map(
    opened.flatMap(({ port, environments }) => environments.map((name) => [name, port] as const)),
  );
  const portOf = (environment: string): SyncPort => followed.get(environment) ?? local;
  return {
    port: {
      live: (environment) => portOf(environment).live(environment),
      refresh: (environment) => portOf(environment).refresh(environment),
    },
    webhookToken,
    async close() {
      await Promise.all(opened.map(({ port }) => port.close()));
    },
  };
}

/** Who applies Git to the environments: in a cluster Argo CD or Flux, as declared, else our own loop. */
export async function openSync(
  context: WiringContext,
  delivery: (environment: string) => DeliveryPort,
  repository: DesiredRepository,
): Promise<Result<OpenSync, string>> {
  const { platform } = context;
  const parts: Parts = { context, delivery, repository };
  const { localSync } = await import('../gitops/adapters/sync-local/sync.ts');
  const local = localSync({ services: (name) => servicesOf(platform, name), delivery, repository });
  const by = Map.groupBy(platform.environments, (environment) => syncToolOf(platform, environment));
  const opened: Opened[] = [];
  const { flux } = platform.kubernetes;
  const inFlux = by.get('flux');
  if (flux && inFlux) {
    const fluxes = await openFlux(parts, inFlux, flux);
    if (!fluxes.ok) return fluxes;
    opened.push(...fluxes.value);
  }
  const inArgoCd = by.get('argo-cd');
  if (!inArgoCd) return ok(routed(local, opened, null));
  const argoCd = await openArgoCd(
    parts,
    inArgoCd.map((e) => e.name),
  );
  if (!argoCd.ok) {
    await Promise.all(opened.map(({ port }) => port.close()));
    return argoCd;
  }
  return ok(routed(local, [...opened, argoCd.value.opened], argoCd.value.webhookToken));
}
