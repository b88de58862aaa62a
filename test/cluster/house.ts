import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { stringify } from 'yaml';
import { layerOf, ociArchive, SERVER_CONFIG, serverRootfs } from '../../scripts/image.ts';
import { toolFolder, toolPath } from '../../scripts/tools.mjs';
import { openKubernetes } from '../../src/runtime/adapters/kubernetes/client.ts';
import { type Gitea, giteaRepository, OWNER, startGitea } from '../forge/gitea.ts';
import { type Postgres, startPostgres } from '../postgres.ts';
import { until } from '../wait.ts';
import { type Abroad, startAbroad } from './abroad.ts';
import { existingMachine } from './existing.ts';
import { pauseImage } from './images.ts';
import { type IngressStandIn, startIngress } from './ingress.ts';
import { type Machine, startMachine } from './machine.ts';
import { type Started, tailOf } from './processes.ts';
import {
  type Addresses,
  declarationOf,
  ENVIRONMENTS,
  type Environment,
  rendered,
  repositoryFiles,
  SERVICES,
  type ShopImages,
  shopImages,
} from './shop.ts';

const ROOT = join(import.meta.dirname, '../..');
const CHECK = 'sluice/gate';
const HOOK_SECRET = 'gitea-hook-of-the-test';
const ARGOCD_TOKEN = 'argo-cd-of-the-test';
const SLUICE_PORT = 7117;
const PROMETHEUS_PORT = { dev: 9091, stage: 9092, prod: 9093, lab: 9094 } as const;

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
  /** Objects of a kind in a namespace. */
  objects<T>(kind: string, namespace: string): T[];
  stop(): Promise<void>;
}

const namespaceOf = (name: string): object => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
const yamls = (...objects: object[]): string => objects.map((o) => stringify(o)).join('---\n');

/** Scrapes what a PodMonitor of the chart would: the same labels, by Kubernetes' own discovery. */
function prometheusConfig(environment: Environment, kubeconfig: string): object {
  const from = (source: string, target: string) => ({ source_labels: [source], target_label: target });
  return {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [`rules-${environment}*.yml`],
    scrape_configs: [
      {
        job_name: 'services',
        kubernetes_sd_configs: [
          { role: 'pod', kubeconfig_file: kubeconfig, namespaces: { names: [environment] } },
        ],
        relabel_configs: [
          { source_labels: ['__meta_kubernetes_pod_container_port_name'], regex: 'http', action: 'keep' },
          { source_labels: ['__meta_kubernetes_pod_phase'], regex: 'Running', action: 'keep' },
          from('__meta_kubernetes_pod_label_rollouts_pod_template_hash', 'revision'),
          from('__meta_kubernetes_pod_label_app_kubernetes_io_version', 'version'),
          from('__meta_kubernetes_pod_label_app_kubernetes_io_name', 'service'),
          from('__meta_kubernetes_pod_name', 'instance'),
          { target_label: 'environment', replacement: environment },
        ],
      },
    ],
  };
}

async function startPrometheus(machine: Machine, at: Addresses): Promise<Record<Environment, Started>> {
  const home = join(machine.home, 'prometheus');
  mkdirSync(home);
  const files = await rendered(at, 'files');
  const started = ENVIRONMENTS.map((environment): [Environment, Started] => {
    writeFileSync(join(home, `rules-${environment}.yml`), files.get(`${environment}/prometheus/rules.yml`)!);
    const config = join(home, `${environment}.yml`);
    writeFileSync(config, stringify(prometheusConfig(environment, machine.kubeconfig)));
    const process = machine.processes.start(`prometheus-${environment}`, [
      toolPath('prometheus'),
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(home, environment)}`,
      `--web.listen-address=${machine.net.node}:${PROMETHEUS_PORT[environment]}`,
      '--log.level=warn',
    ]);
    return [environment, process];
  });
  for (const [environment, { log }] of started)
    await until(`Prometheus of ${environment}`, 30_000, async () => {
      const answer = await request(`${at.prometheus[environment]}/-/ready`);
      await answer.body.dump();
      return answer.statusCode === 200;
    }).catch((error: Error) => {
      throw new Error(`${error.message}\n${tailOf(log)}`);
    });
  return Object.fromEntries(started) as Record<Environment, Started>;
}

function startRollouts(machine: Machine): Started {
  const { kubectl } = machine;
  const crds = join(toolFolder('argo-rollouts'), 'manifests/crds');
  for (const name of readdirSync(crds).filter((f) => f.endsWith('-crd.yaml')))
    kubectl(['apply', '--server-side', '-f', join(crds, name)]);
  kubectl(['apply', '-f', '-'], stringify(namespaceOf('argo-rollouts')));
  return machine.processes.start('argo-rollouts', [
    toolPath('argo-rollouts'),
    `--kubeconfig=${machine.kubeconfig}`,
    '--leader-elect=false',
    '--healthzPort=8580',
    '--metricsPort=8590',
    '--loglevel=info',
  ]);
}

/** Argo CD without its web server: what syncs, what renders, and what makes Applications. */
function startArgoCd(machine: Machine, gitea: Gitea, at: Addresses): void {
  const { kubectl, processes, net } = machine;
  const folder = toolFolder('argocd');
  for (const name of readdirSync(join(folder, 'manifests/crds')).filter((f) => f.endsWith('-crd.yaml')))
    kubectl(['apply', '--server-side', '-f', join(folder, 'manifests/crds', name)]);
  kubectl(['apply', '-f', '-'], stringify(namespaceOf('argocd')));
  const config = join(folder, 'manifests/base/config');
  for (const name of readdirSync(config).filter((f) => f.startsWith('argocd-')))
    kubectl(['apply', '-n', 'argocd', '-f', join(config, name)]);
  const key = JSON.stringify({ stringData: { 'server.secretkey': 'of-the-test' } });
  kubectl(['patch', 'secret', 'argocd-secret', '-n', 'argocd', '--type=merge', '-p', key]);
  const secret = (name: string, type: string, data: Record<string, string>): object => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'argocd', labels: { 'argocd.argoproj.io/secret-type': type } },
    stringData: data,
  });
  kubectl(
    ['apply', '-f', '-'],
    yamls(
      secret('cluster', 'cluster', {
        name: 'test',
        server: machine.address,
        config: JSON.stringify({
          bearerToken: machine.token,
          tlsClientConfig: { caData: readFileSync(machine.ca).toString('base64') },
        }),
      }),
      secret('desired-state', 'repository', {
        type: 'git',
        url: `${at.gitea}/${at.owner}/${at.repository}.git`,
        username: OWNER,
        password: gitea.token(OWNER),
      }),
    ),
  );
  const home = join(machine.home, 'argocd');
  for (const name of ['bin', 'tmp', 'gpg', 'plugin']) mkdirSync(join(home, name), { recursive: true });
  symlinkSync(toolPath('helm'), join(home, 'bin', 'helm'));
  // git asks it for the password of the repository.
  symlinkSync(toolPath('argocd'), join(home, 'bin', 'argocd'));
  processes.start(
    'argocd-redis',
    ['redis-server', '--bind', net.node, '--port', '6380', '--save', '', '--protected-mode', 'no'],
    {
      cwd: home,
    },
  );
  const part = (name: string, ...args: string[]) => {
    const as = join(home, 'bin', `argocd-${name}`);
    symlinkSync(toolPath('argocd'), as);
    processes.start(`argocd-${name}`, [as, ...args, '--loglevel=warn'], {
      cwd: home,
      env: {
        ARGOCD_BINARY_NAME: `argocd-${name}`,
        ARGOCD_GPG_ENABLED: 'false',
        ARGOCD_GNUPGHOME: join(home, 'gpg'),
        ARGOCD_PLUGINSOCKFILEPATH: join(home, 'plugin'),
        KUBECONFIG: machine.kubeconfig,
        PATH: `${join(home, 'bin')}:${process.env['PATH']}`,
        TMPDIR: join(home, 'tmp'),
        HOME: home,
      },
    });
  };
  const redis = `${net.node}:6380`;
  const kubernetes = [`--kubeconfig=${machine.kubeconfig}`, '--namespace=argocd'];
  part('repo-server', '--disable-tls', '--port=8581', '--metrics-port=8582', `--redis=${redis}`);
  part(
    'application-controller',
    ...kubernetes,
    `--repo-server=${net.node}:8581`,
    '--repo-server-plaintext',
    `--redis=${redis}`,
    '--metrics-port=8583',
    '--app-resync=30',
    '--self-heal-timeout-seconds=2',
  );
  part(
    'applicationset-controller',
    ...kubernetes,
    `--argocd-repo-server=${net.node}:8581`,
    '--repo-server-plaintext',
    '--metrics-addr=:8584',
    '--probe-addr=:8585',
    '--webhook-addr=:8586',
    '--enable-leader-election=false',
  );
}

/** Our own image, with k6 beside it for the load tests. */
async function serverImage(folder: string): Promise<{ tar: string; name: string }> {
  const name = 'sluice.invalid/sluice:0.1.0';
  await serverRootfs(join(folder, 'server'), { 'usr/bin/k6': toolPath('k6') });
  layerOf(join(folder, 'server'), join(folder, 'server-layer.tar'));
  const tar = join(folder, 'server.tar');
  ociArchive([{ name, config: SERVER_CONFIG, layers: [join(folder, 'server-layer.tar')] }], tar);
  return { tar, name };
}

function installSluice(
  machine: Machine,
  at: Addresses,
  gitea: Gitea,
  postgres: Postgres,
  abroad: Abroad,
): void {
  const { kubectl } = machine;
  kubectl(['apply', '-f', '-'], stringify(namespaceOf('sluice')));
  kubectl(
    ['apply', '-f', '-'],
    stringify({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'sluice', namespace: 'sluice' },
      stringData: {
        ledger: postgres.url,
        gitea: gitea.token(OWNER),
        hook: HOOK_SECRET,
        argocd: ARGOCD_TOKEN,
        abroad: abroad.kubeconfig,
      },
    }),
  );
  const env = (name: string, key: string) => ({ env: name, secret: 'sluice', key });
  const values = join(machine.home, 'sluice-values.yaml');
  const { net } = machine;
  writeFileSync(
    values,
    stringify({
      image: { repository: 'sluice.invalid/sluice', pullPolicy: 'Never' },
      replicas: 2,
      declaration: Object.fromEntries(declarationOf(at).map(({ file, text }) => [file, text])),
      secrets: [
        env('SLUICE_LEDGER_URL', 'ledger'),
        env('SLUICE_GITEA_TOKEN', 'gitea'),
        env('SLUICE_GITEA_SECRET', 'hook'),
        env('SLUICE_ARGOCD_TOKEN', 'argocd'),
        env('SLUICE_ABROAD_KUBECONFIG', 'abroad'),
      ],
      service: { clusterIP: machine.sluiceIp },
      hostAliases: [
        { ip: net.node, hostnames: ENVIRONMENTS.flatMap((e) => SERVICES.map((s) => `${s}.${e}.internal`)) },
      ],
      rbac: { namespaces: [...ENVIRONMENTS], argoCd: 'argocd' },
      metrics: { podMonitor: false },
      resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '768Mi' } },
    }),
  );
  execFileSync(
    toolPath('helm'),
    [
      '--kubeconfig',
      machine.kubeconfig,
      'install',
      'sluice',
      join(ROOT, 'charts/sluice'),
      '-n',
      'sluice',
      '-f',
      values,
    ],
    { stdio: 'pipe' },
  );
}

/** Objects of which only the definition is needed: nobody watches them here. */
function installDefinitions(machine: Machine): void {
  const folder = toolFolder('monitoring-crds');
  const crds = join(folder, 'example/prometheus-operator-crd');
  machine.kubectl(['apply', '--server-side', '-f', join(crds, 'monitoring.coreos.com_podmonitors.yaml')]);
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
    const gitea = await startGitea(net.host, '10.0.0.0/8');
    closing.push(() => gitea.stop());
    const postgres = await startPostgres(net.host, '10.0.0.0/8');
    closing.push(() => postgres.stop());
    const at: Addresses = {
      apiServer: machine.address,
      node: net.node,
      sluice: `http://${machine.sluiceIp}:${SLUICE_PORT}`,
      prometheus: Object.fromEntries(
        ENVIRONMENTS.map((e) => [e, `http://${net.node}:${PROMETHEUS_PORT[e]}`]),
      ) as Record<Environment, string>,
      gitea: gitea.address,
      owner: OWNER,
      repository: 'shop',
      abroad: abroad.address,
    };
    await giteaRepository(gitea, at.repository, await repositoryFiles(at, images), CHECK);
    say('Argo Rollouts, Argo CD and Prometheus');
    kubectl(['apply', '-f', '-'], yamls(...ENVIRONMENTS.map(namespaceOf)));
    installDefinitions(machine);
    const rollouts = startRollouts(machine);
    startArgoCd(machine, gitea, at);
    const prometheus = await startPrometheus(machine, at);
    const kubernetes = openKubernetes(
      { kubeconfig: readFileSync(machine.kubeconfig, 'utf8'), context: null },
      () => Date.now(),
    );
    const ingress = await startIngress(machine, kubernetes, ENVIRONMENTS);
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
      objects: (kind, namespace) =>
        (JSON.parse(kubectl(['get', kind, '-n', namespace, '-o', 'json'])) as { items: never[] }).items,
      stop,
    };
    return house;
  } catch (thrown) {
    if (process.env['SLUICE_KEEP']) process.stderr.write(`kept: ${String(thrown)}\n`);
    else await stop();
    throw thrown;
  }
}

/** The token that the leader keeps for its own machine. */
function leaderToken(machine: Machine): string {
  const names = machine
    .kubectl(['get', 'pods', '-n', 'sluice', '-l', 'app.kubernetes.io/name=sluice', '-o', 'name'])
    .trim()
    .split('\n');
  for (const name of names) {
    const found = spawnSync(
      toolPath('kubectl'),
      [
        '--kubeconfig',
        machine.kubeconfig,
        'exec',
        '-n',
        'sluice',
        name,
        '--',
        '/usr/bin/node',
        '-p',
        "fs.readFileSync('/work/serve.json','utf8')",
      ],
      { encoding: 'utf8' },
    );
    if (found.status === 0) return (JSON.parse(found.stdout) as { token: string }).token;
  }
  throw new Error('no server leads yet');
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
