import { describe, expect, it } from 'vitest';
import { evolve, GOVERNANCE_EVENT_VERSION, noGovernance, recordedFreezes } from './events.ts';
import type { FreezeFacts } from './facts.ts';
import { type AutoFreeze, autoFreeze, holdOf, NO_FREEZE, type SpendSeen } from './freeze.ts';

const NOW = 1_000_000;
const PAIR = { fast: 14, slow: 3 };
const SETTINGS = { budget: 0.05, recover: 0.1, forMs: 60_000, onBurn: true };
const CALM: SpendSeen = {
  left: 0.5,
  coverage: 1,
  requests: 10_000,
  fast: 0.2,
  slow: 0.2,
  excludedSince: false,
};
const FROZEN: AutoFreeze = { cause: 'budget', calmSince: null, overruled: false };
const frozenAnd = (more: Partial<AutoFreeze>): AutoFreeze => ({ ...FROZEN, ...more });

const after = (
  before: AutoFreeze,
  seen: Partial<SpendSeen>,
  { settings = SETTINGS, rule = PAIR as { fast: number; slow: number | null } } = {},
) => autoFreeze(before, { ...CALM, ...seen }, rule, settings, NOW);

describe('an automatic freeze, at one look', () => {
  it.each([
    ['at the declared share', { left: 0.05 }, 'budget'],
    ['a little above the declared share', { left: 0.0501 }, null],
    [
      'at the declared share, a tenth of the window seen',
      { left: 0.05, coverage: 0.1, requests: 1 },
      'budget',
    ],
    ['at the declared share, less of the window seen', { left: 0.05, coverage: 0.09, requests: 999 }, null],
    [
      'at the declared share, less of the window and 1,000 requests',
      { left: 0.05, coverage: 0.01, requests: 1_000 },
      'budget',
    ],
    ['both windows at their thresholds', { fast: 14, slow: 3 }, 'burn'],
    ['the slow window below', { fast: 14, slow: 2.9 }, null],
    ['the fast window below', { fast: 13.9, slow: 3 }, null],
    ['the slow window without data', { fast: 14, slow: null }, null],
  ] as const)('FREEZE-4: it begins, or not: %s', (_, seen, cause) =>
    expect(after(NO_FREEZE, seen).cause).toBe(cause),
  );

  it('FREEZE-5: where the burn rule is not to freeze, it does not', () =>
    expect(
      after(NO_FREEZE, { fast: 14, slow: 3 }, { settings: { ...SETTINGS, onBurn: false } }).cause,
    ).toBeNull());

  it('FREEZE-5: where one window is declared, the other is not asked', () => {
    const rule = { fast: 14, slow: null };
    expect(after(NO_FREEZE, { fast: 14, slow: null }, { rule }).cause).toBe('burn');
    expect(after(NO_FREEZE, { fast: 13.9, slow: 100 }, { rule }).cause).toBeNull();
    expect(after(FROZEN, { slow: null }, { rule }).calmSince).toBe(NOW);
  });

  it.each([
    ['above the higher share', { left: 0.1001 }, NOW],
    ['at the higher share', { left: 0.1 }, null],
    ['without a budget', { left: null }, null],
    ['without a fast window', { fast: null }, null],
    ['without a slow window', { slow: null }, null],
    ['while the burn rule fires', { fast: 14, slow: 3 }, null],
    ['while one window alone is above', { fast: 14, slow: 1 }, NOW],
  ])('FREEZE-6: it looks recovered, or not: %s', (_, seen, calmSince) => {
    expect(after(FROZEN, seen)).toEqual(frozenAnd({ calmSince }));
    // What is not recovered begins anew, whatever was seen before.
    if (calmSince === null) expect(after(frozenAnd({ calmSince: 1 }), seen)).toEqual(FROZEN);
  });

  it.each([
    ['as long as declared', NOW - 60_000, NO_FREEZE],
    ['a moment less', NOW - 59_999, frozenAnd({ calmSince: NOW - 59_999 })],
  ])('FREEZE-4: it ends after it has looked recovered %s', (_, calmSince, expected) =>
    expect(after(frozenAnd({ calmSince }), {})).toEqual(expected),
  );

  it.each([
    ['its cause is there still', { left: 0 }, frozenAnd({ overruled: true })],
    ['its cause is there still, another one', { fast: 14, slow: 3 }, frozenAnd({ overruled: true })],
    ['nothing is known', { left: null, fast: null, slow: null }, frozenAnd({ overruled: true })],
    ['its cause is gone', {}, NO_FREEZE],
  ])('FREEZE-7: lifted by a person: %s', (_, seen, expected) =>
    expect(after(frozenAnd({ overruled: true }), seen)).toEqual(expected),
  );

  it.each([
    ['none, and nothing that would begin one', NO_FREEZE, {}],
    ['one whose cause lasts', FROZEN, { left: 0.01 }],
    ['one without data', FROZEN, { left: null, fast: null, slow: null }],
    ['one that a person lifted, while its cause lasts', frozenAnd({ overruled: true }), { left: 0.01 }],
  ])('FREEZE-6: what does not change is the same value, so that nothing is recorded: %s', (_, before, seen) =>
    expect(after(before, seen)).toBe(before),
  );

  it('FREEZE-7: lifted by a person, it holds nothing', () => {
    const moved = (at: number, more: object) => ({
      type: 'freeze.moved',
      v: GOVERNANCE_EVENT_VERSION,
      subject: 'checkout/prod',
      at,
      actor: { id: 'sluice' },
      data: { slo: 's', ...FROZEN, reason: 'spent', left: 0, fast: 1, slow: 1, ...more },
    });
    const begun = evolve(noGovernance, moved(5, {}));
    expect(recordedFreezes(begun, NOW)).toMatchObject([
      { id: 'auto:s@prod', kind: 'budget', since: 5, until: null },
    ]);
    // It is the same freeze for as long as its cause is the same.
    expect(recordedFreezes(evolve(begun, moved(9, { calmSince: 9 })), NOW)).toMatchObject([{ since: 5 }]);
    expect(recordedFreezes(evolve(begun, moved(9, { cause: 'burn' })), NOW)).toMatchObject([{ since: 9 }]);
    expect(recordedFreezes(evolve(begun, moved(9, { overruled: true })), NOW)).toEqual([]);
    expect(recordedFreezes(evolve(begun, moved(9, { cause: null })), NOW)).toEqual([]);
  });
});

describe('what holds a lane', () => {
  const freeze = (id: string, more: Partial<FreezeFacts> = {}): FreezeFacts => ({
    id,
    kind: 'manual',
    scope: { environment: 'prod', service: 'checkout' },
    since: NOW - 10,
    until: NOW + 10,
    reason: 'peak',
    by: 'ops',
    ...more,
  });
  const holds = (...freezes: FreezeFacts[]) => holdOf(freezes, 'checkout', 'prod', NOW)?.id ?? null;

  it.each([
    ['from its first moment on', { since: NOW }, 'a'],
    ['not before', { since: NOW + 1 }, null],
    ['up to its end', { until: NOW + 1 }, 'a'],
    ['not at its end', { until: NOW }, null],
    ['without an end', { until: null }, 'a'],
    ['in every service', { scope: { environment: 'prod', service: '*' } }, 'a'],
    ['in every environment', { scope: { environment: '*', service: 'checkout' } }, 'a'],
    ['not in another service', { scope: { environment: 'prod', service: 'search' } }, null],
    ['not in another environment', { scope: { environment: 'stage', service: 'checkout' } }, null],
  ])('FREEZE-9: a freeze holds %s', (_, more, id) => expect(holds(freeze('a', more))).toBe(id));

  it('FREEZE-9: of several the one that lasts longest is told; one without an end lasts longest', () => {
    const [short, long, open] = [
      freeze('short'),
      freeze('long', { until: NOW + 99 }),
      freeze('open', { until: null }),
    ];
    expect([holds(short, long), holds(long, short)]).toEqual(['long', 'long']);
    expect([holds(long, open), holds(open, long)]).toEqual(['open', 'open']);
  });

  it('FREEZE-14: a budget that was spent by an excluded incident ends its freeze at once', () => {
    expect(after(FROZEN, { excludedSince: true })).toEqual(NO_FREEZE);
  });

  it.each([
    ['still below the share from which it ends', { left: 0.1, excludedSince: true }],
    ['still burning', { fast: 20, slow: 5, excludedSince: true }],
    ['without a number for what is left', { left: null, excludedSince: true }],
    ['without a burn rate', { fast: null, excludedSince: true }],
  ] as const)('FREEZE-14: %s, an exclusion ends nothing', (_, seen) => {
    expect(after(FROZEN, seen).cause).toBe('budget');
  });

  it('FREEZE-14: a freeze by the burn rule is not about the budget: an exclusion does not shorten it', () => {
    expect(after(frozenAnd({ cause: 'burn' }), { excludedSince: true })).toMatchObject({ cause: 'burn' });
  });
});
