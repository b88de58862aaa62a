import { dayNumber, daysInMonth } from '../kit/calendar-days.ts';
import { nearest } from '../kit/nearest.ts';
import { fail, ok, type Result } from '../kit/result.ts';
import {
  type Frequency,
  HORIZON_YEARS,
  type RecurrenceRule,
  recurringDays,
  type Weekday,
} from './recurrence-days.ts';

/** A recurrence that was parsed and tried out: it occurs at least once. */
export interface Recurrence extends RecurrenceRule {
  /** As it was written. */
  readonly text: string;
  /** The last local day on which it may occur, in days since 1970-01-01; null: it goes on. */
  readonly lastDay: number | null;
  /** The last moment at which it may begin, in ms since the epoch, where UNTIL names one in UTC. */
  readonly untilMs: number | null;
}

/** The day number of a local time such as `2026-12-18T18:00`, a day that exists. */
export function localDay(text: string): number {
  const [year, month, day] = text.slice(0, 10).split('-').map(Number);
  return dayNumber({ year: year!, month: month!, day: day! });
}

const MAX_LENGTH = 500;
const MAX_INTERVAL = 1_000;
const MAX_COUNT = 10_000;
const FREQUENCIES: readonly Frequency[] = ['YEARLY', 'MONTHLY', 'WEEKLY', 'DAILY'];
const DAY_NAMES = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'];
const TIME_PARTS = ['BYHOUR', 'BYMINUTE', 'BYSECOND'];
/** The numbers that a list may hold, without regard to sign, and whether they may count from the end. */
const LISTS = {
  BYMONTH: { max: 12, signed: false },
  BYWEEKNO: { max: 53, signed: true },
  BYYEARDAY: { max: 366, signed: true },
  BYMONTHDAY: { max: 31, signed: true },
  BYSETPOS: { max: 366, signed: true },
} as const;
const PARTS = ['FREQ', 'INTERVAL', 'COUNT', 'UNTIL', 'WKST', 'BYDAY', ...Object.keys(LISTS)];

/** Tells one thing that is wrong with a recurrence; reading goes on, so that all of it is told at once. */
type Refuse = (why: string) => void;

/** What is wrong with the text as a whole; null: nothing. */
function wrongWith(text: string): string | null {
  if (text.length > MAX_LENGTH) return `expected at most ${MAX_LENGTH} characters, got ${text.length}`;
  if (/\s/.test(text)) return 'expected no spaces or line breaks';
  if (/^RRULE:/i.test(text)) return 'leave "RRULE:" out';
  return text.startsWith('FREQ=') ? null : 'expected FREQ=YEARLY, MONTHLY, WEEKLY or DAILY first';
}

function partsOf(text: string, refuse: Refuse): Map<string, string> {
  const parts = new Map<string, string>();
  const wrong = wrongWith(text);
  if (wrong !== null) refuse(wrong);
  for (const part of wrong === null ? text.split(';') : []) {
    const problem = wrongIn(part, parts);
    if (problem !== null) refuse(problem);
    else parts.set(part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1));
  }
  return parts;
}

/** What is wrong with one part; null: nothing. */
function wrongIn(part: string, known: ReadonlyMap<string, string>): string | null {
  const [name, value, ...rest] = part.split('=');
  if (!name || !value || rest.length > 0) return `expected NAME=value, got "${part}"`;
  if (TIME_PARTS.includes(name)) return `the time of day is that of start: leave ${name} out`;
  if (known.has(name)) return `${name} is given twice`;
  if (PARTS.includes(name)) return null;
  const near = nearest(name, PARTS);
  return `"${name}" is not a part of a recurrence${near ? `, did you mean ${near}?` : ''}`;
}

function wholeNumber(name: string, text: string, max: number, refuse: Refuse): number {
  if (/^[1-9]\d{0,4}$/.test(text) && Number(text) <= max) return Number(text);
  refuse(`expected ${name} to be a whole number from 1 to ${max}, got "${text}"`);
  return 1;
}

function itemsOf(name: string, text: string | undefined, refuse: Refuse): string[] {
  const items = text?.split(',') ?? [];
  const twice = items.find((item, i) => items.indexOf(item) !== i);
  if (twice !== undefined) refuse(`${name} names "${twice}" twice`);
  return items;
}

function numbersOf(parts: ReadonlyMap<string, string>, name: keyof typeof LISTS, refuse: Refuse): number[] {
  const { max, signed } = LISTS[name];
  const shape = signed ? /^[+-]?[1-9]\d{0,2}$/ : /^[1-9]\d{0,2}$/;
  const known = (item: string) => shape.test(item) && Math.abs(Number(item)) <= max;
  const items = itemsOf(name, parts.get(name), refuse);
  const wrong = items.find((item) => !known(item));
  const range = `numbers from 1 to ${max}${signed ? `, or from -1 to -${max}` : ''}`;
  if (wrong !== undefined) refuse(`expected ${name} to hold ${range}, got "${wrong}"`);
  return items.filter(known).map(Number);
}

const weekdaysOf = (parts: ReadonlyMap<string, string>, refuse: Refuse): Weekday[] =>
  itemsOf('BYDAY', parts.get('BYDAY'), refuse).flatMap((item): Weekday[] => {
    const match = /^([+-]?[1-9]\d?)?([A-Z]{2})$/.exec(item);
    const day = DAY_NAMES.indexOf(match?.[2] ?? '');
    if (day >= 0) return [{ day, nth: match?.[1] === undefined ? null : Number(match[1]) }];
    refuse(`expected BYDAY to hold days such as FR, 2TU or -1MO, got "${item}"`);
    return [];
  });

/** Numbered days (2TU) count within a month or a year. */
function checkNumbered(rule: RecurrenceRule, refuse: Refuse): void {
  const nameOf = ({ nth, day }: Weekday) => `${nth}${DAY_NAMES[day]}`;
  const numbered = rule.weekdays.filter((w) => w.nth !== null);
  const [first] = numbered;
  if (!first) return;
  const such = `a numbered day such as ${nameOf(first)}`;
  if (rule.frequency === 'WEEKLY' || rule.frequency === 'DAILY')
    refuse(`${such} goes with FREQ=MONTHLY or YEARLY only`);
  if (rule.weeks.length > 0) refuse(`${such} does not go with BYWEEKNO`);
  const most = rule.frequency === 'YEARLY' && rule.months.length === 0 ? 53 : 5;
  const over = numbered.find((w) => Math.abs(w.nth!) > most);
  if (over) refuse(`expected BYDAY to number days from 1 to ${most} here, got "${nameOf(over)}"`);
}

/** Combinations that RFC 5545 (3.3.10) does not define are refused. */
function checkTogether(rule: RecurrenceRule, refuse: Refuse): void {
  const { frequency, months, weeks, yearDays, monthDays, weekdays, positions } = rule;
  if (weeks.length > 0 && frequency !== 'YEARLY') refuse('BYWEEKNO goes with FREQ=YEARLY only');
  if (yearDays.length > 0 && frequency !== 'YEARLY') refuse('BYYEARDAY goes with FREQ=YEARLY only');
  if (monthDays.length > 0 && frequency === 'WEEKLY') refuse('BYMONTHDAY does not go with FREQ=WEEKLY');
  checkNumbered(rule, refuse);
  const chosen = [months, weeks, yearDays, monthDays, weekdays].some((list) => list.length > 0);
  if (positions.length > 0 && !chosen) refuse('BYSETPOS chooses among days that another BY part names');
}

function ruleOf(parts: ReadonlyMap<string, string>, refuse: Refuse): RecurrenceRule {
  const [freq, weekStart] = [parts.get('FREQ'), parts.get('WKST') ?? 'MO'];
  const frequency = FREQUENCIES.find((f) => f === freq);
  if (!frequency) refuse(`expected FREQ=YEARLY, MONTHLY, WEEKLY or DAILY, got "${freq}"`);
  if (!DAY_NAMES.includes(weekStart)) refuse(`expected WKST to be a day such as MO, got "${weekStart}"`);
  const rule: RecurrenceRule = {
    frequency: frequency ?? 'DAILY',
    interval: wholeNumber('INTERVAL', parts.get('INTERVAL') ?? '1', MAX_INTERVAL, refuse),
    weekStart: Math.max(0, DAY_NAMES.indexOf(weekStart)),
    months: numbersOf(parts, 'BYMONTH', refuse),
    weeks: numbersOf(parts, 'BYWEEKNO', refuse),
    yearDays: numbersOf(parts, 'BYYEARDAY', refuse),
    monthDays: numbersOf(parts, 'BYMONTHDAY', refuse),
    weekdays: weekdaysOf(parts, refuse),
    positions: numbersOf(parts, 'BYSETPOS', refuse),
  };
  checkTogether(rule, refuse);
  return rule;
}

type End = Pick<Recurrence, 'lastDay' | 'untilMs'>;
const UNBOUNDED: End = { lastDay: null, untilMs: null };

/** `20261231` (with that day) or `20261231T180000Z`; RFC 5545 has no local time here. */
function endOfUntil(text: string, refuse: Refuse): End {
  const match = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)Z)?$/.exec(text);
  const [year, month, day, hour, minute, second] = (match ?? []).slice(1, 7).map((t) => Number(t ?? 0));
  const exists = match && month! >= 1 && month! <= 12 && day! >= 1 && day! <= daysInMonth(year!, month!);
  if (!exists || hour! > 23 || minute! > 59 || second! > 59) {
    refuse(`expected UNTIL to be a time such as 20261231 or 20261231T180000Z, got "${text}"`);
    return UNBOUNDED;
  }
  const last = dayNumber({ year: year!, month: month!, day: day! });
  if (match[4] === undefined) return { lastDay: last, untilMs: null };
  const untilMs = (last * 86_400 + hour! * 3_600 + minute! * 60 + second!) * 1_000;
  // No zone is more than a day away from UTC: the exact moment is compared where the zone is known.
  return { lastDay: last + 1, untilMs };
}

/** The day of the last occurrence that COUNT allows, so that nobody has to count from the start again. */
function endOfCount(text: string, rule: RecurrenceRule, start: number, refuse: Refuse): End {
  const count = wholeNumber('COUNT', text, MAX_COUNT, refuse);
  let seen = 0;
  for (const day of recurringDays(rule, start, start, null))
    if (++seen === count) return { lastDay: day, untilMs: null };
  if (seen > 0) refuse(`COUNT=${text} is not reached within ${HORIZON_YEARS} years of start: leave it out`);
  return UNBOUNDED;
}

function endOf(parts: ReadonlyMap<string, string>, rule: RecurrenceRule, start: number, refuse: Refuse): End {
  const [until, count] = [parts.get('UNTIL'), parts.get('COUNT')];
  if (until !== undefined && count !== undefined) refuse('expected at most one of UNTIL and COUNT');
  if (until !== undefined) return endOfUntil(until, refuse);
  return count === undefined ? UNBOUNDED : endOfCount(count, rule, start, refuse);
}

/**
 * Reads an RFC 5545 recurrence that begins on a local day strictly and tries it out: one that never occurs is refused, too. Gives an
 * answer for any text, in bounded time.
 */
export function readRecurrence(text: string, start: number): Result<Recurrence, string> {
  const problems: string[] = [];
  const refuse: Refuse = (why) => void problems.push(why);
  const parts = partsOf(text, refuse);
  if (problems.length > 0) return fail(problems.join('; '));
  const rule = ruleOf(parts, refuse);
  if (problems.length > 0) return fail(problems.join('; '));
  const end = endOf(parts, rule, start, refuse);
  if (problems.length > 0) return fail(problems.join('; '));
  const first = recurringDays(rule, start, start, end.lastDay).next();
  if (!first.done) return ok({ text, ...rule, ...end });
  const before = end.lastDay === null ? '' : ' and before its end';
  return fail(`it never occurs: it names no day within ${HORIZON_YEARS} years of start${before}`);
}
