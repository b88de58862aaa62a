import { Temporal } from 'temporal-polyfill';
import type { CalendarFreeze } from '../declaration/platform.ts';
import { localDay } from '../declaration/recurrence.ts';
import { recurringDays } from '../declaration/recurrence-days.ts';
import { civilDate } from '../kit/calendar-days.ts';
import { fail, messageOf, ok, type Result } from '../kit/result.ts';
import type { Coverage, FreezeFacts } from './facts.ts';

/** One time that a freeze is active, in ms since the epoch. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** No freeze lasts longer. */
export const LONGEST_FREEZE_MS = 92 * 86_400_000;
const DAY_MS = 86_400_000;
/** Local times are at most so far from UTC: zones reach from -12 to +14 hours. */
const ZONE_DAYS = 1;

const plain = (text: string): Temporal.PlainDateTime => Temporal.PlainDateTime.from(text);

/**
 * A local time in its zone. Where the clocks skip or repeat it, the freeze gets the longer of the two
 * readings: it begins at the earlier one and ends at the later one.
 */
const inZone = (local: Temporal.PlainDateTime, timeZone: string, side: 'earlier' | 'later'): number =>
  local.toZonedDateTime(timeZone, { disambiguation: side }).epochMilliseconds;

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

/** Length on the local clock, in ms; the exact one may differ by what the clocks skip or repeat. */
export const lengthMs = (freeze: CalendarFreeze): number =>
  freeze.end === null ? freeze.durationMs! : Date.parse(`${freeze.end}Z`) - Date.parse(`${freeze.start}Z`);

/** Local starts from one day number to another, in order. */
function* startsOf(freeze: CalendarFreeze, from: number, to: number): Generator<Temporal.PlainDateTime> {
  const first = plain(freeze.start);
  const day = localDay(freeze.start);
  const { recurrence } = freeze;
  if (recurrence === null) {
    if (day >= from && day <= to) yield first;
    return;
  }
  const last = Math.min(to, recurrence.lastDay ?? to);
  for (const one of recurringDays(recurrence, day, from, last)) yield first.with(civilDate(one));
}

/** Times that overlap a span of time, in order, as they are asked for. */
function* spansOf(freeze: CalendarFreeze, fromMs: number, toMs: number): Generator<Span> {
  const until = freeze.recurrence?.untilMs ?? Number.POSITIVE_INFINITY;
  const firstDay = Math.floor((fromMs - lengthMs(freeze)) / DAY_MS) - ZONE_DAYS - 1;
  const lastDay = Math.floor(toMs / DAY_MS) + ZONE_DAYS;
  for (const start of startsOf(freeze, firstDay, lastDay)) {
    const span = { from: inZone(start, freeze.timeZone, 'earlier'), to: endOf(freeze, start) };
    if (span.from > until) return;
    if (span.to > fromMs && span.from < toMs) yield span;
  }
}

/** All times that overlap a span, in order; or why they cannot be told, such as a zone that is gone. */
export function occurrences(freeze: CalendarFreeze, fromMs: number, toMs: number): Result<Span[], string> {
  try {
    return ok([...spansOf(freeze, fromMs, toMs)]);
  } catch (thrown) {
    return fail(messageOf(thrown));
  }
}

/** Scopes that a list of environments and one of services make. */
function scopesOf(freeze: Pick<CalendarFreeze, 'environments' | 'services'>): Coverage[] {
  const environments = freeze.environments ?? ['*'];
  const services = freeze.services ?? ['*'];
  return environments.flatMap((environment) => services.map((service) => ({ environment, service })));
}

/** The active occurrences of one freeze. One that cannot be evaluated is active until it is fixed: it fails closed. */
function activeBetween(freeze: CalendarFreeze, from: number, to: number) {
  const spans = occurrences(freeze, from, to);
  if (spans.ok) return spans.value.map((s) => ({ since: s.from, until: s.to, reason: freeze.reason }));
  const reason = `${freeze.reason} (its calendar cannot be evaluated: ${spans.error})`;
  return [{ since: from, until: null, reason }];
}

/** Declared freezes that overlap a span, one for each scope, with the times of that occurrence. */
export const freezesBetween = (freezes: readonly CalendarFreeze[], from: number, to: number): FreezeFacts[] =>
  freezes.flatMap((freeze) =>
    activeBetween(freeze, from, to).flatMap((active) =>
      scopesOf(freeze).map((scope) => ({
        id: `calendar:${freeze.name}`,
        kind: 'calendar' as const,
        scope,
        ...active,
        by: 'the calendar',
      })),
    ),
  );

/** The declared freezes that are active now. */
export const calendarFreezes = (freezes: readonly CalendarFreeze[], now: number): FreezeFacts[] =>
  freezesBetween(freezes, now, now + 1);

/** The first moment after now at which a freeze begins or ends; infinity: none before `to`, or none is known. */
function firstFlip(freeze: CalendarFreeze, now: number, to: number): number {
  let first = Number.POSITIVE_INFINITY;
  try {
    for (const span of spansOf(freeze, now, to)) {
      first = Math.min(first, span.from > now ? span.from : span.to);
      // They are ordered by their starts: after one that starts too late, all others do, too.
      if (span.from > now) return first;
    }
  } catch {
    // A freeze that cannot be evaluated is active without an end: see activeBetween.
  }
  return first;
}

/** The next moment at which a declared freeze begins or ends; null: none within a year. */
export function nextFlip(freezes: readonly CalendarFreeze[], now: number): number | null {
  const flips = freezes.map((freeze) => firstFlip(freeze, now, now + 366 * DAY_MS));
  const next = Math.min(...flips);
  return Number.isFinite(next) ? next : null;
}
