import { RRuleTemporal } from 'rrule-temporal';
import { Temporal } from 'temporal-polyfill';
import type { CalendarFreeze } from '../declaration/platform.ts';
import { fail, messageOf, ok, type Result } from '../kit/result.ts';
import type { FreezeFacts, Scope } from './facts.ts';

/** One time that a freeze stands, in ms since the epoch. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** No freeze lasts longer; occurrences are looked for this far back. */
export const LONGEST_FREEZE_MS = 92 * 86_400_000;
const MAX_OCCURRENCES = 5_000;

const plain = (text: string): Temporal.PlainDateTime => Temporal.PlainDateTime.from(text);

/**
 * A local time in its zone. Where the clocks skip or repeat it, the freeze gets the longer of the two
 * readings: it begins at the earlier one and ends at the later one.
 */
const inZone = (local: Temporal.PlainDateTime, timeZone: string, side: 'earlier' | 'later'): number =>
  local.toZonedDateTime(timeZone, { disambiguation: side }).epochMilliseconds;

const DAY_MS = 86_400_000;

/** Whole days are days of the calendar; what is left is exact time, as RFC 5545 has it. */
function endOf(freeze: CalendarFreeze, start: Temporal.PlainDateTime): number {
  const { timeZone, durationMs } = freeze;
  if (freeze.end !== null) {
    const length = plain(freeze.start).until(plain(freeze.end), { largestUnit: 'day' });
    return inZone(start.add(length), timeZone, 'later');
  }
  const days = Math.floor(durationMs! / DAY_MS);
  return inZone(start.add({ days }), timeZone, 'later') + (durationMs! % DAY_MS);
}

/** RFC 5545 text of a recurrence; reckoned on the local clock, so that 18:00 stays 18:00 all year. */
function ruleOf(freeze: CalendarFreeze): RRuleTemporal {
  const compact = plain(freeze.start).toString({ smallestUnit: 'second' }).replace(/[-:]/g, '');
  return new RRuleTemporal({
    rruleString: `DTSTART;TZID=UTC:${compact}\nRRULE:${freeze.rrule}`,
    maxIterations: MAX_OCCURRENCES * 10,
  });
}

/** Whether a recurrence can be read: a wrong one is refused when it is declared. */
export function checkRecurrence(freeze: CalendarFreeze): Result<null, string> {
  if (freeze.rrule === null) return ok(null);
  if (!/^FREQ=(YEARLY|MONTHLY|WEEKLY|DAILY)\b/.test(freeze.rrule))
    return fail('expected FREQ=YEARLY, MONTHLY, WEEKLY or DAILY first');
  if (/BY(HOUR|MINUTE|SECOND)=/.test(freeze.rrule))
    return fail('the time of day is that of start: leave BYHOUR, BYMINUTE and BYSECOND out');
  for (const [, name, value] of freeze.rrule.matchAll(/\b(COUNT|INTERVAL)=([^;]*)/g))
    if (!/^[1-9]\d{0,4}$/.test(value!))
      return fail(`expected ${name} to be a whole number above 0, got "${value}"`);
  try {
    const at = plain(freeze.start).toZonedDateTime('UTC');
    ruleOf(freeze).next(new Date(at.epochMilliseconds), true);
    return ok(null);
  } catch (thrown) {
    return fail(`not an iCalendar recurrence: ${messageOf(thrown)}`);
  }
}

/** All times that overlap a span, in order. */
export function occurrences(freeze: CalendarFreeze, fromMs: number, toMs: number): Span[] {
  const spanOf = (start: Temporal.PlainDateTime): Span => ({
    from: inZone(start, freeze.timeZone, 'earlier'),
    to: endOf(freeze, start),
  });
  const overlaps = (s: Span) => s.to > fromMs && s.from < toMs;
  if (freeze.rrule === null) return [spanOf(plain(freeze.start))].filter(overlaps);
  // On the clock of the rule (UTC standing for local time): a day more at each side covers every zone.
  const after = new Date(fromMs - LONGEST_FREEZE_MS - DAY_MS);
  const before = new Date(toMs + DAY_MS);
  return ruleOf(freeze)
    .between(after, before, true)
    .slice(0, MAX_OCCURRENCES)
    .map((at) => spanOf(at.withTimeZone('UTC').toPlainDateTime()))
    .filter(overlaps);
}

/** Scopes that a list of environments and one of services make. */
export function scopesOf(freeze: Pick<CalendarFreeze, 'environments' | 'services'>): Scope[] {
  const environments = freeze.environments ?? ['*'];
  const services = freeze.services ?? ['*'];
  return environments.flatMap((environment) => services.map((service) => ({ environment, service })));
}

/** Declared freezes that overlap a span, one for each scope, with the times of that occurrence. */
export const freezesBetween = (freezes: readonly CalendarFreeze[], from: number, to: number): FreezeFacts[] =>
  freezes.flatMap((freeze) =>
    occurrences(freeze, from, to).flatMap((span) =>
      scopesOf(freeze).map((scope) => ({
        id: `calendar:${freeze.name}`,
        kind: 'calendar' as const,
        scope,
        since: span.from,
        until: span.to,
        reason: freeze.reason,
        by: 'the calendar',
      })),
    ),
  );

/** The declared freezes that stand now. */
export const calendarFreezes = (freezes: readonly CalendarFreeze[], now: number): FreezeFacts[] =>
  freezesBetween(freezes, now, now + 1);

/** The next moment at which a declared freeze begins or ends; null: none within a year. */
export function nextFlip(freezes: readonly CalendarFreeze[], now: number): number | null {
  const year = 366 * DAY_MS;
  const flips = freezes
    .flatMap((freeze) => occurrences(freeze, now, now + year).slice(0, 2))
    .flatMap(({ from, to }) => [from, to])
    .filter((at) => at > now);
  return flips.length > 0 ? Math.min(...flips) : null;
}
