import { expect } from 'vitest';
import { upcast } from '../../src/delivery/event-versions.ts';
import { eventSchemas } from '../../src/delivery/events.ts';
import { evolve } from '../../src/delivery/evolve.ts';
import { emptyLane, type Lane } from '../../src/delivery/lane.ts';
import type { LedgerRecord } from '../../src/ledger/record.ts';
import type { House } from './harness.ts';

interface Seen {
  passed: Set<string>;
  overrides: number;
  fold: Lane;
  after: number;
  starts: Map<string, number>;
}

interface Data {
  release?: string;
  from?: string;
  to?: string;
  reason?: string;
  verdict?: { verdict: string };
  command?: string;
  target?: { revision: string };
  attempt?: number;
}

/** Checks everything that must hold after every step of every simulated run. */
export function watch(house: House) {
  const seen: Seen = {
    passed: new Set(),
    overrides: 0,
    fold: emptyLane('checkout/prod'),
    after: 0,
    starts: new Map(),
  };
  const take = (record: LedgerRecord, metricsDown: boolean) => {
    const data = record.data as Data;
    if (record.type in eventSchemas)
      seen.fold = evolve(seen.fold, upcast(record.type, record.v, record.data), record.at);
    if (record.type === 'release.looked' && data.verdict?.verdict === 'pass') seen.passed.add(data.release!);
    if (record.type === 'command.accepted' && data.command === 'promote') seen.overrides++;
    if (record.type === 'release.opened') {
      const times = (seen.starts.get(data.target!.revision) ?? 0) + 1;
      seen.starts.set(data.target!.revision, times);
      expect(times, 'a revision is tried a bounded number of times').toBeLessThanOrEqual(6);
    }
    if (record.type !== 'lane.moved') return;
    if (data.reason === 'PASSED') expect(seen.passed, 'no Promote without a pass').toContain(data.release);
    if (data.reason === 'OVERRIDDEN')
      expect(seen.overrides, 'no override without an order').toBeGreaterThan(0);
    if (metricsDown)
      expect(['PASSED', 'NEXT_STEP'], 'nothing is promoted without numbers').not.toContain(data.reason);
  };
  return async (metricsDown: boolean): Promise<void> => {
    const records = await house.ledger.read({ after: seen.after });
    for (const record of records) take(record, metricsDown);
    seen.after = records.at(-1)?.seq ?? seen.after;
    const state = house.state();
    expect(state, 'state is the fold of the ledger').toEqual(seen.fold);
    const edge = house.world.edge();
    expect([0, 20, 50, 100], 'only declared weights are served').toContain(edge.weight);
    if (['Rollback', 'Degraded', 'Recovery', 'Idle', 'Stable'].includes(state.state)) {
      expect(edge.weight, `in ${state.state} no traffic reaches a canary`).toBe(0);
      expect(edge.canary).toBeNull();
    }
    if (state.state === 'Stable') expect(edge.stable).toBe(state.stable?.revision);
    for (const [id, times] of house.world.starts) expect(times, `${id} happened once`).toBe(1);
  };
}
