import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { fail, messageOf, ok, type Result } from '../../../kit/result.ts';
import type { Refusal } from '../../gate/reading.ts';

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

export interface ThreadOptions {
  /** The file that the thread runs: see `reading-worker.ts`. */
  readonly entry: string | URL;
  /** Plain data that every job needs. */
  readonly data: unknown;
  readonly limits: ThreadLimits;
}

/** One thread that does one job at a time. */
export interface Thread {
  run(job: unknown): Promise<Result<unknown, Refusal>>;
  close(): Promise<void>;
}

/** What a thread says: that it is ready, what came of its job, or what it threw. */
export type ThreadWord = { readonly ready: true } | { readonly value: unknown } | { readonly thrown: string };

interface Waiting {
  readonly job: unknown;
  readonly done: (result: Result<unknown, Refusal>) => void;
}

/** To load the code takes longer than a job where a machine is busy; a thread that never comes up is no job's fault. */
const START_MS = 120_000;
const WATCH_EVERY_MS = 100;
const YOUNG_MB = 32;
const STACK_MB = 4;

const limit = (message: string) => fail<Refusal>({ kind: 'limit', message });
const busy = (message: string) => fail<Refusal>({ kind: 'busy', message });

/** Runs jobs on a thread of its own. A job that takes too long or too much ends its thread, and nothing else. */
export function createThread({ entry, data, limits }: ThreadOptions): Thread {
  const queue: Waiting[] = [];
  let worker: Worker | null = null;
  let current: Waiting | null = null;
  let closed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const after = (ms: number, work: () => void, keepAlive: boolean): void => {
    clearTimeout(timer);
    timer = setTimeout(work, ms);
    if (!keepAlive) timer.unref();
  };

  function end(): Promise<unknown> {
    clearTimeout(timer);
    const ending = worker?.terminate() ?? Promise.resolve(0);
    worker = null;
    return ending;
  }

  function settle(result: Result<unknown, Refusal>): void {
    const settled = current;
    current = null;
    settled?.done(result);
    next();
  }

  /** The thread is given up with its job: whatever it still does, nobody listens. */
  function giveUp(result: Result<unknown, Refusal>): void {
    void end();
    settle(result);
  }

  const seconds = (ms: number) => `${ms / 1_000} s`;
  const outOfTime = () => giveUp(limit(`reading it takes longer than ${seconds(limits.timeMs)}`));

  /** Gives a job up once it has used the processor for too long. */
  async function watch(from: Worker, job: Waiting): Promise<void> {
    const isOn = () => from === worker && job === current;
    const before = await from.cpuUsage();
    while (isOn()) {
      await sleep(WATCH_EVERY_MS);
      if (!isOn()) return;
      const { user, system } = await from.cpuUsage(before);
      if (isOn() && (user + system) / 1_000 > limits.cpuMs)
        giveUp(limit(`reading it takes more than ${seconds(limits.cpuMs)} of the processor`));
    }
  }

  function begin(on: Worker, job: Waiting): void {
    after(limits.timeMs, outOfTime, true);
    // A thread that has ended tells nothing of itself, and needs no watching.
    watch(on, job).catch(() => undefined);
    on.postMessage(job.job);
  }

  function hear(from: Worker, word: ThreadWord): void {
    if (from !== worker || !current) return;
    if ('ready' in word) begin(from, current);
    else settle('value' in word ? ok(word.value) : limit(`reading it failed: ${word.thrown}`));
  }

  function broke(from: Worker, error: Error & { code?: string }): void {
    if (from !== worker) return;
    const memory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
    giveUp(
      memory
        ? limit(`reading it takes more than ${limits.memoryMb} MB of memory`)
        : limit(`reading it failed: ${messageOf(error)}`),
    );
  }

  function start(): void {
    const started = new Worker(entry, {
      workerData: { role: ROLE, data },
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
    worker = started;
    started.on('message', (word: ThreadWord) => hear(started, word));
    started.on('error', (error: Error) => broke(started, error));
    started.on('exit', () => {
      if (started === worker) giveUp(busy('the thread that reads pull requests ended'));
    });
    after(START_MS, () => giveUp(busy('the thread that reads pull requests does not start')), true);
  }

  function next(): void {
    if (current) return;
    current = queue.shift() ?? null;
    if (!current) {
      worker?.unref();
      after(limits.idleMs, () => void end(), false);
      return;
    }
    if (!worker) start();
    else {
      worker.ref();
      begin(worker, current);
    }
  }

  return {
    run(job) {
      if (closed) return Promise.resolve(busy('the server ends'));
      if (queue.length >= limits.waiting)
        return Promise.resolve(busy(`${limits.waiting} pull requests wait to be read already`));
      return new Promise((done) => {
        queue.push({ job, done });
        next();
      });
    },
    async close() {
      closed = true;
      for (const { done } of queue.splice(0)) done(busy('the server ends'));
      const ended = end();
      settle(busy('the server ends'));
      clearTimeout(timer);
      await ended;
    },
  };
}

/** By which a file that is run on a thread knows that it is meant to read. */
export const ROLE = 'sluice-reading';
