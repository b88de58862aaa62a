import { orderOf } from '../../declaration/layout.ts';
import type { Platform } from '../../declaration/platform.ts';
import { condemnedIn, isRefused } from '../../delivery/admission.ts';
import type { Revision } from '../../delivery/events.ts';
import { identityOf } from '../../delivery/identity.ts';
import type { Lane } from '../../delivery/lane.ts';
import type { DesiredState } from '../../gitops/port.ts';
import { orderObjection, type PipelineStage } from '../../gitops/promotion.ts';
import { laneName, partsOfLane } from '../../kit/lane.ts';
import type { LaneStates } from '../lanes/lane-states.ts';

/** Compares the whole desired state: the same artefact with another configuration differs. */
function askedIn(lane: Lane, wanted: Revision): NonNullable<PipelineStage['asked']> {
  const good = lane.returning ?? lane.stable;
  const identity = good && identityOf(good);
  return {
    condemned: isRefused(lane, wanted),
    // If the configuration of the serving version is unknown, its digest is compared.
    good:
      good !== null && (identity === null ? good.digest === wanted.digest : identity === identityOf(wanted)),
  };
}

/** The stages of one service in each of its environments, from its lanes and Git. */
export function standsOf(
  platform: Platform,
  service: string,
  lanes: LaneStates,
  desired: Pick<DesiredState, 'lanes'> | null,
): PipelineStage[] {
  return orderOf(platform, service).map(({ environment: { name, promotion }, after }): PipelineStage => {
    const lane = lanes.get(laneName(service, name));
    const wanted = desired?.lanes.get(laneName(service, name)) ?? null;
    return {
      environment: name,
      after,
      soakMs: promotion.soakMs,
      state: lane?.state ?? 'Idle',
      stable: lane?.stable ?? null,
      restSince: lane?.state === 'Stable' ? lane.since : null,
      desired: wanted,
      served: lane?.served ?? [],
      rejected: condemnedIn(lane).map((r) => r.digest),
      ...(lane && wanted ? { asked: askedIn(lane, wanted) } : {}),
      ...(lane?.returning ? { returnTo: lane.returning } : {}),
    };
  });
}

/** The start gate's question about order: why this artefact may not begin here; null: it may. */
export function orderHold(
  platform: Platform,
  lanes: LaneStates,
  desired: DesiredState | null,
  lane: string,
  digest: string,
): string | null {
  const [service, environment] = partsOfLane(lane);
  const stands = standsOf(platform, service, lanes, desired);
  return orderObjection({ stands }, environment, digest);
}
