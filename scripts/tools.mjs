#!/usr/bin/env node
// Builds the Go programs that some tests drive, once per version, outside of the checkout. No dependency.
import { spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

const KUBERNETES = { module: 'k8s.io/kubernetes', version: 'v1.34.4', staging: 'v0.34.4' };
const kubernetes = (name) => ({ ...KUBERNETES, package: `./cmd/${name}`, cluster: true });

/**
 * What is built: module, version, package in it; `keep` names folders of the module that the program needs to run,
 * `cluster`: only a cluster of the tests' own needs it, `definitionsOf` packages of types whose definitions are generated; `staging` the version of the modules that it replaces by folders which its published form does not have.
 */
const TOOLS = {
  opa: { module: 'github.com/open-policy-agent/opa', version: 'v1.22.2', package: '.' },
  actionlint: { module: 'github.com/rhysd/actionlint', version: 'v1.7.12', package: './cmd/actionlint' },
  act: { module: 'github.com/nektos/act', version: 'v0.2.87', package: '.' },
  gitea: {
    module: 'code.gitea.io/gitea',
    version: 'v1.26.0',
    package: '.',
    cgo: true,
    tags: 'sqlite sqlite_unlock_notify',
    keep: ['templates', 'options', 'public'],
  },
  k6: { module: 'go.k6.io/k6', version: 'v1.8.1', package: '.' },
  helm: { module: 'helm.sh/helm/v3', version: 'v3.21.4', package: './cmd/helm' },
  kubeconform: {
    module: 'github.com/yannh/kubeconform',
    version: 'v0.7.0',
    package: './cmd/kubeconform',
  },
  'kube-apiserver': kubernetes('kube-apiserver'),
  'kube-controller-manager': kubernetes('kube-controller-manager'),
  'kube-scheduler': kubernetes('kube-scheduler'),
  'kube-proxy': kubernetes('kube-proxy'),
  kubelet: kubernetes('kubelet'),
  kubectl: kubernetes('kubectl'),
  'argo-rollouts': {
    module: 'github.com/argoproj/argo-rollouts',
    cluster: true,
    version: 'v1.9.1',
    package: './cmd/rollouts-controller',
    keep: ['manifests/crds'],
  },
  // One program for every part; ARGOCD_BINARY_NAME chooses. Later versions build from folders that are not published.
  argocd: {
    module: 'github.com/argoproj/argo-cd/v3',
    cluster: true,
    version: 'v3.2.11',
    package: './cmd',
    keep: ['manifests/crds', 'manifests/base/config'],
  },
  // Definitions alone: what charts are held against, and what nobody serves in the test cluster.
  'kubernetes-definitions': { ...KUBERNETES, staging: undefined, keep: ['api/openapi-spec/v3'] },
  'rollouts-crds': {
    module: 'github.com/argoproj/argo-rollouts',
    version: 'v1.9.1',
    keep: ['manifests/crds'],
  },
  'monitoring-crds': {
    module: 'github.com/prometheus-operator/prometheus-operator',
    version: 'v0.85.0',
    keep: ['example/prometheus-operator-crd'],
  },
  'gateway-crds': {
    module: 'sigs.k8s.io/gateway-api',
    version: 'v1.6.3',
    keep: ['config/crd/standard'],
  },
  'flux-kustomize-crds': {
    module: 'github.com/fluxcd/kustomize-controller',
    version: 'v1.9.5',
    keep: ['config/crd/bases'],
  },
  'flux-source-crds': {
    module: 'github.com/fluxcd/source-controller',
    version: 'v1.9.5',
    keep: ['config/crd/bases'],
  },
  // The controller itself is not published as a module; its types are, from which its definitions are generated.
  'flux-helm-crds': {
    module: 'github.com/fluxcd/helm-controller/api',
    version: 'v1.6.4',
    definitionsOf: './v2/...',
  },
  // The same rules are run by it as by Debian's Prometheus 2.
  promtool: {
    module: 'github.com/prometheus/prometheus',
    version: 'v0.314.0',
    package: './cmd/promtool',
    tags: 'remove_all_sd enable_kubernetes_sd',
  },
  // Debian's Prometheus is a 2, and built without the discovery of a cluster; this one has no other: it is built sooner.
  prometheus: {
    module: 'github.com/prometheus/prometheus',
    version: 'v0.314.0',
    package: './cmd/prometheus',
    tags: 'remove_all_sd enable_kubernetes_sd',
  },
  // Others that answer as a Prometheus does.
  'victoria-metrics': {
    module: 'github.com/VictoriaMetrics/VictoriaMetrics',
    version: 'v1.151.0',
    package: './app/victoria-metrics',
  },
  // Its messages are written over labels as slices: without the tag it falls over at its first answer.
  thanos: {
    module: 'github.com/thanos-io/thanos',
    version: 'v0.42.0',
    package: './cmd/thanos',
    tags: 'slicelabels',
  },
  // What it makes of a specification is compared with what we make of it.
  sloth: { module: 'github.com/slok/sloth', version: 'v0.16.0', package: './cmd/sloth' },
};

const cache = () =>
  process.env.SLUICE_TOOLS ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'sluice', 'tools');

/** Where a tool lies once it is built. */
export const toolFolder = (name) => join(cache(), `${name}-${TOOLS[name].version}`);
export const toolPath = (name) => join(toolFolder(name), name);
export const isBuilt = (name) => existsSync(TOOLS[name].package ? toolPath(name) : toolFolder(name));

const lines = (text) => text.trim().split('\n').slice(-12).join('\n');

function go(args, options = {}) {
  return new Promise((done) => {
    const child = spawn('go', args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    child.once('error', (error) => done({ ok: false, out, err: String(error) }));
    child.once('exit', (code) => done({ ok: code === 0, out, err }));
  });
}

/** A go.mod beside the module's own, with published modules where it names its own folders. */
function ownModFile(folder, source, staging) {
  const mod = readFileSync(join(source, 'go.mod'), 'utf8');
  const file = join(folder, 'go.mod');
  writeFileSync(file, mod.replace(/^(\s*)(\S+) => \.\/staging\/\S+$/gm, `$1$2 => $2 ${staging}`));
  cpSync(join(source, 'go.sum'), join(folder, 'go.sum'));
  return file;
}

/** What `--version` and a node say, as the project's own builds set it. */
const versionFlags = ({ version, staging }) => {
  const [major, minor] = version.slice(1).split('.');
  const set = { gitVersion: version, gitMajor: major, gitMinor: minor };
  return staging
    ? ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'].flatMap((at) =>
        Object.entries(set).map(([key, value]) => `-X ${at}.${key}=${value}`),
      )
    : [`-X main.version=${version.slice(1)}`];
};

/** Makes definitions of the types of a module, as the projects' own builds do. */
const GENERATOR = 'sigs.k8s.io/controller-tools/cmd/controller-gen@v0.19.0';

/** Builds in the module's own folder, so that its own go.sum says what goes in. */
async function build(name) {
  const { module, version, package: pkg, cgo, tags, staging, keep = [] } = TOOLS[name];
  const fetched = await go(['mod', 'download', '-json', `${module}@${version}`], { cwd: tmpdir() });
  if (!fetched.ok) return `${module}@${version} cannot be fetched:\n${lines(fetched.err + fetched.out)}`;
  const source = JSON.parse(fetched.out).Dir;
  mkdirSync(cache(), { recursive: true });
  const temporary = mkdtempSync(join(cache(), `.${name}-`));
  const keepIn = () => {
    for (const folder of keep) cpSync(join(source, folder), join(temporary, folder), { recursive: true });
    spawnSync('chmod', ['-R', 'u+w,a+rX', temporary]);
    rmSync(toolFolder(name), { recursive: true, force: true });
    renameSync(temporary, toolFolder(name));
    return null;
  };
  const { definitionsOf } = TOOLS[name];
  if (definitionsOf) {
    const made = await go(
      [
        'run',
        GENERATOR,
        'crd',
        `paths=${definitionsOf}`,
        `output:crd:dir=${join(temporary, 'config/crd/bases')}`,
      ],
      { cwd: source, env: { ...process.env, GOFLAGS: '', GOWORK: 'off' } },
    );
    if (!made.ok) return `definitions of ${name} ${version} cannot be generated:\n${lines(made.err)}`;
  }
  if (!pkg) return keepIn();
  const modFile = staging ? ownModFile(temporary, source, staging) : null;
  const built = await go(
    [
      'build',
      '-C',
      source,
      '-trimpath',
      ...(modFile ? ['-mod=mod', `-modfile=${modFile}`] : ['-mod=readonly']),
      ...(tags ? ['-tags', tags] : []),
      '-ldflags',
      ['-s', '-w', ...versionFlags(TOOLS[name])].join(' '),
      '-o',
      join(temporary, name),
      pkg,
    ],
    { env: { ...process.env, CGO_ENABLED: cgo ? '1' : '0', GOFLAGS: '', GOWORK: 'off' } },
  );
  if (!built.ok) {
    rmSync(temporary, { recursive: true, force: true });
    return `${name} ${version} does not build:\n${lines(built.err)}`;
  }
  return keepIn();
}

/** What the suites beside the cluster's drive. */
const EVERYDAY = Object.keys(TOOLS).filter((name) => !TOOLS[name].cluster);

/** What the suite on a Kubernetes of its own drives. */
export const CLUSTER_TOOLS = Object.keys(TOOLS).filter(
  (name) =>
    TOOLS[name].cluster ||
    ['gitea', 'helm', 'k6', 'kubeconform', 'monitoring-crds', 'gateway-crds', 'prometheus'].includes(name),
);

/** Builds what is asked for and not there yet, one after the other: each uses every core. */
export async function buildTools(names = EVERYDAY) {
  const missing = names.filter((name) => !isBuilt(name));
  if (missing.length === 0) return 0;
  if (spawnSync('go', ['version']).status !== 0) {
    process.stderr.write(`Building ${missing.join(', ')} needs Go (1.26 or later), which is not on PATH.\n`);
    process.stderr.write(
      'Next: install Go (Debian: apt-get install golang-go; macOS: brew install go) and run `npm run tools` again.\n',
    );
    return 3;
  }
  let failed = 0;
  for (const name of missing) {
    const begun = Date.now();
    process.stderr.write(`Building ${name} ${TOOLS[name].version} …\n`);
    const why = await build(name);
    const seconds = Math.round((Date.now() - begun) / 1000);
    process.stderr.write(why ? `${why}\n` : `  ${toolPath(name)} after ${seconds} s\n`);
    if (why) failed++;
  }
  return failed ? 1 : 0;
}

/** `tools.mjs [name …]` or `tools.mjs --cluster`; without either, what every suite but the cluster's drives. */
function asked(args) {
  if (args.includes('--cluster')) return CLUSTER_TOOLS;
  return args.length > 0 ? args : EVERYDAY;
}

if (import.meta.main ?? process.argv[1]?.endsWith('tools.mjs'))
  process.exitCode = await buildTools(asked(process.argv.slice(2)));
