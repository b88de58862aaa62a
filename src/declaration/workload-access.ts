import { KUBERNETES_DEFAULTS } from './defaults.ts';

/** A key of a Secret in a cluster. */
export interface SecretKey {
  readonly name: string;
  readonly key: string;
}

/** How a service is found where it runs, and its versions are told apart. */
export interface WorkloadSelector {
  readonly revisionLabel: string;
  readonly versionLabel: string;
  /** The Rollout that delivers it, in a cluster; one of its own name where left out. */
  readonly rollout?: string;
  /** The container of its pods that is the service; told by what changes where left out. */
  readonly container?: string;
  /** Its namespace in a cluster, in place of its environment's; `{environment}` is the environment's name. */
  readonly namespace?: string;
}

/** What may be left out of a document, as zod has it. */
type Written<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** Where one service runs in one environment. */
export const placedIn = (
  service: Written<Pick<WorkloadSelector, 'namespace'>>,
  environment: string,
  otherwise: string,
): string => service.namespace?.replaceAll('{environment}', environment) ?? otherwise;

/** For whom a Prometheus is asked, and by whom in a cluster. */
export interface PrometheusAccess {
  readonly tenant: { readonly header: string; readonly value: string } | null;
  /** Where analyses of Argo Rollouts find the whole Authorization header, in a Secret beside them. */
  readonly rolloutSecret?: SecretKey;
}

/** How Rollouts ask us. */
export interface OurServer {
  /** Where Rollouts ask for verdicts. */
  readonly server: string;
  /** The Secret, beside each Rollout, whose key is the whole Authorization header that it asks with. */
  readonly serverSecret?: SecretKey;
}

export const workloadSelector = (
  s: Written<WorkloadSelector> & Pick<WorkloadSelector, 'revisionLabel' | 'versionLabel'>,
): WorkloadSelector => ({
  revisionLabel: s.revisionLabel,
  versionLabel: s.versionLabel,
  ...(s.rollout ? { rollout: s.rollout } : {}),
  ...(s.container ? { container: s.container } : {}),
  ...(s.namespace ? { namespace: s.namespace } : {}),
});

export const prometheusAccess = (p: Written<PrometheusAccess>): PrometheusAccess => ({
  tenant: p.tenant ?? null,
  ...(p.rolloutSecret ? { rolloutSecret: p.rolloutSecret } : {}),
});

export const ourServer = (k: Written<OurServer> | undefined): OurServer => ({
  server: k?.server ?? KUBERNETES_DEFAULTS.server,
  ...(k?.serverSecret ? { serverSecret: k.serverSecret } : {}),
});
