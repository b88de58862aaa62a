import { cpSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { stringify } from 'yaml';
import { bundle } from '../../scripts/bundle.ts';
import { type ImageSpec, layerOf, nodeRootfs, ociArchive } from '../../scripts/image.ts';
import { digestOfVersion, readReleases } from '../../shop/profile.ts';
import { compile } from '../../src/controller/compile.ts';
import { type Format, renderAll } from '../../src/controller/render.ts';

const ROOT = join(import.meta.dirname, '../..');
export const SERVICES = ['frontend', 'cart', 'checkout', 'payment'] as const;
/** The seed's three, and one beside them in which single releases are tried out. */
export const ENVIRONMENTS = ['dev', 'stage', 'prod', 'lab'] as const;
export type Environment = (typeof ENVIRONMENTS)[number];
const REPOSITORY = 'sluice.invalid/shop';
const CALLS: Readonly<Record<string, readonly string[]>> = {
  frontend: ['cart', 'checkout'],
  checkout: ['payment'],
};
/** Every version that a test releases. */
const VERSIONS: Readonly<Record<string, readonly string[]>> = {
  frontend: ['1.0.0', '1.1.0'],
  cart: ['1.0.0'],
  checkout: ['1.0.0', '1.1.0', '1.2.0', '1.3.0', '1.4.0', '1.7.0', '1.9.0', '2.0.0', '2.0.1'],
  payment: ['1.0.0'],
};

const releases = readReleases(join(ROOT, 'examples/shop/releases.yaml'));

/** Images of the shop, one a version: the digest of each, as Git names it. */
export interface ShopImages {
  readonly tar: string;
  digest(service: string, version: string): string;
}

export async function shopImages(folder: string): Promise<ShopImages> {
  const base = join(folder, 'shop-node');
  nodeRootfs(base);
  layerOf(base, join(folder, 'node-layer.tar'));
  const app = join(folder, 'shop-app');
  await bundle(['shop/service.ts'], join(app, 'app'));
  cpSync(join(ROOT, 'examples/shop/releases.yaml'), join(app, 'app/releases.yaml'));
  layerOf(app, join(folder, 'shop-layer.tar'));
  const layers = [join(folder, 'node-layer.tar'), join(folder, 'shop-layer.tar')];
  const nameOf = (service: string, version: string) => `${REPOSITORY}-${service}:${version}`;
  const images: ImageSpec[] = Object.entries(VERSIONS).flatMap(([service, versions]) =>
    versions.map((version) => ({
      name: nameOf(service, version),
      config: {
        entrypoint: [
          '/usr/bin/node',
          '/app/service.mjs',
          `--service=${service}`,
          `--version=${version}`,
          `--digest=${digestOfVersion(releases, service, version)}`,
          '--releases=/app/releases.yaml',
          '--host=0.0.0.0',
          '--port=8080',
        ],
      },
      layers,
    })),
  );
  const tar = join(folder, 'shop.tar');
  const digests = ociArchive(images, tar);
  return { tar, digest: (service, version) => digests.get(nameOf(service, version))! };
}

/** Where everything is that the declaration names. */
export interface Addresses {
  readonly apiServer: string;
  readonly node: string;
  readonly sluice: string;
  readonly prometheus: Readonly<Record<Environment, string>>;
  readonly gitea: string;
  readonly owner: string;
  readonly repository: string;
  /** The API server of a second cluster. */
  readonly abroad: string;
}

export const hostOf = (service: string, environment: string): string => `${service}.${environment}.internal`;

/** The platform of the test: the shop in three stages, as the demo has it, in a cluster. */
export function platformText(at: Addresses): string {
  const environment = (name: Environment, more: string) => `    - name: ${name}
      delivery: argo-rollouts
      cluster: { server: '${at.apiServer}', namespace: ${name} }
      judgeInterval: 1s
      prometheus: { address: '${at.prometheus[name]}', scrapeInterval: 1s, evaluationInterval: 1s, budgetInterval: 10s }
${more}`;
  const load = (duration: string, rps: number) => `      load:
${duration}        address: 'http://{service}.{environment}.internal'
        targets:
          - { service: frontend, path: /buy, rps: ${rps} }
          - { service: frontend, path: /, rps: 20 }
`;
  return `apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: shop }
spec:
  environments:
${environment(
  'dev',
  `      validation: k6
${load('        duration: 8s\n', 80)}      burn: { fast: { window: 30s, threshold: 14 } }
      budget: { window: 30s }
      promotion: { autoRevert: true }
`,
)}${environment(
  'stage',
  `      validation: canary
${load('', 130)}      burn: { fast: { window: 30s, threshold: 14 } }
      budget: { window: 30s }
      promotion: { autoMerge: true, autoRevert: true }
`,
)}${environment(
  'prod',
  `      validation: canary-multi-window
      burn: { fast: { window: 30s, threshold: 14 }, slow: { window: 1m, threshold: 3 } }
      budget: { window: 1m }
      promotion: { autoMerge: true, autoRevert: true }
`,
)}${environment(
  'lab',
  `      validation: canary-multi-window
      after: []
      strategy: { dwellAtFull: 30s }
      burn: { fast: { window: 30s, threshold: 14 }, slow: { window: 1m, threshold: 3 } }
      budget: { window: 1m, holds: false }
      promotion: { autoMerge: true, autoRevert: true }
`,
)}    - name: abroad
      mode: observe
      delivery: argo-rollouts
      after: []
      cluster:
        server: '${at.abroad}'
        namespace: abroad
        kubeconfig: { secretRef: { env: SLUICE_ABROAD_KUBECONFIG } }
      judgeInterval: 1s
      prometheus: { address: '${at.prometheus.lab}', scrapeInterval: 1s, evaluationInterval: 1s, budgetInterval: 10s }
      validation: canary
      burn: { fast: { window: 30s, threshold: 14 } }
      budget: { holds: false }
  strategy: { steps: [20, 50, 100], warmUp: 1s, dwell: 3s, dwellAtFull: 3s, deadline: 5m, hold: 10m }
  recovery: { looks: 2, burnBelow: 1, for: 5s }
  services:
${SERVICES.map((name) => `    - { name: ${name}, slos: [${name}-availability] }`).join('\n')}
  repository: { poll: 5s }
  ledger: { postgres: { url: { secretRef: { env: SLUICE_LEDGER_URL } } } }
  kubernetes:
    server: '${at.sluice}'
    argoCd:
      repository: '${at.gitea}/${at.owner}/${at.repository}.git'
      webhookToken: { secretRef: { env: SLUICE_ARGOCD_TOKEN } }
  forge:
    gitea:
      address: '${at.gitea}'
      repository: ${at.owner}/${at.repository}
      token: { secretRef: { env: SLUICE_GITEA_TOKEN } }
      webhookSecret: { secretRef: { env: SLUICE_GITEA_SECRET } }
  policy:
    budget: { block: 0, warn: 0.1 }
    freeze: { budget: 0, recover: 0.1, for: 3s }
    exempt: { emergency: [emergency], security: [security] }
    waiver: { max: 1h }
    validFor: 2m
`;
}

export const declarationOf = (at: Addresses): { file: string; text: string }[] => [
  { file: 'platform.yaml', text: platformText(at) },
  { file: 'slos.yaml', text: readFileSync(join(ROOT, 'examples/shop/slos.yaml'), 'utf8') },
];

export async function rendered(at: Addresses, format: Format): Promise<ReadonlyMap<string, string>> {
  const compiled = compile(declarationOf(at));
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.error, null, 2));
  return renderAll(compiled.value, format);
}

export const desiredText = (service: string, version: string, digest: string): string =>
  stringify({ service, version, digest, config: {} });

function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesBelow(path) : [path];
  });
}

/** The desired-state repository: charts, what is rendered, the team's own values, and what runs where. */
export async function repositoryFiles(at: Addresses, images: ShopImages): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const path of filesBelow(join(ROOT, 'charts/service')))
    files[relative(ROOT, path)] = readFileSync(path, 'utf8');
  for (const [path, text] of await rendered(at, 'kubernetes'))
    if (ENVIRONMENTS.some((e) => path.startsWith(`${e}/`))) files[`rendered/${path}`] = text;
  for (const { file, text } of declarationOf(at)) files[`sluice/${file}`] = text;
  for (const service of SERVICES) {
    files[`services/${service}/values.yaml`] = stringify({
      image: { repository: `${REPOSITORY}-${service}`, pullPolicy: 'Never' },
      replicas: 1,
      abortScaleDownDelaySeconds: 2,
      podDisruptionBudget: { enabled: false },
      // The stand-in of the ingress controller may be behind by some seconds where the machine is busy.
      terminationGracePeriodSeconds: 16,
      preStopSeconds: 8,
      // A pod that shares two cores with a whole cluster may answer late, and is not ended for it.
      probes: {
        readiness: {
          path: '/healthz',
          initialDelaySeconds: 0,
          periodSeconds: 1,
          timeoutSeconds: 5,
          failureThreshold: 10,
        },
        liveness: { initialDelaySeconds: 10, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 12 },
      },
      resources: { requests: { cpu: '40m', memory: '32Mi' }, limits: { memory: '192Mi' } },
      traffic: { mode: service === 'frontend' ? 'edge' : 'internal' },
      metrics: { interval: '1s' },
    });
    for (const environment of ENVIRONMENTS) {
      const calls = CALLS[service] ?? [];
      files[`services/${service}/${environment}.yaml`] = stringify({
        args: calls.map((name) => `--edge=${name}=http://${hostOf(name, environment)}`),
        hostAliases:
          calls.length > 0
            ? [{ ip: at.node, hostnames: calls.map((name) => hostOf(name, environment)) }]
            : [],
        traffic: { hosts: [hostOf(service, environment)] },
      });
      files[`environments/${environment}/${service}.yaml`] = desiredText(
        service,
        '1.0.0',
        images.digest(service, '1.0.0'),
      );
    }
  }
  return files;
}
