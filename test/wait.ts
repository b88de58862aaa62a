/**
 * How much slower than a quiet machine of two cores a machine may be before a test gives up. The one place for
 * patience: limits in tests say what a quiet machine needs, and a condition that comes late is still the condition.
 */
const PATIENCE = 10;
/** However little is waited for: a machine that does many things at once forgets one of them for seconds. */
const LEAST_MS = 60_000;
const LOOK_EVERY_MS = 50;

/** How long a test waits where a quiet machine needs `limitMs` at the most. */
export const patiently = (limitMs: number): number => Math.max(LEAST_MS, PATIENCE * limitMs);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Waits for a condition, looking often; the error says what was waited for. Never a bare sleep.
 * `limitMs` is what a quiet machine needs at the most; it is waited for longer, see `patiently`.
 */
export async function until<T>(
  what: string,
  limitMs: number,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  everyMs = LOOK_EVERY_MS,
): Promise<T> {
  let last: unknown;
  const most = patiently(limitMs);
  for (const end = performance.now() + most; performance.now() < end; await pause(everyMs)) {
    try {
      const found = await probe();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      last = error;
    }
  }
  throw new Error(
    `${what}: not within ${most} ms${last ? ` (${last instanceof Error ? last.message : String(last)})` : ''}`,
  );
}

/** Looks many times, and every time what is so has to be so: for what must not change by itself afterwards. */
export async function stays(
  looks: number,
  probe: () => Promise<void>,
  everyMs = LOOK_EVERY_MS,
): Promise<void> {
  for (let i = 0; i < looks; i++, await pause(everyMs)) await probe();
}

/** An instant that a test chooses at random, as a fault would: no condition, but the point of the test. */
export const instant = (ms: number): Promise<void> => pause(ms);

/** Does something again and again until it is stopped, as a server does; its failure is the stop's. */
export function again(work: () => Promise<void>, everyMs: number): { stop(): Promise<void> } {
  let stopped = false;
  const loop = (async () => {
    for (; !stopped; await pause(everyMs)) await work();
  })();
  loop.catch(() => undefined);
  return {
    stop: () => {
      stopped = true;
      return loop;
    },
  };
}
