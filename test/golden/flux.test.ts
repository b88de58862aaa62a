import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Platform } from '../../src/declaration/platform.ts';
import type { Resource } from '../charts/platform.ts';
import { platformOf } from '../flux/platform.ts';
import { everySetting, isOfFlux, REPOSITORY, rendered } from '../flux/rendered.ts';
import { matchGolden } from './golden.ts';

const HERE = join(import.meta.dirname, 'flux');

/** One text of all files that are for Flux. */
async function together(platform: Platform): Promise<string> {
  const files = [...(await rendered(platform))].filter(([path]) => isOfFlux(path)).sort();
  return files.map(([path, text]) => `#### ${path}\n${text}`).join('\n');
}

describe('what is rendered for Flux', () => {
  it('FLUX-2: a GitRepository, a Kustomization an environment, and a Kustomization and a HelmRelease a service', async () =>
    matchGolden(join(HERE, 'plain.out'), await together(platformOf())));

  it('FLUX-2: a GitRepository for each branch, with credentials, rights and monitoring as declared', async () =>
    matchGolden(join(HERE, 'every-setting.out'), await together(everySetting())));

  it('FLUX-2: a GitRepository that exists is named, and none is rendered', async () => {
    const files = await rendered(platformOf({ kubernetes: 'flux: { source: desired }' }));
    expect(files.has('flux/gitrepositories.yaml')).toBe(false);
    for (const path of ['prod/flux.yaml', 'prod/flux/services.yaml'])
      expect(parse(files.get(path)!)).toMatchObject({
        spec: { sourceRef: { kind: 'GitRepository', name: 'desired' } },
      });
  });

  it('FLUX-2: beside Argo CD each has its own environments, and the project of Argo CD no other', async () => {
    const files = await rendered(
      platformOf({
        prod: ', sync: flux',
        kubernetes: `argoCd: { repository: '${REPOSITORY}' }, flux: { repository: '${REPOSITORY}' }`,
      }),
    );
    expect(files.has('stage/applicationset.yaml')).toBe(true);
    expect(files.has('stage/flux.yaml')).toBe(false);
    expect(files.has('prod/applicationset.yaml')).toBe(false);
    expect(files.has('prod/flux.yaml')).toBe(true);
    const { destinations } = (parse(files.get('argo-cd/appproject.yaml')!) as Resource).spec as {
      destinations: { namespace: string }[];
    };
    expect(destinations.map((d) => d.namespace)).not.toContain('checkout-prod');
  });

  it('FLUX-2: the values of a release are those of Argo CD, in the same order', async () => {
    const argo = await rendered(platformOf({ kubernetes: `argoCd: { repository: '${REPOSITORY}' }` }));
    const flux = await rendered(platformOf());
    const { valueFiles } = parse(argo.get('prod/applicationset.yaml')!).spec.template.spec.source.helm as {
      valueFiles: string[];
    };
    const [generator] = parse(flux.get('prod/checkout/flux/kustomization.yaml')!).configMapGenerator as {
      files: string[];
    }[];
    const release = parse(flux.get('prod/checkout/flux/helmrelease.yaml')!) as {
      spec: { valuesFrom: { valuesKey: string }[] };
    };
    const at = (file: string) => join('/rendered/prod/checkout/flux', file);
    const named = new Map(generator!.files.map((f) => f.split('=') as [string, string]));
    expect(release.spec.valuesFrom.map(({ valuesKey }) => at(named.get(valuesKey)!))).toEqual(
      valueFiles.map((file) => file.replaceAll('{{service}}', 'checkout')),
    );
  });

  it.each([
    ['gateway.networking.k8s.io', 'HTTPRoute', '/spec/rules'],
    ['gateway.networking.k8s.io', 'GRPCRoute', '/spec/rules'],
    ['networking.istio.io', 'VirtualService', '/spec/http'],
    ['networking.istio.io', 'DestinationRule', '/spec/subsets'],
    ['traefik.io', 'TraefikService', '/spec/weighted/services'],
    ['split.smi-spec.io', 'TrafficSplit', '/spec/backends'],
    ['argoproj.io', 'Rollout', '/spec/replicas'],
    [undefined, 'Service', '/spec/selector/rollouts-pod-template-hash'],
  ])('FLUX-3: Flux leaves %s %s alone', async (group, kind, path) => {
    const release = parse((await rendered(platformOf())).get('prod/checkout/flux/helmrelease.yaml')!);
    const { mode, ignore } = release.spec.driftDetection as { mode: string; ignore: object[] };
    expect(mode).toBe('enabled');
    expect(ignore).toContainEqual({
      target: expect.objectContaining({ ...(group ? { group } : {}), kind }),
      paths: expect.arrayContaining([path]),
    });
  });

  it('FLUX-3: Flux waits for no canary, takes none back, and sets no field of a canary when it upgrades', async () => {
    const { spec } = parse((await rendered(platformOf())).get('prod/checkout/flux/helmrelease.yaml')!);
    expect(spec).toMatchObject({
      install: { disableWait: true, serverSideApply: false, strategy: { name: 'RetryOnFailure' } },
      upgrade: { disableWait: true, serverSideApply: 'disabled', strategy: { name: 'RetryOnFailure' } },
    });
    expect(spec.upgrade).not.toHaveProperty('remediation');
  });
});
