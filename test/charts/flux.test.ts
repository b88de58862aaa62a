import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isBuilt, toolPath } from '../../scripts/tools.mjs';
import type { Platform } from '../../src/declaration/platform.ts';
import { platformOf } from '../flux/platform.ts';
import { documents, everySetting, isOfFlux, rendered } from '../flux/rendered.ts';
import { temporaryFolder } from '../folder.ts';
import { definitions, tool } from '../tools.ts';
import type { Resource } from './platform.ts';
import { fluxSchemasIn, nonconforming } from './schemas.ts';

const CHART = join(import.meta.dirname, '../../charts/service');

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
    put(
      'environments/prod/checkout.yaml',
      `version: 1.4.0\ndigest: sha256:${'a'.repeat(64)}\nvalues: { replicas: 4 }\n`,
    );
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
