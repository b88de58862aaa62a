import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { fetch } from 'undici';
import { freePort } from '../../../src/io/ports.ts';
import { prometheusHttp } from '../../../src/runtime/adapters/prometheus/http.ts';
import { temporaryFolder } from '../../folder.ts';
import { prometheusPrograms } from '../../programs.ts';
import { tool } from '../../tools.ts';
import { patiently, until } from '../../wait.ts';

/** Everything that answers as a Prometheus does, with samples of our own: what a test asks of one it asks of all. */
export interface Backend {
  readonly address: string;
  /** Ends a part of it, where it is of parts. */
  lose(): Promise<void>;
  stop(): Promise<void>;
}

/** A sample of a series: `name{labels}`, seconds since the epoch, value. */
export type Sample = readonly [series: string, seconds: number, value: number | 'NaN'];

export interface BackendKind {
  readonly name: string;
  readonly isOfParts: boolean;
  /** What a query that is a string gives: no number, in any case. */
  readonly ofString: 'NONSENSE' | readonly [];
  start(samples: readonly Sample[]): Promise<Backend>;
}

const familyOf = (series: string): string => series.slice(0, series.search(/\{|$/)).replace(/_total$/, '');

/** As promtool makes blocks of it: a family together, its type first. */
function openMetrics(samples: readonly Sample[]): string {
  const families = Map.groupBy(samples, ([series]) => familyOf(series));
  const lines = [...families].flatMap(([family, of]) => [
    `# TYPE ${family} ${of[0]![0].startsWith(`${family}_total`) ? 'counter' : 'gauge'}`,
    ...of.map(([series, seconds, value]) => `${series} ${value} ${seconds}`),
  ]);
  return `${lines.join('\n')}\n# EOF\n`;
}

const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
};

const ONE_PART = (): Promise<never> => Promise.reject(new Error('it is of one part'));

function started(program: string, args: readonly string[]): ChildProcess {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let last = '';
  child.stderr!.on('data', (chunk) => {
    last = (last + chunk).slice(-2_000);
  });
  child.once('exit', (code) => {
    if (code !== null && code !== 0) process.stderr.write(`${program} ended with ${code}: ${last}\n`);
  });
  return child;
}

/** Waits until it answers a question. */
async function answering(what: string, address: string): Promise<void> {
  const metrics = prometheusHttp({ address, timeoutMs: patiently(5_000), headers: {}, tls: null });
  await until(what, 20_000, async () => (await metrics.instant('vector(1)', Date.now())).ok);
  await metrics.close();
}

async function servePrometheus(
  program: string,
  samples: readonly Sample[],
  externalLabels: Readonly<Record<string, string>> = {},
): Promise<{ address: string; child: ChildProcess }> {
  const folder = temporaryFolder('prometheus');
  const tsdb = join(folder, 'tsdb');
  mkdirSync(tsdb);
  writeFileSync(join(folder, 'samples.om'), openMetrics(samples));
  writeFileSync(
    join(folder, 'prometheus.yml'),
    `global: { scrape_interval: 1h, external_labels: ${JSON.stringify(externalLabels)} }\n`,
  );
  await execa('promtool', [
    'tsdb',
    'create-blocks-from',
    '--quiet',
    'openmetrics',
    join(folder, 'samples.om'),
    tsdb,
  ]);
  const port = await freePort();
  const child = started(program, [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${tsdb}`,
    '--storage.tsdb.retention.time=100y',
    `--web.listen-address=127.0.0.1:${port}`,
  ]);
  const address = `http://127.0.0.1:${port}`;
  await answering(program, address);
  return { address, child };
}

const prometheus = (version: string, program: string): BackendKind => ({
  name: `Prometheus ${version}`,
  isOfParts: false,
  ofString: 'NONSENSE',
  start: async (samples) => {
    const { address, child } = await servePrometheus(program, samples);
    return { address, lose: ONE_PART, stop: () => ended(child) };
  },
});

const victoriaMetrics = (program: string): BackendKind => ({
  name: 'VictoriaMetrics',
  isOfParts: false,
  ofString: [],
  start: async (samples) => {
    const port = await freePort();
    const child = started(program, [
      `-storageDataPath=${temporaryFolder('victoria-metrics')}`,
      `-httpListenAddr=127.0.0.1:${port}`,
      '-retentionPeriod=100y',
      '-memory.allowedBytes=256MB',
      // What has just come may be asked for.
      '-search.latencyOffset=0s',
    ]);
    const address = `http://127.0.0.1:${port}`;
    await answering('VictoriaMetrics', address);
    const body = samples
      .map(([series, seconds, value]) => `${series} ${value} ${seconds * 1_000}`)
      .join('\n');
    const taken = await fetch(`${address}/api/v1/import/prometheus`, { method: 'POST', body });
    if (!taken.ok) throw new Error(`VictoriaMetrics takes no samples: ${await taken.text()}`);
    await fetch(`${address}/internal/force_flush`);
    return { address, lose: ONE_PART, stop: () => ended(child) };
  },
});

/** A Querier over two Prometheus, each with half of the series. */
const thanos = (program: string): BackendKind => ({
  name: 'a Thanos Querier over two shards',
  isOfParts: true,
  ofString: 'NONSENSE',
  start: async (samples) => {
    const all = [...new Set(samples.map(([series]) => series))];
    const shards = await Promise.all(
      [0, 1].map(async (shard) => {
        const mine = new Set(all.filter((_, i) => i % 2 === shard));
        const own = samples.filter(([series]) => mine.has(series));
        const { address, child } = await servePrometheus('prometheus', own, { shard: String(shard) });
        const [grpc, http] = [await freePort(), await freePort()];
        const sidecar = started(program, [
          'sidecar',
          `--prometheus.url=${address}`,
          `--tsdb.path=${temporaryFolder('sidecar')}`,
          `--grpc-address=127.0.0.1:${grpc}`,
          `--http-address=127.0.0.1:${http}`,
        ]);
        return { grpc, children: [sidecar, child] };
      }),
    );
    const [grpc, http] = [await freePort(), await freePort()];
    const querier = started(program, [
      'query',
      `--grpc-address=127.0.0.1:${grpc}`,
      `--http-address=127.0.0.1:${http}`,
      // Asked whether they seem well or not: what one of them does not say is missed.
      ...shards.map((s) => `--endpoint-strict=127.0.0.1:${s.grpc}`),
    ]);
    const address = `http://127.0.0.1:${http}`;
    await answering('Thanos', address);
    await until('both shards', 20_000, async () => {
      const stores = (await (await fetch(`${address}/api/v1/stores`)).json()) as {
        data: { sidecar?: { lastError: unknown; labelSets: unknown[] }[] };
      };
      return stores.data.sidecar?.filter((s) => !s.lastError && s.labelSets.length > 0).length === 2;
    });
    return {
      address,
      lose: async () => {
        await Promise.all(shards[1]!.children.map(ended));
      },
      stop: async () => {
        await Promise.all([querier, ...shards.flatMap((s) => s.children)].map(ended));
      },
    };
  },
});

const built = (
  name: 'thanos' | 'victoria-metrics',
  kind: (program: string) => BackendKind,
): BackendKind[] => {
  const program = tool(name);
  return program ? [kind(program)] : [];
};

/** Every Prometheus of this machine and what else was built that answers as one. */
export const BACKENDS: readonly BackendKind[] = [
  ...prometheusPrograms().map(([version, program]) => prometheus(version, program)),
  ...built('victoria-metrics', victoriaMetrics),
  ...built('thanos', thanos),
];
