import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { type Document, parseDocument, stringify } from 'yaml';
import { freePort } from '../../../src/io/ports.ts';
import type { Machine } from '../machine.ts';
import { createProcesses, type Started, tailOf } from '../processes.ts';
import { until } from '../wait.ts';
import type { GuardedPrometheus } from './prometheus.ts';

const ROOT = join(import.meta.dirname, '../../..');
const MAIN = join(ROOT, 'src/main.ts');

/** What a command of ours ended with, and said. */
export interface Ran {
  readonly exit: number;
  readonly out: string;
}

/** The program on a person's own machine, in a folder of theirs: commands, and a server of their own. */
export interface Program {
  readonly folder: string;
  /** Where a server of this folder answers, to Rollouts as well. */
  readonly url: string;
  run(...args: string[]): Promise<Ran>;
  /** A person edits a document that was written. */
  edit(file: string, change: (document: Document) => void): void;
  write(file: string, text: string): void;
  read(file: string): string;
  /** Starts a server of the folder's declaration, or starts it again. */
  serve(): Promise<void>;
  /** As a crash would: it is gone, and tells nobody. */
  kill(): Promise<void>;
  api<T>(method: string, path: string, body?: object): Promise<T>;
  /** The command line of a server that runs, as people write it. */
  readonly serverOptions: readonly string[];
  stop(): Promise<void>;
}

export async function openProgram(machine: Machine, prometheus: GuardedPrometheus): Promise<Program> {
  const folder = join(machine.home, 'outside');
  mkdirSync(folder);
  const port = await freePort();
  const { host } = machine.net;
  const url = `http://${host}:${port}`;
  const work = join(folder, 'work');
  const env = {
    ...process.env,
    KUBECONFIG: machine.kubeconfig,
    SLUICE_OUTSIDE_KUBECONFIG: readFileSync(machine.kubeconfig, 'utf8'),
    SLUICE_OUTSIDE_TOKEN: prometheus.token,
    NO_COLOR: '1',
  };
  // On this machine, not in the network of the node: pods and controllers reach it by the address of the host.
  const processes = createProcesses(folder, []);
  let server: Started | null = null;
  const token = () => (JSON.parse(readFileSync(join(work, 'serve.json'), 'utf8')) as { token: string }).token;
  return {
    folder,
    url,
    serverOptions: ['--work', work],
    run: (...args) =>
      new Promise<Ran>((done) => {
        const child = spawn(process.execPath, [MAIN, ...args], { cwd: folder, env });
        let out = '';
        for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (out += String(text)));
        child.once('close', (code) => done({ exit: code ?? -1, out }));
      }),
    edit(file, change) {
      const path = join(folder, file);
      const document = parseDocument(readFileSync(path, 'utf8'));
      change(document);
      writeFileSync(path, document.toString());
    },
    write: (file, text) => writeFileSync(join(folder, file), text),
    read: (file) => readFileSync(join(folder, file), 'utf8'),
    async serve() {
      const command = [process.execPath, MAIN, 'serve', 'sluice', '--work', work];
      const at = ['--host', host, '--port', String(port), '--allow-host', host];
      if (server) await server.again();
      else server = processes.start('sluice-outside', [...command, ...at], { cwd: folder, env });
      const { log } = server;
      await until('the server outside', 60_000, async () => {
        const answer = await request(`${url}/readyz`);
        await answer.body.dump();
        return existsSync(join(work, 'serve.json')) && answer.statusCode === 200;
      }).catch((error: Error) => {
        throw new Error(`${error.message}\n${tailOf(log)}`);
      });
    },
    kill: async () => void (await server?.kill()),
    async api(method, path, body) {
      const answer = await request(`${url}${path}`, {
        method: method as 'GET',
        headers: {
          authorization: `Bearer ${token()}`,
          ...(body ? { 'content-type': 'application/json' } : {}),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      const text = await answer.body.text();
      if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`);
      return JSON.parse(text) as never;
    },
    stop: () => processes.stop(),
  };
}

/** An objective that nobody had declared, as a person writes it. */
export const objectiveText = (service: string): string =>
  [
    { apiVersion: 'openslo/v1', kind: 'Service', metadata: { name: service } },
    {
      apiVersion: 'openslo/v1',
      kind: 'SLO',
      metadata: { name: `${service}-availability` },
      spec: {
        service,
        indicator: {
          spec: {
            ratioMetric: {
              counter: true,
              good: source(`http_requests_total{app="${service}",code!~"5.."}`),
              total: source(`http_requests_total{app="${service}"}`),
            },
          },
        },
        timeWindow: [{ duration: '30d', isRolling: true }],
        budgetingMethod: 'Occurrences',
        objectives: [{ target: 0.99 }],
      },
    },
  ]
    .map((document) => stringify(document))
    .join('---\n');
function source(query: string): object {
  return { metricSource: { type: 'Prometheus', spec: { query } } };
}
