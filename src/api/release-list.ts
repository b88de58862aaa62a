import { counted } from '../kit/counted.ts';
import type { Outcome } from './lane.ts';

interface Listed {
  readonly service: string;
  readonly environment: string;
  readonly version: string;
  readonly outcome: Outcome;
}

/** What of the releases is wanted; nothing given: all of them. */
interface ReleaseFilter {
  /** Part of `service version`. */
  readonly text: string;
  readonly environment?: string | undefined;
  /** `judged` is any that is in progress. */
  readonly outcome?: string | undefined;
}

const ENDED: readonly Outcome[] = ['promoted', 'rolled-back'];

/** Releases that are asked for, in their order. */
export const matchingReleases = <T extends Listed>(
  all: readonly T[],
  { text, environment, outcome }: ReleaseFilter,
): readonly T[] =>
  all.filter(
    (r) =>
      `${r.service} ${r.version}`.toLowerCase().includes(text.trim().toLowerCase()) &&
      (!environment || r.environment === environment) &&
      (!outcome || (outcome === 'judged' ? !ENDED.includes(r.outcome) : r.outcome === outcome)),
  );

/** How many there are, of how many, and how many are not listed. */
export function listSentence(found: number, all: number, leftOut: number): string {
  if (all === 0) return 'No release was recorded yet.';
  const some = found === all ? counted(all, 'release') : `${found} of ${all} releases`;
  return leftOut > 0
    ? `${some}, newest first; ${leftOut} older ones are found by their name alone.`
    : `${some}, newest first.`;
}
