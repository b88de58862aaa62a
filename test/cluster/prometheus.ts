import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { stringify } from 'yaml';
import { toolPath } from '../../scripts/tools.mjs';
import type { Machine, Network } from './machine.ts';
import { type Started, tailOf } from './processes.ts';
import { type Addresses, ENVIRONMENTS, type Environment, rendered } from './shop.ts';
import { until } from './wait.ts';

const PROMETHEUS_PORT = { dev: 9091, stage: 9092, prod: 9093, lab: 9094 } as const;

/** Where the Prometheus of each environment listens: on the node. */
export const prometheusAddresses = ({ node }: Network): Record<Environment, string> =>
  Object.fromEntries(ENVIRONMENTS.map((e) => [e, `http://${node}:${PROMETHEUS_PORT[e]}`])) as Record<
    Environment,
    string
  >;

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

export async function startPrometheus(
  machine: Machine,
  at: Addresses,
): Promise<Record<Environment, Started>> {
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
