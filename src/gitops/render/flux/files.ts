import { servicesIn } from '../../../declaration/layout.ts';
import type { Environment, Platform } from '../../../declaration/platform.ts';
import type { FluxPlace } from '../../../declaration/syncing.ts';
import {
  environmentKustomizations,
  gitRepositories,
  helmRelease,
  manifests,
  NAMES,
  releaseFiles,
  serviceKustomizations,
} from './objects.ts';

/** Files by their path below the output folder, with the objects that each holds. */
type Files = readonly (readonly [path: string, objects: readonly object[]])[];

/**
 * What Flux applies one environment from. `monitoring` names the rendered files of rules, monitors and dashboards, below
 * the folder of the environment.
 */
export function fluxFiles(
  platform: Platform,
  environment: Environment,
  flux: FluxPlace,
  monitoring: readonly string[],
): Files {
  const place = { platform, environment, flux };
  const base = environment.name;
  const services = servicesIn(platform, environment);
  return [
    // Applied by hand, once; the rest is what it points to.
    [`${base}/flux.yaml`, environmentKustomizations(place)],
    [`${base}/flux/kustomization.yaml`, [manifests(['services.yaml'])]],
    [`${base}/flux/services.yaml`, serviceKustomizations(place)],
    ...services.flatMap((service): Files => {
      const folder = `${base}/${service.name}/flux`;
      return [
        [`${folder}/kustomization.yaml`, [releaseFiles(place, service)]],
        [`${folder}/helmrelease.yaml`, [helmRelease(place, service)]],
        [`${folder}/names.yaml`, [NAMES]],
      ];
    }),
    ...(flux.monitoring
      ? ([
          [`${base}/monitoring/kustomization.yaml`, [manifests(monitoring.map((file) => `../${file}`))]],
        ] as Files)
      : []),
  ];
}

/** What is applied once for all environments: where Git is. */
export function fluxSourceFiles(platform: Platform, flux: FluxPlace): Files {
  const sources = gitRepositories(platform, flux);
  return sources.length > 0 ? [['flux/gitrepositories.yaml', sources]] : [];
}
