import { execFileSync, spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { toolFolder, toolPath } from '../../../scripts/tools.mjs';
import { schemaFile, strictly } from '../../charts/schemas.ts';
import { patiently } from '../../wait.ts';
import type { ClusterHouse } from '../harness.ts';
import { applyDefinitions, namespaceOf } from '../manifests.ts';
import { rendered } from '../shop.ts';
import type { Stage } from '../stage.ts';
import { until } from '../wait.ts';

const ROOT = join(import.meta.dirname, '../../..');
const MINUTE = 60_000;
/** Nothing is there: a dry run of what is there under another selector is refused. */
const EMPTY = 'charts';

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
        writeFileSync(
          join(folder, schemaFile({ group, version, kind })),
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
  environment: 'lab',
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
      house.machine.kubectl(['apply', '-f', '-'], stringify(namespaceOf(EMPTY)));
      const crds = join(toolFolder('gateway-crds'), 'config/crd/standard');
      applyDefinitions(house.machine.kubectl, crds, /(httproutes|gateways)\.yaml$/);
      house.kubectl(
        'wait',
        '--for=condition=Established',
        `--timeout=${patiently(30_000) / 1_000}s`,
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
          check(what, template('variant', 'service', values, EMPTY), EMPTY);
        for (const file of globSync(join(ROOT, 'test/charts/values/*.yaml')).sort())
          check(
            file,
            template('variant', 'service', parse(readFileSync(file, 'utf8')) as object, EMPTY),
            EMPTY,
          );
        const sluice = {
          declaration: { 'platform.yaml': 'a: b' },
          metrics: { podMonitor: true },
          ingress: { enabled: true, host: 'sluice.invalid' },
          rbac: { namespaces: [EMPTY], argoCd: 'argocd' },
          secretFiles: ['sluice'],
          service: { clusterIP: '' },
        };
        check('our server', template('other', 'sluice', sluice, 'sluice'), 'sluice');
        const files = await rendered(house.at, 'kubernetes');
        const ours = [
          'argo-cd/appproject.yaml',
          'lab/applicationset.yaml',
          'lab/cart/analysistemplates.yaml',
        ];
        for (const file of ours)
          check(file, files.get(file)!, file.startsWith('lab/cart') ? EMPTY : 'argocd');
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );
}
