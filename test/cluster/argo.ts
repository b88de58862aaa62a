import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { toolFolder, toolPath } from '../../scripts/tools.mjs';
import { type Gitea, OWNER } from '../forge/gitea.ts';
import type { Machine } from './machine.ts';
import { applyDefinitions, namespaceOf, yamls } from './manifests.ts';
import type { Started } from './processes.ts';
import type { Addresses } from './shop.ts';

export function startRollouts(machine: Machine): Started {
  const { kubectl } = machine;
  applyDefinitions(kubectl, join(toolFolder('argo-rollouts'), 'manifests/crds'), /-crd\.yaml$/);
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
export function startArgoCd(machine: Machine, gitea: Gitea, at: Addresses): void {
  const { kubectl, processes, net } = machine;
  const folder = toolFolder('argocd');
  applyDefinitions(kubectl, join(folder, 'manifests/crds'), /-crd\.yaml$/);
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
