import { Temporal } from 'temporal-polyfill';
import { WEEKDAYS } from '../declaration/defaults.ts';
import type { WorkingHours } from '../declaration/low-traffic.ts';
import type { Ms } from '../kit/time.ts';

/** Whether somebody is at work at that moment. */
export function isWorking({ days, fromMinute, toMinute, timeZone }: WorkingHours, at: Ms): boolean {
  const { dayOfWeek, hour, minute } = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone);
  const now = 60 * hour + minute;
  return days.includes(WEEKDAYS[dayOfWeek - 1]!) && now >= fromMinute && now < toMinute;
}
