import { expect } from 'vitest';
import { until } from '../../wait.ts';
import type { ClusterHouse } from '../harness.ts';
import {
  type LaneNow,
  laneOf,
  proposeAndMerge,
  type RolloutObject,
  recordsOf,
  rolloutOf,
  type Told,
  untilLane,
} from '../people.ts';
import type { Stage } from '../stage.ts';

export const LAB = 'lab';
const MINUTE = 60_000;

/** One service in an environment of its own, in which single releases are tried out. */
export interface Lab {
  readonly house: ClusterHouse;
  readonly service: string;
  /** A version by pull request, merged; gives when. Of one that serves already there is no release. */
  release(version: string): Promise<number>;
  /** A version without a fault that does not serve now, whichever story was told before. */
  another(): Promise<string>;
  now(): Promise<LaneNow>;
  until(what: string, is: (lane: LaneNow) => boolean, limitMs?: number): Promise<LaneNow>;
  /** Its canary serves at least that much. */
  at(weight: number): Promise<LaneNow>;
  rollout(): Promise<RolloutObject>;
  patch(status: object): void;
  records(from: number): Promise<Told[]>;
  /** What happened once happened once: releases, weights, effects. */
  once(from: number): Promise<void>;
}

export function labOf(stage: Stage, service: string): Lab {
  const house = stage.house();
  const untilIs = (what: string, is: (lane: LaneNow) => boolean, limitMs = 2 * MINUTE) =>
    untilLane(house, service, LAB, what, limitMs, is);
  const records = async (from: number) =>
    (await recordsOf(house, `${service}/${LAB}`)).filter((r) => r.at >= from);
  return {
    house,
    service,
    async release(version) {
      const begun = Date.now();
      await proposeAndMerge(house, service, version, LAB, 3 * MINUTE);
      return begun;
    },
    another: async () => ((await laneOf(house, service, LAB)).stable === '1.1.0' ? '1.4.0' : '1.1.0'),
    now: () => laneOf(house, service, LAB),
    until: untilIs,
    at: (weight) => untilIs(`is at ${weight}%`, (l) => l.weight >= weight),
    rollout: () => rolloutOf(house, service, LAB),
    patch: (status) =>
      void house.kubectl(
        ...['patch', 'rollout', service, '-n', LAB, '--subresource=status', '--type=merge'],
        ...['-p', JSON.stringify({ status })],
      ),
    records,
    async once(from) {
      const mine = await records(from);
      expect(mine.filter((r) => r.type === 'release.opened')).toHaveLength(1);
      const weights = mine.filter((r) => r.type === 'release.confirmed').map((r) => r.data['weight']);
      expect(weights).toEqual([20, 50, 100]);
      const settled = mine.filter((r) => r.type === 'effect.settled').map((r) => r.data['id']);
      expect(new Set(settled).size, 'one outcome per effect').toBe(settled.length);
    },
  };
}

export interface Leader {
  readonly pod: string;
  readonly ip: string;
  readonly epoch: number;
}

/** Who leads, by the store's own word. */
export async function leaderOf(house: ClusterHouse): Promise<Leader | null> {
  const [row] = await house.postgres.query(
    'SELECT holder, epoch FROM sluice_ledgers WHERE until > clock_timestamp()',
  );
  const found = /^(\S+) at http:\/\/([\d.]+):/.exec(String(row?.['holder'] ?? ''));
  return found ? { pod: found[1]!, ip: found[2]!, epoch: Number(row!['epoch']) } : null;
}

/** Until somebody leads in a later epoch; gives after how many milliseconds. */
export async function untilAnotherLeads(house: ClusterHouse, before: Leader): Promise<number> {
  const begun = performance.now();
  await until('another epoch of the ledger', 30_000, async () => {
    const now = await leaderOf(house);
    return now !== null && now.epoch > before.epoch;
  });
  return performance.now() - begun;
}
