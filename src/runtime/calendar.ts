import { Temporal } from 'temporal-polyfill';
import type { Calendar } from '../declaration/platform.ts';
import { anyOf } from '../promql/scope.ts';

/** How far ahead of its first window a calendar is written out: rules have no time zones of their own. */
const HORIZON_YEARS = 20;
const DAY_SECONDS = 86_400;

/** A stretch of time in which windows follow each other at a fixed distance, in seconds since the epoch. */
interface CalendarSegment {
  readonly from: number;
  /** Distance of one start to the next. */
  readonly every: number;
}

const seconds = (t: Temporal.ZonedDateTime): number => Math.floor(t.epochMilliseconds / 1_000);

function startOf(calendar: Calendar, index: number): Temporal.ZonedDateTime {
  const start = Temporal.PlainDateTime.from(calendar.start);
  const n = calendar.count * index;
  const { unit } = calendar;
  const step =
    unit === 'd' ? { days: n } : unit === 'w' ? { weeks: n } : { months: unit === 'M' ? n : 3 * n };
  // A local time that the change to summer time skips begins when the clocks have moved on.
  return start.add(step).toZonedDateTime(calendar.timeZone);
}

/** Start of the window that holds a moment, in ms; null before the first. */
export function calendarStart(calendar: Calendar, nowMs: number): number | null {
  const now = nowMs / 1_000;
  const first = seconds(startOf(calendar, 0));
  if (now < first) return null;
  const days = { d: 1, w: 7, M: 30, Q: 90 }[calendar.unit] * calendar.count;
  let index = Math.floor((now - first) / (days * DAY_SECONDS));
  while (seconds(startOf(calendar, index + 1)) <= now) index++;
  while (seconds(startOf(calendar, index)) > now) index--;
  return seconds(startOf(calendar, index)) * 1_000;
}

/**
 * The windows of a calendar as stretches of equal distance: one for a whole zone without summer time,
 * two a year otherwise; months are stretches of one window each.
 */
export function calendarSegments(calendar: Calendar): CalendarSegment[] {
  const end = startOf(calendar, 0).add({ years: HORIZON_YEARS });
  const segments: CalendarSegment[] = [];
  let every = 0;
  for (let index = 0; ; index++) {
    const start = startOf(calendar, index);
    const next = seconds(startOf(calendar, index + 1));
    const from = seconds(start);
    if (from >= seconds(end)) return segments;
    const distance = next - from;
    if (distance !== every) segments.push({ from, every: distance });
    every = distance;
  }
}

/** PromQL for the start of the window that is running now. Absent before the first and after the horizon. */
export function calendarStartExpression(calendar: Calendar): string {
  const segments = calendarSegments(calendar);
  const last = segments.at(-1)!;
  const end = startOf(calendar, 0).add({ years: HORIZON_YEARS });
  return anyOf(
    [...segments].reverse().map(({ from, every }) => {
      const until = every === last.every && from === last.from ? ` < ${seconds(end)}` : '';
      return `(vector(time()) >= ${from}${until}) - (vector(time()) - ${from}) % ${every}`;
    }),
  );
}
