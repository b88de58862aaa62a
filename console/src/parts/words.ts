import { humanSpan } from '../../../src/kit/time.ts';

export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** One format for everybody, whatever the language of the browser: 24 hours, the day before the month. */
const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat('en-GB', options);
const TIME = format({ hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });
const MINUTE = format({ hour: '2-digit', minute: '2-digit', hour12: false });
const DAY = format({ weekday: 'short', day: 'numeric', month: 'short' });
const DATE = format({ day: 'numeric', month: 'short' });
const YEAR = format({ day: 'numeric', month: 'short', year: 'numeric' });

const isToday = (at: number): boolean => new Date(at).toDateString() === new Date().toDateString();
const isThisYear = (at: number): boolean => new Date(at).getFullYear() === new Date().getFullYear();

/** The time of today, the day with the time before that. */
export const clock = (at: number): string =>
  isToday(at) ? TIME.format(at) : `${(isThisYear(at) ? DATE : YEAR).format(at)} ${MINUTE.format(at)}`;

/** Exact, in the viewer's zone and in UTC: for hovering. */
export const exactly = (at: number): string =>
  `${YEAR.format(at)} ${TIME.format(at)} (${zone}), ${new Date(at).toISOString()} UTC`;

/** Labels of a time axis: times, and the date where a day begins or days are far apart. */
export const axisTimes = (seconds: readonly number[]): string[] => {
  const apart = (seconds[1] ?? 0) - (seconds[0] ?? 0);
  return seconds.map((s, i) => {
    const newDay = i === 0 || DATE.format(s * 1_000) !== DATE.format(seconds[i - 1]! * 1_000);
    if (apart >= 86_400) return DATE.format(s * 1_000);
    if (newDay && !isToday(s * 1_000)) return DATE.format(s * 1_000);
    return (apart < 60 ? TIME : MINUTE).format(s * 1_000);
  });
};

export const percent = (share: number | null, digits = 1): string =>
  share === null ? 'no data' : `${(100 * share).toFixed(digits)}%`;

/** A budget in words that leave no room for a lost sign. */
export const remaining = (share: number | null): string =>
  share === null
    ? 'no data'
    : share < 0
      ? `overspent by ${(-100 * share).toFixed(0)}%`
      : `${(100 * share).toFixed(share < 0.1 ? 1 : 0)}%`;

export const times = (burn: number | null): string => (burn === null ? 'no data' : `${burn.toFixed(2)}×`);

/** A span as people say it. */
export const ago = (ms: number): string => humanSpan(ms);

export const day = (at: number): string => DAY.format(at);
