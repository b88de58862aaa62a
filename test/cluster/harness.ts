import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { toolFolder, toolPath } from '../../scripts/tools.mjs';
import { openKubernetes } from '../../src/io/kubernetes/client.ts';
import { type Gitea, giteaRepository, OWNER, startGitea } from '../forge/gitea.ts';
import { type Postgres, startPostgres } from '../postgres.ts';
import { type Abroad, startAbroad } from './abroad.ts';
import { startArgoCd, startRollouts } from './argo.ts';
import { existingMachine } from './existing.ts';
import { pauseImage } from './images.ts';
import { type IngressStandIn, startIngress } from './ingress.ts';
import { type Machine, startMachine } from './machine.ts';
import { applyDefinitions, namespaceOf, yamls } from './manifests.ts';
import { OUTSIDE } from './outside/team.ts';
import type { Started } from './processes.ts';
import { prometheusAddresses, startPrometheus } from './prometheus.ts';
import { HOOK_SECRET, installSluice, leaderToken, SLUICE_PORT, serverImage } from './server.ts';
import {
  type Addresses,
  ENVIRONMENTS,
  type Environment,
  rendered,
  repositoryFiles,
  type ShopImages,
  shopImages,
} from './shop.ts';

const CHECK = 'sluice/gate';
/** Where pods come from, whichever cluster it is. */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'];

/** Where the API has what is looked at again and again. */
const GROUPS = {
  rollouts: '/apis/argoproj.io/v1alpha1',
  analysisruns: '/apis/argoproj.io/v1alpha1',
  applications: '/apis/argoproj.io/v1alpha1',
  replicasets: '/apis/apps/v1',
} as const;

/** The seed's surroundings, all of them real, and our server in their midst. */
export interface ClusterHouse {
  readonly machine: Machine;
  readonly gitea: Gitea;
  readonly postgres: Postgres;
  readonly images: ShopImages;
  readonly ingress: IngressStandIn;
  readonly at: Addresses;
  readonly prometheus: Readonly<Record<Environment, Started>>;
  readonly rollouts: Started;
  readonly abroad: Abroad;
  /** Asks our server, as a person with every scope. */
  api<T>(method: string, path: string, body?: object): Promise<T>;
  kubectl(...args: string[]): string;
  /** Objects of a kind in a namespace, without a program of its own for each look. */
  objects<T>(kind: keyof typeof GROUPS, namespace: string): Promise<T[]>;
  stop(): Promise<void>;
}

export async function startHouse(say: (what: string) => void): Promise<ClusterHouse> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-images-'));
  const closing: (() => Promise<void> | void)[] = [() => rmSync(folder, { recursive: true, force: true })];
  const stop = async () => {
    for (const close of closing.reverse()) await close();
  };
  try {
    say('packing images');
    const [images, server] = [await shopImages(folder), await serverImage(folder)];
    const there = process.env['KUBECONFIG'];
    const machine = there ? existingMachine(there) : await startMachine({ pause: pauseImage(folder) }, say);
    closing.push(() => machine.stop());
    say('importing images');
    machine.importImage(images.tar);
    machine.importImage(server.tar);
    const { net, kubectl } = machine;
    say('a second API server, Gitea and PostgreSQL');
    const abroad = await startAbroad(machine);
    const gitea = await startGitea(net.host, 'private');
    closing.push(() => gitea.stop());
    const postgres = await startPostgres(net.host, PRIVATE);
    closing.push(() => postgres.stop());
    const at: Addresses = {
      apiServer: machine.address,
      node: net.node,
      sluice: `http://${machine.sluiceIp}:${SLUICE_PORT}`,
      prometheus: prometheusAddresses(net),
      gitea: gitea.address,
      owner: OWNER,
      repository: 'shop',
      abroad: abroad.address,
    };
    await giteaRepository(gitea, at.repository, await repositoryFiles(at, images), CHECK);
    say('Argo Rollouts, Argo CD and Prometheus');
    kubectl(['apply', '-f', '-'], yamls(...ENVIRONMENTS.map(namespaceOf)));
    // Nobody watches these here: the charts' objects are only kept.
    applyDefinitions(
      kubectl,
      join(toolFolder('monitoring-crds'), 'example/prometheus-operator-crd'),
      /_podmonitors\.yaml$/,
    );
    const rollouts = startRollouts(machine);
    startArgoCd(machine, gitea, at);
    const prometheus = await startPrometheus(machine, at);
    const kubernetes = openKubernetes(
      { kubeconfig: readFileSync(machine.kubeconfig, 'utf8'), context: null },
      () => Date.now(),
    );
    const ingress = await startIngress(machine, kubernetes, [...ENVIRONMENTS, OUTSIDE]);
    closing.push(() => ingress.close());
    say('Applications');
    const files = await rendered(at, 'kubernetes');
    kubectl(['apply', '-f', '-'], files.get('argo-cd/appproject.yaml')!);
    for (const environment of ENVIRONMENTS)
      kubectl(['apply', '-f', '-'], files.get(`${environment}/applicationset.yaml`)!);
    say('Sluice, by its chart');
    installSluice(machine, at, gitea, postgres, abroad);
    await gitea.api('POST', `/repos/${OWNER}/${at.repository}/hooks`, {
      type: 'gitea',
      active: true,
      events: ['pull_request', 'pull_request_sync', 'pull_request_label', 'push'],
      config: { url: `${at.sluice}/webhooks/gitea`, content_type: 'json', secret: HOOK_SECRET },
    });
    let token: string | null = null;
    const house: ClusterHouse = {
      machine,
      gitea,
      postgres,
      images,
      ingress,
      at,
      prometheus,
      rollouts,
      abroad,
      async api(method, path, body) {
        token ??= leaderToken(machine);
        const answer = await request(`${at.sluice}${path}`, {
          method: method as 'GET',
          headers: {
            authorization: `Bearer ${token}`,
            ...(body
              ? { 'content-type': 'application/json', 'idempotency-key': `${Date.now()}-${path}` }
              : {}),
          },
          ...(body ? { body: JSON.stringify(body) } : {}),
        });
        const text = await answer.body.text();
        if (answer.statusCode === 401) token = null;
        if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`);
        return JSON.parse(text) as never;
      },
      kubectl: (...args) => kubectl(args),
      objects: async (kind, namespace) =>
        (await kubernetes.get<{ items: never[] }>(`${GROUPS[kind]}/namespaces/${namespace}/${kind}`)).items,
      stop,
    };
    return house;
  } catch (thrown) {
    if (process.env['SLUICE_KEEP']) process.stderr.write(`kept: ${String(thrown)}\n`);
    else await stop();
    throw thrown;
  }
}

/** What there is to see when something failed: logs, objects and events, in one folder. */
export function keepLogs(house: ClusterHouse, into: string): void {
  mkdirSync(into, { recursive: true });
  cpSync(house.machine.processes.logs(), join(into, 'logs'), { recursive: true });
  const say = (file: string, ...args: string[]) => {
    const found = spawnSync(toolPath('kubectl'), ['--kubeconfig', house.machine.kubeconfig, ...args], {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    writeFileSync(join(into, file), found.stdout + found.stderr);
  };
  say('objects.txt', 'get', 'pods,rollouts,analysisruns,ingresses,services,applications', '-A', '-o', 'wide');
  say('rollouts.yaml', 'get', 'rollouts', '-A', '-o', 'yaml');
  say('applications.yaml', 'get', 'applications', '-A', '-o', 'yaml');
  say('analysisruns.yaml', 'get', 'analysisruns', '-A', '-o', 'yaml');
  say('events.txt', 'get', 'events', '-A', '--sort-by=.lastTimestamp');
  say('sluice.log', 'logs', '-n', 'sluice', '-l', 'app.kubernetes.io/name=sluice', '--tail=-1', '--prefix');
}
