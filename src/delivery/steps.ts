import type { Release } from './lane.ts';

type Stepping = Pick<Release, 'settings' | 'step' | 'stepsBack'>;

/**
 * The weight of every step of a release, in percent: those that it began with, and after each step back two more, the
 * weight before full traffic and full traffic again. Indices count up only: a step back is a step of its own.
 */
export function weightsOf({ settings, stepsBack }: Omit<Stepping, 'step'>): readonly number[] {
  const again = settings.weights.slice(-2);
  return [...settings.weights, ...Array.from({ length: stepsBack }, () => again).flat()];
}

/** The weight of the current step, in percent. */
export const weightNow = (release: Stepping): number => weightsOf(release)[release.step]!;

/** Index of the last step: 100 %, judged like the others. */
export const lastStep = (release: Stepping): number => weightsOf(release).length - 1;

/** All traffic is on the canary, and there is an earlier step to return to. */
export const isAlone = (release: Stepping): boolean => release.step > 0 && weightNow(release) === 100;

/** It stepped back: stable has traffic beside it again, and the comparison decides. */
export const isCompared = (release: Stepping): boolean =>
  release.step >= release.settings.weights.length && weightNow(release) < 100;

/** Reasons that more requests, or time, resolve by themselves. */
const WANTING: readonly string[] = [
  'TOO_FEW_REQUESTS',
  'BURN_NO_DATA',
  'NO_DATA',
  'WARMING_UP',
  'WAITING_FOR_DWELL',
  'TRIED_ENOUGH',
];

/** Whether only requests are missing: no more of them failed than the objective allows. */
export function wantsTrafficAlone({ verdict, paused }: Pick<Release, 'verdict' | 'paused'>): boolean {
  if (paused || !verdict || verdict.verdict !== 'inconclusive') return false;
  return (
    verdict.reasons.includes('TOO_FEW_REQUESTS') &&
    verdict.reasons.every((reason) => WANTING.includes(reason))
  );
}
