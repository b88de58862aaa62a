import type { Platform } from '../declaration/platform.ts';
import { condemnedIn } from '../delivery/admission.ts';
import type { Lane } from '../delivery/events.ts';
import type { DesiredState } from '../gitops/port.ts';
import { orderObjection, type Stand } from '../gitops/promotion.ts';

/** How one service stands everywhere, from what the lanes and Git say. */
export function standsOf(
  platform: Platform,
  service: string,
  lanes: ReadonlyMap<string, Lane>,
  desired: Pick<DesiredState, 'lanes'> | null,
): Stand[] {
  return platform.environments.map(({ name, after, promotion }): Stand => {
    const lane = lanes.get(`${service}/${name}`);
    const wanted = desired?.lanes.get(`${service}/${name}`) ?? null;
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
    };
  });
}

/** The start gate's question about order: why this artefact may not begin here; null: it may. */
export function orderHold(
  platform: Platform,
  lanes: readonly Lane[],
  desired: DesiredState | null,
  lane: string,
  digest: string,
): string | null {
  const [service, environment] = lane.split('/') as [string, string];
  const stands = standsOf(platform, service, new Map(lanes.map((l) => [l.lane, l])), desired);
  return orderObjection({ stands }, environment, digest);
}
