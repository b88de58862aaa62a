import type { Effect } from '../delivery/events.ts';
import type { DeliveryPort } from '../delivery/port.ts';
import { within } from '../io/clock.ts';
import { messageOf } from '../kit/result.ts';
import type { LaneCell } from './cells.ts';

export const EFFECT_TIMEOUT_MS = 10_000;

/** A ledger that takes no record stops everything; a simulated kill is passed through. */
export const isFatal = (thrown: unknown): boolean =>
  thrown instanceof Error && (thrown.name === 'LedgerUnavailable' || thrown.name === 'Killed');

export interface ActParts {
  readonly delivery: DeliveryPort;
  settle(effect: Effect): Promise<void>;
  warn(details: object, message: string): void;
}

/** Brings the outside to each pending target: probed first, so that what is done is not done twice. */
export async function act(cell: LaneCell, { delivery, settle, warn }: ActParts): Promise<void> {
  const order = [...cell.state.pending].sort(
    (a, b) => Number(b.kind === 'abort') - Number(a.kind === 'abort'),
  );
  for (const effect of order) {
    try {
      const work = async () => {
        if ((await delivery.probe(effect)) !== 'done') await delivery.apply(effect);
        return delivery.probe(effect);
      };
      if ((await within(work(), EFFECT_TIMEOUT_MS, effect.id)) === 'done') await settle(effect);
    } catch (thrown) {
      if (isFatal(thrown)) throw thrown;
      warn(
        { effect: effect.id, error: messageOf(thrown) },
        'an effect was not carried out; it is tried again',
      );
    }
  }
}
