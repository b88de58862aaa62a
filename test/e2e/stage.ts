import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { digestOfVersion, readReleases } from '../../shop/profile.ts';
import type { LaneSummary } from '../../src/api/lane.ts';
import type { Client } from '../../src/cli/api.ts';
import { clientOf, runningServer, type ServeFile } from '../../src/cli/client.ts';
import { healthyPast, healthyRecords } from '../../src/cli/demo/history.ts';
import { propose } from '../../src/cli/demo/people.ts';
import { compile } from '../../src/controller/compile.ts';
import { loadHistory } from '../../src/embedded/history.ts';
import { commitDesired, openRepository } from '../../src/gitops/adapters/git/repository.ts';
import { startTraffic } from '../../src/gitops/adapters/load-test/open-loop.ts';
import { desiredPath } from '../../src/gitops/desired.ts';
import type { Traffic, TrafficOptions } from '../../src/gitops/traffic.ts';
import { which } from '../../src/io/os.ts';
import type { LedgerRecord } from '../../src/ledger/record.ts';
import { pushChange } from '../../src/wiring/developer.ts';
import { patiently, until } from '../wait.ts';

export const ROOT = join(import.meta.dirname, '../..');

interface Served extends ServeFile {
  readonly edges: Record<string, Record<string, string>>;
  readonly prometheus: Record<string, string>;
  readonly repository: string;
}

export interface StageOptions {
  /** Further versions of checkout, with their faults. */
  readonly versions?: Record<string, object>;
  /** Further incidents that can be caused. */
  readonly incidents?: Record<string, object>;
  readonly dwell?: string;
  readonly rps?: number;
  /** Orders a second that come with a coupon. */
  readonly coupons?: number;
  readonly onAnswer?: TrafficOptions['onAnswer'];
  /** Further lines of the Platform's spec. */
  readonly spec?: string;
  /** Fast burn threshold in place of 14. */
  readonly burnThreshold?: number;
  /** Another Platform over the same shop, by its folder in examples: then nothing is pushed, all goes by pull request. */
  readonly platform?: string;
  /** Further environment variables of the server. */
  readonly env?: Readonly<Record<string, string>>;
  /** Thirty days of healthy past, as the demo has. */
  readonly history?: boolean;
}

const hasEnded = (process: ChildProcess): boolean => process.exitCode !== null || process.signalCode !== null;

/** Where there are several environments, the first versions go through them one after another. */
const START_MS = 120_000;

/** For tests that break one version after another and are not about freezes: none begins by itself. */
export const NO_FREEZES = '  policy: { freeze: { onBurn: false, budget: -10 } }';

/** The shop on real parts, served by a process of its own that tests may kill. */
export async function openStage(options: StageOptions = {}) {
  const home = mkdtempSync(join(tmpdir(), 'sluice-stage-'));
  const directory = join(home, 'shop');
  const work = join(home, 'work');
  cpSync(join(ROOT, 'examples/shop'), directory, { recursive: true });
  const releases = parse(readFileSync(join(directory, 'releases.yaml'), 'utf8'));
  // No error but the declared ones: a cut connection would show.
  releases.background = {};
  Object.assign(releases.services.checkout, options.versions ?? {});
  Object.assign(releases.incidents, options.incidents ?? {});
  writeFileSync(join(directory, 'releases.yaml'), stringify(releases));
  const platform = join(directory, 'platform.yaml');
  if (options.platform) cpSync(join(ROOT, 'examples', options.platform, 'platform.yaml'), platform);
  writeFileSync(
    platform,
    readFileSync(platform, 'utf8')
      .replace('dwell: 3s', `dwell: ${options.dwell ?? '1s'}`)
      .replace('dwellAtFull: 3s', `dwellAtFull: ${options.dwell ?? '1s'}`)
      .replace('warmUp: 2s', 'warmUp: 1s')
      .replace('threshold: 14', `threshold: ${options.burnThreshold ?? 14}`),
  );
  if (options.spec) writeFileSync(platform, `${readFileSync(platform, 'utf8').trimEnd()}\n${options.spec}\n`);
  const known = readReleases(join(directory, 'releases.yaml'));
  const repository = join(work, 'desired');
  if (!options.platform) await openRepository(repository, ['main']);
  const desired = (service: string, version: string, environment = 'prod') => ({
    environment,
    desired: { service, version, digest: digestOfVersion(known, service, version), config: {} },
  });
  const environments = (
    parse(readFileSync(platform, 'utf8')) as { spec: { environments: { name: string }[] } }
  ).spec.environments.map((e) => e.name);
  const first = environments.flatMap((e) => Object.keys(known.services).map((s) => desired(s, '1.0.0', e)));
  if (options.platform)
    // A local forge is seeded from the declaration's own folder.
    for (const { desired: d, environment } of first) {
      const file = join(directory, 'desired', desiredPath(environment, d.service));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, stringify(d));
    }
  else await commitDesired(repository, first, 'What runs today');

  if (options.history) {
    const files = ['platform.yaml', 'slos.yaml'].map((file) => ({
      file,
      text: readFileSync(join(directory, file), 'utf8'),
    }));
    const compiled = compile(files);
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
    const past = healthyPast(compiled.value, known, { buy: options.rps ?? 120, look: 20, coupon: 0 });
    await loadHistory({
      promtool: which('promtool', process.env)!,
      tsdb: join(work, 'prod/prometheus/tsdb'),
      scratch: join(work, 'scratch'),
      series: past,
      records: healthyRecords(compiled.value, past),
      endSeconds: Math.floor(Date.now() / 1_000) - 1,
    });
  }

  let child: ChildProcess | null = null;
  let traffic: Traffic | null = null;
  const log: string[] = [];
  const start = async () => {
    child = spawn(
      process.execPath,
      [join(ROOT, 'src/main.ts'), 'serve', directory, '--work', work, '--port', '0'],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...options.env } },
    );
    for (const stream of [child.stdout!, child.stderr!])
      stream.on('data', (chunk: Buffer) => log.push(chunk.toString()));
    const started = child;
    const wasThere = log.length;
    const said = () => log.slice(wasThere).join('');
    const served = await until('the server', START_MS, () => {
      if (hasEnded(started)) return 'ended';
      const found = runningServer(work);
      return found?.pid === started.pid ? (found as Served) : undefined;
    }).catch((error: Error) => {
      throw new Error(`${error.message}; it said:\n${said()}`);
    });
    if (served === 'ended') throw new Error(`the server ended before it served; it said:\n${said()}`);
    return served;
  };
  let server = await start();
  const ended = (process: ChildProcess) =>
    hasEnded(process)
      ? Promise.resolve()
      : new Promise<void>((resolve) => process.once('exit', () => resolve()));

  const stage = {
    directory,
    work,
    log,
    server: () => server,
    client: (): Client => clientOf(server),
    traffic: () => traffic!,
    lane: async (service = 'checkout', environment = 'prod'): Promise<LaneSummary> =>
      (await clientOf(server).get('/api/v1/overview')).lanes.find(
        (l) => l.service === service && l.environment === environment,
      )!,
    /** A developer's pull request for one version. */
    propose: (version: string, environment = 'prod', service = 'checkout') =>
      propose(
        server,
        work,
        {
          branch: `${service}-${version}`,
          environment,
          desired: desired(service, version).desired,
          title: `Release ${service} ${version}`,
          autoMerge: true,
        },
        pushChange,
      ),
    release: (id: string) => clientOf(server).get('/api/v1/releases/{id}', { params: { id } }),
    records: async (): Promise<LedgerRecord[]> => {
      const found: LedgerRecord[] = [];
      for await (const line of clientOf(server).lines('/api/v1/ledger/export'))
        found.push(JSON.parse(line) as LedgerRecord);
      return found;
    },
    push: (version: string, service = 'checkout') =>
      commitDesired(repository, [desired(service, version)], `Release ${service} ${version}`),
    /** Asks for an artefact that does not exist anywhere. */
    pushNothing: (version: string) =>
      commitDesired(
        repository,
        [
          {
            environment: 'prod',
            desired: { service: 'checkout', version, digest: `sha256:${'e'.repeat(64)}`, values: {} },
          },
        ],
        'A digest that does not exist',
      ),
    /** Users arrive once all is reachable, and all four first releases become stable. */
    async open() {
      await until('all services reachable', START_MS, async () =>
        (await Promise.all(['frontend', 'cart', 'checkout', 'payment'].map((s) => stage.lane(s)))).every(
          (l) => l.weight === 100 || l.state === 'Stable',
        ),
      );
      const edge = server.edges['prod']!['frontend']!;
      // On a slow machine fewer come, and those who come wait: it is the release that is tried here, not the machine.
      traffic = startTraffic({
        atMost: 30,
        timeoutMs: patiently(30_000),
        targets: [
          { url: `${edge}/buy`, rps: options.rps ?? 120 },
          ...(options.coupons ? [{ url: `${edge}/buy?coupon=spring`, rps: options.coupons }] : []),
          { url: `${edge}/`, rps: 20 },
        ],
        ...(options.onAnswer ? { onAnswer: options.onAnswer } : {}),
      });
      await until('the first releases', START_MS, async () =>
        (await Promise.all(['frontend', 'cart', 'checkout', 'payment'].map((s) => stage.lane(s)))).every(
          (l) => l.state === 'Stable',
        ),
      );
    },
    /** Pushes a version and waits for its release. */
    async begin(version: string): Promise<string> {
      const before = (await stage.lane()).release;
      await stage.push(version);
      return until(`a release of ${version}`, 60_000, async () => {
        const { release } = await stage.lane();
        return release !== before ? (release ?? undefined) : undefined;
      });
    },
    ended: (id: string, limitMs = 120_000) =>
      until(`the end of ${id}`, limitMs, async () => {
        const release = await stage.release(id);
        return release.endedAt !== null ? release : undefined;
      }),
    async kill() {
      const dying = child!;
      dying.kill('SIGKILL');
      await ended(dying);
    },
    async restart() {
      server = await start();
    },
    async close() {
      await traffic?.stop();
      if (child && child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await ended(child);
      }
      rmSync(home, { recursive: true, force: true });
    },
  };
  return stage;
}
export type Stage = Awaited<ReturnType<typeof openStage>>;
