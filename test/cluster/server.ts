import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { layerOf, ociArchive, SERVER_CONFIG, serverRootfs } from '../../scripts/image.ts';
import { toolPath } from '../../scripts/tools.mjs';
import { type Gitea, OWNER } from '../forge/gitea.ts';
import type { Postgres } from '../postgres.ts';
import type { Abroad } from './abroad.ts';
import type { Machine } from './machine.ts';
import { namespaceOf } from './manifests.ts';
import { type Addresses, declarationOf, ENVIRONMENTS, SERVICES } from './shop.ts';

const ROOT = join(import.meta.dirname, '../..');
export const HOOK_SECRET = 'gitea-hook-of-the-test';
const ARGOCD_TOKEN = 'argo-cd-of-the-test';
export const SLUICE_PORT = 7117;

/** Our own image, with k6 beside it for the load tests. */
export async function serverImage(folder: string): Promise<{ tar: string; name: string }> {
  const name = 'sluice.invalid/sluice:0.1.0';
  await serverRootfs(join(folder, 'server'), { 'usr/bin/k6': toolPath('k6') });
  layerOf(join(folder, 'server'), join(folder, 'server-layer.tar'));
  const tar = join(folder, 'server.tar');
  ociArchive([{ name, config: SERVER_CONFIG, layers: [join(folder, 'server-layer.tar')] }], tar);
  return { tar, name };
}

export function installSluice(
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

/** The token that the leader keeps for its own machine. */
export function leaderToken(machine: Machine): string {
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
