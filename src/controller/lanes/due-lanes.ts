import { startable } from '../../delivery/transitions.ts';
import type { DesiredState } from '../../gitops/port.ts';
import { burnState } from '../../runtime/burn.ts';
import { burnRuleOf } from '../../runtime/slo-status.ts';
import type { MetricsSnapshot } from '../metrics-snapshot.ts';
import type { LaneRuntime } from './lane-runtime.ts';
import { burnOf } from './lane-snapshot.ts';

/**
 * Whether a lane has something to decide in every tick: a release in progress, an order, something that waits or is
 * to start. Every other lane rests until an event.
 */
export function isRestless({ state }: LaneRuntime, wanted: Parameters<typeof startable>[1]): boolean {
  const atRest = state.state === 'Stable' || state.state === 'Idle';
  const open = state.pending.length > 0 || state.commands.length > 0 || state.waiting !== null;
  return !atRest || open || startable(state, wanted);
}

/** Whether a snapshot concerns a lane at rest: only if its burn rule fires. */
export const isMovedBy = (runtime: LaneRuntime, look: MetricsSnapshot): boolean =>
  burnState(burnOf(runtime, look), burnRuleOf(runtime.environment)) === 'firing';

/** Lanes whose desired state changed or was removed. */
export function* changedLanes(before: DesiredState | null, after: DesiredState | null): Generator<string> {
  if (before === after) return;
  for (const [lane, wanted] of after?.lanes ?? []) if (before?.lanes.get(lane) !== wanted) yield lane;
  for (const lane of before?.lanes.keys() ?? []) if (!after?.lanes.has(lane)) yield lane;
}
