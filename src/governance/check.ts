import type { CalendarFreeze, Platform } from '../declaration/platform.ts';
import { localDay } from '../declaration/recurrence.ts';
import { recurringDays } from '../declaration/recurrence-days.ts';
import type { Problem } from '../kit/problem.ts';
import { LONGEST_FREEZE_MS, lengthMs, occurrences } from './calendar.ts';

const DAY_MS = 86_400_000;

/** The local day of the first occurrence; a recurrence that is declared has one. */
function firstDay({ start, recurrence }: CalendarFreeze): number {
  const day = localDay(start);
  return recurrence ? (recurringDays(recurrence, day, day, recurrence.lastDay).next().value ?? day) : day;
}

/** Tests a freeze: its first occurrence must have a known start and end. */
function wrongWith(freeze: CalendarFreeze): { field: string; message: string } | null {
  const length = freeze.end === null ? 'duration' : 'end';
  if (lengthMs(freeze) > LONGEST_FREEZE_MS)
    return { field: length, message: 'expected a freeze of at most 92 days' };
  const at = firstDay(freeze) * DAY_MS;
  const tried = occurrences(freeze, at - 2 * DAY_MS, at + 2 * DAY_MS);
  if (!tried.ok) return { field: 'start', message: `cannot be evaluated: ${tried.error}` };
  const [first] = tried.value;
  if (!first && freeze.recurrence?.untilMs != null)
    return { field: 'rrule', message: 'it never occurs: UNTIL is before its first occurrence' };
  return first && first.to > first.from ? null : { field: length, message: 'expected a freeze that lasts' };
}

/** Declared freezes that could never work. */
export const checkGovernance = (platform: Platform): Problem[] =>
  platform.freezes.flatMap((freeze, i): Problem[] => {
    const wrong = wrongWith(freeze);
    if (wrong === null) return [];
    const path = `spec.freezes[${i}].${wrong.field}`;
    return [{ code: 'FREEZE', file: '', line: 1, path, message: wrong.message }];
  });
