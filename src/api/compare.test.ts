import { describe, expect, it } from 'vitest';
import { comparedRows, predecessorOf, sinceStart } from './compare.ts';
import type { ChartView, ReleaseView } from './views.ts';

const chart = (openedAt: number, bad: readonly number[], slo = 'availability'): ChartView => ({
  slo,
  bar: 6.9,
  enough: -2,
  at: bad.map((_, i) => openedAt + (i + 1) * 5_000),
  step: bad.map(() => 0),
  canaryTotal: bad.map(() => 100),
  canaryBad: bad,
  stableTotal: bad.map(() => 100),
  stableBad: bad.map(() => 0),
  overBudget: bad,
  worseThanStable: bad,
  exposure: bad,
});

const side = (version: string, openedAt: number, bad: readonly number[], slo?: string) =>
  ({
    version,
    openedAt,
    endedAt: openedAt + 60_000,
    sentence: '',
    cause: 'the last step passed',
    totals: { canary: { total: 200, bad: 1 }, stable: { total: 0, bad: 0 } },
    steps: [{ weight: 20, status: 'done', back: false, confirmedAt: null, needs: [] }],
    charts: [chart(openedAt, bad, slo)],
  }) satisfies Partial<ReleaseView>;

describe('two releases side by side', () => {
  it('RELEASE-1: numbers of both, in words, with what is not there said', () => {
    const rows = comparedRows(side('2', 1_000, [0, 8]), side('1', 0, [0]));
    expect(rows.find((r) => r.name === 'Duration')).toEqual({
      name: 'Duration',
      mine: '60 s',
      theirs: '60 s',
    });
    expect(rows.find((r) => r.name === 'Failed requests, new version')?.mine).toBe('0.50% of 200');
    expect(rows.find((r) => r.name === 'Failed requests, stable')?.mine).toBe('no requests');
    expect(rows.find((r) => r.name === 'Over budget, availability')).toMatchObject({
      mine: '8.00 of 6.90',
      theirs: '0.00 of 6.90',
    });
  });

  it('RELEASE-1: on one axis, by the time since each began', () => {
    const both = sinceStart(side('2', 1_000_000, [0, 10]), side('1', 0, [2, 2, 2]))!;
    expect(both.at).toEqual([5_000, 10_000, 15_000]);
    expect(both.mine).toEqual([0, 5, null]);
    expect(both.theirs).toEqual([2, 2, 2]);
  });

  it('RELEASE-1: releases that share no SLO have no common axis', () =>
    expect(sinceStart(side('2', 0, [1], 'a'), side('1', 0, [1], 'b'))).toBeNull());

  it('RELEASE-1: the one before is the last that was opened earlier', () => {
    const others = [{ openedAt: 5 }, { openedAt: 30 }, { openedAt: 8 }];
    expect(predecessorOf({ openedAt: 20 }, others)).toEqual({ openedAt: 8 });
    expect(predecessorOf({ openedAt: 1 }, others)).toBeUndefined();
  });
});
