import type { ReleaseEffect as LaneEffect } from '../../delivery/events.ts';
import type { Lane } from '../../delivery/lane.ts';
import type { DeliveryPort } from '../../delivery/port.ts';
import type { Backoff } from '../../kit/backoff.ts';
import { partsOfLane } from '../../kit/lane.ts';
import type { Effect, Handler, Patience } from '../flow/types.ts';

/** A target state of one lane. */
export const DELIVER = 'deliver';

const EFFECT_TIMEOUT_MS = 10_000;
/** How many lanes of one edge are changed at once. */
const WIDTH = 16;
/** Short delays, since an abort may be among them. */
const BACKOFF: Backoff = { firstMs: 1_000, longestMs: 10_000 };
/** How long a tick waits for the operations that it started. */
const PATIENCE: Patience = { firstMs: 250, againMs: 50 };
/** When an effect that was started is checked again: a starting process, a progressing Rollout. */
const AGAIN_MS = 200;

const environmentOf = (lane: string): string => partsOfLane(lane)[1];

/** Pending effects of a lane, by its records. */
export const laneEffects = ({ pending }: Lane): Effect<LaneEffect>[] =>
  pending.map((target) => ({
    kind: DELIVER,
    subject: target.lane,
    generation: target.generation,
    key: target.id,
    resource: `edge of ${environmentOf(target.lane)}`,
    urgent: target.kind === 'abort',
    target,
  }));

/** Carries out effects of delivery: probed first, so that nothing is done twice. */
export function deliverHandler(
  delivery: (environment: string) => DeliveryPort,
  settled: (effect: LaneEffect) => Promise<void>,
): Handler<LaneEffect, null> {
  const portOf = ({ lane }: LaneEffect) => delivery(environmentOf(lane));
  const isDone = async (target: LaneEffect) => (await portOf(target).probe(target)) === 'done';
  return {
    timeoutMs: EFFECT_TIMEOUT_MS,
    width: WIDTH,
    patience: PATIENCE,
    yields: false,
    backoff: () => BACKOFF,
    probe: async ({ target }) => ((await isDone(target)) ? { done: null } : 'absent'),
    async apply({ target }) {
      await portOf(target).apply(target);
      return (await isDone(target)) ? { done: null } : { again: AGAIN_MS };
    },
    settled: ({ target }) => settled(target),
  };
}
