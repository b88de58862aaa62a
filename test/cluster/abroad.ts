import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { toolFolder, toolPath } from '../../scripts/tools.mjs';
import { apiServerCommand, kubeconfigText, type Machine } from './machine.ts';
import { applyDefinitions } from './manifests.ts';
import { etcdCommand, type Started } from './processes.ts';
import { until } from './wait.ts';

const PORT = 6444;
export const ABROAD = 'abroad';

/** A second cluster as far as we see one: an API server with Rollouts in it, which somebody else delivers. */
export interface Abroad {
  readonly address: string;
  /** Text of a kubeconfig, its certificate inside. */
  readonly kubeconfig: string;
  readonly process: Started;
  kubectl(args: readonly string[], input?: string): string;
  /** Plays whoever delivers there: what a Rollout asks for, and how far it is. */
  show(service: string, now: Shown): void;
}

export interface Shown {
  readonly version: string;
  readonly current: string;
  readonly stable: string;
  readonly weight: number;
}

const certificate = (ca: string): string => readFileSync(ca).toString('base64');

/** One of its own: two API servers over one etcd confuse each other's versions. */
function startEtcd({ processes, home, net }: Machine): string {
  const at = `http://${net.node}:12379`;
  processes.start('etcd-abroad', etcdCommand(`${home}/etcd-abroad`, at, 'http://127.0.0.1:12380'));
  return at;
}

export async function startAbroad(machine: Machine): Promise<Abroad> {
  const { net, home } = machine;
  const etcd = startEtcd(machine);
  const api = apiServerCommand(home, {
    host: net.node,
    port: PORT,
    etcd,
    services: '10.234.0.0/16',
  });
  const process = machine.processes.start('kube-apiserver-abroad', api.command);
  const address = `https://${net.node}:${PORT}`;
  await until('the certificate abroad', 60_000, () => existsSync(api.ca));
  const file = join(home, 'kubeconfig-abroad');
  writeFileSync(file, kubeconfigText(address, api.ca, api.token));
  const kubectl = (args: readonly string[], input?: string): string =>
    execFileSync(toolPath('kubectl'), ['--kubeconfig', file, ...args], {
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(input === undefined ? {} : { input }),
    });
  await until('the API server abroad', 120_000, () => kubectl(['get', '--raw', '/readyz']) === 'ok');
  applyDefinitions(
    kubectl,
    join(toolFolder('argo-rollouts'), 'manifests/crds'),
    /^(rollout|analysis-run)-crd/,
  );
  kubectl(['create', 'namespace', ABROAD]);
  await until('Rollouts abroad', 30_000, () => {
    kubectl(['get', 'rollouts', '-n', ABROAD]);
    return true;
  });
  const kubeconfig = readFileSync(file, 'utf8').replace(
    /certificate-authority: .*/,
    `certificate-authority-data: ${certificate(api.ca)}`,
  );
  return {
    address,
    kubeconfig,
    process,
    kubectl,
    show(service, { version, current, stable, weight }) {
      const labels = { app: service, version };
      const object = {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'Rollout',
        metadata: { name: service, namespace: ABROAD },
        spec: {
          replicas: 1,
          selector: { matchLabels: { app: service } },
          strategy: {
            canary: { trafficRouting: { nginx: { stableIngress: service } }, steps: [{ setWeight: 25 }] },
          },
          template: {
            metadata: { labels },
            spec: { containers: [{ name: 'service', image: `elsewhere.invalid/${service}:${version}` }] },
          },
        },
      };
      kubectl(['apply', '-f', '-'], stringify(object));
      const { metadata } = JSON.parse(kubectl(['get', 'rollout', service, '-n', ABROAD, '-o', 'json'])) as {
        metadata: { generation: number };
      };
      const status = {
        observedGeneration: String(metadata.generation),
        currentPodHash: current,
        stableRS: stable,
        canary: {
          weights: { canary: { weight, podTemplateHash: current }, stable: { weight: 100 - weight } },
        },
      };
      const patch = ['--subresource=status', '--type=merge', '-p', JSON.stringify({ status })];
      kubectl(['patch', 'rollout', service, '-n', ABROAD, ...patch]);
    },
  };
}
