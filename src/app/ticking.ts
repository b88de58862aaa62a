import { systemClock } from '../io/clock.ts';
import { messageOf } from '../kit/result.ts';
import { LedgerUnavailable } from '../ledger/port.ts';
import type { Measured } from '../server/metrics/measured.ts';
import type { AppContext } from './context.ts';

function tellOf(context: AppContext, thrown: unknown): void {
  const error = messageOf(thrown);
  context.health.set('tick', error);
  context.warn(
    { error },
    thrown instanceof LedgerUnavailable
      ? 'the ledger cannot be written: nothing is decided until it can'
      : 'a tick failed; the next tick retries',
  );
}

/** Ticks until the server ends. A ledger that takes no record stops all deciding until it does again. */
export async function tickUntilEnd(
  context: AppContext,
  tick: () => Promise<void>,
  tickMs: number,
  measured: Pick<Measured, 'tick'>,
): Promise<void> {
  while (!context.ending.aborted) {
    const begun = performance.now();
    let outcome: 'done' | 'failed' = 'done';
    try {
      await tick();
      context.health.set('tick', null);
    } catch (thrown) {
      outcome = 'failed';
      // Told once, when it was found.
      if (thrown instanceof LedgerUnavailable && thrown.code === 'LEDGER_BROKEN')
        context.health.set('tick', null);
      else tellOf(context, thrown);
    }
    const took = performance.now() - begun;
    measured.tick(took, outcome);
    await systemClock.sleep(Math.max(20, tickMs - took), context.ending);
  }
}
