import { servicesIn } from '../../../declaration/layout.ts';
import {
  branchOf,
  type Environment,
  namespaceOf,
  type Platform,
  type Service,
} from '../../../declaration/platform.ts';
import { type FluxPlace, syncToolOf } from '../../../declaration/syncing.ts';
import { FLUX_KINDS, type FluxKind, fluxSourceOf } from '../../flux-kinds.ts';
import { ENVIRONMENT_LABEL, SERVICE_LABEL } from '../../labels.ts';
import { WRITTEN_BY_ROLLOUTS } from './written-by-rollouts.ts';

/** How often Flux compares what it applied with the cluster; a new commit does not wait for it. */
const COMPARED = '10m';
const FETCHED = '1m';
const RETRIED = '1m';
const TIMEOUT = '5m';

/** What is rendered for one environment: everything that it is made from. */
interface Place {
  readonly platform: Platform;
  readonly environment: Environment;
  readonly flux: FluxPlace;
}

const object = (
  kind: FluxKind,
  name: string,
  namespace: string,
  labels: Readonly<Record<string, string>>,
  spec: object,
): object => ({
  apiVersion: FLUX_KINDS[kind].apiVersion,
  kind,
  metadata: { name, namespace, ...(Object.keys(labels).length > 0 ? { labels } : {}) },
  spec,
});

/** One GitRepository for each branch of the environments that Flux syncs; none where one exists. */
export function gitRepositories(platform: Platform, flux: FluxPlace): object[] {
  const { source, namespace } = flux;
  if (source.kind === 'existing') return [];
  const branches = new Map(
    platform.environments
      .filter((environment) => syncToolOf(platform, environment) === 'flux')
      .map((environment) => [fluxSourceOf(platform, environment, flux), branchOf(platform, environment)]),
  );
  return [...branches].map(([name, branch]) =>
    object(
      'GitRepository',
      name,
      namespace,
      {},
      {
        interval: FETCHED,
        timeout: '1m',
        url: source.repository,
        ref: { branch },
        ...(source.secret === null ? {} : { secretRef: { name: source.secret } }),
      },
    ),
  );
}

const sourceRef = ({ platform, environment, flux }: Place) => ({
  kind: 'GitRepository',
  name: fluxSourceOf(platform, environment, flux),
});

const account = ({ serviceAccount }: FluxPlace) =>
  serviceAccount === null ? {} : { serviceAccountName: serviceAccount };

const kustomization = (place: Place, name: string, labels: Record<string, string>, spec: object): object =>
  object('Kustomization', name, place.flux.namespace, labels, {
    interval: COMPARED,
    retryInterval: RETRIED,
    timeout: TIMEOUT,
    prune: true,
    sourceRef: sourceRef(place),
    ...account(place.flux),
    ...spec,
  });

const environmentLabel = ({ environment }: Place) => ({ [ENVIRONMENT_LABEL]: environment.name });
const serviceLabels = (place: Place, service: Service) => ({
  [SERVICE_LABEL]: service.name,
  ...environmentLabel(place),
});

/** What is applied by hand, once: it applies one Kustomization a service, and the monitoring where that is declared. */
export function environmentKustomizations(place: Place): object[] {
  const { platform, environment, flux } = place;
  const name = `sluice-${platform.name}-${environment.name}`;
  const of = { ...environmentLabel(place) };
  const services = kustomization(place, name, of, { path: `./rendered/${environment.name}/flux` });
  if (!flux.monitoring) return [services];
  const monitoring = kustomization(place, `${name}-monitoring`, of, {
    path: `./rendered/${environment.name}/monitoring`,
    targetNamespace: environment.cluster.namespace,
  });
  return [services, monitoring];
}

/** One Kustomization for each service: files that one of them lacks hold up no other. */
export const serviceKustomizations = (place: Place): object[] =>
  servicesIn(place.platform, place.environment).map((service) =>
    kustomization(place, `${service.name}-${place.environment.name}`, serviceLabels(place, service), {
      path: `./rendered/${place.environment.name}/${service.name}/flux`,
    }),
  );

/** By the names of their keys: files of values, from the weakest to the strongest, as Argo CD is given them. */
const valuesOf = (service: string, environment: string): Readonly<Record<string, string>> => ({
  'service.yaml': `../../../../services/${service}/values.yaml`,
  'service-environment.yaml': `../../../../services/${service}/${environment}.yaml`,
  'rendered.yaml': '../values.yaml',
  'desired.yaml': `../../../../environments/${environment}/${service}.yaml`,
});

const retried = { name: 'RetryOnFailure', retryInterval: RETRIED };

/**
 * One service as a release of the chart. Flux waits for no canary, takes none back, and leaves alone what a canary
 * writes: server-side apply would set weights that the chart names back to what it says.
 */
export function helmRelease(place: Place, service: Service): object {
  const { environment, flux } = place;
  const name = `${service.name}-${environment.name}`;
  const namespace = namespaceOf(service, environment);
  return object('HelmRelease', name, flux.namespace, serviceLabels(place, service), {
    interval: COMPARED,
    timeout: TIMEOUT,
    releaseName: service.name,
    targetNamespace: namespace,
    storageNamespace: namespace,
    ...account(flux),
    chart: {
      spec: {
        chart: `./${flux.chart}`,
        interval: FETCHED,
        reconcileStrategy: 'ChartVersion',
        sourceRef: { ...sourceRef(place), namespace: flux.namespace },
      },
    },
    valuesFrom: Object.keys(valuesOf('', '')).map((valuesKey) => ({
      kind: 'ConfigMap',
      name: `${name}-values`,
      valuesKey,
    })),
    install: { createNamespace: true, disableWait: true, serverSideApply: false, strategy: retried },
    upgrade: { disableWait: true, serverSideApply: 'disabled', strategy: retried },
    driftDetection: { mode: 'enabled', ignore: WRITTEN_BY_ROLLOUTS },
  });
}

const kustomize = (more: object): object => ({
  apiVersion: 'kustomize.config.k8s.io/v1beta1',
  kind: 'Kustomization',
  ...more,
});

/** What kustomize is told: of which files it makes the values of a release, named by their content. */
export const releaseFiles = ({ environment, flux }: Place, service: Service): object =>
  kustomize({
    namespace: flux.namespace,
    resources: ['helmrelease.yaml'],
    configurations: ['names.yaml'],
    configMapGenerator: [
      {
        name: `${service.name}-${environment.name}-values`,
        files: Object.entries(valuesOf(service.name, environment.name)).map(
          ([key, file]) => `${key}=${file}`,
        ),
      },
    ],
  });

/** Where kustomize finds names of ConfigMaps in a HelmRelease. */
export const NAMES: object = {
  nameReference: [
    {
      kind: 'ConfigMap',
      version: 'v1',
      fieldSpecs: [{ path: 'spec/valuesFrom/name', kind: 'HelmRelease' }],
    },
  ],
};

/** A folder of manifests that are applied as they are. */
export const manifests = (resources: readonly string[]): object => kustomize({ resources });
