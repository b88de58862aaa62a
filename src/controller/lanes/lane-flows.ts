import type { Platform } from '../../declaration/platform.ts';
import type { Trouble } from '../flow/types.ts';
import { type LaneFlow, type LaneFlowParts, openLaneFlow } from './lane-flow.ts';
import { byEnvironment, type LaneRuntimes } from './lane-runtime.ts';

/** The lanes of every environment, asked by the name of a lane. A lane that is not declared is passed over. */
interface LaneFlows {
  tick(): Promise<void>;
  /** Plans the lane in the next tick: something about it changed. */
  mark(lane: string): void;
  /** Somebody waits for it: what failed before is tried at once. */
  hurry(lane: string): void;
  /** Why the lane makes no progress; null: it does. */
  trouble(lane: string): Trouble | null;
}

export function openLaneFlows(
  platform: Platform,
  runtimes: LaneRuntimes,
  parts: Omit<LaneFlowParts, 'environment' | 'runtimes'>,
): LaneFlows {
  const inEnvironment = byEnvironment(runtimes);
  const flows = new Map<string, LaneFlow>(
    platform.environments.map((environment) => [
      environment.name,
      openLaneFlow({ ...parts, environment, runtimes: inEnvironment.get(environment.name) ?? [] }),
    ]),
  );
  const flowOf = (lane: string) => flows.get(runtimes.get(lane)?.environment.name ?? '');
  return {
    tick: async () => void (await Promise.all([...flows.values()].map((flow) => flow.tick()))),
    mark: (lane) => flowOf(lane)?.mark(lane),
    hurry: (lane) => flowOf(lane)?.hurry(lane),
    trouble: (lane) => flowOf(lane)?.trouble(lane) ?? null,
  };
}
