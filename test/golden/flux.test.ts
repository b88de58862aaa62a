import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { isBuilt, toolPath } from '../../scripts/tools.mjs';
import { renderAll } from '../../src/controller/render.ts';
import type { Platform } from '../../src/declaration/platform.ts';
import type { Resource } from '../charts/platform.ts';
import { fluxSchemasIn, nonconforming } from '../charts/schemas.ts';
import { platformOf } from '../flux/platform.ts';
import { temporaryFolder } from '../folder.ts';
import { definitions, tool } from '../tools.ts';
import { matchGolden } from './golden.ts';

const HERE = join(import.meta.dirname, 'flux');
const CHART = join(import.meta.dirname, '../../charts/service');

const REPOSITORY = 'https://git.invalid/acme/desired.git';
const everySetting = () =>
  platformOf({
    prod: ', branch: Release/EU',
    kubernetes: `flux: { repository: '${REPOSITORY}', secret: git, namespace: gitops, serviceAccount: deployer, monitoring: true, chart: charts/web }`,
  });

const rendered = (platform: Platform) => renderAll(platform, 'kubernetes');
const isOfFlux = (path: string): boolean => /(^|\/)(flux|monitoring)[./]/.test(path);
const documents = (text: string): Resource[] =>
  parseAllDocuments(text).map((document) => document.toJS() as Resource);

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

const published =
  tool('kubeconform') !== null &&
  definitions('flux-helm-crds') !== null &&
  definitions('flux-kustomize-crds') !== null &&
  definitions('flux-source-crds') !== null;

describe.skipIf(!published)('what Flux publishes of its objects', () => {
  const schemas = published ? fluxSchemasIn(temporaryFolder('flux-schemas')) : '';
  const objectsOf = async (platform: Platform) =>
    [...(await rendered(platform))]
      .filter(([path]) => isOfFlux(path) && !/kustomization\.yaml$|names\.yaml$/.test(path))
      .flatMap(([, text]) => documents(text));

  it.each([
    ['as little as possible', () => platformOf()],
    ['every setting', everySetting],
  ])('FLUX-4: what is rendered conforms, strictly: %s', async (_, platform) => {
    const objects = await objectsOf(platform());
    expect(new Set(objects.map((o) => o.kind))).toEqual(
      new Set(['GitRepository', 'Kustomization', 'HelmRelease']),
    );
    expect(nonconforming(objects, schemas)).toBe('');
  });

  it('FLUX-4: a field that Flux does not know is found', async () => {
    const [first] = (await objectsOf(platformOf())).filter((o) => o.kind === 'HelmRelease');
    const wrong = { ...first!, spec: { ...first!.spec, suspended: true } };
    expect(nonconforming([wrong], schemas)).toContain('suspended');
  });
});

const buildable = isBuilt('kubectl') && tool('helm') !== null;

describe.skipIf(!buildable)('what kustomize and helm make of it', () => {
  /** A desired-state repository with what is rendered, as a team would have it. */
  async function repository(): Promise<string> {
    const folder = temporaryFolder('flux-repository');
    const put = (path: string, text: string) => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    };
    for (const [path, text] of await rendered(platformOf())) put(`rendered/${path}`, text);
    put('services/checkout/values.yaml', 'image: { repository: registry.invalid/checkout }\nreplicas: 2\n');
    put('services/checkout/prod.yaml', 'replicas: 3\n');
    put('environments/prod/checkout.yaml', `version: 1.4.0\ndigest: sha256:${'a'.repeat(64)}\nvalues: { replicas: 4 }\n`);
    return folder;
  }
  const run = (program: string, args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
    expect(stderr, stdout).not.toMatch(/rror/);
    expect(status).toBe(0);
    return documents(stdout);
  };
  const kustomize = (folder: string) =>
    run(toolPath('kubectl'), ['kustomize', '--load-restrictor=LoadRestrictionsNone', folder]);

  it('FLUX-4: kustomize names the values by their content, and the HelmRelease takes them in order', async () => {
    const folder = await repository();
    const made = kustomize(join(folder, 'rendered/prod/checkout/flux'));
    const values = made.find((o) => o.kind === 'ConfigMap')! as Resource & { data: Record<string, string> };
    const release = made.find((o) => o.kind === 'HelmRelease')!;
    expect(values.metadata.name).toMatch(/^checkout-prod-values-[a-z0-9]{10}$/);
    const { valuesFrom } = release.spec as { valuesFrom: { name: string; valuesKey: string }[] };
    expect(new Set(valuesFrom.map((v) => v.name))).toEqual(new Set([values.metadata.name]));
    const files = valuesFrom.map(({ valuesKey }) => {
      const file = join(folder, valuesKey);
      writeFileSync(file, values.data[valuesKey]!);
      return ['-f', file];
    });
    const chart = run(toolPath('helm'), [
      'template',
      'checkout',
      CHART,
      '--namespace=checkout-prod',
      '--kube-version=1.34.4',
      ...files.flat(),
    ]);
    expect(chart.find((o) => o.kind === 'Rollout')!.spec).toMatchObject({ replicas: 4 });
  });

  it('FLUX-4: what the Kustomization of an environment applies is one Kustomization for each of its services', async () => {
    const made = kustomize(join(await repository(), 'rendered/stage/flux'));
    expect(made.map((o) => o.metadata.name)).toEqual(['cart-stage', 'checkout-stage']);
  });
});
