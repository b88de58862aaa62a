import { servicesIn } from '../../../declaration/layout.ts';
import { branchOf, type Environment, namespaceOf, type Platform } from '../../../declaration/platform.ts';
import { syncToolOf } from '../../../declaration/syncing.ts';
import { ENVIRONMENT_LABEL, SERVICE_LABEL } from '../../labels.ts';

interface ArgoCdPlaces {
  /** The desired-state repository, as Argo CD reaches it. */
  readonly repository: string;
  readonly namespace: string;
  /** Folder of the chart in that repository. */
  readonly chart: string;
}

/** Every namespace in which a service of an environment runs. */
const namespacesOf = (platform: Platform, environment: Environment): string[] => [
  ...new Set(servicesIn(platform, environment).map((s) => namespaceOf(s, environment))),
];

/** The one project of a platform: it may read that repository and write to those destinations, and nowhere else. */
export const appProject = (platform: Platform, places: ArgoCdPlaces): object => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AppProject',
  metadata: { name: platform.name, namespace: places.namespace },
  spec: {
    description: 'Services whose releases Sluice judges.',
    sourceRepos: [places.repository],
    destinations: platform.environments
      .filter((environment) => syncToolOf(platform, environment) !== 'flux')
      .flatMap((environment) =>
        namespacesOf(platform, environment).map((namespace) => ({
          server: environment.cluster.server,
          namespace,
        })),
      ),
    clusterResourceWhitelist: [],
    namespaceResourceBlacklist: [{ group: '', kind: 'Secret' }],
  },
});

/** Annotations of an Ingress in which the load balancer of AWS keeps its weights: one for each Service. */
const ALB_ACTIONS =
  '.metadata.annotations[(.metadata.annotations // {} | keys[] | select(startswith("alb.ingress.kubernetes.io/actions.")))]';

/**
 * Fields that Argo Rollouts writes during a canary are not drift: self-heal must ignore them. Those of each router that
 * a team's own Rollout may use; an object that is not there is not compared.
 */
const WRITTEN_BY_ROLLOUTS = [
  {
    group: 'networking.k8s.io',
    kind: 'Ingress',
    jsonPointers: ['/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration'],
    jqPathExpressions: [ALB_ACTIONS],
  },
  ...['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'TLSRoute'].map((kind) => ({
    group: 'gateway.networking.k8s.io',
    kind,
    jqPathExpressions: ['.spec.rules[]?.backendRefs[]?.weight'],
  })),
  {
    group: 'networking.istio.io',
    kind: 'VirtualService',
    jqPathExpressions: ['http', 'tls', 'tcp'].map((of) => `.spec.${of}[]?.route[]?.weight`),
  },
  {
    group: 'networking.istio.io',
    kind: 'DestinationRule',
    jqPathExpressions: ['.spec.subsets[]?.labels."rollouts-pod-template-hash"'],
  },
  ...['traefik.io', 'traefik.containo.us'].map((group) => ({
    group,
    kind: 'TraefikService',
    jqPathExpressions: ['.spec.weighted.services[]?.weight'],
  })),
  { group: 'split.smi-spec.io', kind: 'TrafficSplit', jqPathExpressions: ['.spec.backends[]?.weight'] },
  { group: '', kind: 'Service', jqPathExpressions: ['.spec.selector."rollouts-pod-template-hash"'] },
  { group: 'argoproj.io', kind: 'Rollout', jsonPointers: ['/spec/replicas'] },
];

const applicationOf = (platform: Platform, environment: Environment, places: ArgoCdPlaces): object => ({
  metadata: {
    name: `{{service}}-${environment.name}`,
    labels: { [SERVICE_LABEL]: '{{service}}', [ENVIRONMENT_LABEL]: environment.name },
  },
  spec: {
    project: platform.name,
    source: {
      repoURL: places.repository,
      targetRevision: branchOf(platform, environment),
      path: places.chart,
      helm: {
        releaseName: '{{service}}',
        // The team's own; by what it is judged, as rendered; and the desired-state file itself, which says what runs.
        valueFiles: [
          '/services/{{service}}/values.yaml',
          `/services/{{service}}/${environment.name}.yaml`,
          `/rendered/${environment.name}/{{service}}/values.yaml`,
          `/environments/${environment.name}/{{service}}.yaml`,
        ],
        ignoreMissingValueFiles: false,
      },
    },
    destination: { server: environment.cluster.server, namespace: '{{namespace}}' },
    ignoreDifferences: WRITTEN_BY_ROLLOUTS,
    syncPolicy: {
      automated: { prune: true, selfHeal: true },
      syncOptions: ['CreateNamespace=true', 'RespectIgnoreDifferences=true', 'ServerSideApply=true'],
      retry: { limit: 5, backoff: { duration: '5s', factor: 2, maxDuration: '3m' } },
    },
  },
});

/** One Application for each service of an environment. */
export const applicationSet = (
  platform: Platform,
  environment: Environment,
  places: ArgoCdPlaces,
): object => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'ApplicationSet',
  metadata: { name: `${platform.name}-${environment.name}`, namespace: places.namespace },
  spec: {
    generators: [
      {
        list: {
          elements: servicesIn(platform, environment).map((s) => ({
            service: s.name,
            namespace: namespaceOf(s, environment),
          })),
        },
      },
    ],
    template: applicationOf(platform, environment, places),
  },
});
