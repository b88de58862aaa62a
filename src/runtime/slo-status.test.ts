import { describe, expect, it } from 'vitest';
import { declare } from '../../test/sim/harness.ts';
import type { Adjustment } from './budget.ts';
import { burnFires, burnState } from './burn.ts';
import { NO_READING, type SloReading, sloStatus } from './slo-status.ts';

const HOUR = 3_600_000;
const NOW = 40 * 24 * HOUR;
const platform = declare({ seed: 1 });
const [slo] = platform.slos;
const [environment] = platform.environments;
const SEEN: SloReading = { requests: 100_000, bad: 150, coverage: 0.5, left: -0.5, fast: 20, slow: 4 };
const incident = (more: Partial<Adjustment> = {}): Adjustment => ({
  id: 'a-1',
  service: 'checkout',
  slo: 'checkout-availability',
  environment: 'prod',
  fromMs: NOW - 3 * HOUR,
  toMs: NOW - 2 * HOUR,
  requests: 1_000,
  bad: 140,
  reason: 'a cable was cut',
  approver: 'approver',
  at: NOW - HOUR,
  ...more,
});
const status = (reading: SloReading | undefined, adjustments: readonly Adjustment[] = [], trouble = false) =>
  sloStatus(
    slo!,
    environment!,
    reading,
    { at: NOW, trouble: trouble ? { code: 'SOURCE_UNAVAILABLE', message: 'refused' } : null },
    adjustments,
  );

describe('the status of an SLO', () => {
  it('STATUS-1: without exclusions what remains is the recorded number, beside counts and burn', () => {
    expect(status(SEEN)).toMatchObject({
      left: -0.5,
      requests: 100_000,
      bad: 150,
      allowed: 100,
      coverage: 0.5,
      burn: 'firing',
      rule: { fast: 14, slow: 3 },
      exhaustedAt: null,
      excluded: [],
    });
  });

  it('STATUS-1: where nothing was recorded what remains is counted from the requests', () => {
    expect(status({ ...SEEN, left: null, bad: 25 }).left).toBeCloseTo(0.75, 12);
  });

  it('STATUS-2: what was excluded is taken off requests and bad ones alike', () => {
    const after = status(SEEN, [incident()]);
    expect(after).toMatchObject({ requests: 99_000, bad: 10 });
    expect(after.left).toBeCloseTo(1 - 10 / 99, 12);
  });

  it('STATUS-2: an exclusion that left the window has nothing to take off', () => {
    const old = incident({ fromMs: NOW - 32 * 24 * HOUR, toMs: NOW - 31 * 24 * HOUR });
    expect(status(SEEN, [old])).toMatchObject({ left: -0.5, bad: 150, excluded: [] });
  });

  it.each([
    ['requests are not counted', { ...SEEN, requests: null }],
    ['bad ones are not counted', { ...SEEN, bad: null }],
    ['counts are infinite', { ...SEEN, requests: Number.POSITIVE_INFINITY }],
  ])('STATUS-2: where %s, what remains after an exclusion is not known', (_, reading) => {
    expect(status(reading, [incident()]).left).toBeNull();
  });

  it('STATUS-3: a source that does not answer leaves no number, whatever was read before', () => {
    const down = status(SEEN, [], true);
    expect(down).toMatchObject({
      left: null,
      requests: null,
      bad: null,
      coverage: null,
      fast: null,
      slow: null,
    });
    expect(down.burn).toBe('no-data');
    expect(down.trouble).toEqual({ code: 'SOURCE_UNAVAILABLE', message: 'refused' });
  });

  it('STATUS-3: an SLO that nothing was recorded of has no number', () => {
    expect(status(undefined)).toMatchObject({ ...NO_READING, burn: 'no-data', trouble: null });
  });

  it('STATUS-3: no request is no budget, and no harm either', () => {
    expect(status({ ...SEEN, requests: 0, bad: 0, left: null })).toMatchObject({ left: null, allowed: null });
  });

  it('STATUS-4: when it will be spent follows the slow window, and only while something remains', () => {
    const soon = status({ ...SEEN, bad: 50, left: 0.5, slow: 2 });
    expect(soon.exhaustedAt).toBe(NOW + (0.5 * 30 * 24 * HOUR) / 2);
    expect(status({ ...SEEN, bad: 50, left: 0.5, slow: 0 }).exhaustedAt).toBeNull();
    expect(status(SEEN).exhaustedAt).toBeNull();
  });
});

describe('whether the burn rule fires', () => {
  const RULE = { fast: 14, slow: 3 };
  it.each([
    ['both windows at their thresholds', 14, 3, 'firing'],
    ['the fast one under', 13.9, 3, 'false'],
    ['the slow one under', 14, 2.9, 'false'],
    ['infinite', Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 'firing'],
    ['no fast window', null, 3, 'no-data'],
    ['no slow window', 14, null, 'no-data'],
    ['the fast one is no number', Number.NaN, 3, 'no-data'],
    ['the slow one is no number', 14, Number.NaN, 'no-data'],
  ] as const)('STATUS-5: %s', (_, fast, slow, word) => {
    expect(burnState({ fast, slow }, RULE)).toBe(word);
    expect(burnFires({ fast, slow }, RULE)).toBe(word === 'firing');
  });

  it('STATUS-5: where one window decides, the other is not asked', () => {
    expect(burnState({ fast: 14, slow: null }, { fast: 14, slow: null })).toBe('firing');
    expect(burnState({ fast: 13, slow: 100 }, { fast: 14, slow: null })).toBe('false');
  });
});
