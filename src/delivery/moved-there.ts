import type { Event } from './events.ts';
import { type Context, isConfirmed, move } from './moves.ts';

/** The new version serves all traffic as stable already, whoever made it so. */
export const tookOver = (c: Context): boolean =>
  c.settings.followed && c.seen.delivery?.stable === c.lane.release!.target.revision;

/**
 * Where Argo Rollouts moves traffic, a person may move it there: promoted past our steps, it is put on record and
 * followed, never fought.
 */
export function movedThere(c: Context): Event[] {
  const { lane, seen, settings } = c;
  const release = lane.release!;
  const { delivery } = seen;
  if (!settings.followed || !delivery) return [];
  if (tookOver(c)) return [move(c, 'Promote', 'OVERRIDDEN', { note: 'promoted in the cluster' })];
  const { weights } = release.settings;
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
  return isConfirmed(release) || release.step > 0 ? [drifted, confirmed] : [confirmed];
}
