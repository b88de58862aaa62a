import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { toolPath } from '../../scripts/tools.mjs';
import { patiently } from '../wait.ts';
import type { Machine } from './machine.ts';
import { createProcesses } from './processes.ts';

/** What a cluster that is there already has to be told of; said where it is missing. */
const NEEDED = {
  SLUICE_HOST_ADDRESS:
    'an address of this machine that pods reach, such as the gateway of the network of kind',
  SLUICE_SERVICE_IP: "a free address of the cluster's Service range",
  SLUICE_LOAD_IMAGE: "how an image archive gets there, such as 'kind load image-archive {tar}'",
} as const;

interface Kubeconfig {
  readonly 'current-context': string;
  readonly contexts: { name: string; context: { cluster: string } }[];
  readonly clusters: {
    name: string;
    cluster: { server: string; 'certificate-authority-data'?: string; 'certificate-authority'?: string };
  }[];
}

function needed(name: keyof typeof NEEDED): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: ${NEEDED[name]} (docs/cluster.md)`);
  return value;
}

/**
 * A cluster by its kubeconfig, such as one of kind: without Argo Rollouts and Argo CD, which the tests bring, and
 * with routes from this machine to its pods and Services. What the tests made in it goes with them.
 */
export function existingMachine(kubeconfig: string): Machine {
  const host = needed('SLUICE_HOST_ADDRESS');
  const load = needed('SLUICE_LOAD_IMAGE');
  const home = mkdtempSync(join(tmpdir(), 'sluice-existing-'));
  const config = parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig;
  const context = config.contexts.find((c) => c.name === config['current-context'])!.context;
  const { cluster } = config.clusters.find((c) => c.name === context.cluster)!;
  const kubectl = (args: readonly string[], input?: string): string =>
    execFileSync(toolPath('kubectl'), ['--kubeconfig', kubeconfig, ...args], {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(input === undefined ? {} : { input }),
    });
  if (kubectl(['get', 'crd', '-o', 'name']).includes('rollouts.argoproj.io'))
    throw new Error(
      'this cluster has Argo Rollouts already: the tests bring their own, and take it away again',
    );
  const ca = join(home, 'ca.crt');
  const data = cluster['certificate-authority-data'];
  writeFileSync(ca, data ? Buffer.from(data, 'base64') : readFileSync(cluster['certificate-authority']!));
  kubectl(['create', 'serviceaccount', 'sluice-test', '-n', 'kube-system']);
  const admin = ['--clusterrole=cluster-admin', '--serviceaccount=kube-system:sluice-test'];
  kubectl(['create', 'clusterrolebinding', 'sluice-test', ...admin]);
  const token = kubectl(['create', 'token', 'sluice-test', '-n', 'kube-system', '--duration=4h']).trim();
  const processes = createProcesses(home, []);
  const known = new Set(kubectl(['get', 'crd', '-o', 'name']).split('\n'));
  return {
    home,
    processes,
    kubeconfig,
    address: cluster.server,
    ca,
    token,
    net: { name: '', host, node: host },
    sluiceIp: needed('SLUICE_SERVICE_IP'),
    parts: null,
    kubectl,
    importImage: (tar) => void execFileSync('sh', ['-c', load.replaceAll('{tar}', tar)], { stdio: 'pipe' }),
    killContainer: (namespace, pod) =>
      void kubectl(['delete', 'pod', pod, '-n', namespace, '--force', '--grace-period=0']),
    inside: () => {
      throw new Error('this cluster is not ours to break');
    },
    async stop() {
      const made = ['dev', 'stage', 'prod', 'lab', 'outside', 'charts', 'sluice', 'argocd', 'argo-rollouts'];
      // Argo CD holds its Applications until it has taken away what they made, and it ends first.
      kubectl([
        'delete',
        'applicationsets,applications',
        '--all',
        '-n',
        'argocd',
        '--wait=true',
        `--timeout=${patiently(120_000) / 1_000}s`,
      ]);
      await processes.stop();
      kubectl([
        'delete',
        'namespace',
        ...made,
        '--ignore-not-found',
        `--timeout=${patiently(180_000) / 1_000}s`,
      ]);
      const crds = kubectl(['get', 'crd', '-o', 'name']).trim().split('\n');
      const ours = crds.filter((name) => !known.has(name));
      if (ours.length > 0) kubectl(['delete', ...ours]);
      kubectl(['delete', 'clusterrolebinding', 'sluice-test']);
      kubectl(['delete', 'serviceaccount', 'sluice-test', '-n', 'kube-system']);
      rmSync(home, { recursive: true, force: true });
    },
  };
}
