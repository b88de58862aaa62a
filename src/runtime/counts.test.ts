import fc from 'fast-check';
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

/** A counter as it is scraped, with the moment from which each sample can be seen: late ones overtake nothing. */
function samplesOf(
  scrapes: readonly { readonly after: number; readonly more: number; readonly lateMs: number }[],
): { at: number; value: number; visibleAt: number }[] {
  let [at, value, visibleAt] = [0, 0, 0];
  return scrapes.map(({ after, more, lateMs }) => {
    at += after;
    value += more;
    visibleAt = Math.max(visibleAt, at + lateMs);
    return { at, value, visibleAt };
  });
}

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

  it.each([-1, 2 ** 53, 1e300])('COUNT-16: a counter of %d is none: nothing of it is counted', (value) => {
    const cursors = cursorsOf([['new', '200', 1_000, 2]]);
    const closed = close(
      [
        series('new', '200', [
          [3_000, value],
          [5_000, 9],
        ]),
        series('old', '200', [[5_000, 4]]),
      ],
      { cursors },
    );
    expect(closed.trouble).toBe('NOT_A_NUMBER');
    expect(closed.intervals.map((i) => i.counts['s']?.canary)).toEqual([{ total: 7, bad: 0 }]);
  });

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

  it('COUNT-4: a sample in an interval that is still open is left to the look that closes it', () => {
    const begun = cursorsOf([
      ['new', '200', 1_000, 0],
      ['old', '200', 1_000, 0],
    ]);
    const canary = series('new', '200', [
      [5_000, 5],
      [10_000, 9],
    ]);
    const first = close([canary, series('old', '200', [[4_000, 3]])], {
      cursors: begun,
      closedAt: 1_000,
      now: 10_500,
    });
    expect(first.intervals.map((i) => [i.at, i.counts['s']])).toEqual([
      [5_000, { canary: { total: 5, bad: 0 }, stable: { total: 3, bad: 0 } }],
    ]);
    expect(first.cursors).toEqual(
      cursorsOf([
        ['new', '200', 5_000, 5],
        ['old', '200', 4_000, 3],
      ]),
    );
    const second = close([canary, series('old', '200', [[11_000, 8]])], {
      cursors: { ...begun, ...first.cursors },
      closedAt: 5_000,
      now: 11_500,
    });
    expect(second.intervals.map((i) => i.counts['s'])).toEqual([
      { canary: { total: 4, bad: 0 }, stable: { total: 5, bad: 0 } },
    ]);
  });

  it('COUNT-4: whatever arrives when, and however often it is looked at, every request counts once', () => {
    const scrapes = fc.array(
      fc.record({
        after: fc.integer({ min: 1, max: 9_000 }),
        more: fc.nat(50),
        lateMs: fc.integer({ min: 0, max: 6_000 }),
      }),
      { minLength: 1, maxLength: 12 },
    );
    const looks = fc.array(fc.integer({ min: 500, max: 15_000 }), { maxLength: 20 });
    fc.assert(
      fc.property(scrapes, scrapes, looks, (canary, stable, gaps) => {
        const arms = { new: samplesOf(canary), old: samplesOf(stable) };
        const counted = { canary: 0, stable: 0 };
        let cursors: CloseRequest['cursors'] = {};
        let closedAt = 0;
        let now = 0;
        for (const gap of [...gaps, 200_000, 200_000]) {
          now += gap;
          const visible = Object.entries(arms).map(([rev, all]) =>
            series(
              rev,
              '200',
              all.filter((s) => s.visibleAt <= now).map((s): Sample => [s.at, s.value]),
            ),
          );
          const closed = close(visible, { cursors, closedAt, now });
          cursors = { ...cursors, ...closed.cursors };
          closedAt = closed.intervals.at(-1)?.at ?? closedAt;
          for (const { counts } of closed.intervals) {
            counted.canary += counts['s']?.canary?.total ?? 0;
            counted.stable += counts['s']?.stable?.total ?? 0;
          }
        }
        expect(counted).toEqual({
          canary: arms.new.at(-1)!.value,
          stable: arms.old.at(-1)!.value,
        });
      }),
    );
  });

  it('COUNT-4: a gap that is no number loses nothing: the next number counts from the last one', () => {
    const closed = close(
      [
        series('new', '200', [
          [3_000, Number.NaN],
          [5_000, 9],
        ]),
        series('old', '200', [[5_000, 4]]),
      ],
      { cursors: cursorsOf([['new', '200', 1_000, 2]]) },
    );
    expect(closed.intervals.map((i) => i.counts['s']?.canary)).toEqual([{ total: 7, bad: 0 }]);
    expect(closed.trouble).toBe('NOT_A_NUMBER');
  });

  it.each([
    ['the canary', 'new', { canary: { total: 5, bad: 0 }, stable: null }],
    ['the stable version', 'old', { canary: null, stable: { total: 5, bad: 0 } }],
  ])(
    'COUNT-5: an interval with samples of %s alone closes after 2.5 scrapes, and not before',
    (_, rev, counts) => {
      const alone = [series(rev, '200', [[5_000, 5]])];
      const cursors = cursorsOf([
        ['new', '200', 1_000, 0],
        ['old', '200', 1_000, 0],
      ]);
      const at = (now: number) => close(alone, { cursors, closedAt: 2_000, now }).intervals;
      expect(at(2_000 + 2.5 * I)).toEqual([]);
      expect(at(2_001 + 2.5 * I)).toEqual([{ at: 5_000, counts: { s: counts } }]);
    },
  );

  it('COUNT-5: after a gap of ours, too, an arm that stays away is waited for 2.5 scrapes each time', () => {
    const samples = [1, 2, 3, 4, 5, 6].map((i): Sample => [i * I, i * 10]);
    const closed = close([series('new', '200', samples)], { now: 6 * I + 1 });
    expect(closed.intervals.map((i) => [i.at, i.counts['s']])).toEqual([
      [3 * I, { canary: { total: 30, bad: 0 }, stable: null }],
      [6 * I, { canary: { total: 30, bad: 0 }, stable: null }],
    ]);
  });

  it('COUNT-5: an interval waits until every SLO has brought both arms', () => {
    const two: Sli = { ...goodSli('q', 'svc="a"'), slo: 't' };
    const ofTwo = (rev: string): Series => ({
      labels: { ...labels(rev, '200'), __name__: 'q' },
      samples: [[5_000, 2]],
    });
    const one = [series('new', '200', [[5_000, 5]]), series('old', '200', [[5_000, 7]])];
    const slis = [SLI, two];
    expect(close([...one, ofTwo('new')], { slis }).intervals).toEqual([]);
    expect(close([...one, ofTwo('new'), ofTwo('old')], { slis }).intervals).toHaveLength(1);
  });

  it.each([
    ['samples over 1.75 scrapes or less are read together', 8_750, [8_750]],
    ['samples over more than 1.75 scrapes are read one scrape at a time', 8_751, [4_000, 8_751]],
  ])('COUNT-7: %s', (_, last, at) => {
    const samples: Sample[] = [
      [4_000, 1],
      [last, 2],
    ];
    const closed = close([series('new', '200', samples), series('old', '200', samples)], { now: last + 1 });
    expect(closed.intervals.map((i) => i.at)).toEqual(at);
  });

  it('COUNT-7: pods of one arm that are scraped one after another within an interval are counted in it', () => {
    const pod = (rev: string, name: string, first: number) =>
      series(
        rev,
        '200',
        [0, 1, 2].map((i): Sample => [first + i * I, 10 * (i + 1)]),
        name,
      );
    const closed = close([pod('new', 'a', 1_000), pod('old', 'a', 2_000), pod('new', 'b', 3_000)], {
      now: 3 * I + 1,
    });
    expect(closed.intervals.map((i) => [i.at, i.counts['s']?.canary?.total])).toEqual([
      [3_000, 20],
      [3_000 + I, 20],
      [3_000 + 2 * I, 20],
    ]);
  });

  it('COUNT-7: a sample at the very end of an interval belongs to it, and the slower arm with it', () => {
    const arm = (rev: string, first: number) =>
      series(rev, '200', [
        [first, 10],
        [first + I, 30],
      ]);
    const closed = close([arm('new', 4_000), arm('old', I)], { now: 2 * I + 1 });
    expect(closed.intervals.map((i) => [i.at, i.counts['s']?.canary?.total])).toEqual([
      [I, 10],
      [2 * I, 20],
    ]);
  });

  it.each([
    ['nothing at all, three scrapes after the last interval', [], 3 * I, null],
    ['nothing at all, a moment later', [], 3 * I + 1, 'NO_DATA'],
    ['a sample three scrapes old', [series('new', '200', [[2 * I, 1]])], 5 * I, null],
    ['a sample a moment older than that', [series('new', '200', [[2 * I, 1]])], 5 * I + 1, 'STALE_DATA'],
    [
      'an old sample of the canary and a new one of the stable version',
      [series('new', '200', [[I, 1]]), series('old', '200', [[4 * I, 1]])],
      5 * I,
      null,
    ],
    ['a new sample of a third version alone', [series('third', '200', [[5 * I, 1]])], 5 * I + 1, 'NO_DATA'],
    [
      'a new sample of a third version, an old one of the canary',
      [series('third', '200', [[5 * I, 1]]), series('new', '200', [[I, 1]])],
      5 * I + 1,
      'STALE_DATA',
    ],
  ])('COUNT-9: %s', (_, list, now, trouble) => {
    // A release opens at any time of any clock: only the time since then counts.
    for (const closedAt of [0, 1_700_000_000_000]) {
      const moved = list.map((one): Series => {
        const [[at, value]] = one.samples as [Sample];
        return { ...one, samples: [[closedAt + at, value]] };
      });
      // Everything that is there was counted before: the look brings no interval.
      const cursors = Object.fromEntries(
        moved.map((one) => [seriesKey(one.labels), one.samples[0]!] as const),
      );
      expect(close(moved, { cursors, closedAt, now: closedAt + now })).toMatchObject({
        intervals: [],
        trouble,
      });
    }
  });

  it.each([
    ['more good requests than requests', SLI, '200', { total: 4, bad: 0 }],
    ['more bad requests than requests', BAD_SLI, '500', { total: 4, bad: 4 }],
  ])(
    'COUNT-10: a scrape torn in the middle shows %s, and counts as at most all of them',
    (_, sli, code, counts) => {
      const narrow: Sli = { ...sli, total: selectors('all{svc="a"}') };
      const all = (rev: string): Series => ({
        labels: { ...labels(rev, ''), __name__: 'all' },
        samples: [[5_000, 4]],
      });
      const list = [all('new'), all('old'), series('new', code, [[5_000, 6]])];
      expect(close(list, { slis: [narrow] }).intervals[0]?.counts['s']?.canary).toEqual(counts);
    },
  );

  it('COUNT-1: a third version counts on neither side', () => {
    const list = [
      series('new', '200', [[5_000, 1]]),
      series('old', '200', [[5_000, 2]]),
      series('third', '500', [[5_000, 100]]),
    ];
    expect(close(list).intervals.map((i) => i.counts['s'])).toEqual([
      { canary: { total: 1, bad: 0 }, stable: { total: 2, bad: 0 } },
    ]);
  });

  it('COUNT-11: scrapes that come a little early or late are one interval each', () => {
    const at = [0, I - 900, 2 * I + 900, 3 * I - 1];
    const list = [
      series(
        'old',
        '200',
        at.map((t, i): Sample => [t, 10 * i]),
      ),
    ];
    expect(baselineCounts(list, [SLI], ARMS, I).history['s']).toEqual([
      { total: 10, bad: 0 },
      { total: 10, bad: 0 },
      { total: 10, bad: 0 },
    ]);
  });

  it('COUNT-11: a pod that is first seen during the history adds nothing before its second sample', () => {
    // Scrapes stand on no grid that the clock knows.
    const at = [1, 2, 3].map((i) => i * I + 1_234);
    const list = [
      series(
        'old',
        '200',
        at.map((t, i): Sample => [t, 10 * i]),
        'p',
      ),
      series(
        'old',
        '200',
        [
          [at[1]!, 7_000],
          [at[2]!, 7_004],
        ],
        'q',
      ),
    ];
    expect(baselineCounts(list, [SLI], ARMS, I).history['s']).toEqual([
      { total: 10, bad: 0 },
      { total: 14, bad: 0 },
    ]);
  });

  it('COUNT-15: scrapes of a second are pooled to the interval that is judged, and no request is lost', () =>
    fc.assert(
      fc.property(
        fc.array(fc.record({ canary: fc.nat(40), stable: fc.nat(40), lost: fc.nat(9) }), {
          minLength: 5,
          maxLength: 40,
        }),
        fc.integer({ min: 0, max: 900 }),
        (seconds, offset) => {
          const raised = { new: 0, old: 0 };
          const samples: Record<'new' | 'old', Sample[]> = { new: [], old: [] };
          for (const [i, { canary, stable, lost }] of seconds.entries()) {
            raised.new += canary;
            raised.old += stable;
            // A scrape that is lost is told by the next one; the last is there.
            if (lost !== 1 || i === seconds.length - 1) samples.new.push([1_000 * i + 500, raised.new]);
            samples.old.push([1_000 * i + offset + 1, raised.old]);
          }
          let cursors: CloseRequest['cursors'] = {};
          let closedAt = 0;
          const told = { canary: 0, stable: 0 };
          // Looks go on until everything was told.
          for (let now = 1_000; now <= 1_000 * (seconds.length + 20); now += 1_000) {
            const until = (list: Sample[]) => list.filter(([at]) => at < now);
            const closed = close(
              [series('new', '200', until(samples.new)), series('old', '200', until(samples.old))],
              { cursors, closedAt, now, scrapeMs: 1_000, leastMs: 4_500 },
            );
            if (closed.intervals.length === 0) continue;
            expect(now - closedAt, 'as long as is judged').toBeGreaterThanOrEqual(4_500);
            for (const { counts } of closed.intervals) {
              told.canary += counts['s']?.canary?.total ?? 0;
              told.stable += counts['s']?.stable?.total ?? 0;
            }
            cursors = { ...cursors, ...closed.cursors };
            closedAt = now;
          }
          expect(told).toEqual({ canary: raised.new, stable: raised.old });
        },
      ),
    ));

  it('COUNT-15: pooling keeps nothing stale that is new: three scrapes without a sample are told as before', () => {
    const list = [series('new', '200', [[1_000, 1]]), series('old', '200', [[1_000, 1]])];
    const at = (now: number) => close(list, { now, scrapeMs: 1_000, leastMs: 4_500 });
    expect(at(2_000)).toMatchObject({ intervals: [], trouble: null });
    expect(at(4_400)).toMatchObject({ intervals: [], trouble: 'STALE_DATA' });
  });
});
