import { stoppedExternally } from './abort-conditions.ts';
import type { Event } from './events.ts';
import { externalPromotionMove } from './external-promotion.ts';
import { answerIdle } from './retry.ts';
import { type DecisionContext, move } from './transitions.ts';

/** In observe mode another tool delivers: the machine follows what is observed, and records what it would have done. */
export function observeMode(c: DecisionContext): Event[] {
  const { lane, seen } = c;
  const release = lane.release!;
  const delivery = seen.delivery;
  if (!delivery) return [];
  if (lane.commands.length > 0) return answerIdle(c);
  const mine = delivery.canary === release.target.revision;
  const took = delivery.stable === release.target.revision;
  if (lane.state === 'Deploying')
    return took || (mine && delivery.weight > 0) ? [move(c, 'Canary', 'CANARY_STARTED')] : [];
  if (took && lane.state !== 'Promote')
    return delivery.finished === undefined
      ? [move(c, 'Promote', 'OVERRIDDEN', { note: 'promoted by the delivery system' })]
      : [externalPromotionMove(c)];
  if (lane.state === 'Promote') return took ? [move(c, 'Stable', 'FULL_TRAFFIC')] : [];
  const there = stoppedExternally(c);
  if (there.length > 0) return there;
  if (!mine || delivery.weight === 0)
    return [move(c, 'Abort', 'OPERATOR', { note: 'stopped by the delivery system' })];
  const steps = release.settings.weights.filter((w) => w <= delivery.weight).length;
  const step = Math.max(release.step, steps - 1, 0);
  if (release.confirmedAt[step] === undefined)
    return [{ type: 'release.confirmed', data: { release: release.id, step, weight: delivery.weight } }];
  if (lane.state === 'Canary' && seen.look && seen.look.intervals.length > 0)
    return [move(c, 'Evaluating', 'COUNTS_ARRIVED')];
  return [];
}
