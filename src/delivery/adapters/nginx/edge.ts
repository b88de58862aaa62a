import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { request } from 'undici';
import { systemClock } from '../../../io/clock.ts';
import { readJson, writeAtomic } from '../../../io/files.ts';
import { freePort } from '../../../io/os.ts';
import { messageOf } from '../../../kit/result.ts';
import type { Edge, EdgeLane, EdgeOptions, EdgeState } from '../../edge-port.ts';
import { type EdgePlaces, renderEdge } from './config.ts';

/** nginx refused what was rendered; the configuration before it goes on serving. */
export class EdgeRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'EdgeRefused';
  }
}

const CONFIRM_MS = 5_000;
const POLL_MS = 20;
const STATUS_TIMEOUT_MS = 2_000;
/** New connections may still meet an old worker for a moment: so many answers in a row must be new. */
const CONFIRMATIONS = 3;
const OLD_ANSWERS = 25;

/** Titles of the workers of an nginx master, as nginx itself sets them: one that drains says so. */
function workersOf(master: number): string[] {
  const titleOf = (child: string): string => {
    try {
      return readFileSync(`/proc/${child}/cmdline`, 'utf8');
    } catch {
      return ''; // It ended meanwhile.
    }
  };
  try {
    const children = readFileSync(`/proc/${master}/task/${master}/children`, 'utf8');
    return children
      .trim()
      .split(' ')
      .map(titleOf)
      .filter((title) => title.includes('worker process'));
  } catch {
    return []; // A kernel that does not list children: the answers in a row decide alone.
  }
}

/** nginx as the edge: adopted where it runs, never restarted, reconfigured while it serves. */
export async function createEdge(options: EdgeOptions): Promise<Edge> {
  const { directory, nginx } = options;
  mkdirSync(join(directory, 'tmp'), { recursive: true });
  const stateFile = join(directory, 'edge.json');
  const configFile = join(directory, 'nginx.conf');
  const places: EdgePlaces = {
    directory,
    user: userInfo().uid === 0 ? userInfo().username : null,
    deferred: process.platform === 'linux',
  };
  const initial = async (): Promise<EdgeState> => {
    const lanes: Record<string, EdgeLane> = {};
    for (const service of options.services)
      lanes[service] = { port: await freePort(), stable: null, canary: null, weight: 0 };
    return { generation: 1, statusPort: await freePort(), lanes };
  };
  let intended = readJson<EdgeState>(stateFile) ?? (await initial());
  for (const service of options.services)
    if (!intended.lanes[service]) {
      const lane: EdgeLane = { port: await freePort(), stable: null, canary: null, weight: 0 };
      intended = { ...intended, lanes: { ...intended.lanes, [service]: lane } };
    }
  let queue: Promise<unknown> = Promise.resolve();
  const serial = <T>(work: () => Promise<T>): Promise<T> => {
    const next = queue.then(work, work);
    queue = next.catch(() => undefined);
    return next;
  };

  const run = (args: readonly string[]) =>
    execa(nginx, ['-p', directory, '-e', join(directory, 'error.log'), ...args], {
      reject: false,
      timeout: 10_000,
    });

  const pid = (): number | undefined => {
    try {
      // A master that ends takes its file away at any moment.
      const number = Number.parseInt(readFileSync(join(directory, 'nginx.pid'), 'utf8'), 10);
      if (!Number.isInteger(number)) return undefined;
      process.kill(number, 0);
      if (process.platform !== 'linux') return number;
      // A number given out again is not our master: its command line names this folder.
      return readFileSync(`/proc/${number}/cmdline`, 'utf8').includes(directory) ? number : undefined;
    } catch {
      return undefined;
    }
  };

  const ask = async (): Promise<EdgeState> => {
    const answer = await request(`http://127.0.0.1:${intended.statusPort}/`, {
      signal: AbortSignal.timeout(STATUS_TIMEOUT_MS),
      reset: true,
    });
    return (await answer.body.json()) as EdgeState;
  };

  /** An old worker may still answer right after a change: it is asked again until the new one does. */
  const served = async (): Promise<EdgeState> => {
    let state = await ask();
    for (let tries = 0; state.generation < intended.generation && tries < OLD_ANSWERS; tries++) {
      await systemClock.sleep(POLL_MS);
      state = await ask();
    }
    return state;
  };

  /** Whether a worker of an earlier configuration still takes connections; known on Linux only. */
  function oldWorkerAccepts(): boolean {
    const master = pid();
    if (master === undefined || process.platform !== 'linux') return false;
    return workersOf(master).filter((title) => !title.includes('is shutting down')).length > 1;
  }

  async function confirm(generation: number): Promise<void> {
    let seen = 0;
    for (const end = Date.now() + CONFIRM_MS; Date.now() < end; await systemClock.sleep(POLL_MS)) {
      const state = await ask().catch(() => null);
      seen = state?.generation === generation && !oldWorkerAccepts() ? seen + 1 : 0;
      if (seen >= CONFIRMATIONS) return;
    }
    throw new Error(`nginx does not serve configuration ${generation} after ${CONFIRM_MS} ms`);
  }

  /** Tests the draft with nginx itself before anything is replaced. */
  async function check(state: EdgeState): Promise<void> {
    const draft = join(directory, 'nginx.conf.draft');
    writeAtomic(draft, renderEdge(state, places));
    const tested = await run(['-t', '-q', '-c', draft]);
    if (tested.exitCode !== 0) {
      rmSync(draft, { force: true });
      throw new EdgeRefused(`nginx refuses the configuration: ${tested.stderr.trim().split('\n').at(-1)}`);
    }
  }

  async function put(state: EdgeState): Promise<void> {
    await check(state);
    writeAtomic(stateFile, JSON.stringify(state));
    writeAtomic(configFile, renderEdge(state, places));
    intended = state;
    const master = pid();
    if (master !== undefined) process.kill(master, 'SIGHUP');
    else await launch();
    await confirm(state.generation);
  }

  async function launch(): Promise<void> {
    const started = await run(['-c', configFile]);
    if (started.exitCode !== 0)
      throw new Error(
        `nginx does not start: ${started.stderr.trim().split('\n').at(-1) || messageOf(started.exitCode)}`,
      );
  }

  return {
    served,
    change: (service, change) =>
      serial(async () => {
        const now = await served().catch(() => intended);
        const lane = change(now.lanes[service] ?? intended.lanes[service]!);
        await put({
          ...now,
          generation: Math.max(now.generation, intended.generation) + 1,
          lanes: { ...now.lanes, [service]: lane },
        });
      }),
    portOf: (service) => intended.lanes[service]!.port,
    start: () =>
      serial(async () => {
        if (pid() !== undefined && (await served().catch(() => null))) return;
        await put({ ...intended, generation: intended.generation + 1 });
      }),
    stop: () =>
      serial(async () => {
        const master = pid();
        if (master === undefined) return;
        process.kill(master, 'SIGTERM');
        for (const end = Date.now() + CONFIRM_MS; pid() !== undefined && Date.now() < end; )
          await systemClock.sleep(POLL_MS);
      }),
  };
}
