import { systemClock } from '../io/clock.ts';
import { messageOf } from '../kit/result.ts';

/** What was started, in order; it is stopped in the opposite order, once. */
export interface Lifecycle {
  /** Says how something that was just started is stopped. */
  onStop(close: () => Promise<void> | void): void;
  /**
   * Does some work again and again, one run at a time; stopping waits for the run that is under way. It is counted by
   * its name; `failing` says what does not work while it fails.
   */
  every(name: string, ms: number, failing: string, work: () => Promise<unknown>): void;
  /**
   * Stops everything, last in, first out. What fails to stop, or takes longer than the patience for one part, is told,
   * and keeps nothing else from stopping.
   */
  stop(): Promise<void>;
}

type Warn = (details: object, message: string) => void;
/** Is told how long a run took, and how it ended. */
type Worked = (name: string, ms: number, outcome: 'done' | 'failed') => void;

/** How long one part may take to stop: an answer that is being sent, or a run that is under way, ends well within it. */
const PATIENCE_MS = 20_000;

/** A sleep that ends with the signal too, such as that of the system's clock. */
type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

export function createLifecycle(
  warn: Warn,
  worked: Worked = () => {},
  sleep: Sleep = systemClock.sleep,
): Lifecycle {
  const closing: (() => Promise<void> | void)[] = [];
  let stopped: Promise<void> | null = null;

  async function stopAll(): Promise<void> {
    for (let close = closing.pop(); close; close = closing.pop()) {
      try {
        await withinPatience(close);
      } catch (thrown) {
        warn({ error: messageOf(thrown) }, 'a part did not stop');
      }
    }
  }

  async function withinPatience(close: () => Promise<void> | void): Promise<void> {
    const over = new AbortController();
    const late = sleep(PATIENCE_MS, over.signal).then(() => {
      if (!over.signal.aborted) throw new Error(`it takes longer than ${PATIENCE_MS / 1_000} s`);
    });
    try {
      await Promise.race([close(), late]);
    } finally {
      over.abort();
      // Whichever came second is nobody's failure any more.
      late.catch(() => undefined);
    }
  }

  return {
    onStop: (close) => void closing.push(close),
    every(name, ms, failing, work) {
      const stop = new AbortController();
      const run = async () => {
        while (!stop.signal.aborted) {
          const begun = performance.now();
          // A failure that is thrown at once must not end the repetition either.
          const outcome = await Promise.resolve()
            .then(work)
            .then(() => 'done' as const)
            .catch((thrown: unknown) => {
              warn({ error: messageOf(thrown) }, failing);
              return 'failed' as const;
            });
          worked(name, performance.now() - begun, outcome);
          await systemClock.sleep(ms, stop.signal);
        }
      };
      const running = run();
      closing.push(async () => {
        stop.abort();
        await running;
      });
    },
    stop() {
      stopped ??= stopAll();
      return stopped;
    },
  };
}
