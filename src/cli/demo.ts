import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LaneSummary } from '../api/lane.ts';
import type { StartTraffic, Traffic } from '../gitops/traffic.ts';
import { humanSpan } from '../kit/time.ts';
import { clientOf } from './client.ts';
import { type Define, type JsonOptions, jsonOption, pathOption } from './command.ts';
import { CHAPTERS, FAST_CHAPTERS } from './demo/chapters.ts';
import { loadPast } from './demo/history.ts';
import type { ChapterResult } from './demo/results.ts';
import { declarationIn, START_LIMIT_MS, startServer } from './demo/server.ts';
import {
  type DemoServer,
  ENVIRONMENT,
  ENVIRONMENTS,
  type EnvironmentName,
  RPS,
  type Stage,
  until,
} from './demo/stage.ts';
import { playAll } from './demo/story.ts';
import { held, show } from './demo/table.ts';
import { CliError, EXIT, type Exit, type Io, printJson, progress } from './io.ts';
import type { CommandParts } from './parts.ts';

/** What the demo needs of the composition root. */
type DemoParts = Pick<
  CommandParts,
  'root' | 'program' | 'loadHistory' | 'locateProgram' | 'openTraffic' | 'pushChange'
>;

interface DemoOptions extends JsonOptions {
  readonly exit?: boolean | undefined;
  /** Users alone, and three chapters. */
  readonly fast?: boolean | undefined;
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

const chaptersOf = ({ fast }: DemoOptions) => (fast ? FAST_CHAPTERS : CHAPTERS);
const environmentsOf = ({ fast }: DemoOptions): readonly EnvironmentName[] =>
  fast ? [ENVIRONMENT] : ENVIRONMENTS;

/** `dev, stage and prod`. */
const inWords = (names: readonly string[]): string =>
  [names.slice(0, -1).join(', '), names.at(-1)].filter(Boolean).join(' and ');

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

const lanesOf = async (server: DemoServer): Promise<readonly LaneSummary[]> =>
  (await clientOf(server).get('/api/v1/overview')).lanes;

/** Users come once every service is reachable: before that they would see nothing but a closed shop. */
async function letUsersIn(
  { io, say, options }: Run,
  server: DemoServer,
  start: StartTraffic,
): Promise<Traffic> {
  await until('the first start of all services', START_LIMIT_MS, io.signal, async () => {
    say(`starting frontend, cart, checkout and payment in ${inWords(environmentsOf(options))} …`);
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
  const { io, parts, options, work, say, tell, onStop } = run;
  const environments = environmentsOf(options);
  const directory = declarationIn(work, parts.root, environments);
  say('loading 30 days of healthy history into Prometheus …');
  const releases = await loadPast(io, work, directory, parts);
  say(`starting nginx, Prometheus, Alertmanager and the shop in ${inWords(environments)} …`);
  const started = startServer(io, parts.program, directory, work);
  onStop(() => started.stop());
  const server = await started.server;
  tell(`Console: ${server.url}   (live while the demo runs)`);
  const traffic = await letUsersIn(run, server, await parts.openTraffic());
  onStop(() => traffic.stop());
  tell(
    `Traffic: ${RPS.buy + RPS.look} requests per second from users in prod. First releases in ${inWords(environments)} …`,
  );
  await until('the first releases', START_LIMIT_MS, io.signal, async () => {
    const lanes = await lanesOf(server);
    say(`${lanes.filter((l) => l.state === 'Stable').length} of ${lanes.length} services stable …`);
    return lanes.every((l) => l.state === 'Stable') ? true : undefined;
  });
  const { pushChange } = parts;
  return { io, releases, server, work, traffic, environments, pushChange, say, tell };
}

function tellEnd({ io, options, work, begun }: Run, results: readonly ChapterResult[]): void {
  show(io, chaptersOf(options).length, results);
  const rolledBack = results.find((r) => r.outcome === 'rolled back');
  const denied = results.find((r) => r.outcome === 'denied');
  const kept = !options.exit || options.work;
  const why = kept
    ? ` Why? npm run -s sluice -- ledger explain ${rolledBack?.release} --work ${work}${denied ? `, or ${denied.decision}` : ''}`
    : '';
  io.out(`Took ${humanSpan(Date.now() - begun)}.${why}\n`);
}

/** Plays the story, and leaves the shop running afterwards unless it is to end. */
async function play(run: Run, results: ChapterResult[]): Promise<boolean> {
  const { io, options, tell } = run;
  const stage = await openStage(run);
  await playAll(stage, chaptersOf(options), results);
  if (!options.json) tellEnd(run, results);
  if (!options.exit && !io.signal.aborted) {
    tell(`The shop keeps running: ${stage.server.url}. Ctrl-C ends everything.`);
    await new Promise<void>((resolve) =>
      io.signal.addEventListener('abort', () => resolve(), { once: true }),
    );
  }
  return results.length === chaptersOf(options).length && results.every(held);
}

function tellFailed({ io, options }: Run, results: readonly ChapterResult[], error: string): void {
  if (options.json) {
    printJson(io, { schema: 'sluice.dev/demo/v1', ok: false, chapters: results, error });
    return;
  }
  show(io, chaptersOf(options).length, results);
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
    .option('--exit', 'end after the demo; exit 0 only if every expectation held')
    .option('--fast', 'three chapters with users alone, in a minute and a half')
    .addOption(jsonOption())
    .addOption(pathOption(io, '--work <dir>', 'folder to keep everything in'))
    .action((o) => run(() => demoCommand(io, o, parts)));
