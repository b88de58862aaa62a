import { branchOf, type Environment, type Platform } from '../declaration/platform.ts';
import type { FluxPlace } from '../declaration/syncing.ts';

/** The kinds of Flux that are rendered and followed, as an API server serves them. */
export const FLUX_KINDS = {
  GitRepository: { apiVersion: 'source.toolkit.fluxcd.io/v1', plural: 'gitrepositories' },
  Kustomization: { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', plural: 'kustomizations' },
  HelmRelease: { apiVersion: 'helm.toolkit.fluxcd.io/v2', plural: 'helmreleases' },
} as const;
export type FluxKind = keyof typeof FLUX_KINDS;

/** The annotation by which a controller of Flux is asked to reconcile at once. */
export const REQUESTED_AT = 'reconcile.fluxcd.io/requestedAt';

/** Path of the API under which objects of a kind are. */
export const fluxPath = (kind: FluxKind, namespace: string): string =>
  `/apis/${FLUX_KINDS[kind].apiVersion}/namespaces/${namespace}/${FLUX_KINDS[kind].plural}`;

/** Names of branches as parts of names of objects: `release/eu` is `release-eu`. */
const slug = (branch: string): string =>
  branch
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');

/** The GitRepository that an environment is applied from: one for each branch, or the one that exists. */
export function fluxSourceOf(
  platform: Platform,
  environment: Environment,
  { source }: Pick<FluxPlace, 'source'>,
): string {
  if (source.kind === 'existing') return source.name;
  return environment.branch === null
    ? platform.name
    : `${platform.name}-${slug(branchOf(platform, environment))}`;
}

/** Why a kind cannot be read, and what to do; null: for a reason that is not about the kind. */
export function fluxRefusal(
  kind: FluxKind,
  namespace: string,
  status: number,
): { readonly found: string; readonly next: string } | null {
  const { apiVersion, plural } = FLUX_KINDS[kind];
  if (status === 404)
    return {
      found: `the cluster does not serve ${kind} (${apiVersion})`,
      next: 'install Flux 2.8 or later in this cluster',
    };
  if (status === 403)
    return {
      found: `Sluice may not list ${plural} in the namespace ${namespace}`,
      next: `rbac.flux of the chart must name ${namespace}`,
    };
  return null;
}
