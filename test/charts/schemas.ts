import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { stringify } from 'yaml';
import { toolFolder, toolPath } from '../../scripts/tools.mjs';
import type { Resource } from './platform.ts';

interface Schema {
  readonly [key: string]: unknown;
}
type Schemas = Readonly<Record<string, Schema>>;
interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** An object of which every field is known takes no other: so says an API server as well. */
export function strictly(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strictly);
  if (schema === null || typeof schema !== 'object') return schema;
  const of = Object.fromEntries(Object.entries(schema as Schema).map(([k, v]) => [k, strictly(v)]));
  const open = 'additionalProperties' in of || of['x-kubernetes-preserve-unknown-fields'] === true;
  return 'properties' in of && typeof of['properties'] === 'object' && of['type'] === 'object' && !open
    ? { ...of, additionalProperties: false }
    : of;
}

/** As kubeconform names a schema: by the first part of the group. */
export const schemaFile = ({ group, version, kind }: Kind): string =>
  `${kind}-${group ? `${group.split('.')[0]}-` : ''}${version}.json`.toLowerCase();

const REFERENCE = '#/components/schemas/';

/** A schema with those that it refers to, and no others. */
function reachable(name: string, all: Schemas, found: Record<string, Schema> = {}): Schemas {
  if (found[name]) return found;
  found[name] = all[name]!;
  for (const [, next] of JSON.stringify(all[name]).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g))
    reachable(next!, all, found);
  return found;
}

/** What the charts make, and users put beside it. */
const BUILT_IN: Readonly<Record<string, readonly string[]>> = {
  api__v1: ['Pod', 'Service', 'ServiceAccount', 'ConfigMap', 'Secret', 'PersistentVolumeClaim'],
  apis__apps__v1: ['Deployment'],
  apis__autoscaling__v2: ['HorizontalPodAutoscaler'],
  'apis__networking.k8s.io__v1': ['Ingress', 'NetworkPolicy'],
  apis__policy__v1: ['PodDisruptionBudget'],
  'apis__rbac.authorization.k8s.io__v1': ['Role', 'RoleBinding'],
};

/** Kinds of Kubernetes itself, as its release publishes them. */
function builtIn(into: string): void {
  const folder = join(toolFolder('kubernetes-definitions'), 'api/openapi-spec/v3');
  for (const [group, wanted] of Object.entries(BUILT_IN)) {
    const published = JSON.parse(readFileSync(join(folder, `${group}_openapi.json`), 'utf8')) as {
      components: { schemas: Schemas };
    };
    const all = published.components.schemas;
    for (const [name, schema] of Object.entries(all))
      for (const kind of (schema['x-kubernetes-group-version-kind'] as Kind[] | undefined) ?? []) {
        if (!wanted.includes(kind.kind)) continue;
        const schemas = strictly(reachable(name, all));
        const text = JSON.stringify({ $ref: `${REFERENCE}${name}`, components: { schemas } });
        writeFileSync(join(into, schemaFile(kind)), text);
      }
  }
}

const CUSTOM = [
  ['rollouts-crds', 'manifests/crds/{rollout,analysis-template}-crd.yaml'],
  ['monitoring-crds', 'example/prometheus-operator-crd/*podmonitors.yaml'],
  ['gateway-crds', 'config/crd/standard/*httproutes.yaml'],
] as const;

const OF_FLUX = [
  ['flux-helm-crds', 'config/crd/bases/*helmreleases.yaml'],
  ['flux-kustomize-crds', 'config/crd/bases/*kustomizations.yaml'],
  ['flux-source-crds', 'config/crd/bases/*gitrepositories.yaml'],
] as const;

interface Definition {
  readonly kind: string;
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly {
      readonly name: string;
      readonly schema: { readonly openAPIV3Schema: Schema };
    }[];
  };
}

/** Kinds that operators define, as their releases do. */
function custom(into: string, of: readonly (readonly [tool: string, pattern: string])[]): void {
  for (const [tool, pattern] of of)
    for (const file of globSync(pattern, { cwd: toolFolder(tool) }))
      for (const document of loadAll(readFileSync(join(toolFolder(tool), file), 'utf8'))) {
        const { kind, spec } = (document ?? {}) as Definition;
        if (kind !== 'CustomResourceDefinition') continue;
        for (const { name, schema } of spec.versions) {
          const at = schemaFile({ group: spec.group, version: name, kind: spec.names.kind });
          writeFileSync(join(into, at), JSON.stringify(strictly(schema.openAPIV3Schema)));
        }
      }
}

/** Schemas of all that the charts make, as kubeconform reads them. */
export function schemasIn(folder: string): string {
  mkdirSync(folder, { recursive: true });
  builtIn(folder);
  custom(folder, CUSTOM);
  return folder;
}

/** Schemas of what Flux applies from, alone: its Kustomization is named as that of kustomize. */
export function fluxSchemasIn(folder: string): string {
  mkdirSync(folder, { recursive: true });
  custom(folder, OF_FLUX);
  return folder;
}

/** A pod as the template of its workload makes it: definitions of workloads know less of pods than Kubernetes does. */
const podsOf = (list: readonly Resource[]): object[] =>
  list.flatMap((r) => {
    const template = r.spec?.['template'] as { metadata: object; spec: object } | undefined;
    if (!template?.spec || !('containers' in template.spec)) return [];
    return [{ apiVersion: 'v1', kind: 'Pod', ...template, metadata: { ...template.metadata, name: 'pod' } }];
  });

/** What kubeconform finds wrong with objects and their pods; empty: nothing. */
export function nonconforming(list: readonly Resource[], schemas: string): string {
  const input = [...list, ...podsOf(list)].map((o) => stringify(o)).join('---\n');
  const { status, stdout, stderr } = spawnSync(
    toolPath('kubeconform'),
    ['-strict', '-summary', '-schema-location', `${schemas}/{{.ResourceKind}}{{.KindSuffix}}.json`],
    { input, encoding: 'utf8' },
  );
  const all = /Invalid: 0, Errors: 0, Skipped: 0/.test(stdout);
  return status === 0 && all ? '' : `${stdout}${stderr}`;
}
