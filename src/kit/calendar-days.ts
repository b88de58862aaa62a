/** A day of the Gregorian calendar; `month` and `day` count from 1. */
export interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

const DAYS_PER_ERA = 146_097;

/** Days since 1970-01-01 of a date (H. Hinnant, "chrono-compatible low-level date algorithms"). */
export function dayNumber({ year, month, day }: CivilDate): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * DAYS_PER_ERA + dayOfEra - 719_468;
}

/** The date of a day number: the inverse of `dayNumber`. */
export function civilDate(number: number): CivilDate {
  const z = number + 719_468;
  const era = Math.floor(z / DAYS_PER_ERA);
  const dayOfEra = z - era * DAYS_PER_ERA;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return { year, month, day: dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1 };
}

/** Day of the week of a day number: 0 is Monday, 6 is Sunday. */
export const weekdayOf = (number: number): number => (((number + 3) % 7) + 7) % 7;

const isLeapYear = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
export const daysInYear = (year: number): number => (isLeapYear(year) ? 366 : 365);
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;
export const daysInMonth = (year: number, month: number): number =>
  month === 2 && isLeapYear(year) ? 29 : MONTH_DAYS[month - 1]!;

/** First day of week 1 of a year: that week holds at least four of its days (ISO 8601, RFC 5545). */
function firstWeekStart(year: number, weekStart: number): number {
  const fourth = dayNumber({ year, month: 1, day: 4 });
  return fourth - ((weekdayOf(fourth) - weekStart + 7) % 7);
}

/** Number of the week that holds a day, and how many weeks the year of that week has. */
export function weekOf(number: number, weekStart: number): { readonly week: number; readonly weeks: number } {
  const { year } = civilDate(number);
  const inYear = (y: number) => {
    const from = firstWeekStart(y, weekStart);
    return {
      week: Math.floor((number - from) / 7) + 1,
      weeks: (firstWeekStart(y + 1, weekStart) - from) / 7,
    };
  };
  const own = inYear(year);
  if (own.week < 1) return inYear(year - 1);
  return own.week > own.weeks ? inYear(year + 1) : own;
}
