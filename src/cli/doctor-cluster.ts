import type { ClusterCheck } from '../controller/cluster-check.ts';
import { clusterChecks } from '../controller/cluster-doctor.ts';
import { platformOf, readDeclarations } from './files.ts';
import { CliError, EXIT, type Io, palette, table } from './io.ts';
import type { CommandParts } from './parts.ts';

/** Every environment that lives in a cluster, link by link. */
export async function checkClusters(
  io: Io,
  where: string,
  parts: Pick<CommandParts, 'openCluster' | 'openLive'>,
): Promise<ClusterCheck[]> {
  const platform = platformOf(readDeclarations(io, where), where);
  const environments = platform.environments.filter((e) => e.delivery === 'argo-rollouts');
  if (environments.length === 0)
    throw new CliError(EXIT.usage, {
      code: 'NO_CLUSTER',
      message: 'no environment is delivered by Argo Rollouts',
      next: 'declare delivery: argo-rollouts in an environment',
    });
  const checks: ClusterCheck[] = [];
  for (const environment of environments) {
    const broken = (what: string, found: string, next: string) =>
      checks.push({ environment: environment.name, what, ok: false, found, next });
    const kubernetes = await parts.openCluster(environment.cluster, io.env);
    const live = await parts.openLive(platform, environment.name, environment.prometheus.address, io.env);
    if (!kubernetes.ok) broken('cluster', kubernetes.error, 'see its kubeconfig: kubectl get rollouts');
    if (!live.ok) broken('Prometheus', live.error, 'see its address and credentials');
    if (kubernetes.ok && live.ok)
      checks.push(
        ...(await clusterChecks({
          platform,
          environment,
          kubernetes: kubernetes.value,
          metrics: live.value,
          now: Date.now(),
        })),
      );
    if (live.ok) await live.value.close();
  }
  return checks;
}

export function printChecks(io: Io, checks: readonly ClusterCheck[]): void {
  const p = palette(io);
  const rows = checks.map((c) => [
    c.environment,
    c.what,
    c.ok ? p.green('ok') : p.red('broken'),
    c.found,
    c.next,
  ]);
  io.out(table([['ENV', 'LINK', 'IS', 'FOUND', 'NEXT'], ...rows]));
}
