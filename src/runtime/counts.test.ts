import { describe, expect, it } from 'vitest';
import { goodSli, selectors } from '../../test/sli.ts';
import {
  armSelectors,
  baselineCounts,
  batchSelector,
  type CloseRequest,
  closeIntervals,
  type Sli,
  seriesKey,
} from './counts.ts';
import type { Sample, Series } from './port.ts';

const SLI = goodSli('r', 'svc="a"');
const BAD_SLI: Sli = { ...SLI, part: selectors('r{svc="a",code=~"5.."}'), partIs: 'bad' };
const ARMS = { label: 'rev', canary: 'new', stable: 'old' };
const labels = (rev: string, code: string, pod = 'p') => ({ __name__: 'r', svc: 'a', rev, code, pod });
const series = (rev: string, code: string, samples: Sample[], pod = 'p'): Series => ({
  labels: labels(rev, code, pod),
  samples,
});
const I = 5_000;

const close = (list: Series[], more: Partial<CloseRequest> = {}) =>
  closeIntervals({
    series: list,
    slis: [SLI],
    arms: ARMS,
    cursors: {},
    closedAt: 0,
    intervalMs: I,
    now: 6_000,
    zero: { canary: false, stable: false },
    ...more,
  });

const cursorsOf = (list: [string, string, number, number][]) =>
  Object.fromEntries(
    list.map(([rev, code, at, value]) => [seriesKey(labels(rev, code)), [at, value] as const]),
  );

describe('exact counts', () => {
  it('COUNT-1: differences of successive samples, per arm', () => {
    const closed = close(
      [
        series('new', '200', [
          [1_000, 10],
          [5_500, 30],
        ]),
        series('new', '500', [
          [1_000, 0],
          [5_500, 2],
        ]),
        series('old', '200', [
          [1_200, 100],
          [5_200, 180],
        ]),
        series('old', '500', [
          [1_200, 1],
          [5_200, 1],
        ]),
      ],
      {
        cursors: cursorsOf([
          ['new', '200', 1_000, 10],
          ['new', '500', 1_000, 0],
          ['old', '200', 1_200, 100],
          ['old', '500', 1_200, 1],
        ]),
      },
    );
    expect(closed.intervals.map((i) => i.counts['s'])).toEqual([
      { canary: { total: 22, bad: 2 }, stable: { total: 80, bad: 0 } },
    ]);
  });

  it('COUNT-2: a series first seen after the release began counts from 0', () => {
    const closed = close([series('new', '500', [[5_000, 3]]), series('old', '200', [[5_000, 7]])], {
      cursors: cursorsOf([['old', '200', 1_000, 5]]),
    });
    expect(closed.intervals[0]?.counts['s']).toEqual({
      canary: { total: 3, bad: 3 },
      stable: { total: 2, bad: 0 },
    });
  });

  it('COUNT-3: a counter that falls began again at 0', () => {
    const closed = close(
      [
        series('new', '200', [
          [3_000, 4],
          [5_000, 9],
        ]),
        series('old', '200', [[5_000, 110]]),
      ],
      {
        cursors: cursorsOf([
          ['new', '200', 1_000, 1_000],
          ['old', '200', 1_000, 100],
        ]),
      },
    );
    expect(closed.intervals[0]?.counts['s']).toEqual({
      canary: { total: 9, bad: 0 },
      stable: { total: 10, bad: 0 },
    });
  });

  it('COUNT-4: a sample that was counted is not counted again, whatever the window shows', () => {
    const list = [
      series('new', '200', [
        [1_000, 1],
        [2_000, 2],
        [5_000, 5],
      ]),
      series('old', '200', [
        [1_000, 1],
        [5_000, 2],
      ]),
    ];
    const first = close(list, {
      cursors: cursorsOf([
        ['new', '200', 1_000, 1],
        ['old', '200', 1_000, 1],
      ]),
    });
    const again = close(list, { cursors: first.cursors, closedAt: 5_000, now: 6_000 });
    expect(first.intervals).toHaveLength(1);
    expect(again.intervals).toEqual([]);
  });

  it('COUNT-5: an interval waits for the slower arm, and takes both together', () => {
    const cursors = cursorsOf([
      ['new', '200', 1_000, 0],
      ['old', '200', 1_000, 0],
    ]);
    const early = close([series('new', '200', [[5_000, 5]])], { cursors, closedAt: 1_000, now: 6_000 });
    expect(early.intervals).toEqual([]);
    const later = close([series('new', '200', [[5_000, 5]]), series('old', '200', [[6_500, 9]])], {
      cursors,
      closedAt: 1_000,
      now: 7_000,
    });
    expect(later.intervals.map((i) => i.counts['s'])).toEqual([
      { canary: { total: 5, bad: 0 }, stable: { total: 9, bad: 0 } },
    ]);
  });

  it('COUNT-5: an arm that stays away is missing, not zero', () => {
    const closed = close(
      [
        series('new', '200', [
          [5_000, 5],
          [10_000, 9],
          [15_000, 12],
        ]),
      ],
      {
        cursors: cursorsOf([['new', '200', 1_000, 0]]),
        closedAt: 1_000,
        now: 16_000,
      },
    );
    expect(closed.intervals.length).toBeGreaterThan(0);
    for (const interval of closed.intervals) expect(interval.counts['s']?.stable).toBeNull();
  });

  it('COUNT-6: a weight of 0 is a known zero', () => {
    const closed = close([series('new', '200', [[5_000, 5]])], {
      cursors: cursorsOf([['new', '200', 1_000, 0]]),
      zero: { canary: false, stable: true },
    });
    expect(closed.intervals[0]?.counts['s']?.stable).toEqual({ total: 0, bad: 0 });
  });

  it('COUNT-7: after a gap of ours, intervals are read one by one', () => {
    const grow = (from: number): Sample[] => [1, 2, 3, 4].map((i) => [i * I, from + i * 10]);
    const closed = close([series('new', '200', grow(0)), series('old', '200', grow(100))], {
      cursors: cursorsOf([
        ['new', '200', 0, 0],
        ['old', '200', 0, 100],
      ]),
      now: 21_000,
    });
    expect(closed.intervals.map((i) => i.counts['s']?.canary?.total)).toEqual([10, 10, 10, 10]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])(
    'COUNT-8: a sample of %d is no number, and said to be none',
    (value) =>
      expect(
        close([series('new', '200', [[5_000, value]]), series('old', '200', [[5_000, 1]])]).trouble,
      ).toBe('NOT_A_NUMBER'),
  );

  it('COUNT-9: nothing new for three scrapes is stale; nothing at all is no data', () => {
    const old = [series('new', '200', [[1_000, 1]]), series('old', '200', [[1_000, 1]])];
    const cursors = cursorsOf([
      ['new', '200', 1_000, 1],
      ['old', '200', 1_000, 1],
    ]);
    expect(close(old, { cursors, closedAt: 1_000, now: 20_000 }).trouble).toBe('STALE_DATA');
    expect(close([], { now: 20_000 }).trouble).toBe('NO_DATA');
  });

  it('COUNT-10: bad requests are counted directly, or derived from the total', () => {
    const list = [
      series('new', '200', [[5_000, 8]]),
      series('new', '500', [[5_000, 2]]),
      series('old', '200', [[5_000, 1]]),
    ];
    for (const sli of [SLI, BAD_SLI])
      expect(close(list, { slis: [sli] }).intervals[0]?.counts['s']?.canary).toEqual({ total: 10, bad: 2 });
  });

  it('COUNT-11: the baseline gives history by interval, gaps as null, and no first difference', () => {
    const list = [
      series('old', '200', [
        [0, 50],
        [I, 60],
        [2 * I, 75],
        [4 * I, 80],
      ]),
    ];
    expect(baselineCounts(list, [SLI], ARMS, I)).toMatchObject({
      history: { s: [{ total: 10, bad: 0 }, { total: 15, bad: 0 }, null, { total: 5, bad: 0 }] },
      cursors: { [seriesKey(labels('old', '200'))]: [4 * I, 80] },
    });
  });

  it('COUNT-12: one query serves any number of releases', () => {
    const many = Array.from({ length: 500 }, (_, i) =>
      armSelectors([SLI], { label: 'rev', canary: `c${i}`, stable: `s${i}` }),
    ).flat();
    const query = batchSelector(many);
    expect(query.match(/__name__/g)).toHaveLength(1);
    expect(query.startsWith('{__name__=~"r",svc="a",rev=~"c0|c1|')).toBe(true);
  });
});
