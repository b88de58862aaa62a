import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { stringify } from 'yaml';
import { toolFolder, toolPath } from '../scripts/tools.mjs';
import { freePort } from '../src/io/ports.ts';
import { apiServerCommand, kubeconfigText } from '../test/cluster/machine.ts';
import { createProcesses, etcdCommand } from '../test/cluster/processes.ts';
import { availabilitySlo } from '../test/slo.ts';
import { until } from '../test/wait.ts';

const ROOT = join(import.meta.dirname, '..');
const NAMESPACE = 'fleet';
const CHANGES = 200;
const REST_MS = 30_000;
const CHANGE_EVERY_MS = 100;

/** What a server costs that follows so many Rollouts, objects only. */
export interface Watching {
  readonly rollouts: number;
  readonly memoryMb: number;
  readonly cpuPercent: number;
  readonly queriesPerMinute: number;
  /** From a change in the cluster to its record in the ledger, in milliseconds. */
  readonly delayP50Ms: number;
  readonly delayP99Ms: number;
}

const name = (i: number): string => `service-${String(i).padStart(3, '0')}`;

const rollout = (service: string, version: string): object => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: { name: service, namespace: NAMESPACE },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: service } },
    strategy: {
      canary: { trafficRouting: { nginx: { stableIngress: service } }, steps: [{ setWeight: 20 }] },
    },
    template: {
      metadata: { labels: { app: service, version } },
      spec: { containers: [{ name: 'service', image: `fleet.invalid/${service}:${version}` }] },
    },
  },
});
const serves = (hash: string) => ({
  status: { observedGeneration: '1', currentPodHash: hash, stableRS: hash, canary: {}, phase: 'Healthy' },
});

function declaration(folder: string, services: number, prometheus: string): void {
  mkdirSync(folder);
  const all = Array.from({ length: services }, (_, i) => name(i));
  writeFileSync(join(folder, 'slos.yaml'), all.map(availabilitySlo).join('---\n'));
  writeFileSync(
    join(folder, 'platform.yaml'),
    `apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: fleet }
spec:
  environments:
    - name: prod
      delivery: argo-rollouts
      cluster: { namespace: ${NAMESPACE}, kubeconfig: { secretRef: { env: SLUICE_FLEET_KUBECONFIG } } }
      prometheus: { address: '${prometheus}' }
  services:
${all.map((s) => `    - { name: ${s}, slos: [${s}-availability] }`).join('\n')}
`,
  );
}

const cpuSeconds = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
};
const memoryMb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1_024;

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;

/** A real API server with so many Rollouts, a real Prometheus, and our server from these sources. */
export async function watching(rollouts: number): Promise<Watching> {
  const home = mkdtempSync(join(tmpdir(), 'sluice-watching-'));
  const processes = createProcesses(home, []);
  try {
    const [etcd, peer, api, prometheus] = [
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
    ];
    const etcdAt = `http://127.0.0.1:${etcd}`;
    processes.start('etcd', etcdCommand(`${home}/etcd`, etcdAt, `http://127.0.0.1:${peer}`));
    const server = apiServerCommand(home, {
      host: '127.0.0.1',
      port: api,
      etcd: etcdAt,
      services: '10.235.0.0/16',
    });
    processes.start('kube-apiserver', [...server.command, '--endpoint-reconciler-type=none']);
    await until('the certificate', 60_000, () => existsSync(server.ca));
    const file = join(home, 'kubeconfig');
    writeFileSync(file, kubeconfigText(`https://127.0.0.1:${api}`, server.ca, server.token));
    const kubectl = (args: string[], input?: string) =>
      execFileSync(toolPath('kubectl'), ['--kubeconfig', file, ...args], {
        encoding: 'utf8',
        stdio: ['pipe', 'pipe', 'pipe'],
        maxBuffer: 1 << 28,
        ...(input ? { input } : {}),
      });
    await until('the API server', 120_000, () => kubectl(['get', '--raw', '/readyz']) === 'ok');
    kubectl([
      'apply',
      '--server-side',
      '-f',
      join(toolFolder('argo-rollouts'), 'manifests/crds/rollout-crd.yaml'),
    ]);
    kubectl(['create', 'namespace', NAMESPACE]);
    await until('Rollouts are known', 30_000, () => {
      kubectl(['get', 'rollouts', '-n', NAMESPACE]);
      return true;
    });
    const names = Array.from({ length: rollouts }, (_, i) => name(i));
    kubectl(['create', '-f', '-'], names.map((n) => stringify(rollout(n, '1.0.0'))).join('---\n'));
    const path = `/apis/argoproj.io/v1alpha1/namespaces/${NAMESPACE}/rollouts`;
    const { Agent, fetch } = await import('undici');
    const dispatcher = new Agent({ connect: { ca: readFileSync(server.ca) } });
    const show = async (service: string, hash: string): Promise<void> => {
      const answer = await fetch(`https://127.0.0.1:${api}${path}/${service}/status`, {
        method: 'PATCH',
        dispatcher,
        headers: { authorization: `Bearer ${server.token}`, 'content-type': 'application/merge-patch+json' },
        body: JSON.stringify(serves(hash)),
      });
      if (answer.status !== 200) throw new Error(await answer.text());
      await answer.text();
    };
    for (const n of names) await show(n, 'one');
    writeFileSync(join(home, 'prometheus.yml'), 'global: { scrape_interval: 5s }\n');
    processes.start('prometheus', [
      toolPath('prometheus'),
      `--config.file=${home}/prometheus.yml`,
      `--storage.tsdb.path=${home}/tsdb`,
      `--web.listen-address=127.0.0.1:${prometheus}`,
      '--log.level=warn',
    ]);
    const source = `http://127.0.0.1:${prometheus}`;
    await until('Prometheus', 30_000, async () => (await request(`${source}/-/ready`)).statusCode === 200);
    declaration(join(home, 'declaration'), rollouts, source);
    const port = await freePort();
    const child = spawn(
      process.execPath,
      [
        join(ROOT, 'src/main.ts'),
        'serve',
        join(home, 'declaration'),
        '--work',
        join(home, 'work'),
        '--port',
        String(port),
      ],
      {
        env: { ...process.env, SLUICE_FLEET_KUBECONFIG: readFileSync(file, 'utf8') },
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    );
    try {
      const ask = async <T>(at: string) =>
        (await (await request(`http://127.0.0.1:${port}${at}`)).body.json()) as T;
      await until('every lane is taken as it is', 120_000, async () => {
        const { lanes } = await ask<{ lanes: { state: string }[] }>('/api/v1/overview');
        return lanes.length === rollouts && lanes.every((l) => l.state === 'Stable');
      });
      const queries = async () => {
        const text = await (await request(`${source}/metrics`)).body.text();
        return [
          ...text.matchAll(
            /^prometheus_http_requests_total\{[^}]*handler="\/api\/v1\/(?:query|query_range|series)"[^}]*\} (\S+)$/gm,
          ),
        ].reduce((sum, m) => sum + Number(m[1]), 0);
      };
      const [begun, cpu, asked] = [performance.now(), cpuSeconds(child.pid!), await queries()];
      await until('a while at rest', 2 * REST_MS, () => performance.now() - begun >= REST_MS);
      const seconds = (performance.now() - begun) / 1_000;
      const cpuPercent = (100 * (cpuSeconds(child.pid!) - cpu)) / seconds;
      const queriesPerMinute = (60 * ((await queries()) - asked)) / seconds;
      const changedAt = new Map<string, number>();
      for (let i = 0; i < CHANGES; i++) {
        const service = names[i % names.length]!;
        const hash = `two${i}`;
        changedAt.set(`${service} ${hash}`, Date.now());
        await show(service, hash);
        await new Promise((done) => setTimeout(done, CHANGE_EVERY_MS));
      }
      const delays: number[] = [];
      await until('every change is on record', 60_000, async () => {
        delays.length = 0;
        for (let after = 0; ; ) {
          const { records } = await ask<{
            records: {
              seq: number;
              at: number;
              type: string;
              subject: string;
              data: { stable?: { revision: string } };
            }[];
          }>(`/api/v1/ledger?after=${after}&limit=1000&type=lane.adopted`);
          for (const { at, subject, data } of records) {
            const since = changedAt.get(`${subject.split('/')[0]} ${data.stable?.revision}`);
            if (since !== undefined) delays.push(at - since);
          }
          if (records.length < 1_000) break;
          after = records.at(-1)!.seq;
        }
        return delays.length >= Math.min(CHANGES, rollouts);
      });
      const sorted = delays.sort((a, b) => a - b);
      return {
        rollouts,
        memoryMb: memoryMb(child.pid!),
        cpuPercent,
        queriesPerMinute,
        delayP50Ms: quantile(sorted, 0.5),
        delayP99Ms: quantile(sorted, 0.99),
      };
    } finally {
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGTERM');
      await ended;
    }
  } finally {
    await processes.stop();
    rmSync(home, { recursive: true, force: true });
  }
}
