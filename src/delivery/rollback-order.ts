import { fail, ok, type Result } from '../kit/result.ts';
import { isRefused } from './admission.ts';
import type { Event, Revision } from './events.ts';
import type { Lane } from './lane.ts';
import { isRelease } from './transitions.ts';

/** Why a rollback is not possible, and what would help. */
interface NoReturn {
  readonly why: string;
  readonly next: string;
}

/** Whether a release in progress may still be stopped: then users return to its stable version. */
export const isInProgress = (lane: Lane): boolean => lane.release !== null && isRelease(lane.state);

const isExact = ({ digest }: Revision): boolean => /^(sha256:|tag:)/.test(digest);

/**
 * What a person's order to return users is to a lane: what they leave, and what they return to. While a release is on
 * its way that is its stable version; at rest the newest version that was stable before and was not condemned, or the
 * one that is named. `known`: versions of this lane as they are on record, the latest last. Pure.
 */
export function returnIn(
  lane: Lane,
  version: string | null,
  known: readonly Revision[],
  reason: string,
): Result<Extract<Event, { type: 'lane.returned' }>, NoReturn> {
  const where = lane.lane.replace('/', ' ');
  const { stable } = lane;
  if (!stable) return fail({ why: 'nothing is stable here', next: 'there is nothing to return to' });
  if (isInProgress(lane)) {
    if (version !== null && version !== stable.version)
      return fail({
        why: `${lane.release!.target.version} is in progress, and ${stable.version} is the stable version`,
        next: `without --to users are rolled back to ${stable.version} immediately; afterwards give ${version}`,
      });
    return ok({ type: 'lane.returned', data: { from: lane.release!.target, to: stable, reason } });
  }
  const candidates = lane.stables
    .filter((s) => s.revision !== stable.revision && (version === null || s.version === version))
    .flatMap((s) => known.findLast((k) => k.revision === s.revision && isExact(k)) ?? []);
  const to = candidates.findLast((k) => !isRefused(lane, k));
  if (to) return ok({ type: 'lane.returned', data: { from: stable, to, reason } });
  const condemned = candidates.at(-1);
  return fail(
    condemned
      ? {
          why: `${condemned.version} was rejected`,
          next: `sluice release lift ${where} --digest ${condemned.digest} allows it to serve again`,
        }
      : {
          why:
            version === null
              ? `nothing was stable here before ${stable.version}`
              : `${version} was never stable here`,
          next: `stable here were: ${lane.stables.map((s) => s.version).join(', ')}`,
        },
  );
}
