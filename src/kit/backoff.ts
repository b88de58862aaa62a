import type { Ms } from './time.ts';

/** How soon something that failed is tried again, and how seldom at last. */
export interface Backoff {
  readonly firstMs: Ms;
  readonly longestMs: Ms;
}

/** How long to wait after so many failures in a row: doubled each time, up to the longest. */
export const backoffMs = ({ firstMs, longestMs }: Backoff, failures: number): Ms =>
  Math.min(longestMs, firstMs * 2 ** Math.max(0, Math.min(failures - 1, 30)));
