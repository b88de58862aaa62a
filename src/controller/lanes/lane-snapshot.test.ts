import { describe, expect, it } from 'vitest';
import { goodSli } from '../../../test/sli.ts';
import type { Release } from '../../delivery/lane.ts';
import { NO_READING } from '../../runtime/slo-status.ts';
import { type MetricsSnapshot, NO_SNAPSHOT, type ScrapeTarget } from '../metrics-snapshot.ts';
import { type LaneRuntime, REACHED } from './lane-runtime.ts';
import { countUnreachable, laneSnapshot, unansweredAt } from './lane-snapshot.ts';

const target = (up: boolean, at = 1_000, service: string | null = null): ScrapeTarget => ({
  service,
  up,
  at,
});
const INTERVAL_MS = 5_000;
const answering = (at: number): ScrapeTarget => target(true, at);
const scraped = (
  canary: ScrapeTarget[],
  stable: ScrapeTarget[] = [answering(7_000)],
  at = 8_000,
): MetricsSnapshot => ({
  ...NO_SNAPSHOT,
  at,
  targets: new Map([
    ['new', canary],
    ['old', stable],
  ]),
});

describe('a canary that cannot be reached', () => {
  const pods: [string, ScrapeTarget[], number | null][] = [
    ['none is known', [], null],
    ['its only pod answers', [target(true)], null],
    ['its only pod does not', [target(false, 7_000)], 7_000],
    ['one pod starts beside another that answers', [target(true), target(false)], null],
    ['none of two answers', [target(false, 6_000), target(false, 7_000)], 7_000],
    ["another service's pod of that version does not", [target(true, 1, 'a'), target(false, 1, 'b')], null],
    ["only another service's pod answers", [target(false, 7_000, 'a'), target(true, 1, 'b')], 7_000],
  ];
  it.each(pods)('UNREACHABLE-1: %s', (_, targets, at) =>
    expect(unansweredAt('a', 'new', 'old', scraped(targets), INTERVAL_MS)).toBe(at),
  );

  const runtime = (): LaneRuntime =>
    ({
      service: { name: 'a' },
      state: {
        state: 'Canary',
        release: {
          target: { revision: 'new' },
          from: { revision: 'old' },
          step: 0,
          confirmedAt: [0],
          settings: { intervalMs: INTERVAL_MS },
        },
      },
      settings: { followed: true },
      delivery: { weight: 20 },
      unreachable: REACHED,
    }) as unknown as LaneRuntime;
  const counted = (...looks: MetricsSnapshot[]) => {
    const one = runtime();
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
    expect(counted(first, { ...NO_SNAPSHOT, failure }, last)).toBe(1);
  });

  it('UNREACHABLE-6: a machine that is behind blames nobody: scrapes that are old tell nothing of now', () => {
    const old = scraped([target(false, 7_000)], [answering(7_000)], 22_001);
    expect(unansweredAt('a', 'new', 'old', old, INTERVAL_MS)).toBeNull();
  });

  it.each([
    ['was told to stop', { aborted: true }],
    ['is kept from running by something else', { hindered: 'its node does not answer' }],
    ['is seen by nobody', null],
  ])('UNREACHABLE-7: a canary that %s is not down by itself', (_, delivery) => {
    const one = { ...runtime(), delivery } as unknown as LaneRuntime;
    for (const at of [1_000, 2_000, 3_000]) countUnreachable(one, scraped([target(false, at)]));
    expect(one.unreachable.looks).toBe(0);
  });

  const beside: [string, ScrapeTarget[], number | null][] = [
    ['answers', [answering(7_000)], 7_000],
    ['answered one scrape before', [answering(2_000)], 7_000],
    ['has one pod that answers', [target(false), answering(7_000)], 7_000],
    ['does not answer either', [target(false)], null],
    ['was scraped last before the canary went away', [answering(1_999)], null],
    ['is not known to Prometheus', [], null],
  ];
  it.each(beside)('UNREACHABLE-5: whether it is the canary: the stable version %s', (_, stable, at) =>
    expect(unansweredAt('a', 'new', 'old', scraped([target(false, 7_000)], stable), INTERVAL_MS)).toBe(at),
  );

  it('UNREACHABLE-5: a first version has nothing beside it', () =>
    expect(
      unansweredAt('a', 'new', null, scraped([target(false, 7_000)], [target(false)]), INTERVAL_MS),
    ).toBe(7_000));
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
  const cellOf = (mine: Release | null, weight = 20, state = 'Canary'): LaneRuntime =>
    ({
      service: { name: 'a', slos: ['s'], burnSlos: ['t'], guards: [], revisionLabel: 'rev' },
      environment: {
        prometheus: { scrapeIntervalMs: 5_000 },
        burn: { fast: { threshold: 14 }, slow: { threshold: 3 } },
      },
      slis: [sli],
      state: { state, release: mine },
      delivery: { weight },
      violations: new Map(),
    }) as unknown as LaneRuntime;
  const sample = (rev: string, at: number, value: number) => ({
    labels: { __name__: 'r', svc: 'a', rev, code: '200' },
    samples: [[at, value] as const],
  });
  const at = (now: number, ...raw: MetricsSnapshot['raw']): MetricsSnapshot => ({
    ...NO_SNAPSHOT,
    at: now,
    raw,
  });
  const counts = (runtime: LaneRuntime, look: MetricsSnapshot) =>
    laneSnapshot(runtime, look).intervals.map((i) => i.counts['s']);

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
    expect(laneSnapshot(cellOf(release()), failed)).toMatchObject({
      trouble: 'SOURCE_UNAVAILABLE',
      intervals: [],
    });
  });

  it('COUNT-4: nothing is counted where no release is on its way', () => {
    const both = at(13_000, sample('new', 12_000, 5), sample('old', 12_000, 5));
    expect(laneSnapshot(cellOf(release(), 0, 'Stable'), both)).toMatchObject({
      trouble: null,
      intervals: [],
    });
    expect(laneSnapshot(cellOf(null, 0, 'Stable'), both)).toMatchObject({ trouble: null, intervals: [] });
    expect(counts(cellOf(release()), both)).toHaveLength(1);
  });

  it('JUDGE-13: the worst of the SLOs that it is judged by, and of those that only burn', () => {
    const slos = new Map([
      ['s', { ...NO_READING, fast: 1, slow: 1 }],
      ['t', { ...NO_READING, fast: 20, slow: 5 }],
      ['another', { ...NO_READING, fast: 90, slow: 90 }],
    ]);
    expect(laneSnapshot(cellOf(null), { ...NO_SNAPSHOT, slos }).burn).toEqual({ fast: 20, slow: 5 });
    const unknown = new Map([['s', { ...NO_READING, fast: 1, slow: 1 }]]);
    expect(laneSnapshot(cellOf(null), { ...NO_SNAPSHOT, slos: unknown }).burn).toEqual({
      fast: null,
      slow: null,
    });
  });
});
