import { burnWord } from '../runtime/burn.ts';
import { isHeldBack } from './admission.ts';
import type { Event } from './events.ts';
import { isSame } from './identity.ts';
import { answerIdle, type Context, isRelease, move, open, startable } from './moves.ts';

/** Outside its objective: a fix goes forward, or the errors fall. */
export function degraded(c: Context): Event[] {
  const { lane, seen, settings } = c;
  if (lane.commands.length > 0) return answerIdle(c);
  const followed = followStable(c);
  if (followed.length > 0) return followed;
  const fix = open(c, 'FIX_FORWARD');
  if (fix.length > 0) return fix;
  if (!seen.look || lane.stable === null || !seen.delivery || seen.delivery.weight !== 0) return [];
  const fast = seen.look.burn.fast;
  const under = fast !== null && fast < settings.burn.fast;
  const looksUnder = under ? lane.quiet.looksUnder + 1 : 0;
  if (looksUnder >= settings.recovery.looks) return [move(c, 'Recovery', 'ERRORS_REDUCED')];
  return looksUnder === lane.quiet.looksUnder
    ? []
    : [{ type: 'lane.quiet', data: { looksUnder, since: null } }];
}

/** Back inside, for how long yet? */
export function recovering(c: Context): Event[] {
  const { lane, seen, settings, now } = c;
  if (lane.commands.length > 0) return answerIdle(c);
  const followed = followStable(c);
  if (followed.length > 0) return followed;
  if (seen.look && burnWord(seen.look.burn, settings.burn) === 'firing')
    return [move(c, 'Degraded', 'RELAPSE')];
  if (lane.release?.cause === 'SUPERSEDED' && lane.release.endedAt !== null && lane.release.from !== null)
    return [move(c, 'Stable', 'NOT_FAILED')];
  const fix = open(c, 'FIX_FORWARD');
  if (fix.length > 0) return fix;
  if (!seen.look) return [];
  const { fast } = seen.look.burn;
  const word = burnWord(seen.look.burn, settings.burn);
  const quiet = word === 'false' && fast !== null && fast < settings.recovery.burnBelow;
  const since = quiet ? (lane.quiet.since ?? now) : null;
  if (since !== null && now - since >= settings.recovery.forMs) return [move(c, 'Stable', 'RECOVERED')];
  return since === lane.quiet.since ? [] : [{ type: 'lane.quiet', data: { looksUnder: 0, since } }];
}

/** What serves already when we come is stable: a lost ledger, or a service that somebody else delivers. */
function adopt(c: Context): Event[] {
  const serving = c.seen.delivery?.stable ?? null;
  if (c.lane.state !== 'Idle' || serving === null) return [];
  const wanted = c.seen.desired?.revision === serving ? c.seen.desired : null;
  const stable = wanted ??
    c.seen.delivery?.serves ?? { revision: serving, version: 'unknown', digest: '', config: {} };
  return [{ type: 'lane.adopted', data: { stable } }, move(c, 'Stable', 'ADOPTED')];
}

/** Where Argo Rollouts delivers, what it made stable is stable: after an abort that came too late, or by hand. */
function followStable(c: Context): Event[] {
  const { lane, seen, settings } = c;
  const delivery = seen.delivery;
  if (!settings.followed || !delivery || delivery.canary !== null || lane.stable === null) return [];
  if (delivery.stable === null || delivery.stable === lane.stable.revision || !delivery.serves) return [];
  const wanted = seen.desired?.revision === delivery.stable ? seen.desired : delivery.serves;
  const drifted: Event = {
    type: 'lane.drifted',
    data: {
      seen: `${wanted.version} (${wanted.revision}) serves as stable`,
      wanted: `${lane.stable.version} (${lane.stable.revision})`,
      generation: lane.generation + 1,
      effects: [],
    },
  };
  return [drifted, { type: 'lane.adopted', data: { stable: wanted } }];
}

/** The first version of a Rollout has no canary: it is taken as stable once it serves. */
const servesNobodyYet = ({ lane, seen, settings }: Context): boolean =>
  settings.followed && lane.stable === null && (seen.delivery?.stable ?? null) === null;

/** At rest: what is wanted begins; burning without a release is noticed. */
export function resting(c: Context): Event[] {
  const { lane, seen, settings } = c;
  if (lane.commands.length > 0) return answerIdle(c);
  const adopted = [...adopt(c), ...followStable(c)];
  if (adopted.length > 0) return adopted;
  if (servesNobodyYet(c)) return [];
  const burning = seen.look && burnWord(seen.look.burn, settings.burn) === 'firing';
  if (lane.state === 'Stable' && burning) return [move(c, 'Degraded', 'BURNING')];
  return open(c, lane.state === 'Idle' ? 'FIRST_RELEASE' : 'NEW_VERSION');
}

/** A version that is wanted but cannot begin now waits where everybody sees it; the newest replaces it. */
export function waiting(c: Context): Event[] {
  const { lane, seen } = c;
  const wanted = seen.desired;
  const busy = lane.state === 'Abort' || lane.state === 'Rollback';
  const may = startable(lane, wanted) && !isRelease(lane.state);
  const hold = may && wanted !== null && isHeldBack(lane, wanted, seen.hold) ? seen.hold : null;
  const waits =
    wanted &&
    (busy
      ? ![lane.release?.target, lane.stable].some((known) => known && isSame(wanted, known))
      : may && !servesNobodyYet(c) && (hold !== null || seen.baseline === null));
  const target = waits ? wanted : null;
  const same =
    (target?.revision ?? null) === (lane.waiting?.revision ?? null) &&
    (target === null || (hold?.id ?? null) === (lane.hold?.id ?? null));
  return same ? [] : [{ type: 'lane.waiting', data: { target, hold } }];
}
