import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Releases, readReleases } from '../../shop/profile.ts';
import type { LaneSummary } from '../api/views.ts';
import type { Platform } from '../declaration/platform.ts';
import type { PastRecord, PastSeries } from '../embedded/history.ts';
import { revisionOf } from '../gitops/desired.ts';
import type { Traffic } from '../gitops/traffic.ts';
import { humanSpan } from '../kit/time.ts';
import { clientOf, runningServer } from './client.ts';
import { type Define, type Json, jsonOption, pathOption } from './command.ts';
import {
  CHAPTERS,
  type ChapterResult,
  type DemoServer,
  desiredOf,
  ENVIRONMENT,
  ENVIRONMENTS,
  held,
  playAll,
  RPS,
  type Stage,
  show,
  until,
} from './demo/story.ts';
import { readPlatform } from './files.ts';
import { CliError, EXIT, type Exit, type Io, printJson, progress } from './io.ts';
import type { Parts } from './parts.ts';

/** What does not come at all ends here; a slow machine only takes longer. */
const START_LIMIT_MS = 600_000;

/** What the demo needs of the composition root. */
export type DemoParts = Pick<Parts, 'root' | 'loadHistory' | 'locateProgram' | 'openTraffic' | 'pushChange'>;

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
        // One stray error of the past would spend a budget that is a minute long.
        { labels: { ...labels, code: '500' }, perSecond: 0 },
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

const firstVersion = (releases: Releases, service: string) =>
  revisionOf(desiredOf(releases, service, '1.0.0'));

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

/** The shop with the platform that has it in three stages, as one declaration: the same runs in each at first. */
function declarationIn(work: string, root: string): string {
  const directory = join(work, 'declaration');
  cpSync(join(root, 'examples', 'shop'), directory, { recursive: true });
  cpSync(join(root, 'examples', 'three-stages', 'platform.yaml'), join(directory, 'platform.yaml'));
  const folder = (environment: string) => join(directory, 'desired', 'environments', environment);
  for (const environment of ENVIRONMENTS)
    if (!existsSync(folder(environment)))
      cpSync(folder(ENVIRONMENT), folder(environment), { recursive: true });
  return directory;
}

async function prepare(io: Io, work: string, directory: string, parts: DemoParts): Promise<Releases> {
  const platform = readPlatform(io, directory);
  const releases = readReleases(join(directory, 'releases.yaml'));
  const promtool = await parts.locateProgram('promtool', io.env);
  if (!promtool)
    throw new CliError(EXIT.unreachable, {
      code: 'PROGRAMS_MISSING',
      message: 'promtool is missing',
      next: 'apt-get install --no-install-recommends prometheus',
    });
  const past = healthyPast(platform, releases);
  await parts.loadHistory({
    promtool,
    tsdb: join(work, ENVIRONMENT, 'prometheus', 'tsdb'),
    scratch: join(work, 'scratch'),
    series: past,
    records: healthyRecords(platform, past),
    endSeconds: Math.floor(Date.now() / 1_000) - 1,
  });
  return releases;
}

export interface DemoOptions extends Json {
  readonly exit?: boolean | undefined;
  /** Absolute path of a folder to keep. */
  readonly work?: string | undefined;
}

/** A story begins anew: over an earlier one's ledger its releases would be known and its digests refused. */
function workFolder(wanted: string | undefined): string {
  if (!wanted) return mkdtempSync(join(tmpdir(), 'sluice-demo-'));
  if (existsSync(join(wanted, 'ledger.sqlite')))
    throw new CliError(EXIT.usage, {
      code: 'WORK_IN_USE',
      message: `${wanted} holds the ledger of an earlier run`,
      next: 'give --work a new folder, or leave it out',
    });
  mkdirSync(wanted, { recursive: true });
  return wanted;
}

/** `npm run demo`: releases good and bad, a budget that is spent and recovers, on real parts, each claim checked. */
export async function demoCommand(io: Io, options: DemoOptions, parts: DemoParts): Promise<Exit> {
  const { root } = parts;
  const work = workFolder(options.work);
  const directory = declarationIn(work, root);
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
    const releases = await prepare(io, work, directory, parts);
    line.say('starting nginx, Prometheus, Alertmanager and the shop, three times …');
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
      line.say('starting frontend, cart, checkout and payment in dev, stage and prod …');
      const prod = (await lanesNow()).filter((l) => l.environment === ENVIRONMENT);
      return prod.every((l) => l.weight === 100 || l.state === 'Stable') ? true : undefined;
    });
    const frontend = server.edges[ENVIRONMENT]!['frontend']!;
    const startTraffic = await parts.openTraffic();
    traffic = startTraffic({
      targets: [
        { url: `${frontend}/buy`, rps: RPS.buy - RPS.coupon },
        { url: `${frontend}/buy?coupon=spring`, rps: RPS.coupon },
        { url: `${frontend}/`, rps: RPS.look },
      ],
    });
    tell(
      `Traffic: ${RPS.buy + RPS.look} users' requests a second in prod, whatever happens. First releases in dev, stage and prod …`,
    );
    await until('the first releases', START_LIMIT_MS, io.signal, async () => {
      const lanes = await lanesNow();
      line.say(`${lanes.filter((l) => l.state === 'Stable').length} of ${lanes.length} services at rest …`);
      return lanes.every((l) => l.state === 'Stable') ? true : undefined;
    });
    const { pushChange } = parts;
    const stage: Stage = { io, releases, server, work, traffic, pushChange, say: line.say, tell };
    await playAll(stage, results);
    const ok = results.length === CHAPTERS.length && results.every(held);
    if (!options.json) {
      show(io, results);
      const rolledBack = results.find((r) => r.outcome === 'rolled back');
      const denied = results.find((r) => r.outcome === 'denied');
      io.out(
        `Took ${humanSpan(Date.now() - begun)}.${options.exit && !options.work ? '' : ` Why? npm run -s sluice -- ledger explain ${rolledBack?.release} --work ${work}, or ${denied?.decision}`}\n`,
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

export const define: Define = (command, { io, parts, run }) =>
  command
    .option('--exit', 'end after the story; exit 0 only if every expectation held')
    .addOption(jsonOption())
    .addOption(pathOption(io, '--work <dir>', 'keep everything in this folder'))
    .action((o) => run(() => demoCommand(io, o, parts)));
