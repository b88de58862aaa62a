import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LaneSummary } from '../api/views.ts';
import type { StartTraffic, Traffic } from '../gitops/traffic.ts';
import { humanSpan } from '../kit/time.ts';
import { clientOf } from './client.ts';
import { type Define, type Json, jsonOption, pathOption } from './command.ts';
import { loadPast } from './demo/history.ts';
import { declarationIn, START_LIMIT_MS, startServer } from './demo/server.ts';
import {
  CHAPTERS,
  type ChapterResult,
  type DemoServer,
  ENVIRONMENT,
  held,
  playAll,
  RPS,
  type Stage,
  show,
  until,
} from './demo/story.ts';
import { CliError, EXIT, type Exit, type Io, printJson, progress } from './io.ts';
import type { Parts } from './parts.ts';

/** What the demo needs of the composition root. */
type DemoParts = Pick<Parts, 'root' | 'loadHistory' | 'locateProgram' | 'openTraffic' | 'pushChange'>;

interface DemoOptions extends Json {
  readonly exit?: boolean | undefined;
  /** Absolute path of a folder to keep. */
  readonly work?: string | undefined;
}

/** One run of the demo: where it is, how it tells, and what must be stopped when it ends. */
interface Run {
  readonly io: Io;
  readonly parts: DemoParts;
  readonly options: DemoOptions;
  readonly work: string;
  readonly begun: number;
  say(text: string): void;
  tell(text: string): void;
  onStop(close: () => Promise<unknown>): void;
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

const lanesOf = async (server: DemoServer): Promise<LaneSummary[]> =>
  (await clientOf(server).get<{ lanes: LaneSummary[] }>('/api/v1/overview')).lanes;

/** Users come once every service is reachable: before that they would see nothing but a closed shop. */
async function letUsersIn({ io, say }: Run, server: DemoServer, start: StartTraffic): Promise<Traffic> {
  await until('the first start of all services', START_LIMIT_MS, io.signal, async () => {
    say('starting frontend, cart, checkout and payment in dev, stage and prod …');
    const prod = (await lanesOf(server)).filter((l) => l.environment === ENVIRONMENT);
    return prod.every((l) => l.weight === 100 || l.state === 'Stable') ? true : undefined;
  });
  const frontend = server.edges[ENVIRONMENT]!['frontend']!;
  return start({
    targets: [
      { url: `${frontend}/buy`, rps: RPS.buy - RPS.coupon },
      { url: `${frontend}/buy?coupon=spring`, rps: RPS.coupon },
      { url: `${frontend}/`, rps: RPS.look },
    ],
  });
}

/** The shop with its past, its server, its users and its first releases. */
async function openStage(run: Run): Promise<Stage> {
  const { io, parts, work, say, tell, onStop } = run;
  const directory = declarationIn(work, parts.root);
  say('loading 30 days of healthy history into Prometheus …');
  const releases = await loadPast(io, work, directory, parts);
  say('starting nginx, Prometheus, Alertmanager and the shop, three times …');
  const started = startServer(io, parts.root, directory, work);
  onStop(() => started.stop());
  const server = await started.server;
  tell(`Console: ${server.url}   (live while the story runs)`);
  const traffic = await letUsersIn(run, server, await parts.openTraffic());
  onStop(() => traffic.stop());
  tell(
    `Traffic: ${RPS.buy + RPS.look} users' requests a second in prod, whatever happens. First releases in dev, stage and prod …`,
  );
  await until('the first releases', START_LIMIT_MS, io.signal, async () => {
    const lanes = await lanesOf(server);
    say(`${lanes.filter((l) => l.state === 'Stable').length} of ${lanes.length} services at rest …`);
    return lanes.every((l) => l.state === 'Stable') ? true : undefined;
  });
  return { io, releases, server, work, traffic, pushChange: parts.pushChange, say, tell };
}

function tellEnd({ io, options, work, begun }: Run, results: readonly ChapterResult[]): void {
  show(io, results);
  const rolledBack = results.find((r) => r.outcome === 'rolled back');
  const denied = results.find((r) => r.outcome === 'denied');
  const kept = !options.exit || options.work;
  const why = kept
    ? ` Why? npm run -s sluice -- ledger explain ${rolledBack?.release} --work ${work}, or ${denied?.decision}`
    : '';
  io.out(`Took ${humanSpan(Date.now() - begun)}.${why}\n`);
}

/** Plays the story, and leaves the shop running afterwards unless it is to end. */
async function play(run: Run, results: ChapterResult[]): Promise<boolean> {
  const { io, options, tell } = run;
  const stage = await openStage(run);
  await playAll(stage, results);
  if (!options.json) tellEnd(run, results);
  if (!options.exit && !io.signal.aborted) {
    tell(`The shop keeps running: ${stage.server.url}. Ctrl-C ends everything.`);
    await new Promise<void>((resolve) =>
      io.signal.addEventListener('abort', () => resolve(), { once: true }),
    );
  }
  return results.length === CHAPTERS.length && results.every(held);
}

function tellFailed({ io, options }: Run, results: readonly ChapterResult[], error: string): void {
  if (options.json) {
    printJson(io, { schema: 'sluice.dev/demo/v1', ok: false, chapters: results, error });
    return;
  }
  show(io, results);
  io.err(`${error}\n`);
}

/** `npm run demo`: releases good and bad, a budget that is spent and recovers, on real parts, each claim checked. */
export async function demoCommand(io: Io, options: DemoOptions, parts: DemoParts): Promise<Exit> {
  const work = workFolder(options.work);
  const line = progress(io);
  const closing: (() => Promise<unknown>)[] = [];
  const stopAll = async () => {
    for (let close = closing.pop(); close; close = closing.pop()) await close();
  };
  const tell = (text: string) => {
    line.done();
    if (!options.json) io.out(`${text}\n`);
  };
  const onStop = (close: () => Promise<unknown>) => void closing.push(close);
  const run: Run = { io, parts, options, work, begun: Date.now(), say: line.say, tell, onStop };
  const results: ChapterResult[] = [];
  try {
    const ok = await play(run, results);
    await stopAll();
    if (options.json) printJson(io, { schema: 'sluice.dev/demo/v1', ok, chapters: results });
    return ok ? EXIT.yes : EXIT.no;
  } catch (thrown) {
    if (!(thrown instanceof CliError) || thrown.failure.code !== 'DEMO_EXPECTATION') throw thrown;
    line.done();
    tellFailed(run, results, thrown.failure.message);
    return EXIT.no;
  } finally {
    line.done();
    await stopAll();
    if (!options.work) rmSync(work, { recursive: true, force: true });
  }
}

export const define: Define = (command, { io, parts, run }) =>
  command
    .option('--exit', 'end after the story; exit 0 only if every expectation held')
    .addOption(jsonOption())
    .addOption(pathOption(io, '--work <dir>', 'keep everything in this folder'))
    .action((o) => run(() => demoCommand(io, o, parts)));
