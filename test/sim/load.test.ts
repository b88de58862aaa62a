import { describe, expect, it } from 'vitest';
import { createLoadRunner } from '../../src/controller/load/load-runner.ts';
import type { LoadResult } from '../../src/delivery/events.ts';
import type { LoadPort, LoadRun, LoadSeen } from '../../src/gitops/load.ts';
import { createHouse } from './harness.ts';

const minutes = (n: number) => n * 60_000;
type Seen = Exclude<LoadSeen, 'running'>;

/** A load test of the simulated world: it lasts as planned, with the result that the test sets. */
function fakeLoad(now: () => number, says: (run: LoadRun, own: string | null, n: number) => Partial<Seen>) {
  let run: LoadRun | null = null;
  let own: string | null = null;
  let stopped = false;
  const started: { id: string; own: string | null }[] = [];
  const port: LoadPort = {
    current: async () => run,
    start: async (next, why) => {
      run = next;
      own = why;
      stopped = false;
      started.push({ id: next.id, own: why });
    },
    async observe(r) {
      const over = stopped || (r.plan.durationMs !== null && now() - r.startedAt >= r.plan.durationMs);
      if (!over) return 'running';
      const base: Seen = {
        tool: own === null ? 'k6' : 'sluice',
        outcome: 'passed',
        requests: 1_500,
        failed: 0,
        p95Ms: 10,
        thresholds: [],
        endedAt: now(),
        note: own ?? '',
      };
      return { ...base, ...says(r, own, started.length) };
    },
    stop: async () => {
      stopped = true;
    },
    clear: async () => {
      run = null;
    },
  };
  return { port, started, running: () => run };
}

async function loaded(
  options: { validation?: 'k6' | 'canary'; seed: number; rps?: number },
  says: Parameters<typeof fakeLoad>[1] = () => ({}),
) {
  const house = await createHouse({ load: true, dwell: '5s', warmUp: '5s', ...options });
  const load = fakeLoad(() => house.world.clock.now(), says);
  const open = () =>
    createLoadRunner({
      platform: house.platform,
      port: load.port,
      journal: house.journal(),
      lanes: { get: (name) => (name === house.state().lane ? house.state() : undefined) },
      desired: () => house.controller().desired(),
      warn: () => {},
    });
  let looking = open();
  const until = (condition: () => boolean, limit = minutes(60)) =>
    house.until(condition, limit, () => looking.tick(house.world.clock.now()));
  return {
    house,
    load,
    until,
    restart: async () => {
      await house.restart();
      looking = open();
    },
    loads: (): readonly LoadResult[] => house.state().release?.loads ?? [],
  };
}

describe('validation by a load test', () => {
  it('LOAD-6: deployed at once, it passes only after the load test is over, and the test is kept with it', async () => {
    const t = await loaded({ validation: 'k6', seed: 41 });
    t.house.world.push('1.0.0', { errorRate: 0 });
    await t.until(() => t.house.state().stable?.version === '1.0.0');
    t.house.world.push('1.1.0', { errorRate: 0 });
    await t.until(() => (t.house.state().release?.verdict?.reasons ?? []).join() === 'LOAD_RUNNING');
    expect(t.house.lane().delivery?.weight).toBe(100);
    await t.until(() => t.house.state().stable?.version === '1.1.0');
    expect(t.loads()).toMatchObject([{ tool: 'k6', outcome: 'passed' }]);
    const [load] = t.loads();
    expect(load!.endedAt - load!.startedAt).toBeGreaterThanOrEqual(30_000);
  });

  it('LOAD-7: k6 passes while the SLO fails: the SLO’s word counts', async () => {
    const t = await loaded({ validation: 'k6', seed: 42 }, () => ({ outcome: 'passed' }));
    t.house.world.push('1.0.0', { errorRate: 0 });
    await t.until(() => t.house.state().stable?.version === '1.0.0');
    t.house.world.push('1.1.0', { errorRate: 0.05 });
    await t.until(() => t.house.state().release?.blamed === true);
    expect(t.house.state().release).toMatchObject({ cause: 'HARM_SHOWN', target: { version: '1.1.0' } });
    await t.until(() => t.house.state().state === 'Degraded');
    expect(t.house.state().stable?.version).toBe('1.0.0');
  });

  it('LOAD-7: k6 fails while the SLO holds: it passes, and k6’s word stands beside it', async () => {
    const t = await loaded({ validation: 'k6', seed: 43 }, () => ({ outcome: 'failed', failed: 900 }));
    t.house.world.push('1.0.0', { errorRate: 0 });
    await t.until(() => t.house.state().stable?.version === '1.0.0');
    expect(t.loads()[0]).toMatchObject({ outcome: 'failed', failed: 900 });
  });

  it('LOAD-8: one that broke off is run again, and after two our own generator takes over; nothing passes before', async () => {
    const t = await loaded({ validation: 'k6', seed: 44 }, (_, own) =>
      own ? {} : { outcome: 'broken', requests: 0 },
    );
    t.house.world.push('1.0.0', { errorRate: 0 });
    await t.until(() => t.loads().length === 2);
    expect(t.house.state().state).toBe('Evaluating');
    await t.until(() => t.house.state().stable?.version === '1.0.0');
    expect(t.load.started.map((s) => s.own)).toEqual([null, null, 'k6 was interrupted 2 times']);
    expect(t.loads().map((l) => [l.tool, l.outcome])).toEqual([
      ['k6', 'broken'],
      ['k6', 'broken'],
      ['sluice', 'passed'],
    ]);
  });

  it('LOAD-8: too few requests in one run: another follows, until there are enough', async () => {
    const t = await loaded({ validation: 'k6', seed: 45, rps: 3 });
    t.house.world.push('1.0.0', { errorRate: 0 });
    await t.until(() => t.house.state().stable?.version === '1.0.0');
    expect(t.loads().length).toBeGreaterThan(1);
  });

  it('LOAD-9: stopped early, the load test is stopped; killed in between, it is taken up once', async () => {
    const t = await loaded({ validation: 'k6', seed: 46 });
    t.house.world.push('1.0.0', { errorRate: 0 });
    await t.until(() => t.house.state().stable?.version === '1.0.0');
    t.house.world.push('1.1.0', { errorRate: 0.5 });
    await t.until(() => t.load.running() !== null);
    await t.restart();
    await t.until(() => t.house.state().state === 'Degraded' && t.load.running() === null);
    const records = (await t.house.events()).filter((r) => r.type === 'release.loaded');
    const runs = records.map((r) => (r.data as { run: string }).run);
    expect(new Set(runs).size).toBe(runs.length);
  });
});

describe('load beside a canary', () => {
  it('LOAD-10: it runs from the first to the last of a release, is recorded with it, and never in between', async () => {
    const t = await loaded({ validation: 'canary', seed: 47 });
    t.house.world.push('1.0.0', { errorRate: 0 });
    await t.until(() => t.house.state().stable?.version === '1.0.0' && t.load.running() === null);
    t.house.world.push('1.1.0', { errorRate: 0 });
    await t.until(() => t.house.state().stable?.version === '1.1.0');
    await t.until(() => t.load.running() === null, minutes(2));
    expect(t.loads()).toHaveLength(1);
    const before = t.load.started.length;
    await t.until(() => false, minutes(10));
    expect(t.load.started).toHaveLength(before);
  });
});
