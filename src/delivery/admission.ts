import type { Hold, Revision } from './events.ts';
import { identityOf, isSame } from './identity.ts';
import type { KnownStable, Lane, Rejected } from './lane.ts';

/** The kinds of change to a lane. */
export type ChangeKind = 'nothing' | 'first' | 'release' | 'configuration' | 'revert';

/** The part of a lane that is needed here; null and undefined: nothing is known of the lane. */
type Known = Pick<Lane, 'stable' | 'stables' | 'rejected'> | null | undefined;

/** Whether this is exactly what was stable. Of a pod template, both the template and its source must agree. */
function was(known: KnownStable, wanted: Revision): boolean {
  const same = known.revision === wanted.revision;
  if (wanted.template === 'unknown') return same;
  const identity = identityOf(wanted);
  if (wanted.template === 'known') return same && known.identity === identity;
  return known.identity === null ? same : known.identity === identity;
}

/** Rejections in this lane that refuse it: of the revision, or of its digest; the stable digest is not refused. */
export function refusalsOf(lane: Known, wanted: Revision): readonly Rejected[] {
  const stable = lane?.stable ?? null;
  if (!lane || lane.rejected.length === 0 || (stable && isSame(wanted, stable))) return [];
  const identity = identityOf(wanted);
  const blamed = stable && identityOf(stable) === identity ? null : identity;
  return lane.rejected.filter(
    (r) =>
      r.revision === wanted.revision ||
      (blamed !== null && r.identity === blamed) ||
      (r.digest === wanted.digest && r.digest !== stable?.digest),
  );
}

/** A blamed revision is refused; so is its digest under another configuration, unless it is the stable one. */
export const isRefused = (lane: Known, wanted: Revision): boolean => refusalsOf(lane, wanted).length > 0;

/**
 * Classifies a change of a lane. The gate, the start gate and the record of commits all use this function, so that they
 * agree about the same change.
 */
export function changeKind(wanted: Revision, current: Revision | null, lane: Known): ChangeKind {
  if (current && isSame(wanted, current)) return 'nothing';
  if (lane?.stables.some((known) => was(known, wanted)) && !isRefused(lane, wanted)) return 'revert';
  if (!current) return 'first';
  return wanted.digest === current.digest ? 'configuration' : 'release';
}

/** Whether a hold applies: what was stable here in exactly this form, and was never rejected, may always return. */
export function isHeldBack(lane: Lane, wanted: Revision, hold: Hold | null): boolean {
  if (hold === null) return false;
  const kind = changeKind(wanted, lane.stable, lane);
  return kind !== 'revert' && kind !== 'nothing';
}

/**
 * What Git asks for, as the lane will be asked for it. Where Argo Rollouts delivers that is by a pod template: the
 * one that this was stable as, or condemned as; where none is known, one that was never here.
 */
export function asDelivered(lane: Known, git: Revision, followed: boolean): Revision {
  if (!followed) return git;
  const identity = identityOf(git);
  const isIt = (known: { readonly identity: string | null; readonly version?: string }) =>
    known.identity === identity && known.version === git.version;
  const known = lane?.stables.findLast(isIt) ?? lane?.rejected.findLast(isIt);
  return { ...git, revision: known?.revision ?? git.revision, template: 'known' };
}

/** Artefacts that were condemned in a lane, for it and what comes after; the stable one is not, whatever its configuration. */
export const condemnedIn = (lane: Lane | undefined): readonly Rejected[] =>
  (lane?.rejected ?? []).filter((r) => r.digest !== lane?.stable?.digest);
