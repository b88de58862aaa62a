import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { fail, messageOf, ok, type Result } from '../kit/result.ts';

/** Why a job was not done. */
export interface ThreadRefusal {
  /** `limit`: it takes more than anybody may use, whenever it is done. `busy`: it may be done later. */
  readonly kind: 'limit' | 'busy';
  readonly message: string;
}

/** What one job may take, and how many may wait. */
export interface ThreadLimits {
  /** Of the processor: the same on a machine that is busy with other things. */
  readonly cpuMs: number;
  /** On the wall: for a job that waits for something. */
  readonly timeMs: number;
  readonly memoryMb: number;
  readonly waiting: number;
  /** A thread that has nothing to do for so long ends; the next job starts another. */
  readonly idleMs: number;
}

interface ThreadOptions {
  /** The file that the thread runs; it calls `serveThread` with the same role. */
  readonly entry: string | URL;
  readonly role: string;
  /** What a job does, as the beginning of a sentence: `reading it`. */
  readonly doing: string;
  /** Plain data that every job needs. */
  readonly data: unknown;
  readonly limits: ThreadLimits;
}

/** One thread that does one job at a time. */
interface Thread {
  run(job: unknown): Promise<Result<unknown, ThreadRefusal>>;
  close(): Promise<void>;
}

/** What a thread says: that it is ready, what came of its job, or what it threw. */
type ThreadWord = { readonly ready: true } | { readonly value: unknown } | { readonly thrown: string };

interface Waiting {
  readonly job: unknown;
  readonly done: (result: Result<unknown, ThreadRefusal>) => void;
}

/** To load the code takes longer than a job where a machine is busy; a thread that never comes up is no job's fault. */
const START_MS = 120_000;
const WATCH_EVERY_MS = 100;
const YOUNG_MB = 32;
const STACK_MB = 4;

const limit = (message: string) => fail<ThreadRefusal>({ kind: 'limit', message });
const busy = (message: string) => fail<ThreadRefusal>({ kind: 'busy', message });

/** A thread with its job, and the jobs that wait for it. */
interface ThreadState {
  readonly options: ThreadOptions;
  readonly queue: Waiting[];
  /** Null: none runs; the next job starts one. */
  worker: Worker | null;
  current: Waiting | null;
  closed: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
}

function after(state: ThreadState, ms: number, work: () => void, keepAlive: boolean): void {
  clearTimeout(state.timer);
  state.timer = setTimeout(work, ms);
  if (!keepAlive) state.timer.unref();
}

function end(state: ThreadState): Promise<unknown> {
  clearTimeout(state.timer);
  const ending = state.worker?.terminate() ?? Promise.resolve(0);
  state.worker = null;
  return ending;
}

function settle(state: ThreadState, result: Result<unknown, ThreadRefusal>): void {
  const settled = state.current;
  state.current = null;
  settled?.done(result);
  next(state);
}

/** The thread is given up with its job: whatever it still does, nobody listens. */
function giveUp(state: ThreadState, result: Result<unknown, ThreadRefusal>): void {
  void end(state);
  settle(state, result);
}

const seconds = (ms: number): string => `${ms / 1_000} s`;

/** Gives a job up once it has used the processor for too long. */
async function watch(state: ThreadState, from: Worker, job: Waiting): Promise<void> {
  const { doing, limits } = state.options;
  const isOn = () => from === state.worker && job === state.current;
  const before = await from.cpuUsage();
  while (isOn()) {
    await sleep(WATCH_EVERY_MS);
    if (!isOn()) return;
    const { user, system } = await from.cpuUsage(before);
    if (isOn() && (user + system) / 1_000 > limits.cpuMs)
      giveUp(state, limit(`${doing} takes more than ${seconds(limits.cpuMs)} of the processor`));
  }
}

function begin(state: ThreadState, on: Worker, job: Waiting): void {
  const { doing, limits } = state.options;
  const outOfTime = () => giveUp(state, limit(`${doing} takes longer than ${seconds(limits.timeMs)}`));
  after(state, limits.timeMs, outOfTime, true);
  // A thread that has ended tells nothing of itself, and needs no watching.
  watch(state, on, job).catch(() => undefined);
  on.postMessage(job.job);
}

function hear(state: ThreadState, from: Worker, word: ThreadWord): void {
  if (from !== state.worker || !state.current) return;
  if ('ready' in word) begin(state, from, state.current);
  else
    settle(state, 'value' in word ? ok(word.value) : limit(`${state.options.doing} failed: ${word.thrown}`));
}

function broke(state: ThreadState, from: Worker, error: Error & { code?: string }): void {
  if (from !== state.worker) return;
  const { doing, limits } = state.options;
  const memory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
  giveUp(
    state,
    memory
      ? limit(`${doing} takes more than ${limits.memoryMb} MB of memory`)
      : limit(`${doing} failed: ${messageOf(error)}`),
  );
}

function start(state: ThreadState): void {
  const { entry, role, doing, data, limits } = state.options;
  const started = new Worker(entry, {
    workerData: { role, data },
    resourceLimits: {
      maxOldGenerationSizeMb: limits.memoryMb,
      maxYoungGenerationSizeMb: YOUNG_MB,
      stackSizeMb: STACK_MB,
    },
    // Nothing of ours is there to be found, and nothing is printed in between.
    env: {},
    execArgv: [],
    stdout: true,
    stderr: true,
  });
  state.worker = started;
  started.on('message', (word: ThreadWord) => hear(state, started, word));
  started.on('error', (error: Error) => broke(state, started, error));
  started.on('exit', () => {
    if (started === state.worker) giveUp(state, busy(`the thread for ${doing} ended`));
  });
  after(state, START_MS, () => giveUp(state, busy(`the thread for ${doing} does not start`)), true);
}

function next(state: ThreadState): void {
  if (state.current) return;
  state.current = state.queue.shift() ?? null;
  if (!state.current) {
    state.worker?.unref();
    after(state, state.options.limits.idleMs, () => void end(state), false);
  } else if (state.worker) {
    state.worker.ref();
    begin(state, state.worker, state.current);
  } else start(state);
}

function run(state: ThreadState, job: unknown): Promise<Result<unknown, ThreadRefusal>> {
  const { waiting } = state.options.limits;
  if (state.closed) return Promise.resolve(busy('the server ends'));
  if (state.queue.length >= waiting)
    return Promise.resolve(busy(`${waiting} others wait for the same already`));
  return new Promise((done) => {
    state.queue.push({ job, done });
    next(state);
  });
}

async function close(state: ThreadState): Promise<void> {
  state.closed = true;
  for (const { done } of state.queue.splice(0)) done(busy('the server ends'));
  const ended = end(state);
  settle(state, busy('the server ends'));
  clearTimeout(state.timer);
  await ended;
}

/** Runs jobs on a thread of its own. A job that takes too long or too much ends its thread, and nothing else. */
export function createThread(options: ThreadOptions): Thread {
  const state: ThreadState = {
    options,
    queue: [],
    worker: null,
    current: null,
    closed: false,
    timer: undefined,
  };
  return { run: (job) => run(state, job), close: () => close(state) };
}

interface Given {
  readonly role?: unknown;
  readonly data?: unknown;
}

/** Whether this is a thread of that role: a file may be run on one, and by itself. */
export const isThreadOf = (role: string): boolean =>
  !isMainThread && (workerData as Given | null)?.role === role;

/** Does jobs as they come: plain data in, plain data out. `begin` is given what every job needs. */
export function serveThread(begin: (data: unknown) => (job: unknown) => unknown): void {
  const work = begin((workerData as Given).data);
  const say = (word: ThreadWord) => parentPort!.postMessage(word);
  parentPort!.on('message', async (job: unknown) => {
    try {
      say({ value: await work(job) });
    } catch (thrown) {
      say({ thrown: messageOf(thrown) });
    }
  });
  say({ ready: true });
}
