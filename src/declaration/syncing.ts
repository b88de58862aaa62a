import type { SecretRef } from './secret-ref.ts';

/** How a cluster is reached; without a kubeconfig it is the one that Sluice runs in. */
export interface ClusterPlace {
  readonly kubeconfig: SecretRef | null;
  readonly context: string | null;
}

/** The Argo CD that applies the desired state. */
export interface ArgoCdPlace extends ClusterPlace {
  readonly repository: string;
  readonly namespace: string;
  readonly chart: string;
  readonly webhookToken: SecretRef | null;
}

/** The Flux that applies the desired state: one in the cluster of each environment, declared alike. */
export interface FluxPlace {
  /** Where its objects are. */
  readonly namespace: string;
  readonly source:
    | { readonly kind: 'rendered'; readonly repository: string; readonly secret: string | null }
    | { readonly kind: 'existing'; readonly name: string };
  readonly chart: string;
  readonly serviceAccount: string | null;
  /** Whether it applies rules, monitors and dashboards, too. */
  readonly monitoring: boolean;
}

/** Who may apply Git to an environment in a cluster. */
export const SYNC_TOOLS = ['argo-cd', 'flux'] as const;
export type SyncTool = (typeof SYNC_TOOLS)[number];

/** Who may apply Git to clusters, with every default filled in. */
export interface SyncPlaces {
  /** Null: none is declared. */
  readonly argoCd: ArgoCdPlace | null;
  /** Absent where none is declared: what was declared before there was any has the digest that it had. */
  readonly flux?: FluxPlace;
}

/** What is asked of an environment to tell who applies Git there. */
interface Synced {
  readonly delivery: 'embedded' | 'argo-rollouts';
  readonly sync?: SyncTool | undefined;
}

/** Who applies Git to an environment; null: Sluice itself, or a tool that it does not follow. */
export function syncToolOf(
  { kubernetes }: { readonly kubernetes: SyncPlaces },
  { delivery, sync }: Synced,
): SyncTool | null {
  if (delivery !== 'argo-rollouts') return null;
  return sync ?? (kubernetes.argoCd ? 'argo-cd' : kubernetes.flux ? 'flux' : null);
}
