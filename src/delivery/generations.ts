import type { ReleaseEffect } from './events.ts';

/** Refuses an effect that is older than one already carried out in its lane, so that a late retry undoes nothing newer. */
export function onlyNewest(): (effect: ReleaseEffect) => boolean {
  const newest = new Map<string, number>();
  return ({ lane, generation }) => {
    if (generation < (newest.get(lane) ?? 0)) return false;
    newest.set(lane, generation);
    return true;
  };
}
