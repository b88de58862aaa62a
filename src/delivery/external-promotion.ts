import type { Event } from './events.ts';
import { isCompared, weightsOf } from './steps.ts';
import { type DecisionContext, isConfirmed, move } from './transitions.ts';

/** Whether the new version already serves all traffic as stable, whoever promoted it. */
export const wasPromotedExternally = (c: DecisionContext): boolean =>
  c.settings.followed && c.seen.delivery?.stable === c.lane.release!.target.revision;

/** The reason of a promotion that happened without a pass by Sluice. */
export function externalPromotionMove(c: DecisionContext): Event {
  const verdict = c.lane.release!.verdict;
  if (c.seen.delivery?.finished !== 'own steps')
    return move(c, 'Promote', 'OVERRIDDEN', { note: 'promoted in the cluster' });
  if (verdict?.verdict === 'pass')
    return move(c, 'Promote', 'PASSED', { note: 'at the end of its own steps' });
  if (!verdict && c.seen.delivery.blueGreen)
    return move(c, 'Promote', 'OWN_STEPS', {
      note: 'not judged: blue-green, and it was stable as soon as it had traffic',
    });
  const judged = verdict ? `${verdict.verdict}: ${verdict.reasons.join(', ')}` : 'nothing was seen of it';
  return move(c, 'Promote', 'OWN_STEPS', { note: `when it took over, the verdict was ${judged}` });
}

/**
 * If a person promotes a Rollout past the steps in the cluster, the promotion is recorded and followed, never
 * reverted.
 */
export function externalPromotion(c: DecisionContext): Event[] {
  const { lane, seen, settings } = c;
  const release = lane.release!;
  const { delivery } = seen;
  if (!settings.followed || !delivery) return [];
  if (wasPromotedExternally(c)) return [externalPromotionMove(c)];
  // It has been told to go back, and is still on its way.
  if (isCompared(release) && !isConfirmed(release)) return [];
  const weights = weightsOf(release);
  const reached = weights.findLastIndex((weight) => weight <= delivery.weight);
  if (delivery.canary !== release.target.revision || reached <= release.step) return [];
  const drifted: Event = {
    type: 'lane.drifted',
    data: {
      seen: `${delivery.weight} %`,
      wanted: `${weights[release.step]} %`,
      generation: lane.generation + 1,
      effects: [],
    },
  };
  const confirmed: Event = {
    type: 'release.confirmed',
    data: { release: release.id, step: reached, weight: delivery.weight },
  };
  // Passing a step that does not wait for Sluice is the normal course.
  const asks = delivery.asks === undefined || delivery.asks.includes(weights[release.step]!);
  return asks && (isConfirmed(release) || release.step > 0) ? [drifted, confirmed] : [confirmed];
}
