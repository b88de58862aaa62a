import type { Delivery, DeliveryPort } from '../../delivery/port.ts';
import { within } from '../../io/clock.ts';
import { isFatal } from '../flow/fatal.ts';
import type { LaneRuntime } from './lane-runtime.ts';

/** An observation that takes longer counts as unknown. */
const OBSERVE_TIMEOUT_MS = 10_000;
/** The same while somebody waits for an order in this lane. */
const URGENT_PATIENCE_MS = 250;

export interface Observing {
  /** Observes a lane; null: unknown. Bounded in time, and at most one observation per lane at a time. */
  observe(runtime: LaneRuntime): Promise<Delivery | null>;
  /** An order was given: the lane is decided with what is known. */
  hurry(lane: string): void;
}

/** Observes lanes at the edge, each separately: one that hangs delays no other. */
export function createObserving(delivery: (environment: string) => DeliveryPort): Observing {
  const underWay = new Map<string, { readonly seen: Promise<Delivery | null>; hurry(): void }>();

  async function read(runtime: LaneRuntime): Promise<Delivery | null> {
    const { lane, release } = runtime.state;
    try {
      const port = delivery(runtime.environment.name);
      const seen = port.observe(lane, release?.target.revision ?? null);
      return await within(seen, OBSERVE_TIMEOUT_MS, `observing ${lane}`);
    } catch (thrown) {
      if (isFatal(thrown)) throw thrown;
      return null;
    }
  }

  function begin(runtime: LaneRuntime) {
    const { lane } = runtime.state;
    let hurry = () => {};
    const hurried = new Promise<null>((resolve) => {
      hurry = () => resolve(null);
    });
    const reading = read(runtime).finally(() => underWay.delete(lane));
    const one = { seen: Promise.race([reading, hurried]), hurry };
    // A late answer is dropped: it may describe a time before the last effect.
    reading.catch(() => undefined);
    underWay.set(lane, one);
    return one;
  }

  return {
    async observe(runtime) {
      const known = underWay.get(runtime.state.lane);
      // The earlier observation hangs: another one starts once it is abandoned.
      if (known) return null;
      const { seen } = begin(runtime);
      if (runtime.state.commands.length === 0) return seen;
      return within(seen, URGENT_PATIENCE_MS, 'observing').catch((thrown: unknown) => {
        if (isFatal(thrown)) throw thrown;
        return null;
      });
    },
    hurry: (lane) => underWay.get(lane)?.hurry(),
  };
}
