import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { toolPath } from '../../scripts/tools.mjs';
import { createProcesses, etcdCommand, type Processes, type Started, tailOf } from './processes.ts';
import { until } from './wait.ts';

/** Addresses of a network that only this run has: its host, its node, pods and services. */
const NET = {
  name: 'sluice-test',
  host: '10.231.0.1',
  node: '10.231.0.2',
  pods: '10.232.0.0/16',
  services: '10.233.0.0/16',
  sluice: '10.233.0.50',
} as const;
const PREFIX = 'sluice-cluster-';
const API_PORT = 6443;
const ETCD = `http://${NET.node}:2379`;
const NODE_NAME = 'node-1';
const GROUP = 'system:masters';

/** Options of `ctr`: the containers of the cluster whose folder this is. */
export const containersOf = (home: string): string[] => [
  '--address',
  `${home}/containerd.sock`,
  '-n',
  'k8s.io',
];

/** Addresses of a run: where this machine is reached from pods, and where the node is. */
export interface Network {
  readonly name: string;
  readonly host: string;
  readonly node: string;
}

/** What the tests themselves started of a cluster, and may break. */
export type Parts = Readonly<Record<'etcd' | 'apiserver' | 'kubelet' | 'containerd', Started>>;

/** A Kubernetes: one of one node on this machine, in a network and a folder of its own, or one that is there. */
export interface Machine {
  readonly home: string;
  readonly processes: Processes;
  readonly kubeconfig: string;
  readonly address: string;
  readonly ca: string;
  readonly token: string;
  readonly net: Network;
  /** An address of the cluster's own range for our server. */
  readonly sluiceIp: string;
  /** Null: it was there before, and is not ours to break. */
  readonly parts: Parts | null;
  kubectl(args: readonly string[], input?: string): string;
  importImage(tar: string): void;
  /** As a crash would: the process is killed and tells nobody. */
  killContainer(namespace: string, pod: string): void;
  /** A command in the network of the node. */
  inside(program: string, ...args: string[]): string;
  stop(): Promise<void>;
}

const sh = (program: string, ...args: string[]): string => execFileSync(program, args, { encoding: 'utf8' });
const inNetwork = [`nsenter`, `--net=/run/netns/${NET.name}`];

/** A network namespace: rules and routes of the cluster go with it. */
function openNetwork(): void {
  closeNetwork();
  sh('ip', 'netns', 'add', NET.name);
  sh('ip', 'link', 'add', 'sluice0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', NET.name);
  sh('ip', 'addr', 'add', `${NET.host}/30`, 'dev', 'sluice0');
  sh('ip', 'link', 'set', 'sluice0', 'up');
  const ip = (...args: string[]) => sh('ip', '-n', NET.name, ...args);
  ip('link', 'set', 'lo', 'up');
  ip('addr', 'add', `${NET.node}/30`, 'dev', 'eth0');
  ip('link', 'set', 'eth0', 'up');
  ip('route', 'add', 'default', 'via', NET.host);
  for (const range of [NET.pods, NET.services]) sh('ip', 'route', 'replace', range, 'via', NET.node);
  const [enter, ...rest] = inNetwork;
  sh(enter!, ...rest, 'sysctl', '-qw', 'net.ipv4.ip_forward=1');
}

/** A network with whatever runs in it: a container outlives the shim that watched it. */
function dropNetwork(name: string): void {
  const pids = spawnSync('ip', ['netns', 'pids', name], { encoding: 'utf8' }).stdout;
  for (const pid of pids.split('\n').filter(Boolean)) spawnSync('kill', ['-9', pid]);
  spawnSync('ip', ['netns', 'delete', name]);
}

function closeNetwork(): void {
  if (existsSync(`/run/netns/${NET.name}`)) dropNetwork(NET.name);
  spawnSync('ip', ['link', 'delete', 'sluice0'], { stdio: 'ignore' });
}

/** Networks of pods: containerd makes them beside ours. */
const podNetworks = (): string[] =>
  existsSync('/run/netns') ? readdirSync('/run/netns').filter((name) => name.startsWith('cni-')) : [];

/** Mounts below a folder, innermost first: overlays of containers, tmpfs of volumes. */
function unmountBelow(folder: string): void {
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .map((line) => (line.split(' ')[1] ?? '').replaceAll('\\040', ' '))
    .filter((at) => at.startsWith(`${folder}/`));
  for (const at of mounts.reverse()) spawnSync('umount', ['-l', at]);
}

/** What a run left that was ended without a chance to clear up. */
function sweep(): void {
  for (const name of readdirSync(tmpdir()).filter((n) => n.startsWith(PREFIX))) {
    const home = join(tmpdir(), name);
    const owner = join(home, 'owner.pid');
    if (existsSync(owner) && existsSync(`/proc/${readFileSync(owner, 'utf8')}`)) continue;
    closeNetwork();
    spawnSync('pkill', ['-9', '-f', home]);
    const others = join(home, 'others.json');
    const known: string[] = existsSync(others) ? JSON.parse(readFileSync(others, 'utf8')) : podNetworks();
    clearUp(home, known);
  }
}

/** What is left of a run once its processes are gone; `others`: networks of pods that were there before. */
function clearUp(home: string, others: readonly string[]): void {
  for (const pods of podNetworks().filter((name) => !others.includes(name))) dropNetwork(pods);
  unmountBelow(home);
  removeGroups();
  rmSync(home, { recursive: true, force: true });
}

/** Control groups that the kubelet made; they are empty once its containers are gone. */
function removeGroups(): void {
  for (const controller of readdirSync('/sys/fs/cgroup')) {
    const root = join('/sys/fs/cgroup', controller, 'kubepods');
    if (!existsSync(root)) continue;
    const folders = sh('find', root, '-depth', '-type', 'd').trim().split('\n');
    for (const folder of folders) spawnSync('rmdir', [folder], { stdio: 'ignore' });
  }
}

const containerdConfig = (home: string, pause: string): string => `version = 2
root = "${home}/containerd"
state = "${home}/containerd-state"
[grpc]
  address = "${home}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pause}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  stream_server_address = "${NET.node}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${home}/cni"
`;

const cni = {
  cniVersion: '0.4.0',
  name: 'pods',
  plugins: [
    {
      type: 'ptp',
      ipMasq: false,
      ipam: { type: 'host-local', subnet: NET.pods, routes: [{ dst: '0.0.0.0/0' }] },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
};

const kubeletConfig = (home: string): object => ({
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  address: NET.node,
  authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
  authorization: { mode: 'AlwaysAllow' },
  cgroupDriver: 'cgroupfs',
  failCgroupV1: false,
  failSwapOn: false,
  enforceNodeAllocatable: [],
  localStorageCapacityIsolation: false,
  containerRuntimeEndpoint: `unix://${home}/containerd.sock`,
  staticPodPath: '',
  resolvConf: '',
  maxPods: 200,
  evictionHard: { 'memory.available': '1Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
  nodeStatusUpdateFrequency: '5s',
  syncFrequency: '10s',
  serializeImagePulls: false,
});

export const kubeconfigText = (server: string, ca: string, token: string): string =>
  stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, 'certificate-authority': ca } }],
    users: [{ name: 'u', user: { token } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'c',
  });

/** What an API server needs to begin: keys, tokens, and where its etcd is. */
export function apiServerCommand(
  home: string,
  at: { host: string; port: number; etcd: string; services: string },
) {
  const secrets = join(home, `secrets-${at.port}`);
  mkdirSync(secrets, { recursive: true });
  const key = join(secrets, 'service-account.key');
  const token = randomBytes(24).toString('hex');
  if (!existsSync(key)) sh('openssl', 'genrsa', '-out', key, '2048');
  const tokens = join(secrets, 'tokens.csv');
  writeFileSync(tokens, `${token},admin,admin,"${GROUP}"\n`);
  const command = [
    toolPath('kube-apiserver'),
    `--etcd-servers=${at.etcd}`,
    `--etcd-prefix=/registry-${at.port}`,
    `--bind-address=${at.host}`,
    `--advertise-address=${at.host}`,
    `--secure-port=${at.port}`,
    `--cert-dir=${secrets}`,
    `--service-cluster-ip-range=${at.services}`,
    `--service-account-issuer=https://kubernetes.default.svc`,
    `--service-account-key-file=${key}`,
    `--service-account-signing-key-file=${key}`,
    `--token-auth-file=${tokens}`,
    '--authorization-mode=Node,RBAC',
    '--allow-privileged=true',
    '--kubelet-preferred-address-types=InternalIP',
    '--enable-admission-plugins=NodeRestriction',
    '--v=1',
  ];
  return { command, key, token, ca: join(secrets, 'apiserver.crt') };
}

/** The pause image, built and packed once. */
export interface MachineImages {
  readonly pause: { readonly tar: string; readonly name: string };
}

export async function startMachine(images: MachineImages, say: (what: string) => void): Promise<Machine> {
  sweep();
  const home = mkdtempSync(join(tmpdir(), PREFIX));
  writeFileSync(join(home, 'owner.pid'), String(process.pid));
  const others = podNetworks();
  writeFileSync(join(home, 'others.json'), JSON.stringify(others));
  openNetwork();
  const processes = createProcesses(home, inNetwork);
  for (const folder of ['cni', 'kubelet', 'etcd', 'manifests']) mkdirSync(join(home, folder));
  const inside = (program: string, ...args: string[]) => sh(inNetwork[0]!, inNetwork[1]!, program, ...args);
  const ctr = (...args: string[]) => sh('ctr', ...containersOf(home), ...args);
  const stop = async () => {
    await processes.stop();
    spawnSync('pkill', ['-9', '-f', `containerd-shim.*${home}`]);
    await until('containers gone', 10_000, () => {
      closeNetwork();
      return !existsSync(`/run/netns/${NET.name}`);
    });
    clearUp(home, others);
  };
  try {
    say('etcd and the API server');
    const etcd = processes.start('etcd', etcdCommand(`${home}/etcd`, ETCD, 'http://127.0.0.1:0'));
    const api = apiServerCommand(home, {
      host: NET.node,
      port: API_PORT,
      etcd: ETCD,
      services: NET.services,
    });
    const apiserver = processes.start('kube-apiserver', api.command);
    writeFileSync(join(home, 'containerd.toml'), containerdConfig(home, images.pause.name));
    writeFileSync(join(home, 'cni', '10-pods.conflist'), JSON.stringify(cni));
    const containerd = processes.start('containerd', [
      'containerd',
      '--config',
      join(home, 'containerd.toml'),
    ]);
    const address = `https://${NET.node}:${API_PORT}`;
    const kubeconfig = join(home, 'kubeconfig');
    await until('the certificate of the API server', 60_000, () => existsSync(api.ca));
    writeFileSync(kubeconfig, kubeconfigText(address, api.ca, api.token));
    const kubectl = (args: readonly string[], input?: string): string =>
      execFileSync(toolPath('kubectl'), ['--kubeconfig', kubeconfig, ...args], {
        encoding: 'utf8',
        maxBuffer: 64 * 1024 * 1024,
        stdio: ['pipe', 'pipe', 'pipe'],
        ...(input === undefined ? {} : { input }),
      });
    await until('the API server', 120_000, () => kubectl(['get', '--raw', '/readyz']) === 'ok').catch((e) => {
      throw new Error(`${e.message}\n${tailOf(apiserver.log)}`);
    });
    const importImage = (tar: string) => {
      ctr('images', 'import', '--digests', tar);
    };
    await until('containerd', 30_000, () => {
      importImage(images.pause.tar);
      return true;
    });
    say('controllers, scheduler, kubelet and proxy');
    processes.start('kube-controller-manager', [
      toolPath('kube-controller-manager'),
      `--kubeconfig=${kubeconfig}`,
      `--service-account-private-key-file=${api.key}`,
      `--root-ca-file=${api.ca}`,
      '--use-service-account-credentials=false',
      '--leader-elect=false',
      `--cluster-cidr=${NET.pods}`,
      '--allocate-node-cidrs=false',
      '--node-monitor-grace-period=30s',
    ]);
    processes.start('kube-scheduler', [
      toolPath('kube-scheduler'),
      `--kubeconfig=${kubeconfig}`,
      '--leader-elect=false',
    ]);
    writeFileSync(join(home, 'kubelet.yaml'), stringify(kubeletConfig(home)));
    const kubelet = processes.start('kubelet', [
      toolPath('kubelet'),
      `--config=${home}/kubelet.yaml`,
      `--kubeconfig=${kubeconfig}`,
      `--root-dir=${home}/kubelet`,
      `--cert-dir=${home}/kubelet/pki`,
      `--hostname-override=${NODE_NAME}`,
      `--node-ip=${NET.node}`,
    ]);
    writeFileSync(
      join(home, 'proxy.yaml'),
      stringify({
        apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
        kind: 'KubeProxyConfiguration',
        mode: 'iptables',
        clusterCIDR: NET.pods,
        clientConnection: { kubeconfig },
        hostnameOverride: NODE_NAME,
        conntrack: { maxPerCore: 0, min: 0 },
        iptables: { minSyncPeriod: '200ms', syncPeriod: '30s' },
      }),
    );
    processes.start('kube-proxy', [toolPath('kube-proxy'), `--config=${home}/proxy.yaml`]);
    await until(
      'the node',
      90_000,
      () =>
        kubectl([
          'get',
          'node',
          NODE_NAME,
          '-o',
          'jsonpath={.status.conditions[?(@.type=="Ready")].status}',
        ]) === 'True',
    ).catch((e) => {
      throw new Error(`${e.message}\n${tailOf(kubelet.log)}`);
    });
    return {
      home,
      processes,
      kubeconfig,
      address,
      ca: api.ca,
      token: api.token,
      net: NET,
      sluiceIp: NET.sluice,
      parts: { etcd, apiserver, kubelet, containerd },
      kubectl,
      importImage,
      killContainer(namespace, pod) {
        const at = 'jsonpath={.status.containerStatuses[0].containerID}';
        const id = kubectl(['get', 'pod', pod, '-n', namespace, '-o', at]).replace('containerd://', '');
        ctr('tasks', 'kill', '-s', 'SIGKILL', id);
      },
      inside,
      stop,
    };
  } catch (thrown) {
    if (!process.env['SLUICE_KEEP']) await stop();
    throw thrown;
  }
}
