import type { Posted } from '../../gitops/forge.ts';

/** The recorded posts of one pull request. */
export interface PostsOnRecord {
  /** The decision that is on record as posted. */
  readonly decision: string | null;
  /** When a post of it, and one over somebody else's, was put on record last. */
  readonly at: number;
  readonly foreignAt: number;
}

export const NOT_ON_RECORD: PostsOnRecord = {
  decision: null,
  at: Number.NEGATIVE_INFINITY,
  foreignAt: Number.NEGATIVE_INFINITY,
};

/** The shortest time between two records of the same decision that had to be posted again over foreign posts. */
const AGAIN_MS = 10 * 60_000;

/** What is on record once this post is; null: it adds nothing to what is. */
export function recordOfPost(
  before: PostsOnRecord,
  decision: string,
  foreign: Posted['foreign'],
  now: number,
): PostsOnRecord | null {
  const lately = (at: number) => now >= at && now - at < AGAIN_MS;
  if (before.decision === decision && lately(foreign ? before.foreignAt : before.at)) return null;
  return { decision, at: now, foreignAt: foreign ? now : before.foreignAt };
}

/** How many posts are checked again with each poll, since somebody may have replaced them. */
const CHECKED_A_POLL = 10;

/** Those that were checked longest ago, a few at a time, and none twice within an interval. */
export const toCheck = <T extends { readonly checkedAt: number }>(
  entries: readonly T[],
  now: number,
  everyMs: number,
): ReadonlySet<T> =>
  new Set(
    entries
      .filter((e) => now - e.checkedAt >= everyMs)
      .sort((a, b) => a.checkedAt - b.checkedAt)
      .slice(0, CHECKED_A_POLL),
  );
