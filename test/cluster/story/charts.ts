import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { toolFolder, toolPath } from '../../../scripts/tools.mjs';
import type { ClusterHouse } from '../house.ts';
import { applyDefinitions } from '../manifests.ts';
import { rendered } from '../shop.ts';
import type { Stage } from '../stage.ts';
import { until } from '../wait.ts';
import { LAB } from './lab.ts';

const ROOT = join(import.meta.dirname, '../../..');
const MINUTE = 60_000;

interface Schema {
  [key: string]: unknown;
}
interface OpenApi {
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}
interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** An object of which every field is known takes no other: so says the API server as well. */
function strictly(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(strictly);
  if (schema === null || typeof schema !== 'object') return schema;
  const of = Object.fromEntries(Object.entries(schema as Schema).map(([k, v]) => [k, strictly(v)]));
  const open = 'additionalProperties' in of || of['x-kubernetes-preserve-unknown-fields'] === true;
  return 'properties' in of && typeof of['properties'] === 'object' && of['type'] === 'object' && !open
    ? { ...of, additionalProperties: false }
    : of;
}

/** Schemas as kubeconform reads them, from what this cluster's API server itself publishes. */
function schemasOf(house: ClusterHouse, folder: string): void {
  const paths = (
    JSON.parse(house.kubectl('get', '--raw', '/openapi/v3')) as {
      paths: Record<string, { serverRelativeURL: string }>;
    }
  ).paths;
  for (const [path, { serverRelativeURL }] of Object.entries(paths)) {
    if (!/^(api|apis)\/.*v\d/.test(path)) continue;
    const { components } = JSON.parse(house.kubectl('get', '--raw', serverRelativeURL)) as OpenApi;
    const strict = strictly(components) as OpenApi['components'];
    for (const [name, schema] of Object.entries(components.schemas))
      for (const { group, version, kind } of (schema['x-kubernetes-group-version-kind'] as
        | Kind[]
        | undefined) ?? []) {
        // As kubeconform names them: by the first part of the group.
        const file = `${kind}-${group ? `${group.split('.')[0]}-` : ''}${version}.json`.toLowerCase();
        writeFileSync(
          join(folder, file),
          JSON.stringify({ $ref: `#/components/schemas/${name}`, components: strict }),
        );
      }
  }
}

/** Every object in its own namespace, or in that of the release. */
const placed = (text: string, namespace: string): string =>
  parseAllDocuments(text)
    .flatMap((d) => (d.toJS() as { metadata: { namespace?: string } } | null) ?? [])
    .map((o) => stringify({ ...o, metadata: { namespace, ...o.metadata } }))
    .join('---\n');

const image = { image: { repository: 'sluice.invalid/shop-cart', tag: '1' } };
const judged = {
  environment: LAB,
  sluice: {
    server: 'http://sluice.sluice:7117',
    prometheus: 'http://prometheus:9090',
    slos: ['cart-availability'],
  },
};
const VARIANTS: Readonly<Record<string, object>> = {
  'at the edge': { ...image, ...judged },
  internal: { ...image, ...judged, traffic: { mode: 'internal' } },
  'by replicas': { ...image, ...judged, traffic: { mode: 'replicas' } },
  'by a Gateway': {
    ...image,
    ...judged,
    traffic: { via: 'gateway', gateway: { name: 'public', namespace: 'infra' }, hosts: ['cart.invalid'] },
  },
  'with autoscaling, TLS and a policy': {
    ...image,
    ...judged,
    autoscaling: { enabled: true },
    traffic: { tls: [{ hosts: ['cart.invalid'], secretName: 'cart-tls' }], hosts: ['cart.invalid'] },
    networkPolicy: { enabled: true, from: [{ namespaceSelector: { matchLabels: { name: 'edge' } } }] },
    hostAliases: [{ ip: '10.0.0.1', hostnames: ['payment.internal'] }],
  },
  'without a server': image,
};

/** What the charts make, held against the API's and the CRDs' own schemas, and against the API server. */
export function chartsStory(stage: Stage): void {
  stage.step(
    'CLUSTER-14: Then every variant of the charts passes kubeconform, strictly, and a dry run of the API server',
    async () => {
      const house = stage.house();
      const folder = mkdtempSync(join(tmpdir(), 'sluice-schemas-'));
      const crds = join(toolFolder('gateway-crds'), 'config/crd/standard');
      applyDefinitions(house.machine.kubectl, crds, /(httproutes|gateways)\.yaml$/);
      house.kubectl(
        'wait',
        '--for=condition=Established',
        '--timeout=30s',
        'crd/httproutes.gateway.networking.k8s.io',
      );
      // Published a moment after it is established.
      await until('the API server describes routes', MINUTE, () =>
        house.kubectl('get', '--raw', '/openapi/v3/apis/gateway.networking.k8s.io/v1').includes('HTTPRoute'),
      );
      try {
        mkdirSync(join(folder, 'schemas'));
        schemasOf(house, join(folder, 'schemas'));
        const check = (what: string, text: string, namespace: string) => {
          const conform = spawnSync(
            toolPath('kubeconform'),
            [
              '-strict',
              '-summary',
              '-schema-location',
              `${folder}/schemas/{{.ResourceKind}}{{.KindSuffix}}.json`,
            ],
            { input: text, encoding: 'utf8' },
          );
          expect(conform.status, `${what}: ${conform.stdout}${conform.stderr}`).toBe(0);
          expect(conform.stdout).toMatch(/Invalid: 0, Errors: 0, Skipped: 0/);
          house.machine.kubectl(
            ['apply', '--dry-run=server', '--validate=strict', '-f', '-'],
            placed(text, namespace),
          );
        };
        const template = (name: string, chart: string, values: object, namespace: string) => {
          const file = join(folder, 'values.yaml');
          writeFileSync(file, stringify(values));
          const args = [
            'template',
            name,
            join(ROOT, 'charts', chart),
            '-n',
            namespace,
            '--kube-version',
            '1.34.4',
            '-f',
            file,
          ];
          return execFileSync(toolPath('helm'), args, { encoding: 'utf8' });
        };
        for (const [what, values] of Object.entries(VARIANTS))
          check(what, template('variant', 'service', values, LAB), LAB);
        const sluice = {
          declaration: { 'platform.yaml': 'a: b' },
          metrics: { podMonitor: true },
          ingress: { enabled: true, host: 'sluice.invalid' },
          rbac: { namespaces: [LAB], argoCd: 'argocd' },
          secretFiles: ['sluice'],
          service: { clusterIP: '' },
        };
        check('our server', template('other', 'sluice', sluice, 'sluice'), 'sluice');
        const files = await rendered(house.at, 'kubernetes');
        const ours = [
          'argo-cd/appproject.yaml',
          `${LAB}/applicationset.yaml`,
          `${LAB}/cart/analysistemplates.yaml`,
        ];
        for (const file of ours)
          check(file, files.get(file)!, file.startsWith(`${LAB}/cart`) ? LAB : 'argocd');
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );
}
