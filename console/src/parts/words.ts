import { humanSpan } from '../../../src/kit/time.ts';

export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

export const clock = (at: number): string => new Date(at).toLocaleTimeString(undefined, { hour12: false });

/** Exact, in the viewer's zone and in UTC: for hovering. */
export const exactly = (at: number): string =>
  `${new Date(at).toLocaleString()} (${zone}), ${new Date(at).toISOString()} UTC`;

export const percent = (share: number | null, digits = 1): string =>
  share === null ? 'no data' : `${(100 * share).toFixed(digits)} %`;

export const times = (burn: number | null): string => (burn === null ? 'no data' : `${burn.toFixed(2)}×`);

/** A span as people say it. */
export const ago = (ms: number): string => humanSpan(ms);

export const day = (at: number): string =>
  new Date(at).toLocaleDateString(undefined, { weekday: 'short', day: 'numeric', month: 'short' });
