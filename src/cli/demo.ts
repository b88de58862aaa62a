import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { digestOfVersion, type Releases, readReleases } from '../../shop/profile.ts';
import { startTraffic, type Traffic } from '../../shop/traffic.ts';
import type { LaneSummary, ReleaseView } from '../api/views.ts';
import type { Platform } from '../declaration/platform.ts';
import { which } from '../delivery/adapters/process/os.ts';
import { loadHistory, type PastRecord, type PastSeries } from '../embedded/history.ts';
import { commitDesired, openRepository } from '../gitops/adapters/git/repository.ts';
import { revisionOf } from '../gitops/desired.ts';
import { humanSpan, systemClock } from '../kit/time.ts';
import { clientOf, runningServer, type ServeFile } from './client.ts';
import { readPlatform } from './files.ts';
import { CliError, EXIT, type Exit, type Io, palette, printJson, progress, table } from './io.ts';

/** What a chapter sets out to show, and how it knows. */
interface Chapter {
  readonly name: string;
  readonly version: string;
  readonly story: string;
  readonly expected: 'promoted' | 'rolled back';
  /** A declared incident, caused once the release is given half of the traffic. */
  readonly incident?: string;
}

interface ChapterResult {
  readonly name: string;
  readonly expected: string;
  readonly outcome: string;
  readonly secondsToVerdict: number | null;
  readonly failedRequests: number;
  readonly ledgerVerified: boolean;
  readonly state: string;
  readonly release: string | null;
}

const CHAPTERS: readonly Chapter[] = [
  { name: 'a good release', version: '1.1.0', story: 'checkout 1.1.0 is healthy', expected: 'promoted' },
  {
    name: 'a release failing 5 %',
    version: '1.2.0',
    story: 'checkout 1.2.0 fails 5 % of its requests',
    expected: 'rolled back',
  },
  {
    name: 'a release failing every request',
    version: '1.3.0',
    story: 'checkout 1.3.0 fails every request',
    expected: 'rolled back',
  },
  {
    name: 'a shared incident',
    version: '1.4.0',
    story: 'checkout 1.4.0 is healthy, but the bank behind payment falters for both versions',
    expected: 'promoted',
    incident: 'bank-falters',
  },
];

const SERVICE = 'checkout';
const ENVIRONMENT = 'prod';
const RPS = { buy: 120, look: 20 };
const START_LIMIT_MS = 90_000;
const CHAPTER_LIMIT_MS = 120_000;
const POLL_MS = 200;
const INCIDENT_STEP = 1;

interface DemoServer extends ServeFile {
  readonly edges: Record<string, Record<string, string>>;
  readonly repository: string;
}

/** A steady, healthy past of everything that runs at version 1.0.0. */
export function healthyPast(platform: Platform, releases: Releases, rps = RPS): PastSeries[] {
  const routes: Record<string, [string, number][]> = {
    frontend: [
      ['/', rps.look],
      ['/buy', rps.buy],
    ],
    cart: [['/cart', rps.look]],
    checkout: [['/checkout', rps.buy]],
    payment: [['/pay', rps.buy]],
  };
  return platform.services.flatMap(({ name }) => {
    const { revision, version } = firstVersion(releases, name);
    return (routes[name] ?? []).flatMap(([route, rps]) => {
      const labels = {
        service: name,
        version,
        route,
        environment: ENVIRONMENT,
        revision,
        instance: `${name}-${revision}`,
        job: 'services',
      };
      return [
        { labels: { ...labels, code: '200' }, perSecond: rps },
        { labels: { ...labels, code: '500' }, perSecond: rps * 0.0001 },
      ];
    });
  });
}

/** What rules would have recorded of that past: all requests of a service, and its failed ones. */
export const healthyRecords = (platform: Platform, past: readonly PastSeries[]): PastRecord[] =>
  platform.slos.map((slo) => {
    const mine = past.filter((s) => s.labels['service'] === slo.service);
    const sum = (list: readonly PastSeries[]) => list.reduce((all, s) => all + s.perSecond, 0);
    return {
      labels: { service: slo.service, slo: slo.name, environment: ENVIRONMENT },
      perSecond: sum(mine),
      badPerSecond: sum(mine.filter((s) => s.labels['code'] === '500')),
    };
  });

const desiredOf = (releases: Releases, service: string, version: string) => ({
  service,
  version,
  digest: digestOfVersion(releases, service, version),
  config: {},
});

const firstVersion = (releases: Releases, service: string) =>
  revisionOf(desiredOf(releases, service, '1.0.0'));

async function until<T>(
  what: string,
  limitMs: number,
  signal: AbortSignal,
  probe: () => Promise<T | undefined>,
): Promise<T> {
  for (
    const end = Date.now() + limitMs;
    Date.now() < end && !signal.aborted;
    await systemClock.sleep(POLL_MS)
  ) {
    const found = await probe();
    if (found !== undefined) return found;
  }
  throw new CliError(EXIT.no, {
    code: 'DEMO_EXPECTATION',
    message: signal.aborted ? 'stopped' : `${what} did not happen within ${limitMs / 1_000} s`,
  });
}

interface Stage {
  readonly io: Io;
  readonly releases: Releases;
  readonly server: DemoServer;
  readonly traffic: Traffic;
  readonly say: (text: string) => void;
}

const checkoutOf = async (server: DemoServer): Promise<LaneSummary> => {
  const overview = await clientOf(server).get<{ lanes: LaneSummary[] }>('/api/v1/overview');
  return overview.lanes.find((l) => l.service === SERVICE && l.environment === ENVIRONMENT)!;
};

const releaseOf = (server: DemoServer, id: string) =>
  clientOf(server).get<ReleaseView>(`/api/v1/releases/${id}`);

/** Commits one version, as a developer would, and watches what comes of it. */
async function play(stage: Stage, chapter: Chapter): Promise<ChapterResult> {
  const { io, server, traffic } = stage;
  const before = (await checkoutOf(server)).release;
  traffic.mark();
  await commitDesired(
    server.repository,
    [{ environment: ENVIRONMENT, desired: desiredOf(stage.releases, SERVICE, chapter.version) }],
    `Release ${SERVICE} ${chapter.version}`,
    { name: 'A developer', email: 'developer@localhost' },
  );
  const opened = await until(`a release of ${chapter.version}`, CHAPTER_LIMIT_MS, io.signal, async () => {
    const lane = await checkoutOf(server);
    return lane.release !== before && lane.release !== null ? lane.release : undefined;
  });
  let caused = false;
  const decided = await until(`a verdict on ${chapter.version}`, CHAPTER_LIMIT_MS, io.signal, async () => {
    const release = await releaseOf(server, opened);
    stage.say(release.sentence);
    if (chapter.incident && !caused && release.steps[INCIDENT_STEP]?.confirmedAt) {
      caused = true;
      const edge = server.edges[ENVIRONMENT]?.['payment'];
      await (await request(`${edge}/incidents/${chapter.incident}`, { method: 'POST' })).body.dump();
    }
    const promoted = release.state === 'Stable' && release.path.some((m) => m.to === 'Promote');
    const stopped = release.path.some((m) => m.from === 'Rollback');
    return promoted || stopped ? release : undefined;
  });
  const verified = await clientOf(server).get<{ ok: boolean }>('/api/v1/ledger/verification');
  return resultOf(chapter, decided, traffic.sinceMark().failed, verified.ok);
}

function resultOf(
  chapter: Chapter,
  release: ReleaseView,
  failedRequests: number,
  ledgerVerified: boolean,
): ChapterResult {
  const first = release.steps[0]?.confirmedAt ?? null;
  const end = release.path.find((m) => m.to === 'Promote' || m.to === 'Abort')?.at ?? null;
  const promoted = release.path.some((m) => m.to === 'Promote');
  return {
    name: chapter.name,
    expected: chapter.expected,
    outcome: promoted ? 'promoted' : 'rolled back',
    secondsToVerdict: first !== null && end !== null ? Math.round((end - first) / 100) / 10 : null,
    failedRequests,
    ledgerVerified,
    state: release.state,
    release: release.id,
  };
}

const held = (r: ChapterResult): boolean =>
  r.outcome === r.expected && r.ledgerVerified && r.secondsToVerdict !== null;

function show(io: Io, results: readonly ChapterResult[]): void {
  const p = palette(io);
  const rows = results.map((r) => [
    held(r) ? '✓' : '✗',
    r.name,
    r.outcome,
    r.secondsToVerdict === null ? '–' : `${r.secondsToVerdict} s`,
    String(r.failedRequests),
    r.state,
    r.ledgerVerified ? 'verified' : 'BROKEN',
  ]);
  io.out(
    `\n${table([['', 'chapter', 'outcome', 'to verdict', 'failed requests', 'state', 'ledger'], ...rows])}`,
  );
  const all = results.every(held) && results.length === CHAPTERS.length;
  io.out(all ? `\n${p.green('Every expectation held.')}\n` : `\n${p.red('Not every expectation held.')}\n`);
}

/** Starts `sluice serve` as anybody would: a process of its own. */
function startServer(io: Io, root: string, directory: string, work: string, log: string[]) {
  const child = spawn(
    process.execPath,
    [join(root, 'src', 'main.ts'), 'serve', directory, '--work', work, '--port', '0'],
    {
      env: io.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const keep = (chunk: Buffer) => {
    log.push(chunk.toString());
    if (log.length > 200) log.shift();
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const ended = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
  return { child, ended };
}

async function prepare(io: Io, work: string, directory: string): Promise<Releases> {
  const platform = readPlatform(io, directory);
  const releases = readReleases(join(directory, 'releases.yaml'));
  const repository = join(work, 'desired');
  await openRepository(repository, platform.repository.branch);
  await commitDesired(
    repository,
    platform.services.map(({ name }) => ({
      environment: ENVIRONMENT,
      desired: desiredOf(releases, name, '1.0.0'),
    })),
    'What runs today',
  );
  const promtool = which('promtool', io.env);
  if (!promtool)
    throw new CliError(EXIT.unreachable, {
      code: 'PROGRAMS_MISSING',
      message: 'promtool is missing',
      next: 'apt-get install --no-install-recommends prometheus',
    });
  const past = healthyPast(platform, releases);
  await loadHistory({
    promtool,
    tsdb: join(work, ENVIRONMENT, 'prometheus', 'tsdb'),
    scratch: join(work, 'scratch'),
    series: past,
    records: healthyRecords(platform, past),
    endSeconds: Math.floor(Date.now() / 1_000) - 1,
  });
  return releases;
}

export interface DemoOptions {
  readonly exit?: boolean;
  readonly json?: boolean;
  readonly work?: string;
}

/** `npm run demo`: one good release, two bad ones and a shared incident, on real parts, each claim checked. */
export async function demoCommand(io: Io, options: DemoOptions, root: string): Promise<Exit> {
  const directory = join(root, 'examples', 'shop');
  const work = options.work ?? mkdtempSync(join(tmpdir(), 'sluice-demo-'));
  mkdirSync(work, { recursive: true });
  const line = progress(io);
  const tell = (text: string) => {
    line.done();
    if (!options.json) io.out(`${text}\n`);
  };
  const begun = Date.now();
  const log: string[] = [];
  const results: ChapterResult[] = [];
  let traffic: Traffic | null = null;
  let stopServer: (() => Promise<void>) | null = null;
  try {
    line.say('loading 30 days of healthy history into Prometheus …');
    const releases = await prepare(io, work, directory);
    line.say('starting nginx, Prometheus, Alertmanager and the shop …');
    const { child, ended } = startServer(io, root, directory, work, log);
    stopServer = async () => {
      child.kill('SIGTERM');
      await ended;
    };
    let gone = false;
    void ended.then(() => {
      gone = true;
    });
    const server = await until('the server', START_LIMIT_MS, io.signal, async () => {
      if (gone)
        throw new CliError(EXIT.unreachable, {
          code: 'DEMO_SERVER',
          message: `the server did not start:\n${log.join('').trim()}`,
        });
      return runningServer(work) as DemoServer | undefined;
    });
    tell(`Console: ${server.url}   (live while the story runs)`);
    // Users come once every service is reachable: before that they would see nothing but a closed shop.
    const lanesNow = async () =>
      (await clientOf(server).get<{ lanes: LaneSummary[] }>('/api/v1/overview')).lanes;
    await until('the first start of all services', START_LIMIT_MS, io.signal, async () => {
      line.say('starting frontend, cart, checkout and payment …');
      return (await lanesNow()).every((l) => l.weight === 100 || l.state === 'Stable') ? true : undefined;
    });
    const frontend = server.edges[ENVIRONMENT]!['frontend']!;
    traffic = startTraffic({
      targets: [
        { url: `${frontend}/buy`, rps: RPS.buy },
        { url: `${frontend}/`, rps: RPS.look },
      ],
    });
    tell(
      `Traffic: ${RPS.buy + RPS.look} requests a second, whatever happens. First releases of all four services …`,
    );
    await until('the first releases', START_LIMIT_MS, io.signal, async () => {
      const lanes = await lanesNow();
      line.say(`${lanes.filter((l) => l.state === 'Stable').length} of ${lanes.length} services stable …`);
      return lanes.every((l) => l.state === 'Stable') ? true : undefined;
    });
    const stage: Stage = { io, releases, server, traffic, say: line.say };
    for (const [i, chapter] of CHAPTERS.entries()) {
      tell(`\n${i + 1}. ${chapter.story}.`);
      const result = await play(stage, chapter);
      results.push(result);
      const release = await releaseOf(server, result.release!);
      tell(`   ${release.sentence}`);
    }
    const ok = results.length === CHAPTERS.length && results.every(held);
    if (!options.json) {
      show(io, results);
      io.out(
        `Took ${humanSpan(Date.now() - begun)}.${options.exit && !options.work ? '' : ` Why did it end so? npm run -s sluice -- ledger explain ${results[1]?.release} --work ${work}`}\n`,
      );
    }
    if (!options.exit && !io.signal.aborted) {
      tell(`The shop keeps running: ${server.url}. Ctrl-C ends everything.`);
      await new Promise<void>((resolve) =>
        io.signal.addEventListener('abort', () => resolve(), { once: true }),
      );
    }
    await traffic.stop();
    traffic = null;
    await stopServer();
    stopServer = null;
    if (options.json) printJson(io, { schema: 'sluice.dev/demo/v1', ok, chapters: results });
    return ok ? EXIT.yes : EXIT.no;
  } catch (thrown) {
    if (!(thrown instanceof CliError) || thrown.failure.code !== 'DEMO_EXPECTATION') throw thrown;
    line.done();
    const error = thrown.failure.message;
    if (options.json) printJson(io, { schema: 'sluice.dev/demo/v1', ok: false, chapters: results, error });
    else {
      show(io, results);
      io.err(`${error}\n`);
    }
    return EXIT.no;
  } finally {
    line.done();
    await traffic?.stop();
    await stopServer?.();
    if (!options.work) rmSync(work, { recursive: true, force: true });
  }
}
