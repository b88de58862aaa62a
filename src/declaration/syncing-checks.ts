import type { z } from 'zod';
import type { Parsed } from './documents.ts';
import type { Report } from './report.ts';
import type { PlatformDocument } from './schema.ts';
import {
  type ArgoCdPlace,
  type ClusterPlace,
  type FluxPlace,
  type SyncPlaces,
  type SyncTool,
  syncToolOf,
} from './syncing.ts';
import type { argoCd, flux } from './syncing-schema.ts';

type ClusterInput = { readonly [K in 'kubeconfig' | 'context']?: z.infer<typeof argoCd>[K] };

/** How a cluster is reached. */
export const clusterPlace = (c: ClusterInput | undefined): ClusterPlace => ({
  kubeconfig: c?.kubeconfig?.secretRef ?? null,
  context: c?.context ?? null,
});

const argoCdPlace = (a: z.infer<typeof argoCd>): ArgoCdPlace => ({
  repository: a.repository,
  namespace: a.namespace,
  chart: a.chart,
  webhookToken: a.webhookToken?.secretRef ?? null,
  ...clusterPlace(a),
});

const fluxPlace = (f: z.infer<typeof flux>): FluxPlace => ({
  namespace: f.namespace,
  source:
    f.source === undefined
      ? { kind: 'rendered', repository: f.repository!, secret: f.secret ?? null }
      : { kind: 'existing', name: f.source },
  chart: f.chart,
  serviceAccount: f.serviceAccount ?? null,
  monitoring: f.monitoring,
});

/** Who may apply Git to clusters, with every default filled in. */
export const compileSync = (kubernetes: PlatformDocument['spec']['kubernetes']): SyncPlaces => ({
  argoCd: kubernetes?.argoCd ? argoCdPlace(kubernetes.argoCd) : null,
  ...(kubernetes?.flux ? { flux: fluxPlace(kubernetes.flux) } : {}),
});

const TOOLS = {
  'argo-cd': { name: 'Argo CD', key: 'argoCd' },
  flux: { name: 'Flux', key: 'flux' },
} as const satisfies Record<SyncTool, { readonly name: string; readonly key: string }>;

/** One GitRepository that exists follows one branch: environments with branches of their own need others. */
function checkBranches(doc: Parsed<PlatformDocument>, report: Report): void {
  const { environments, kubernetes } = doc.value.spec;
  const places = { kubernetes: compileSync(kubernetes) };
  if (places.kubernetes.flux?.source.kind !== 'existing') return;
  const followed = environments
    .map((environment, i) => ({ environment, i }))
    .filter(({ environment }) => syncToolOf(places, environment) === 'flux');
  const other = followed.find(({ environment }) => environment.branch !== followed[0]!.environment.branch);
  if (other)
    report(
      doc,
      ['spec', 'environments', other.i, ...(other.environment.branch === undefined ? ['name'] : ['branch'])],
      'SYNC',
      `"${other.environment.name}" has another branch than "${followed[0]!.environment.name}", and one GitRepository follows one branch`,
      'declare kubernetes.flux.repository instead of source: a GitRepository is rendered for each branch',
    );
}

/** An environment is synced by a tool that is declared, and Flux is declared for some environment. */
export function checkSync(doc: Parsed<PlatformDocument>, report: Report): void {
  const { environments, kubernetes } = doc.value.spec;
  for (const [i, { name, delivery, sync }] of environments.entries()) {
    if (sync === undefined) continue;
    const at = ['spec', 'environments', i, 'sync'];
    const { name: tool, key } = TOOLS[sync];
    if (delivery !== 'argo-rollouts')
      report(
        doc,
        at,
        'SYNC',
        `"${name}" is delivered on this machine, where ${tool} applies nothing`,
        'declare delivery: argo-rollouts, or remove sync',
      );
    else if (!kubernetes?.[key])
      report(
        doc,
        at,
        'SYNC',
        `"${name}" is synced by ${tool}, and no ${tool} is declared`,
        `declare kubernetes.${key}`,
      );
  }
  const isUsed = environments.some((e) => syncToolOf({ kubernetes: compileSync(kubernetes) }, e) === 'flux');
  if (kubernetes?.flux && kubernetes.argoCd && !isUsed)
    report(
      doc,
      ['spec', 'kubernetes', 'flux'],
      'SYNC',
      'Flux is declared beside Argo CD, and no environment is synced by it',
      'declare sync: flux in an environment, or remove kubernetes.flux',
    );
  checkBranches(doc, report);
}
