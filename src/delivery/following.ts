import type { Event } from './events.ts';
import { answerIdle, type Context, move } from './moves.ts';

/** In observe mode somebody else delivers: the machine follows what is seen, and says what it would have done. */
export function following(c: Context): Event[] {
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
    return [move(c, 'Promote', 'OVERRIDDEN', { note: 'promoted by whoever delivers' })];
  if (lane.state === 'Promote') return took ? [move(c, 'Stable', 'FULL_TRAFFIC')] : [];
  if (!mine || delivery.weight === 0)
    return [move(c, 'Abort', 'OPERATOR', { note: 'stopped by whoever delivers' })];
  const steps = release.settings.weights.filter((w) => w <= delivery.weight).length;
  const step = Math.max(release.step, steps - 1, 0);
  if (release.confirmedAt[step] === undefined)
    return [{ type: 'release.confirmed', data: { release: release.id, step, weight: delivery.weight } }];
  if (lane.state === 'Canary' && seen.look && seen.look.intervals.length > 0)
    return [move(c, 'Evaluating', 'COUNTS_ARRIVED')];
  return [];
}
