import fc from 'fast-check';
import { RRuleTemporal } from 'rrule-temporal';
import { describe, expect, it } from 'vitest';
import { civilDate, dayNumber, weekdayOf } from '../kit/calendar-days.ts';
import { localDay, readRecurrence } from './recurrence.ts';
import { HORIZON_YEARS, recurringDays } from './recurrence-days.ts';

/** A Friday. */
const START = '2026-03-27T18:00';
const start = localDay(START);
const read = (text: string, from = START) => readRecurrence(text, localDay(from));
const refusal = (text: string) => {
  const result = read(text);
  return result.ok ? 'read' : result.error;
};
const dayText = (day: number): string => {
  const { year, month, day: d } = civilDate(day);
  return `${year}-${String(month).padStart(2, '0')}-${String(d).padStart(2, '0')}`;
};
/** The first days on which a rule occurs. */
function firstDays(text: string, count: number, from = START): string[] {
  const result = read(text, from);
  if (!result.ok) throw new Error(result.error);
  const day = localDay(from);
  const days: string[] = [];
  for (const one of recurringDays(result.value, day, day, result.value.lastDay)) {
    if (days.length === count) break;
    days.push(dayText(one));
  }
  return days;
}

describe('a recurrence is read strictly', () => {
  it.each([
    ['', /^expected FREQ=/],
    ['every friday', /no spaces/],
    ['RRULE:FREQ=DAILY', /leave "RRULE:" out/],
    ['freq=daily', /^expected FREQ=/],
    ['INTERVAL=2;FREQ=DAILY', /^expected FREQ=.* first/],
    ['FREQ=DAILY;FREQ=SECONDLY', /^FREQ is given twice$/],
    ['FREQ=DAILY;INTERVAL=2;INTERVAL=3', /^INTERVAL is given twice$/],
    ['FREQ=SECONDLY', /got "SECONDLY"/],
    ['FREQ=MINUTELY', /got "MINUTELY"/],
    ['FREQ=HOURLY', /got "HOURLY"/],
    ['FREQ=Weekly', /got "Weekly"/],
    ['FREQ=DAILY;', /expected NAME=value, got ""/],
    ['FREQ=DAILY;INTERVAL', /expected NAME=value, got "INTERVAL"/],
    ['FREQ=DAILY;INTERVAL=', /expected NAME=value/],
    ['FREQ=DAILY;INTERVAL==2', /expected NAME=value/],
    ['FREQ=DAILY; INTERVAL=2', /no spaces/],
    ['FREQ=DAILY\nFREQ=SECONDLY', /no spaces/],
    ['FREQ=DAILY;INTERVALL=2', /did you mean INTERVAL\?/],
    ['FREQ=DAILY;RSCALE=GREGORIAN', /"RSCALE" is not a part/],
    ['FREQ=DAILY;BYHOUR=3', /leave BYHOUR out/],
    ['FREQ=DAILY;BYSECOND=3', /leave BYSECOND out/],
    ['FREQ=DAILY;INTERVAL=0', /from 1 to 1000, got "0"/],
    ['FREQ=DAILY;INTERVAL=-1', /from 1 to 1000/],
    ['FREQ=DAILY;INTERVAL=1.5', /from 1 to 1000/],
    ['FREQ=DAILY;INTERVAL=1e3', /from 1 to 1000/],
    ['FREQ=DAILY;COUNT=0', /COUNT to be a whole number/],
    ['FREQ=DAILY;COUNT=99999', /from 1 to 10000/],
    ['FREQ=DAILY;COUNT=5;UNTIL=20270101', /at most one of UNTIL and COUNT/],
    ['FREQ=DAILY;UNTIL=tomorrow', /expected UNTIL/],
    ['FREQ=DAILY;UNTIL=20270231', /expected UNTIL/],
    ['FREQ=DAILY;UNTIL=20270201T250000Z', /expected UNTIL/],
    ['FREQ=DAILY;UNTIL=20270201Z', /expected UNTIL/],
    ['FREQ=DAILY;UNTIL=20270201T180000', /expected UNTIL/],
    ['FREQ=WEEKLY;WKST=XX', /expected WKST/],
    ['FREQ=WEEKLY;BYDAY=XX', /expected BYDAY .* got "XX"/],
    ['FREQ=WEEKLY;BYDAY=MO,MO', /BYDAY names "MO" twice/],
    ['FREQ=WEEKLY;BYDAY=MO,', /expected BYDAY/],
    ['FREQ=WEEKLY;BYDAY=1FR', /goes with FREQ=MONTHLY or YEARLY only/],
    ['FREQ=DAILY;BYDAY=-1FR', /goes with FREQ=MONTHLY or YEARLY only/],
    ['FREQ=MONTHLY;BYDAY=0FR', /expected BYDAY/],
    ['FREQ=MONTHLY;BYDAY=6FR', /from 1 to 5 here, got "6FR"/],
    ['FREQ=YEARLY;BYDAY=54FR', /from 1 to 53 here/],
    ['FREQ=YEARLY;BYMONTH=2;BYDAY=6FR', /from 1 to 5 here/],
    ['FREQ=YEARLY;BYWEEKNO=51;BYDAY=1MO', /does not go with BYWEEKNO/],
    ['FREQ=MONTHLY;BYMONTHDAY=32', /from 1 to 31, or from -1 to -31, got "32"/],
    ['FREQ=MONTHLY;BYMONTHDAY=0', /got "0"/],
    ['FREQ=YEARLY;BYMONTH=13', /from 1 to 12, got "13"/],
    ['FREQ=YEARLY;BYMONTH=-1', /got "-1"/],
    ['FREQ=WEEKLY;BYMONTHDAY=1', /BYMONTHDAY does not go with FREQ=WEEKLY/],
    ['FREQ=MONTHLY;BYYEARDAY=1', /BYYEARDAY goes with FREQ=YEARLY only/],
    ['FREQ=MONTHLY;BYWEEKNO=1', /BYWEEKNO goes with FREQ=YEARLY only/],
    ['FREQ=MONTHLY;BYSETPOS=1', /another BY part/],
    [`FREQ=DAILY;BYMONTH=${'1,'.repeat(400)}1`, /at most 500 characters/],
  ])('FREEZE-12: %j is refused', (text, why) => expect(refusal(text)).toMatch(why));

  it('FREEZE-12: everything that is wrong with it is said at once', () => {
    expect(refusal('FREQ=DAILY;BYHOUR=3;FREQ=DAILY')).toBe(
      'the time of day is that of start: leave BYHOUR out; FREQ is given twice',
    );
    expect(refusal('FREQ=MONTHLY;INTERVAL=0;BYDAY=XX')).toMatch(/INTERVAL.*; expected BYDAY/);
  });

  it.each([
    'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30',
    'FREQ=WEEKLY;BYMONTH=2;UNTIL=20260601',
    'FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31',
    'FREQ=YEARLY;INTERVAL=1000;BYMONTH=1',
    'FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29',
    'FREQ=DAILY;UNTIL=20260301',
    'FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6',
    'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=3',
  ])('FREEZE-12: %s never occurs, which is refused', (text) =>
    expect(refusal(text)).toMatch(/^it never occurs/),
  );

  it('FREEZE-12: a count that is not reached within the years that are followed is refused', () =>
    expect(refusal('FREQ=YEARLY;COUNT=60')).toMatch(/not reached within 50 years/));

  it.each([
    ['FREQ=YEARLY', ['2026-03-27', '2027-03-27']],
    ['FREQ=MONTHLY;BYDAY=-1FR', ['2026-03-27', '2026-04-24']],
    ['FREQ=MONTHLY;BYMONTHDAY=-1', ['2026-03-31', '2026-04-30']],
    ['FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1', ['2026-03-31', '2026-04-30']],
    ['FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU', ['2026-04-06', '2026-04-07', '2026-04-20']],
    ['FREQ=YEARLY;BYWEEKNO=51,52;BYDAY=MO', ['2026-12-14', '2026-12-21', '2027-12-20']],
    ['FREQ=YEARLY;BYYEARDAY=-1', ['2026-12-31', '2027-12-31']],
    ['FREQ=DAILY;COUNT=2', ['2026-03-27', '2026-03-28']],
    ['FREQ=DAILY;UNTIL=20260328', ['2026-03-27', '2026-03-28']],
    ['FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29', ['2028-02-29', '2032-02-29']],
  ])('FREEZE-3: %s', (text, days) => expect(firstDays(text, days.length)).toEqual(days));
});

const list = (items: readonly string[], most: number) =>
  fc
    .uniqueArray(fc.constantFrom(...items), { minLength: 1, maxLength: most })
    .map((found) => found.join(','));
const numbers = (max: number) => Array.from({ length: max }, (_, i) => String(i + 1));
const signed = (max: number) => [...numbers(max), ...numbers(max).map((n) => `-${n}`)];
const DAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'];
const part = (name: string, value: fc.Arbitrary<string>) =>
  fc.option(
    value.map((v) => `;${name}=${v}`),
    { nil: '', freq: 1 },
  );
/** Texts that are recurrences, most of them. */
const rules = fc
  .tuple(
    fc.constantFrom('YEARLY', 'MONTHLY', 'WEEKLY', 'DAILY'),
    part('INTERVAL', fc.constantFrom('1', '2', '3', '5')),
    part('BYMONTH', list(numbers(12), 3)),
    part('BYMONTHDAY', list(signed(31), 3)),
    part('BYWEEKNO', list(['1', '20', '51', '52', '53', '-1'], 2)),
    part('BYYEARDAY', list(['1', '60', '100', '366', '-1', '-300'], 2)),
    part('BYDAY', list([...DAYS, '1MO', '-1FR', '2TU'], 3)),
    part('BYSETPOS', list(['1', '2', '-1'], 2)),
    part('WKST', fc.constantFrom('MO', 'SU')),
    fc.constantFrom('', ';COUNT=3', ';UNTIL=20270601T180000Z', ';UNTIL=20270601T175959Z'),
  )
  .map(([frequency, ...parts]) => `FREQ=${frequency}${parts.join('')}`);

describe('any text is answered', () => {
  it('FREEZE-13: no text makes reading fail, and what is read occurs', () =>
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 60 }),
          rules,
          fc
            .tuple(rules, fc.nat(80), fc.string({ maxLength: 3 }))
            .map(([r, i, s]) => r.slice(0, i) + s + r.slice(i + 1)),
          fc.tuple(rules, rules).map(([a, b]) => `${a};${b}`),
        ),
        (text) => {
          const result = read(text);
          if (!result.ok) return result.error.length > 0;
          const { value } = recurringDays(result.value, start, start, result.value.lastDay).next();
          return value !== undefined && value <= start + HORIZON_YEARS * 366;
        },
      ),
      { numRuns: 2_000 },
    ));

  it('FREEZE-13: from whatever day it is looked at, the same days come', () =>
    fc.assert(
      fc.property(rules, fc.integer({ min: 0, max: 2_000 }), (text, later) => {
        const result = read(text);
        if (!result.ok) return;
        const { value: rule } = result;
        const to = start + later + 100;
        const all = [...recurringDays(rule, start, start, Math.min(to, rule.lastDay ?? to))];
        const late = [...recurringDays(rule, start, start + later, Math.min(to, rule.lastDay ?? to))];
        expect(late).toEqual(all.filter((day) => day >= start + later));
      }),
    ));

  it('FREEZE-3: the days are those of another implementation of RFC 5545', () =>
    fc.assert(
      fc.property(rules, (text) => {
        const result = read(text);
        if (!result.ok) return;
        const theirs = new RRuleTemporal({ rruleString: `DTSTART;TZID=UTC:20260327T180000\nRRULE:${text}` });
        const to = new Date('2029-06-01T00:00:00Z');
        const days = theirs.between(new Date('2026-01-01T00:00:00Z'), to, true);
        const last = dayNumber({ year: 2029, month: 5, day: 31 });
        const { lastDay, untilMs } = result.value;
        const ours = [...recurringDays(result.value, start, start, Math.min(last, lastDay ?? last))].filter(
          (day) => untilMs === null || (day * 24 + 18) * 3_600_000 <= untilMs,
        );
        expect([text, ours.map(dayText)]).toEqual([text, days.map((d) => d.toPlainDate().toString())]);
      }),
      { numRuns: 1_000 },
    ));
});

describe('days of the calendar', () => {
  it('FREEZE-3: numbers and dates are each other’s inverse, and weekdays follow', () =>
    fc.assert(
      fc.property(fc.integer({ min: -800_000, max: 3_000_000 }), (day) => {
        expect(dayNumber(civilDate(day))).toBe(day);
        const date = new Date(day * 86_400_000);
        expect(civilDate(day)).toEqual({
          year: date.getUTCFullYear(),
          month: date.getUTCMonth() + 1,
          day: date.getUTCDate(),
        });
        expect(weekdayOf(day)).toBe((date.getUTCDay() + 6) % 7);
      }),
    ));
});
