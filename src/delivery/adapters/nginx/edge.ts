import { mkdirSync, rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../io/clock.ts';
import { readJson, writeAtomic } from '../../../io/files.ts';
import { freePort } from '../../../io/ports.ts';
import { messageOf } from '../../../kit/result.ts';
import type { Edge, EdgeLane, EdgeOptions, EdgeState } from '../../edge-port.ts';
import { type EdgePlaces, renderEdge } from './config.ts';
import { logLength, masterOf, type Nginx, PATIENCE_MS, runNginx } from './program.ts';
import { confirm, POLL_MS, served } from './served.ts';

/** nginx refused what was rendered; the configuration before it goes on serving. */
export class EdgeRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'EdgeRefused';
  }
}

interface NginxEdge extends Nginx {
  readonly places: EdgePlaces;
  /** The desired state of the edge: kept in a file for restarts. */
  intended: EdgeState;
  /** The last change: the next one waits for it. */
  queue: Promise<unknown>;
}

const stateFile = (directory: string): string => join(directory, 'edge.json');
const configFile = (directory: string): string => join(directory, 'nginx.conf');

const newLane = async (): Promise<EdgeLane> => ({
  port: await freePort(),
  stable: null,
  canary: null,
  weight: 0,
});

/** What was served last, with an empty lane for each new service. */
async function intendedOf({ directory, services }: EdgeOptions): Promise<EdgeState> {
  const kept = readJson<EdgeState>(stateFile(directory));
  const lanes: Record<string, EdgeLane> = { ...kept?.lanes };
  for (const service of services) lanes[service] ??= await newLane();
  return {
    generation: kept?.generation ?? 1,
    statusPort: kept?.statusPort ?? (await freePort()),
    lanes,
  };
}

/** Serialises changes. */
function serial<T>(edge: NginxEdge, work: () => Promise<T>): Promise<T> {
  const next = edge.queue.then(work, work);
  edge.queue = next.catch(() => undefined);
  return next;
}

const lastLine = (text: string): string | undefined => text.trim().split('\n').at(-1);

/** Tests the draft with nginx itself before anything is replaced. */
async function check(edge: NginxEdge, state: EdgeState): Promise<void> {
  const draft = join(edge.directory, 'nginx.conf.draft');
  writeAtomic(draft, renderEdge(state, edge.places));
  const tested = await runNginx(edge, ['-t', '-q', '-c', draft]);
  if (tested.exitCode !== 0) {
    rmSync(draft, { force: true });
    throw new EdgeRefused(`nginx refuses the configuration: ${lastLine(tested.stderr)}`);
  }
}

async function launch(edge: NginxEdge): Promise<void> {
  const started = await runNginx(edge, ['-c', configFile(edge.directory)]);
  if (started.exitCode !== 0)
    throw new Error(`nginx does not start: ${lastLine(started.stderr) || messageOf(started.exitCode)}`);
}

/** Replaces what is served, and resolves once it is. */
async function put(edge: NginxEdge, state: EdgeState): Promise<void> {
  const { directory, places } = edge;
  await check(edge, state);
  writeAtomic(stateFile(directory), JSON.stringify(state));
  writeAtomic(configFile(directory), renderEdge(state, places));
  edge.intended = state;
  const since = logLength(directory);
  const master = masterOf(directory);
  if (master !== undefined) process.kill(master, 'SIGHUP');
  else await launch(edge);
  await confirm(directory, state, since);
}

async function changeLane(
  edge: NginxEdge,
  service: string,
  change: (lane: EdgeLane) => EdgeLane,
): Promise<void> {
  const { intended } = edge;
  const now = await served(edge).catch(() => intended);
  const lane = change(now.lanes[service] ?? intended.lanes[service]!);
  await put(edge, {
    ...now,
    generation: Math.max(now.generation, intended.generation) + 1,
    lanes: { ...now.lanes, [service]: lane },
  });
}

async function start(edge: NginxEdge): Promise<void> {
  const { directory, intended } = edge;
  if (masterOf(directory) !== undefined && (await served(edge).catch(() => null))) return;
  await put(edge, { ...intended, generation: intended.generation + 1 });
}

async function stop({ directory }: NginxEdge): Promise<void> {
  const master = masterOf(directory);
  if (master === undefined) return;
  process.kill(master, 'SIGTERM');
  for (
    const end = performance.now() + PATIENCE_MS;
    masterOf(directory) !== undefined && performance.now() < end;
  )
    await systemClock.sleep(POLL_MS);
}

/** nginx as the edge: adopted where it runs, never restarted, reconfigured while it serves. */
export async function createEdge(options: EdgeOptions): Promise<Edge> {
  const { directory, nginx: program } = options;
  mkdirSync(join(directory, 'tmp'), { recursive: true });
  const { uid, username } = userInfo();
  const places: EdgePlaces = {
    directory,
    user: uid === 0 ? username : null,
    deferred: process.platform === 'linux',
  };
  const intended = await intendedOf(options);
  const edge: NginxEdge = { program, directory, places, intended, queue: Promise.resolve() };
  return {
    served: () => served(edge),
    change: (service, change) => serial(edge, () => changeLane(edge, service, change)),
    portOf: (service) => edge.intended.lanes[service]!.port,
    start: () => serial(edge, () => start(edge)),
    stop: () => serial(edge, () => stop(edge)),
  };
}
