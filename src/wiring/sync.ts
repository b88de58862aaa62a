import { isIn } from '../declaration/layout.ts';
import type { DeliveryPort } from '../delivery/port.ts';
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

/** Who applies Git to the environments: Argo CD where a cluster delivers and it is declared, else our own loop. */
export async function openSync(
  { platform, env, warn }: WiringContext,
  delivery: (environment: string) => DeliveryPort,
  repository: DesiredRepository,
): Promise<Result<OpenSync, string>> {
  const { localSync } = await import('../gitops/adapters/sync-local/sync.ts');
  const services = (environment: string) =>
    platform.services.filter((s) => isIn(s, environment)).map((s) => s.name);
  const local = localSync({ services, delivery, repository });
  const { argoCd } = platform.kubernetes;
  const followed = new Set(
    platform.environments.filter((e) => e.delivery === 'argo-rollouts').map((e) => e.name),
  );
  if (!argoCd || followed.size === 0) return ok({ port: local, webhookToken: null, close: async () => {} });
  const token = readOptionalSecret(argoCd.webhookToken, env);
  if (!token.ok) return token;
  const kubernetes = await openCluster(argoCd, env);
  if (!kubernetes.ok) return fail(`the cluster of Argo CD: ${kubernetes.error}`);
  const { argoCdSync } = await import('../gitops/adapters/sync-argo-cd/sync.ts');
  const place = { kubernetes: kubernetes.value, clock: systemClock, namespace: argoCd.namespace };
  const remote = argoCdSync({ ...place, services, delivery, repository, warn });
  const portOf = (environment: string) => (followed.has(environment) ? remote : local);
  const port: SyncPort = {
    live: (environment) => portOf(environment).live(environment),
    refresh: (environment) => portOf(environment).refresh(environment),
  };
  return ok({ port, webhookToken: token.value, close: () => remote.close() });
}
