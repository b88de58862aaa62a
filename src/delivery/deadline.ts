import type { Ms } from '../kit/time.ts';
import { isWorking } from '../runtime/working-hours.ts';
import type { Release } from './lane.ts';
import type { Delivery } from './port.ts';
import { wantsTrafficAlone, weightNow } from './steps.ts';

/** By which factor missing requests may come more slowly than before until a person is asked. */
const PATIENCE = 2;

/**
 * Since when the present step lasts, as far as a deadline is concerned; null: nobody knows when it begins. Whoever
 * delivers by steps of its own comes to the next weight when these say, after hours or when a person lets it go on:
 * until its weight is there no time runs, and what is waited for there is no fault of the release.
 */
export function stepSince(release: Release, followed: boolean, delivery: Delivery | null): Ms | null {
  if (!followed) return release.enteredStepAt;
  const confirmedAt = release.confirmedAt[release.step];
  if (confirmedAt !== undefined) return Math.max(release.enteredStepAt, confirmedAt);
  const unknown = delivery === null || (delivery.waits ?? []).includes(weightNow(release));
  return unknown ? null : release.enteredStepAt;
}

/**
 * How long the present step may last before a person is asked. Where requests alone are wanting, and it is declared
 * that a step may wait for them: twice as long as they take at the traffic that it has had, up to what is declared.
 */
export function stepDeadline(release: Release, now: Ms, since = release.enteredStepAt): Ms {
  const { deadlineMs, lowTraffic, slos } = release.settings;
  const longestMs = lowTraffic?.longestMs ?? null;
  if (longestMs === null || !wantsTrafficAlone(release)) return deadlineMs;
  const tried = new Map(
    (release.verdict?.numbers ?? []).map(({ slo, goodLeft, goodNeeded }) => [
      String(slo),
      1 - Number(goodLeft) / Math.max(1, Number(goodNeeded)),
    ]),
  );
  const progress = slos
    .filter((s) => !s.standsInFor)
    .map(({ slo }) => {
      const inStead = slos.find((s) => s.standsInFor === slo);
      return Math.max(tried.get(slo) ?? 0, (inStead && tried.get(inStead.slo)) ?? 0);
    });
  const least = Math.min(1, ...progress);
  const takesMs = least > 0 ? (now - since) / least : Number.POSITIVE_INFINITY;
  return Math.max(deadlineMs, Math.min(longestMs, PATIENCE * takesMs));
}

/** Whether a person may be asked now: if only requests are missing it is not urgent, and nobody is woken. */
export const mayAsk = (release: Release, now: Ms): boolean => {
  const hours = release.settings.lowTraffic?.hours;
  return !hours || !wantsTrafficAlone(release) || isWorking(hours, now);
};
