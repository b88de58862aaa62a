import type { Clock } from '../../../src/kit/time.ts';

type Work = () => void;

/** Something that is to happen at a moment of simulated time. */
interface Timer {
  readonly at: number;
  readonly order: number;
  readonly work: Work;
  readonly owner: 'world' | 'server';
  off: boolean;
  unref(): Timer;
}

/** Simulated time: nothing waits on a real clock, and what is due at the same moment happens in the order it was asked for. */
export interface SimTime extends Clock {
  /** Runs the world up to a moment: every timer at its time, with everything that follows from it. */
  run(until: number): Promise<void>;
  at(when: number, work: Work): void;
  /** Forgets every timer of the server: it was killed. */
  dropServer(): void;
  /** Puts this time in place of the machine's, for whatever the product does; gives what puts it back. */
  install(): () => void;
}

const real = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  now: Date.now,
  elapsed: performance.now.bind(performance),
  setImmediate: globalThis.setImmediate,
};

/** Lets pending work of this process continue. */
const settle = (): Promise<void> => new Promise((resolve) => real.setImmediate(resolve));

const before = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/** A binary heap, the earliest first. */
function timerHeap() {
  let heap: Timer[] = [];
  const swap = (i: number, j: number) => {
    [heap[i], heap[j]] = [heap[j]!, heap[i]!];
  };
  const up = (from: number) => {
    for (let i = from; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (!before(heap[i]!, heap[parent]!)) return;
      swap(i, parent);
      i = parent;
    }
  };
  const down = () => {
    for (let i = 0; ; ) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2])
        if (child < heap.length && before(heap[child]!, heap[least]!)) least = child;
      if (least === i) return;
      swap(i, least);
      i = least;
    }
  };
  return {
    push(timer: Timer) {
      heap.push(timer);
      up(heap.length - 1);
    },
    first: (): Timer | undefined => heap[0],
    pop() {
      const last = heap.pop();
      if (last === undefined || heap.length === 0) return;
      heap[0] = last;
      down();
    },
    keep(fits: (timer: Timer) => boolean) {
      const kept = heap.filter(fits).sort((a, b) => (before(a, b) ? -1 : 1));
      heap = kept;
    },
  };
}

export function simulatedTime(start: number): SimTime {
  let now = start;
  let order = 0;
  const timers = timerHeap();
  const add = (at: number, work: Work, owner: Timer['owner']): Timer => {
    const timer: Timer = {
      at: Math.max(now, at),
      order: order++,
      work,
      owner,
      off: false,
      unref: () => timer,
    };
    timers.push(timer);
    return timer;
  };
  const sleep: Clock['sleep'] = (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const timer = add(now + ms, resolve, 'server');
      signal?.addEventListener('abort', () => {
        timer.off = true;
        resolve();
      });
    });
  return {
    now: () => now,
    sleep,
    at: (when, work) => void add(when, work, 'world'),
    dropServer: () => timers.keep((t) => t.owner === 'world'),
    async run(until) {
      await settle();
      for (let next = timers.first(); next && next.at <= until; next = timers.first()) {
        timers.pop();
        if (next.off) continue;
        now = next.at;
        next.work();
        await settle();
      }
      now = until;
    },
    install() {
      const set = (work: (...given: unknown[]) => void, ms = 0, ...given: unknown[]) =>
        add(now + ms, () => work(...given), 'server');
      const clear = (timer: Timer | undefined) => {
        if (timer) timer.off = true;
      };
      Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
      Date.now = () => now;
      // Waits with a limit measure real time as well, which would differ in each run.
      performance.now = () => now - start;
      return () => {
        Object.assign(globalThis, { setTimeout: real.setTimeout, clearTimeout: real.clearTimeout });
        Date.now = real.now;
        performance.now = real.elapsed;
      };
    },
  };
}
