import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { request } from 'undici';
import { stringify } from 'yaml';
import { toolPath } from '../../../scripts/tools.mjs';
import type { Machine } from '../machine.ts';
import { type Started, tailOf } from '../processes.ts';
import { until } from '../wait.ts';
import { OUTSIDE } from './team.ts';

const PORT = 9095;
const RULES = 'rules.yml';

/** A Prometheus of another team: it answers those who have a token, and evaluates its rules once a minute. */
export interface GuardedPrometheus {
  /** Where it answers, with the token alone. */
  readonly address: string;
  readonly token: string;
  /** How many questions it refused. */
  refused(): number;
  /** Takes rules in place of those that it has, and scrapes a server of ours as well. */
  load(rules: string, sluice: string): Promise<void>;
  /** Alerts that it has, by name, with their states. */
  alerts(): Promise<readonly { readonly name: string; readonly state: string }[]>;
  close(): Promise<void>;
}

/** As many configure it: pods that say so are scraped, and all of their labels are copied. */
const configuration = (kubeconfig: string, sluice: string | null): object => ({
  global: { scrape_interval: '15s', evaluation_interval: '60s' },
  rule_files: [RULES],
  scrape_configs: [
    ...(sluice === null ? [] : [{ job_name: 'sluice', static_configs: [{ targets: [sluice] }] }]),
    {
      job_name: 'pods',
      kubernetes_sd_configs: [{ role: 'pod', kubeconfig_file: kubeconfig, namespaces: { names: [OUTSIDE] } }],
      relabel_configs: [
        {
          source_labels: ['__meta_kubernetes_pod_annotation_prometheus_io_scrape'],
          regex: 'true',
          action: 'keep',
        },
        { source_labels: ['__meta_kubernetes_pod_container_port_name'], regex: 'http', action: 'keep' },
        { source_labels: ['__meta_kubernetes_pod_phase'], regex: 'Running', action: 'keep' },
        { regex: '__meta_kubernetes_pod_label_(.+)', action: 'labelmap' },
        { source_labels: ['__meta_kubernetes_namespace'], target_label: 'namespace' },
        { source_labels: ['__meta_kubernetes_pod_name'], target_label: 'pod' },
      ],
    },
  ],
});

/** Lets through who has the token, as a gateway in front of a shared Prometheus does. */
async function guard(host: string, inner: string, token: string) {
  let refused = 0;
  const server: Server = createServer((incoming, answer) => {
    const pass = async () => {
      if (incoming.headers.authorization !== `Bearer ${token}`) {
        refused++;
        answer.writeHead(401, { 'www-authenticate': 'Bearer' }).end('this needs a token\n');
        return;
      }
      const { method = 'GET', url = '/', headers } = incoming;
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      const there = await request(`${inner}${url}`, {
        method: method as 'GET',
        headers: { 'content-type': headers['content-type'] ?? 'text/plain' },
        ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
      });
      const type = there.headers['content-type'];
      answer.writeHead(there.statusCode, typeof type === 'string' ? { 'content-type': type } : {});
      await pipeline(there.body, answer);
    };
    pass().catch(() => answer.headersSent || answer.writeHead(502).end());
  });
  await new Promise<void>((done) => server.listen(0, host, done));
  return {
    address: `http://${host}:${(server.address() as AddressInfo).port}`,
    refused: () => refused,
    close: () =>
      new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

export async function startGuarded(machine: Machine, token: string): Promise<GuardedPrometheus> {
  const home = join(machine.home, 'prometheus-outside');
  mkdirSync(home);
  const inner = `http://${machine.net.node}:${PORT}`;
  writeFileSync(join(home, RULES), stringify({ groups: [] }));
  const configure = (sluice: string | null) =>
    writeFileSync(join(home, 'prometheus.yml'), stringify(configuration(machine.kubeconfig, sluice)));
  configure(null);
  const started: Started = machine.processes.start('prometheus-outside', [
    toolPath('prometheus'),
    `--config.file=${join(home, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(home, 'data')}`,
    `--web.listen-address=${machine.net.node}:${PORT}`,
    '--web.enable-lifecycle',
    '--log.level=warn',
  ]);
  const ask = async (method: 'GET' | 'POST', path: string): Promise<boolean> => {
    const answer = await request(`${inner}${path}`, { method });
    await answer.body.dump();
    return answer.statusCode === 200;
  };
  await until('Prometheus of another team', 30_000, () => ask('GET', '/-/ready')).catch((error: Error) => {
    throw new Error(`${error.message}\n${tailOf(started.log)}`);
  });
  return {
    ...(await guard(machine.net.host, inner, token)),
    token,
    async alerts() {
      const answer = await request(`${inner}/api/v1/alerts`);
      const { data } = (await answer.body.json()) as {
        data: { alerts: { labels: { alertname: string }; state: string }[] };
      };
      return data.alerts.map(({ labels, state }) => ({ name: labels.alertname, state }));
    },
    async load(rules, sluice) {
      writeFileSync(join(home, RULES), rules);
      configure(new URL(sluice).host);
      if (!(await ask('POST', '/-/reload'))) throw new Error(`it refused the rules\n${tailOf(started.log)}`);
    },
  };
}
