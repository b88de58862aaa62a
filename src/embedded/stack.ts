import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { request } from 'undici';
import { servicesIn } from '../declaration/layout.ts';
import type { Environment, Platform } from '../declaration/platform.ts';
import type { Edge } from '../delivery/edge-port.ts';
import type { Revision } from '../delivery/events.ts';
import type { DeliveryPort } from '../delivery/port.ts';
import type { Processes } from '../delivery/process-port.ts';
import { systemClock } from '../io/clock.ts';
import { startDaemon, stopInstance } from '../io/daemon.ts';
import { readJson, writeAtomic } from '../io/files.ts';
import { findInstance, which } from '../io/os.ts';
import { portOf } from '../io/ports.ts';
import { fail, ok, type Result } from '../kit/result.ts';
import { renderAlertmanagerConfig } from '../runtime/render/alertmanager/config.ts';
import { renderPrometheusConfig } from '../runtime/render/prometheus/config.ts';
import { renderRules } from '../runtime/render/prometheus/rules.ts';
import { embeddedDelivery } from './delivery.ts';
import type { EmbeddedParts } from './parts.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface StackOptions {
  readonly platform: Platform;
  /** Folder of the declaration: `{dir}` of run commands. */
  readonly directory: string;
  /** Everything of ours lies below it: ports, data, logs. */
  readonly work: string;
  /** Root of this program: `{root}` of run commands. */
  readonly root: string;
  readonly env: Env;
  /** Where Alertmanager delivers, and the file that holds the token for it. */
  readonly webhook: { readonly url: string; readonly credentialsFile: string };
  revisionOf(lane: string, revision: string): Revision | null;
  readonly progress?: (what: string) => void;
}

export interface EmbeddedEnvironment {
  readonly name: string;
  readonly prometheus: string;
  readonly alertmanager: string;
  readonly delivery: DeliveryPort;
  heal(): Promise<void>;
  readonly edge: Edge;
  readonly processes: Processes;
  edgeOf(service: string): string;
}

export interface Stack {
  readonly environments: readonly EmbeddedEnvironment[];
  /** Starts Prometheus and Alertmanager again where they ended. */
  heal(): Promise<void>;
  stop(): Promise<void>;
}

export const PROGRAMS = ['nginx', 'prometheus', 'prometheus-alertmanager'] as const;
const ALTERNATIVES: Readonly<Record<string, readonly string[]>> = {
  'prometheus-alertmanager': ['prometheus-alertmanager', 'alertmanager'],
};
/** A slow machine takes its time to start a program; one that ended is not waited for. */
const READY_MS = 300_000;
const PROBE_MS = 10_000;
const POLL_MS = 50;
/** Whether a program is there at all is asked less often than whether it answers: all processes are looked through. */
const POLLS_A_CHECK = 20;

/** Where the programs are, or what to install. */
export function findPrograms(env: Env): Result<Record<(typeof PROGRAMS)[number], string>, string> {
  const found: Record<string, string> = {};
  const missing: string[] = [];
  for (const program of PROGRAMS) {
    const at = (ALTERNATIVES[program] ?? [program]).map((name) => which(name, env)).find(Boolean);
    if (at) found[program] = at;
    else missing.push(program);
  }
  return missing.length === 0
    ? ok(found as Record<(typeof PROGRAMS)[number], string>)
    : fail(
        `missing: ${missing.join(', ')}; install with: apt-get install --no-install-recommends ${missing.join(' ')}`,
      );
}

async function statusOf(url: string): Promise<number> {
  try {
    const answer = await request(url, { signal: AbortSignal.timeout(PROBE_MS) });
    await answer.body.dump();
    return answer.statusCode;
  } catch {
    return 0;
  }
}

/** Resolves once a program answers; throws with the end of its log where it ended before, or never does. */
async function untilReady(url: string, what: string, instance: string, log: string): Promise<void> {
  let how = `is not ready after ${READY_MS / 1_000} s`;
  const end = performance.now() + READY_MS;
  for (let polls = 1; performance.now() < end; polls++, await systemClock.sleep(POLL_MS)) {
    if ((await statusOf(url)) === 200) return;
    if (polls % POLLS_A_CHECK === 0 && findInstance(instance) === undefined) {
      how = 'ended before it was ready';
      break;
    }
  }
  const tail = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').slice(-3).join('\n') : '';
  throw new Error(`${what} ${how}; its log ends:\n${tail}`);
}

interface Ports {
  readonly prometheus: number;
  readonly alertmanager: number;
}

async function startPrometheus(
  environment: Environment,
  options: StackOptions,
  home: string,
  ports: Ports,
  program: string,
): Promise<string> {
  const { platform } = options;
  const data = join(home, 'prometheus');
  const files = {
    config: join(data, 'prometheus.yml'),
    rules: join(data, 'rules.yml'),
    log: join(data, 'prometheus.log'),
  };
  const places = {
    rulesFile: files.rules,
    targetsGlob: join(home, 'processes', 'targets.json'),
    alertmanager: `127.0.0.1:${ports.alertmanager}`,
    sluice: new URL(options.webhook.url).host,
  };
  const address = `http://127.0.0.1:${ports.prometheus}`;
  const texts = [renderPrometheusConfig(environment, places), renderRules(platform, environment)] as const;
  const unchanged =
    existsSync(files.rules) &&
    readFileSync(files.config, 'utf8') === texts[0] &&
    readFileSync(files.rules, 'utf8') === texts[1];
  writeAtomic(files.config, texts[0]);
  writeAtomic(files.rules, texts[1]);
  if (findInstance(data) === undefined) {
    const command = [
      program,
      `--config.file=${files.config}`,
      `--storage.tsdb.path=${join(data, 'tsdb')}`,
      '--storage.tsdb.retention.time=35d',
      `--web.listen-address=127.0.0.1:${ports.prometheus}`,
      '--web.enable-lifecycle',
      '--log.level=warn',
    ];
    await startDaemon({ instance: data, command, log: files.log, env: options.env });
    await untilReady(`${address}/-/ready`, `Prometheus of ${environment.name}`, data, files.log);
  } else {
    await untilReady(`${address}/-/ready`, `Prometheus of ${environment.name}`, data, files.log);
    if (!unchanged) await (await request(`${address}/-/reload`, { method: 'POST' })).body.dump();
  }
  return address;
}

async function startAlertmanager(
  environment: Environment,
  options: StackOptions,
  home: string,
  ports: Ports,
  program: string,
): Promise<string> {
  const data = join(home, 'alertmanager');
  const files = { config: join(data, 'alertmanager.yml'), log: join(data, 'alertmanager.log') };
  const { webhook, platform } = options;
  const text = renderAlertmanagerConfig(platform, environment, {
    sluice: { webhook: webhook.url, credentialsFile: webhook.credentialsFile },
  });
  const address = `http://127.0.0.1:${ports.alertmanager}`;
  const changed = !existsSync(files.config) || readFileSync(files.config, 'utf8') !== text;
  writeAtomic(files.config, text);
  if (findInstance(data) === undefined) {
    const command = [
      program,
      `--config.file=${files.config}`,
      `--storage.path=${join(data, 'data')}`,
      `--web.listen-address=127.0.0.1:${ports.alertmanager}`,
      '--cluster.listen-address=',
      '--log.level=warn',
    ];
    await startDaemon({ instance: data, command, log: files.log, env: options.env });
  } else if (changed) await (await request(`${address}/-/reload`, { method: 'POST' })).body.dump();
  await untilReady(`${address}/-/ready`, 'Alertmanager', data, files.log);
  return address;
}

async function portsOf(home: string): Promise<Ports> {
  const file = join(home, 'ports.json');
  const kept = readJson<Ports>(file);
  const ports: Ports = {
    prometheus: await portOf(join(home, 'prometheus'), kept?.prometheus),
    alertmanager: await portOf(join(home, 'alertmanager'), kept?.alertmanager),
  };
  writeAtomic(file, JSON.stringify(ports));
  return ports;
}

async function startEnvironment(
  environment: Environment,
  options: StackOptions,
  parts: EmbeddedParts,
  programs: Record<(typeof PROGRAMS)[number], string>,
): Promise<EmbeddedEnvironment> {
  const { platform } = options;
  const home = join(resolve(options.work), environment.name);
  mkdirSync(home, { recursive: true });
  const ports = await portsOf(home);
  const services = servicesIn(platform, environment).map((s) => s.name);
  const edge = await parts.createEdge({ directory: join(home, 'edge'), services, nginx: programs.nginx });
  const edgeOf = (service: string) => `http://127.0.0.1:${edge.portOf(service)}`;
  const processes = parts.createProcesses({
    directory: join(home, 'processes'),
    environment: environment.name,
    env: options.env,
    placeholders: () => ({
      node: process.execPath,
      root: options.root,
      dir: resolve(options.directory),
      environment: environment.name,
      ...Object.fromEntries(services.map((name) => [`edge:${name}`, edgeOf(name)])),
    }),
    run: (service) => platform.services.find((s) => s.name === service)?.run ?? null,
  });
  options.progress?.(`${environment.name}: nginx`);
  await processes.resumeAll();
  await edge.start();
  options.progress?.(`${environment.name}: Prometheus and Alertmanager`);
  const bring = () =>
    Promise.all([
      startAlertmanager(environment, options, home, ports, programs['prometheus-alertmanager']),
      environment.prometheus.address === 'embedded'
        ? startPrometheus(environment, options, home, ports, programs.prometheus)
        : Promise.resolve(environment.prometheus.address),
    ]);
  const [alertmanager, prometheus] = await bring();
  const delivery = embeddedDelivery({ edge, processes, revisionOf: options.revisionOf });
  return {
    name: environment.name,
    prometheus,
    alertmanager,
    delivery,
    edge,
    processes,
    edgeOf,
    heal: async () => void (await bring()),
  };
}

/** Starts, or adopts, everything that one machine needs: nothing is started twice, nothing else is touched. */
export async function startStack(
  options: StackOptions,
  parts: EmbeddedParts,
): Promise<Result<Stack, string>> {
  const programs = findPrograms(options.env);
  if (!programs.ok) return programs;
  const environments = await Promise.all(
    options.platform.environments
      .filter((environment) => environment.delivery === 'embedded')
      .map((environment) => startEnvironment(environment, options, parts, programs.value)),
  );
  return ok({
    environments,
    async heal() {
      await Promise.all(environments.map((e) => e.heal()));
    },
    async stop() {
      await Promise.all(
        environments.map(async ({ name, edge, processes }) => {
          const home = join(resolve(options.work), name);
          await edge.stop();
          await Promise.all([
            processes.stopAll(),
            stopInstance(join(home, 'prometheus')),
            stopInstance(join(home, 'alertmanager')),
          ]);
        }),
      );
    },
  });
}
