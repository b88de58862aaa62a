import { describe, expect, it } from 'vitest';
import { assess, beginRelease, type LaneSample, placeIntervals } from './assess.ts';
import type { LoadResult, RecordedBurn } from './events.ts';
import { goodRequestsNeeded } from './evidence/evidence.ts';
import type { Release } from './lane.ts';

const RULE = { fast: 14, slow: 3 };
const CALM: RecordedBurn = { fast: 0, slow: 0 };
const FIRING: RecordedBurn = { fast: 14, slow: 3 };
const UNKNOWN: RecordedBurn = { fast: null, slow: null };

/** A release at its second step, armed and past its warm-up. */
const release = (more: Partial<Release> = {}, settings: Partial<Release['settings']> = {}): Release =>
  ({
    settings: {
      weights: [20, 50, 100],
      warmUpMs: 10_000,
      dwellMs: 30_000,
      deadlineMs: 600_000,
      holdMs: 600_000,
      intervalMs: 5_000,
      slos: [{ slo: 's', objective: 0.999 }],
      evidence: { tolerance: 2, detect: 10, rho: 1, alpha: 0.001, beta: 0.05, minBad: 5 },
      loadTested: false,
      ...settings,
    },
    history: {},
    intervals: {},
    step: 1,
    confirmedAt: [100_000, 200_000],
    burnArmed: true,
    burnJudged: true,
    loads: [],
    ...more,
  }) as unknown as Release;

const look = (at: number, more: Partial<LaneSample> = {}): LaneSample => {
  const total = 10 * goodRequestsNeeded([...beginRelease(release()).values()][0]!.rule);
  const counts = { s: { canary: { total, bad: 0 }, stable: { total, bad: 0 } } };
  return {
    intervals: [{ at, counts }],
    cursors: {},
    trouble: null,
    burn: CALM,
    guard: 'ok',
    asked: 'sha256:0',
    ...more,
  };
};

const judged = (of: Release, seen: LaneSample, now: number) => {
  const { verdict, reasons } = assess(of, seen, beginRelease(of), RULE, now).verdict;
  return { verdict, reasons };
};
const PASS = { verdict: 'pass', reasons: ['TRIED_ENOUGH'] };
const NOW = 240_000;

describe('one look, judged', () => {
  it.each([
    ['before the first step was served', 99_999, 0],
    ['at the moment that the second step was served', 200_000, 0],
    ['right after the second step was served', 200_001, 1],
  ])('JUDGE-12: counts of the last scrape %s belong to the step whose traffic they show', (_, at, step) =>
    expect(placeIntervals(release(), look(at))['s']?.map((i) => i.step)).toEqual([step]),
  );

  it.each([
    ['before any traffic', { confirmedAt: [] }, 50_000, true],
    ['in the last moment of it', {}, 109_999, true],
    ['at its end', {}, 110_000, undefined],
  ])('JUDGE-12: counts are of the warm-up: %s', (_, more, at, warmUp) =>
    expect(placeIntervals(release(more), look(at))['s']?.[0]?.warmUp).toBe(warmUp),
  );

  it('JUDGE-12: nothing passes before the warm-up is over', () => {
    const warming = release({ step: 0, confirmedAt: [100_000] }, { warmUpMs: 90_000 });
    expect(judged(warming, look(189_000), 189_999).reasons).toContain('WARMING_UP');
    expect(judged(warming, look(189_000), 190_000).reasons).not.toContain('WARMING_UP');
  });

  it.each([
    ['a moment before its dwell is over', 229_999, 'inconclusive', ['WAITING_FOR_DWELL']],
    ['when its dwell is over', 230_000, 'pass', ['TRIED_ENOUGH']],
  ])('JUDGE-12: a step passes once it was served as long as declared: %s', (_, now, verdict, reasons) =>
    expect(judged(release(), look(220_000), now)).toEqual({ verdict, reasons }),
  );

  it('JUDGE-12: a step passes by its own counts, and not by those of the step before', () =>
    expect(judged(release(), look(199_000), NOW).reasons).toContain('WAITING_FOR_DWELL'));

  it('JUDGE-12: a step whose weight was never seen to be served does not pass', () =>
    expect(judged(release({ confirmedAt: [100_000] }), look(220_000), NOW).reasons).toContain(
      'WAITING_FOR_DWELL',
    ));

  it.each([
    ['calm', {}, CALM, PASS],
    ['firing since it began', {}, FIRING, { verdict: 'inconclusive', reasons: ['BURN_FIRING'] }],
    ['without data', {}, UNKNOWN, { verdict: 'inconclusive', reasons: ['BURN_NO_DATA'] }],
    ['firing from before it began', { burnArmed: false }, FIRING, PASS],
    [
      'without data from before it began',
      { burnArmed: false },
      UNKNOWN,
      { verdict: 'inconclusive', reasons: ['BURN_NO_DATA'] },
    ],
  ])('DECIDE-9: a release is held back by the burn rule: %s', (_, more, burn, expected) =>
    expect(judged(release(more), look(220_000, { burn }), NOW)).toEqual(expected),
  );

  it.each([
    ['firing', FIRING],
    ['without data', UNKNOWN],
  ])('DECIDE-17: a fix that goes forward out of Degraded passes by its evidence: burn rates %s', (_, burn) =>
    expect(judged(release({ burnJudged: false }), look(220_000, { burn }), NOW)).toEqual(PASS),
  );

  it.each([
    ['armed and judged by the burn rule', {}],
    ['going forward out of Degraded, and not judged by the burn rule', { burnJudged: false }],
    ['under a burn rate from before it began', { burnArmed: false }],
  ])('JUDGE-10: a failed guard fails a release %s', (_, more) =>
    expect(judged(release(more), look(220_000, { guard: 'failed', burn: FIRING }), NOW)).toEqual({
      verdict: 'fail',
      reasons: ['GUARD_FAILED'],
    }),
  );

  it.each([
    ['a guard without an answer', { guard: 'no-data' }, 'GUARD_NO_DATA'],
    ['a source that does not answer', { trouble: 'SOURCE_UNAVAILABLE' }, 'SOURCE_UNAVAILABLE'],
  ] as const)('JUDGE-11: it waits: %s', (_, more, reason) =>
    expect(judged(release(), look(220_000, more), NOW)).toEqual({
      verdict: 'inconclusive',
      reasons: [reason],
    }),
  );

  const load = (outcome: LoadResult['outcome']) => ({ outcome }) as LoadResult;
  it.each([
    ['none has ended', true, [], 'LOAD_RUNNING'],
    ['one broke off', true, [load('broken')], 'LOAD_RUNNING'],
    ['one passed', true, [load('passed')], 'TRIED_ENOUGH'],
    ['one failed: the SLOs have the word', true, [load('broken'), load('failed')], 'TRIED_ENOUGH'],
    ['none is declared', false, [], 'TRIED_ENOUGH'],
  ] as const)('LOAD-6: a pass waits for a load test: %s', (_, loadTested, loads, reason) =>
    expect(judged(release({ loads }, { loadTested }), look(220_000), NOW).reasons).toEqual([reason]),
  );

  it.each([
    [undefined, 1],
    [1, 1],
    [2, 2],
  ] as const)('JUDGE-18: a release whose settings say edition %s is judged by edition %i', (edition, by) => {
    const evidence = { tolerance: 2, detect: 10, rho: 1, alpha: 0.001, beta: 0.05, minBad: 5 };
    const of = release({}, { evidence: edition ? { ...evidence, edition } : evidence });
    expect([...beginRelease(of).values()].map((e) => e.rule.edition)).toEqual([by]);
  });

  it('JUDGE-14: a first release, and one whose first step is all traffic, has nothing to be compared with', () => {
    const evidence = { ...release().settings.evidence, edition: 2 as const };
    const compares = (of: Release) => [...beginRelease(of).values()][0]!.rule.settings.compare;
    expect(compares(release({}, { evidence }))).toBe(true);
    expect(compares(release({ from: null }, { evidence }))).toBe(false);
    expect(compares(release({}, { evidence, weights: [100] }))).toBe(false);
    expect(compares(release({}, { evidence: { ...evidence, compare: false } }))).toBe(false);
  });

  it('JUDGE-19: at full traffic it stays as long as is declared for that; in a first step of 100 % as in any', () => {
    const at = (now: number, weights: number[], more: Partial<Release['settings']> = {}) => {
      const of = release(
        { step: weights.length - 1, confirmedAt: weights.map((_, i) => 100_000 + i) },
        { weights, dwellAtFullMs: 60_000, warmUpMs: 0, ...more },
      );
      return judged(of, look(now - 1_000), now).reasons;
    };
    expect(at(150_000, [20, 100])).toEqual(['WAITING_FOR_DWELL']);
    expect(at(160_001, [20, 100])).toEqual(['TRIED_ENOUGH']);
    expect(at(150_000, [20, 50])).toEqual(['TRIED_ENOUGH']);
    expect(at(150_000, [100])).toEqual(['TRIED_ENOUGH']);
    const { dwellAtFullMs: _, ...earlier } = release().settings;
    const of = release(
      { step: 1, confirmedAt: [100_000, 100_000] },
      { ...earlier, weights: [20, 100], warmUpMs: 0 },
    );
    expect(judged(of, look(149_000), 150_000).reasons, 'a release of an earlier version').toEqual([
      'TRIED_ENOUGH',
    ]);
  });
});
