import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';
import { type Ms, parseDuration } from '../kit/time.ts';
import { WEEKDAYS } from './defaults.ts';
import { duration, label } from './fields.ts';

/** When people of one place are at work. */
export interface WorkingHours {
  readonly days: readonly (typeof WEEKDAYS)[number][];
  /** Minutes since midnight, local: from the first one up to, and without, the last. */
  readonly fromMinute: number;
  readonly toMinute: number;
  readonly timeZone: string;
}

function isTimeZone(timeZone: string): boolean {
  try {
    Temporal.PlainDateTime.from('2026-01-01').toZonedDateTime(timeZone);
    return true;
  } catch {
    return false;
  }
}

/** What is declared for a service that too few requests come to. */
export interface LowTraffic {
  /** How long a step may wait for requests alone; null: as long as any step. */
  readonly longestMs: Ms | null;
  /** When a person is asked; null: at any time. */
  readonly hours: WorkingHours | null;
  /** How the metrics tell our own requests apart; null: they do not. */
  readonly ours: { readonly label: string; readonly value: string } | null;
}

const clock = z.string().regex(/^([01]\d|2[0-4]):[0-5]\d$/, 'expected a time such as 09:00');
const minuteOf = (text: string): number => 60 * Number(text.slice(0, 2)) + Number(text.slice(3));

const hours = z
  .strictObject({
    days: z.array(z.enum(WEEKDAYS)).min(1).default(['mon', 'tue', 'wed', 'thu', 'fri']),
    from: clock.default('09:00'),
    to: clock.default('17:00'),
    timeZone: z.string().refine(isTimeZone, 'expected the name of a time zone, such as Europe/Berlin'),
  })
  .refine((h) => minuteOf(h.from) < minuteOf(h.to), 'expected from before to');

/** `strategy.lowTraffic`. */
export const lowTraffic = z.strictObject({
  longest: duration
    .optional()
    .describe(
      'How long a step may wait where nothing but requests is wanting: its deadline is twice what they take at the traffic it has, up to this.',
    ),
  hours: hours.optional().describe('A person is asked, and reminded, then alone.'),
  synthetic: z
    .strictObject({ label, value: z.string().min(1) })
    .optional()
    .describe(
      'By which label of its metrics the requests of `load` are known: they are counted apart, and where they are enough a step passes by them.',
    ),
});

export const compileLowTraffic = (declared: z.infer<typeof lowTraffic>): LowTraffic => ({
  longestMs: declared.longest === undefined ? null : parseDuration(declared.longest)!,
  hours: declared.hours
    ? {
        days: declared.hours.days,
        fromMinute: minuteOf(declared.hours.from),
        toMinute: minuteOf(declared.hours.to),
        timeZone: declared.hours.timeZone,
      }
    : null,
  ours: declared.synthetic ?? null,
});
