import {
  type CivilDate,
  civilDate,
  dayNumber,
  daysInMonth,
  daysInYear,
  weekdayOf,
  weekOf,
} from '../kit/calendar-days.ts';

export type Frequency = 'YEARLY' | 'MONTHLY' | 'WEEKLY' | 'DAILY';

/** A day of the week, 0 for Monday; `nth` of its month or year (-1 for the last one), null for every one. */
export interface Weekday {
  readonly day: number;
  readonly nth: number | null;
}

/** Which days an iCalendar recurrence names; an empty list restricts nothing. */
export interface RecurrenceRule {
  readonly frequency: Frequency;
  readonly interval: number;
  /** First day of the week, 0 for Monday. */
  readonly weekStart: number;
  readonly months: readonly number[];
  readonly weeks: readonly number[];
  readonly yearDays: readonly number[];
  readonly monthDays: readonly number[];
  readonly weekdays: readonly Weekday[];
  readonly positions: readonly number[];
}

/** How far a rule is followed where nothing else ends the search. */
export const HORIZON_YEARS = 50;
const HORIZON_DAYS = HORIZON_YEARS * 366;

/** The days of one year, month, week or day, as day numbers; `to` is the first day after it. */
interface Period {
  readonly from: number;
  readonly to: number;
}

const monthStart = (index: number): number =>
  dayNumber({ year: Math.floor(index / 12), month: (((index % 12) + 12) % 12) + 1, day: 1 });
const yearStart = (year: number): number => dayNumber({ year, month: 1, day: 1 });

/** Which period of the rule's frequency a day lies in, as a number that grows by one a period. */
function periodIndex({ frequency, weekStart }: RecurrenceRule, day: number): number {
  if (frequency === 'DAILY') return day;
  if (frequency === 'WEEKLY') return (day - ((weekdayOf(day) - weekStart + 7) % 7) - weekStart + 3) / 7;
  const { year, month } = civilDate(day);
  return frequency === 'YEARLY' ? year : year * 12 + month - 1;
}

function periodAt({ frequency, weekStart }: RecurrenceRule, index: number): Period {
  if (frequency === 'DAILY') return { from: index, to: index + 1 };
  if (frequency === 'WEEKLY') {
    const from = index * 7 + weekStart - 3;
    return { from, to: from + 7 };
  }
  return frequency === 'YEARLY'
    ? { from: yearStart(index), to: yearStart(index + 1) }
    : { from: monthStart(index), to: monthStart(index + 1) };
}

/** Whether a list holds a position counted from the front or from the back; an empty list holds all. */
const holds = (list: readonly number[], fromFront: number, length: number): boolean =>
  list.length === 0 || list.includes(fromFront) || list.includes(fromFront - length - 1);

/** Whether a day is the nth of its weekday in a stretch of days, counted from its end where nth is negative. */
const isNth = (nth: number, offset: number, length: number): boolean =>
  nth > 0 ? Math.floor(offset / 7) + 1 === nth : -(Math.floor((length - 1 - offset) / 7) + 1) === nth;

function onWeekday(rule: RecurrenceRule, day: number, date: CivilDate): boolean {
  if (rule.weekdays.length === 0) return true;
  const weekday = weekdayOf(day);
  const within = rule.frequency === 'MONTHLY' || rule.months.length > 0;
  const offset = within ? date.day - 1 : day - yearStart(date.year);
  const length = within ? daysInMonth(date.year, date.month) : daysInYear(date.year);
  return rule.weekdays.some((w) => w.day === weekday && (w.nth === null || isNth(w.nth, offset, length)));
}

/** Where no part of the rule chooses days, they are those of its start: the same weekday, day of the month or date. */
function likeStart(rule: RecurrenceRule, day: number, date: CivilDate, start: number): boolean {
  const { frequency, months, weeks, yearDays, monthDays, weekdays } = rule;
  if (yearDays.length > 0 || monthDays.length > 0 || weekdays.length > 0 || frequency === 'DAILY')
    return true;
  if (frequency === 'WEEKLY' || weeks.length > 0) return weekdayOf(day) === weekdayOf(start);
  const begun = civilDate(start);
  const sameMonth = frequency === 'MONTHLY' || months.length > 0 || date.month === begun.month;
  return sameMonth && date.day === begun.day;
}

function isNamed(rule: RecurrenceRule, day: number, start: number): boolean {
  const date = civilDate(day);
  if (!holds(rule.months, date.month, 12)) return false;
  if (!holds(rule.monthDays, date.day, daysInMonth(date.year, date.month))) return false;
  if (!holds(rule.yearDays, day - yearStart(date.year) + 1, daysInYear(date.year))) return false;
  if (!onWeekday(rule, day, date) || !likeStart(rule, day, date, start)) return false;
  if (rule.weeks.length === 0) return true;
  const { week, weeks } = weekOf(day, rule.weekStart);
  return holds(rule.weeks, week, weeks);
}

function daysIn(rule: RecurrenceRule, { from, to }: Period, start: number): number[] {
  const days: number[] = [];
  for (let day = from; day < to; day++) if (isNamed(rule, day, start)) days.push(day);
  return rule.positions.length === 0
    ? days
    : days.filter((_, i) => holds(rule.positions, i + 1, days.length));
}

/**
 * The local days on which a rule occurs, in order: from `from` on, never before its start, up to and with `to`,
 * or for as far as rules are followed where that is null. The work is bounded by the number of days between.
 */
export function* recurringDays(
  rule: RecurrenceRule,
  start: number,
  from: number,
  to: number | null,
): Generator<number, undefined> {
  const first = Math.max(start, from);
  const last = Math.min(to ?? Number.POSITIVE_INFINITY, first + HORIZON_DAYS);
  const begun = periodIndex(rule, start);
  const skipped = Math.floor((periodIndex(rule, first) - begun) / rule.interval);
  for (let index = begun + skipped * rule.interval; ; index += rule.interval) {
    const period = periodAt(rule, index);
    if (period.from > last) return undefined;
    for (const day of daysIn(rule, period, start)) if (day >= first && day <= last) yield day;
  }
}
