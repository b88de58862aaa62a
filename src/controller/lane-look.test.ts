import { describe, expect, it } from 'vitest';
import { goodSli } from '../../test/sli.ts';
import type { Release } from '../delivery/events.ts';
import { NO_READING } from '../runtime/slo-status.ts';
import { type LaneCell, REACHED } from './cells.ts';
import { countUnreachable, laneLook, unansweredAt } from './lane-look.ts';
import { type MetricsLook, NO_LOOK, type Target } from './metrics-look.ts';

const target = (up: boolean, at = 1_000, service: string | null = null): Target => ({ service, up, at });
const scraped = (canary: Target[], stable: Target[] = []): MetricsLook => ({
  ...NO_LOOK,
  targets: new Map([
    ['new', canary],
    ['old', stable],
  ]),
});

describe('a canary that cannot be reached', () => {
  const pods: [string, Target[], number | null][] = [
    ['none is known', [], null],
    ['its only pod answers', [target(true)], null],
    ['its only pod does not', [target(false, 7_000)], 7_000],
    ['one pod starts beside another that answers', [target(true), target(false)], null],
    ['none of two answers', [target(false, 6_000), target(false, 7_000)], 7_000],
    ["another service's pod of that version does not", [target(true, 1, 'a'), target(false, 1, 'b')], null],
    ["only another service's pod answers", [target(false, 7_000, 'a'), target(true, 1, 'b')], 7_000],
  ];
  it.each(pods)('UNREACHABLE-1: %s', (_, targets, at) =>
    expect(unansweredAt('a', 'new', 'old', scraped(targets))).toBe(at),
  );

  const cell = (): LaneCell =>
    ({
      service: { name: 'a' },
      state: {
        state: 'Canary',
        release: { target: { revision: 'new' }, from: { revision: 'old' }, step: 0, confirmedAt: [0] },
      },
      delivery: null,
      unreachable: REACHED,
    }) as unknown as LaneCell;
  const counted = (...looks: MetricsLook[]) => {
    const one = cell();
    for (const look of looks) countUnreachable(one, look);
    return one.unreachable.looks;
  };

  it('UNREACHABLE-2: one scrape that failed counts once, however often it is looked at', () => {
    expect(counted(scraped([target(false, 1_000)]), scraped([target(false, 1_000)]))).toBe(1);
    expect(counted(scraped([target(false, 1_000)]), scraped([target(false, 2_000)]))).toBe(2);
  });

  it('UNREACHABLE-3: an answer in between begins anew, and so does a look that failed', () => {
    const [first, last] = [scraped([target(false, 1_000)]), scraped([target(false, 3_000)])];
    expect(counted(first, scraped([target(true, 2_000)]), last)).toBe(1);
    const failure = { code: 'SOURCE_UNAVAILABLE', message: '' } as const;
    expect(counted(first, { ...NO_LOOK, failure }, last)).toBe(1);
  });

  const beside: [string, Target[], number | null][] = [
    ['answers', [target(true)], 7_000],
    ['has one pod that answers', [target(false), target(true)], 7_000],
    ['does not answer either', [target(false)], null],
    ['is not known to Prometheus', [], 7_000],
  ];
  it.each(beside)('UNREACHABLE-5: whether it is the canary: the stable version %s', (_, stable, at) =>
    expect(unansweredAt('a', 'new', 'old', scraped([target(false, 7_000)], stable))).toBe(at),
  );

  it('UNREACHABLE-5: a first version has nothing beside it', () =>
    expect(unansweredAt('a', 'new', null, scraped([target(false, 7_000)], [target(false)]))).toBe(7_000));
});

describe("a lane's share of a look", () => {
  const sli = goodSli('r', 'svc="a"');
  const revision = (name: string) => ({ revision: name, version: name, digest: name, config: {} });
  /** A release at its only confirmed step of 20 %, looked at last at 10 s. */
  const release = (more: Partial<Release> = {}): Release =>
    ({
      target: revision('new'),
      from: revision('old'),
      openedAt: 1_000,
      lookTimes: [10_000],
      confirmedAt: [2_000],
      step: 0,
      cursors: {},
      settings: { intervalMs: 5_000, weights: [20, 100] },
      ...more,
    }) as unknown as Release;
  const cellOf = (mine: Release | null, weight = 20, state = 'Canary'): LaneCell =>
    ({
      service: { name: 'a', slos: ['s'], burnSlos: ['t'], guards: [], revisionLabel: 'rev' },
      environment: { burn: { fast: { threshold: 14 }, slow: { threshold: 3 } } },
      slis: [sli],
      state: { state, release: mine },
      delivery: { weight },
      violations: new Map(),
    }) as unknown as LaneCell;
  const sample = (rev: string, at: number, value: number) => ({
    labels: { __name__: 'r', svc: 'a', rev, code: '200' },
    samples: [[at, value] as const],
  });
  const at = (now: number, ...raw: MetricsLook['raw']): MetricsLook => ({ ...NO_LOOK, at: now, raw });
  const counts = (cell: LaneCell, look: MetricsLook) =>
    laneLook(cell, look).intervals.map((i) => i.counts['s']);

  it.each([
    [
      'before the first step is served, the canary is known to have none',
      { confirmedAt: [] },
      20,
      [sample('old', 12_000, 7)],
      [{ canary: { total: 0, bad: 0 }, stable: { total: 7, bad: 0 } }],
    ],
    ['once it is served, the canary is waited for', {}, 20, [sample('old', 12_000, 7)], []],
    ['below 100 %, the stable version is waited for', {}, 20, [sample('new', 12_000, 5)], []],
    [
      'at a step of 100 %, the stable version is known to have none',
      { step: 1 },
      100,
      [sample('new', 12_000, 5)],
      [{ canary: { total: 5, bad: 0 }, stable: { total: 0, bad: 0 } }],
    ],
    [
      'at a step of 100 % that is not served yet, it is waited for',
      { step: 1 },
      20,
      [sample('new', 12_000, 5)],
      [],
    ],
    ['moved to 100 % by hand in a lower step, it is waited for', {}, 100, [sample('new', 12_000, 5)], []],
    [
      'a first version has none beside it',
      { from: null },
      100,
      [sample('new', 12_000, 5)],
      [{ canary: { total: 5, bad: 0 }, stable: { total: 0, bad: 0 } }],
    ],
  ])('COUNT-6: requests that an arm cannot have are a known zero: %s', (_, more, weight, raw, expected) =>
    expect(counts(cellOf(release(more as Partial<Release>), weight), at(13_000, ...raw))).toEqual(expected),
  );

  it.each([
    ['of its last look', [10_000], 22_500, 0],
    ['of its last look, a moment later', [10_000], 22_501, 1],
    ['of its opening, before any look', [], 13_500, 0],
    ['of its opening, before any look, a moment later', [], 13_501, 1],
  ])('COUNT-5: the slower arm is waited for 2.5 scrapes %s', (_, lookTimes, now, closed) =>
    expect(counts(cellOf(release({ lookTimes })), at(now, sample('new', 12_000, 5)))).toHaveLength(closed),
  );

  it('LOOP-3: a look that failed is trouble with the source, and brings no counts', () => {
    const failure = { code: 'SOURCE_UNAVAILABLE', message: '' } as const;
    const failed = { ...at(13_000, sample('new', 12_000, 5), sample('old', 12_000, 5)), failure };
    expect(laneLook(cellOf(release()), failed)).toMatchObject({
      trouble: 'SOURCE_UNAVAILABLE',
      intervals: [],
    });
  });

  it('COUNT-4: nothing is counted where no release is on its way', () => {
    const both = at(13_000, sample('new', 12_000, 5), sample('old', 12_000, 5));
    expect(laneLook(cellOf(release(), 0, 'Stable'), both)).toMatchObject({ trouble: null, intervals: [] });
    expect(laneLook(cellOf(null, 0, 'Stable'), both)).toMatchObject({ trouble: null, intervals: [] });
    expect(counts(cellOf(release()), both)).toHaveLength(1);
  });

  it('JUDGE-13: the worst of the SLOs that it is judged by, and of those that only burn', () => {
    const slos = new Map([
      ['s', { ...NO_READING, fast: 1, slow: 1 }],
      ['t', { ...NO_READING, fast: 20, slow: 5 }],
      ['another', { ...NO_READING, fast: 90, slow: 90 }],
    ]);
    expect(laneLook(cellOf(null), { ...NO_LOOK, slos }).burn).toEqual({ fast: 20, slow: 5 });
    const unknown = new Map([['s', { ...NO_READING, fast: 1, slow: 1 }]]);
    expect(laneLook(cellOf(null), { ...NO_LOOK, slos: unknown }).burn).toEqual({ fast: null, slow: null });
  });
});
