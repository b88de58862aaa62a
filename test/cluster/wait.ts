import { until as often } from '../wait.ts';

/** What is waited for shares two cores with the one who waits: looked at less often than elsewhere. */
const EVERY_MS = 250;

export const until = <T>(
  what: string,
  limitMs: number,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> => often(what, limitMs, probe, EVERY_MS);
