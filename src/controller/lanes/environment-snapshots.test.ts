import { describe, expect, it } from 'vitest';
import { goodSli } from '../../../test/sli.ts';
import type { Environment, Platform } from '../../declaration/platform.ts';
import type { Lane } from '../../delivery/lane.ts';
import { ok } from '../../kit/result.ts';
import type { MetricsPort } from '../../runtime/port.ts';
import { createSnapshotReader } from './environment-snapshots.ts';
import type { LaneRuntime } from './lane-runtime.ts';

const environment = {
  name: 'prod',
  prometheus: { scrapeIntervalMs: 5_000 },
  burn: { fast: { windowMs: 300_000 }, slow: { windowMs: 3_600_000 } },
} as unknown as Environment;

/** A lane with a release of version two, opened at 100 s, whose series were counted up to these times. */
function runtimeOf(cursors: Record<string, [number, number]>): LaneRuntime {
  const release = { target: { revision: 'two' }, from: { revision: 'one' }, openedAt: 100_000, cursors };
  return {
    service: { name: 'a', slos: ['s'], burnSlos: [], guards: [], revisionLabel: 'rev' },
    environment,
    settings: { release: { intervalMs: 5_000 } },
    slis: [goodSli('r', 'svc="a"')],
    state: { lane: 'a/prod', state: 'Canary', release } as unknown as Lane,
  } as unknown as LaneRuntime;
}

/** Looks at one environment, and keeps how far back the samples were asked for. */
function readerOf(runtime: LaneRuntime) {
  const ranges: number[] = [];
  const port = {
    instant: async () => ok([]),
    raw: async (_: string, rangeMs: number) => {
      ranges.push(rangeMs);
      return ok([]);
    },
  } as unknown as MetricsPort;
  const reader = createSnapshotReader({
    platform: { environments: [environment], services: [] } as unknown as Platform,
    runtimes: new Map([['a/prod', runtime]]),
    metrics: () => port,
    wanted: () => null,
    warn: () => {},
  });
  return { reader, ranges };
}

describe('how far back a look reaches', () => {
  it.each([
    [
      'to the last sample that was counted, and three scrapes more, in steps of as many',
      { a: [150_000, 1] },
      160_000,
      30_000,
    ],
    ['after a minute in which nobody looked', { a: [150_000, 1], b: [120_000, 1] }, 210_000, 75_000],
    ['to the opening of the release, where nothing was counted yet', {}, 130_000, 45_000],
    ['an hour at most', { a: [150_000, 1] }, 8_000_000, 3_600_000],
  ] as const)('COUNT-7: %s', async (_, cursors, now, range) => {
    const { reader, ranges } = readerOf(runtimeOf(cursors as unknown as Record<string, [number, number]>));
    expect((await reader.due(environment, now))?.metrics.at).toBe(now);
    expect(ranges).toEqual([range]);
  });

  it('COUNT-12: an environment is looked at as often as it is scraped, or when somebody says that it changed', async () => {
    const { reader, ranges } = readerOf(runtimeOf({}));
    const looked = async (now: number) => (await reader.due(environment, now)) !== null;
    expect([await looked(100_000), await looked(104_499), await looked(104_500)]).toEqual([
      true,
      false,
      true,
    ]);
    reader.hint('prod');
    expect([await looked(104_600), await looked(104_700)]).toEqual([true, false]);
    expect(ranges).toHaveLength(3);
  });
});
