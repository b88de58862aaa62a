import { describe, expect, it } from 'vitest';
import { goodSli } from '../../test/sli.ts';
import type { Environment, Platform } from '../declaration/platform.ts';
import type { Lane } from '../delivery/events.ts';
import { ok } from '../kit/result.ts';
import type { MetricsPort } from '../runtime/port.ts';
import type { LaneCell } from './cells.ts';
import { createLooker } from './looking.ts';

const environment = {
  name: 'prod',
  prometheus: { scrapeIntervalMs: 5_000 },
  burn: { fast: { windowMs: 300_000 }, slow: { windowMs: 3_600_000 } },
} as unknown as Environment;

/** A lane with a release of version two, opened at 100 s, whose series were counted up to these times. */
function cellOf(cursors: Record<string, [number, number]>): LaneCell {
  const release = { target: { revision: 'two' }, from: { revision: 'one' }, openedAt: 100_000, cursors };
  return {
    service: { name: 'a', slos: ['s'], burnSlos: [], guards: [], revisionLabel: 'rev' },
    environment,
    settings: { release: { intervalMs: 5_000 } },
    slis: [goodSli('r', 'svc="a"')],
    state: { lane: 'a/prod', state: 'Canary', release } as unknown as Lane,
  } as unknown as LaneCell;
}

/** Looks at one environment, and keeps how far back the samples were asked for. */
function lookerOf(cell: LaneCell) {
  const ranges: number[] = [];
  const port = {
    instant: async () => ok([]),
    raw: async (_: string, rangeMs: number) => {
      ranges.push(rangeMs);
      return ok([]);
    },
  } as unknown as MetricsPort;
  const looker = createLooker({
    platform: { environments: [environment], services: [] } as unknown as Platform,
    cells: new Map([['a/prod', cell]]),
    metrics: () => port,
    wanted: () => null,
    warn: () => {},
  });
  return { looker, ranges };
}

describe('how far back a look reaches', () => {
  it.each([
    ['to the last sample that was counted, and three scrapes more', { a: [150_000, 1] }, 160_000, 25_000],
    ['after a minute in which nobody looked', { a: [150_000, 1], b: [120_000, 1] }, 210_000, 75_000],
    ['to the opening of the release, where nothing was counted yet', {}, 130_000, 45_000],
    ['an hour at most', { a: [150_000, 1] }, 8_000_000, 3_600_000],
  ] as const)('COUNT-7: %s', async (_, cursors, now, range) => {
    const { looker, ranges } = lookerOf(cellOf(cursors as unknown as Record<string, [number, number]>));
    expect((await looker.due(environment, now))?.look.at).toBe(now);
    expect(ranges).toEqual([range]);
  });

  it('COUNT-12: an environment is looked at as often as it is scraped, or when somebody says that it changed', async () => {
    const { looker, ranges } = lookerOf(cellOf({}));
    const looked = async (now: number) => (await looker.due(environment, now)) !== null;
    expect([await looked(100_000), await looked(104_499), await looked(104_500)]).toEqual([
      true,
      false,
      true,
    ]);
    looker.hint('prod');
    expect([await looked(104_600), await looked(104_700)]).toEqual([true, false]);
    expect(ranges).toHaveLength(3);
  });
});
