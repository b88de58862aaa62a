import { systemClock } from '../io/clock.ts';
import { messageOf } from '../kit/result.ts';
import { LedgerUnavailable } from '../ledger/port.ts';
import type { AppContext } from './context.ts';

/** Ticks until the server ends. A ledger that takes no record stops all deciding until it does again. */
export async function tickUntilEnd(
  context: AppContext,
  tick: () => Promise<void>,
  tickMs: number,
  metrics: { tick(seconds: number): void },
): Promise<void> {
  while (!context.ending.aborted) {
    const begun = performance.now();
    try {
      await tick();
      context.health.set('tick', null);
    } catch (thrown) {
      const error = messageOf(thrown);
      context.health.set('tick', error);
      context.warn(
        { error },
        thrown instanceof LedgerUnavailable
          ? 'the ledger takes no record: nothing is decided until it does'
          : 'a tick failed; the next one tries again',
      );
    }
    const took = performance.now() - begun;
    metrics.tick(took / 1_000);
    await systemClock.sleep(Math.max(20, tickMs - took), context.ending);
  }
}
