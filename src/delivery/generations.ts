import type { Effect } from './events.ts';

/** Refuses an effect that is older than one carried out before in its lane: a late retry undoes nothing newer. */
export function onlyNewest(): (effect: Effect) => boolean {
  const newest = new Map<string, number>();
  return ({ lane, generation }) => {
    if (generation < (newest.get(lane) ?? 0)) return false;
    newest.set(lane, generation);
    return true;
  };
}
