import { describe, expect, it } from 'vitest';
import { type LaneCell, REACHED } from './cells.ts';
import { countUnreachable, unansweredAt } from './lane-look.ts';
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
