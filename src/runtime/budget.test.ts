import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readExpression } from '../promql/read.ts';
import {
  type Adjustment,
  BUDGET_STATES,
  BUDGET_TABLE,
  budgetMove,
  budgetOf,
  enoughSeen,
  errorBudget,
  inWindow,
  overlapping,
  reachable,
} from './budget.ts';
import { calendarSegments, calendarStart, calendarStartExpression } from './calendar.ts';
import { evolve, noBudgets } from './events.ts';

const DAY = 86_400_000;
const WINDOW = 30 * DAY;
const NOW = 100 * DAY;
const RULE = { fast: 14, slow: 3 };
const excused = (more: Partial<Adjustment> = {}): Adjustment => ({
  id: 'a',
  service: 's',
  slo: 'x',
  environment: 'prod',
  fromMs: NOW - DAY,
  toMs: NOW - DAY + 1,
  requests: 1_000,
  bad: 40,
  reason: 'the region of the provider was down',
  approver: 'lead',
  at: NOW,
  ...more,
});

describe('error budget', () => {
  it('BUDGET-1: spent and left are shares of what the requests allow', () =>
    expect(budgetOf({ requests: 100_000, bad: 50 }, 0.999, WINDOW, null, [], NOW)).toMatchObject({
      allowed: 100,
      spent: 0.5,
      left: 0.5,
      exhaustedAt: null,
    }));
  it('BUDGET-1: without requests nothing can be said', () =>
    expect(budgetOf({ requests: 0, bad: 0 }, 0.999, WINDOW, 5, [], NOW)).toBeNull());
  it('BUDGET-2: it is gone when the burn of the last hour says: at 15 times, half of 30 days is gone in a day', () =>
    expect(budgetOf({ requests: 100_000, bad: 50 }, 0.999, WINDOW, 15, [], NOW)?.exhaustedAt).toBe(
      NOW + DAY,
    ));
  it('BUDGET-3: an excluded incident counts on neither side, until it leaves the window', () => {
    const counts = { requests: 101_000, bad: 90 };
    expect(budgetOf(counts, 0.999, WINDOW, null, [excused()], NOW)).toMatchObject({
      requests: 100_000,
      bad: 50,
      spent: 0.5,
    });
    const old = excused({ fromMs: NOW - 31 * DAY, toMs: NOW - 30 * DAY });
    expect(budgetOf(counts, 0.999, WINDOW, null, [old], NOW)?.bad).toBe(90);
  });
  it('BUDGET-3: no exclusion makes a budget more than whole', () =>
    fc.assert(
      fc.property(
        fc.nat(1_000_000),
        fc.nat(1_000),
        fc.array(fc.nat(2_000), { maxLength: 5 }),
        (requests, bad, excuses) => {
          const list = excuses.map((b, i) => excused({ id: `${i}`, bad: b, requests: b }));
          const budget = budgetOf({ requests, bad }, 0.99, WINDOW, null, list, NOW);
          expect(budget === null || (budget.left <= 1 && budget.bad >= 0)).toBe(true);
        },
      ),
    ));
  it('BUDGET-4: a tenth of the window or a thousand requests are enough to freeze by, and less is not', () => {
    expect([enoughSeen(0.1, 0), enoughSeen(0.05, 1_000), enoughSeen(0.05, 999), enoughSeen(null, 0)]).toEqual(
      [true, true, false, false],
    );
  });
});

describe('the edges of an error budget', () => {
  it.each([
    ['it does not burn', 50, 0, null],
    ['its burn is unknown', 50, null, null],
    ['nothing is left of it', 100, 15, null],
    ['more was spent than there was', 150, 15, null],
    ['it burns as fast as it may: half of it lasts half of its window', 50, 1, NOW + WINDOW / 2],
  ])('BUDGET-2: %s', (_, bad, burn, at) =>
    expect(budgetOf({ requests: 100_000, bad }, 0.999, WINDOW, burn, [], NOW)?.exhaustedAt).toBe(at),
  );

  it.each([
    ['ended at the very beginning of the window', NOW - WINDOW, 90],
    ['ended a moment later', NOW - WINDOW + 1, 50],
  ])('BUDGET-3: an excluded incident that %s', (_, toMs, bad) =>
    expect(budgetOf({ requests: 101_000, bad: 90 }, 0.999, WINDOW, null, [excused({ toMs })], NOW)?.bad).toBe(
      bad,
    ),
  );

  it('BUDGET-3: exclusions of more than there was leave nothing, and less than nothing is never said', () => {
    const more = budgetOf({ requests: 5_000, bad: 30 }, 0.999, WINDOW, null, [excused()], NOW);
    expect(more).toMatchObject({ requests: 4_000, bad: 0, spent: 0, left: 1 });
    expect(budgetOf({ requests: 900, bad: 30 }, 0.999, WINDOW, null, [excused()], NOW)).toBeNull();
  });

  it('BUDGET-1: what may be spent is said without binary noise', () =>
    expect([errorBudget(0.999), errorBudget(0.99), errorBudget(0.9)]).toEqual([0.001, 0.01, 0.1]));

  it.each([
    ['10 at 90 %: all that fails', 0.9, 10, true],
    ['a little more than that', 0.9, 10.01, false],
    ['14.4 at 99.9 %', 0.999, 14.4, true],
    ['14.4 at 93 %: never', 0.93, 14.4, false],
  ])('ALERT-7: a threshold that can be reached: %s', (_, objective, threshold, can) =>
    expect(reachable(objective, threshold)).toBe(can),
  );
});

describe('its lifecycle', () => {
  const seen = (left: number | null, fast: number | null, slow: number | null) => ({ left, fast, slow });
  it.each([
    ['stable', seen(0.5, 15, 4), 'burning'],
    ['stable', seen(0.5, 15, 1), null],
    ['stable', seen(0, 0, 0), 'exhausted'],
    ['burning', seen(0.3, 2, 4), 'recovering'],
    ['burning', seen(0.3, null, null), null],
    ['burning', seen(-0.1, 20, 20), 'exhausted'],
    ['exhausted', seen(-0.1, 0, 0), null],
    ['exhausted', seen(0.01, 0, 0), 'recovering'],
    ['recovering', seen(0.3, 0.5, 0.9), 'stable'],
    ['recovering', seen(0.3, 0.5, 2), null],
    ['recovering', seen(0.3, 15, 4), 'burning'],
    ['stable', seen(0.5, 14, 3), 'burning'],
    ['stable', seen(0.5, 13.9, 3), null],
    ['stable', seen(0.5, 14, 2.9), null],
    ['stable', seen(0.5, 14, null), null],
    ['stable', seen(0.001, 1, 1), null],
    ['burning', seen(0.3, 14, 3), null],
    ['burning', seen(0.3, null, 0), null],
    ['burning', seen(0.3, 14, 2.9), 'recovering'],
    ['exhausted', seen(0, 0, 0), null],
    ['recovering', seen(0.3, 1, 1), 'stable'],
    ['recovering', seen(0.3, 1.1, 1), null],
    ['recovering', seen(0.3, 1, 1.1), null],
    ['recovering', seen(0.3, null, 1), null],
    ['recovering', seen(0, 0, 0), 'exhausted'],
  ] as const)('BUDGET-5: %s, seeing %j, becomes %s', (from, what, to) =>
    expect(budgetMove(from, what, RULE)?.to ?? null).toBe(to),
  );
  it('BUDGET-5: where one window is declared, the other is not asked', () => {
    const one = { fast: 14, slow: null };
    expect(budgetMove('stable', seen(0.5, 14, null), one)?.to).toBe('burning');
    expect(budgetMove('stable', seen(0.5, 13.9, 100), one)).toBeNull();
  });
  it('BUDGET-6: without data it stays where it is, from every state', () => {
    for (const state of BUDGET_STATES) expect(budgetMove(state, seen(null, null, null), RULE)).toBeNull();
  });
  it('BUDGET-6: every state is left and reached, and stable is reached from each', () => {
    for (const state of BUDGET_STATES) {
      const reached = new Set([state]);
      for (let i = 0; i < BUDGET_STATES.length; i++)
        for (const { from, to } of BUDGET_TABLE) if (reached.has(from)) reached.add(to);
      expect(reached.has('stable')).toBe(true);
      expect(BUDGET_TABLE.some((r) => r.to === state)).toBe(true);
    }
  });
  it('BUDGET-9: one that was given an end in the future leaves the window with what it counted', () => {
    const long = excused({ fromMs: 0, toMs: 10_000, at: 500 });
    expect(inWindow([long], 1_000, 1_499)).toEqual([long]);
    expect(inWindow([long], 1_000, 1_500)).toEqual([]);
    expect(overlapping([long], 499, 600)).toBe(long);
    expect(overlapping([long], 500, 600)).toBeUndefined();
  });
  it('BUDGET-10: exclusions that only touch exclude no time again', () => {
    const later = excused({ fromMs: 100, toMs: 200, at: 500 });
    expect(overlapping([later], 0, 101)).toBe(later);
    expect(overlapping([later], 0, 100)).toBeUndefined();
    expect(overlapping([later], 200, 300)).toBeUndefined();
  });
  it('BUDGET-7: states and exclusions are folded from the ledger', () => {
    const record = (type: string, data: object) => ({ type, v: 1, subject: 'api/prod', at: 5, data });
    const budgets = [
      record('budget.moved', { slo: 'x', from: 'stable', to: 'burning', reason: 'BURNS_FAST', left: 0.4 }),
      record('lane.moved', {}),
      record('budget.adjusted', {
        id: 'a',
        slo: 'x',
        fromMs: 1,
        toMs: 2,
        requests: 10,
        bad: 3,
        reason: 'r',
        approver: 'p',
      }),
    ].reduce(evolve, noBudgets);
    expect(budgets.states.get('x@prod')).toBe('burning');
    expect([...budgets.adjustments.values()]).toMatchObject([
      { slo: 'x', environment: 'prod', bad: 3, approver: 'p', at: 5 },
    ]);
  });
});

describe('calendar windows', () => {
  const at = (text: string) => Date.parse(text);
  const berlin = { unit: 'd', count: 1, start: '2026-01-01T00:00:00', timeZone: 'Europe/Berlin' } as const;
  it.each([
    [berlin, '2026-02-01T12:00:00+01:00', '2026-02-01T00:00:00+01:00'],
    [berlin, '2026-03-29T12:00:00+02:00', '2026-03-29T00:00:00+01:00'],
    [berlin, '2026-03-30T12:00:00+02:00', '2026-03-30T00:00:00+02:00'],
    [{ ...berlin, unit: 'M' }, '2026-11-24T00:00:00Z', '2026-11-01T00:00:00+01:00'],
    [{ ...berlin, unit: 'Q' }, '2026-11-24T00:00:00Z', '2026-10-01T00:00:00+02:00'],
    [
      { ...berlin, unit: 'w', timeZone: 'UTC', start: '2026-01-05T00:00:00' },
      '2026-11-24T00:00:00Z',
      '2026-11-23T00:00:00Z',
    ],
  ] as const)('BUDGET-8: %j at %s began at %s', (calendar, now, start) =>
    expect(new Date(calendarStart(calendar, at(now))!).toISOString()).toBe(new Date(at(start)).toISOString()),
  );
  it('BUDGET-8: what is written out for Prometheus says the same at every moment', () => {
    const calendars = [
      berlin,
      { ...berlin, unit: 'M' as const },
      { ...berlin, unit: 'w' as const, timeZone: 'America/New_York' },
    ].map((calendar) => ({ calendar, segments: calendarSegments(calendar) }));
    fc.assert(
      fc.property(
        fc.constantFrom(...calendars),
        fc.integer({ min: 0, max: 15 * 365 * 24 * 60 }),
        ({ calendar, segments }, minutes) => {
          const now = at('2026-01-02T00:00:00Z') + minutes * 60_000;
          const running = segments.filter((s) => s.from <= now / 1_000).at(-1)!;
          const start = now / 1_000 - ((now / 1_000 - running.from) % running.every);
          expect(start * 1_000).toBe(calendarStart(calendar, now));
        },
      ),
    );
    expect(calendarStartExpression(berlin)).toContain('vector(time()) >= ');
  });

  it.each(['d', 'w', 'M', 'Q'] as const)(
    'FIELD-48: a calendar of %s is written so that it is read',
    (unit) => {
      for (const timeZone of ['UTC', 'Europe/Berlin', 'America/New_York']) {
        const expression = calendarStartExpression({
          unit,
          count: 1,
          start: '2026-01-01 00:00:00',
          timeZone,
        });
        expect(readExpression(expression)).toMatchObject({ ok: true });
      }
    },
  );
});
