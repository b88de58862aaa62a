import { burnState } from '../runtime/burn.ts';
import type { Event } from './events.ts';
import { isSame } from './identity.ts';
import { reconsidered } from './retry.ts';
import { type DecisionContext, holdFor, isRelease, move, open, startable } from './transitions.ts';

/** What takes precedence if no release is in progress. */
function beforeAll(c: DecisionContext): Event[] {
  const asked = reconsidered(c);
  return asked.length > 0 ? asked : followStable(c);
}

/** The note of a recovery without traffic. */
const unasked = ({ seen }: DecisionContext): { note?: string } =>
  seen.look?.idle ? { note: 'nobody asked anything within its burn windows, so nothing burns' } : {};

/** Degraded: a fix is released, or the errors fall. */
export function degraded(c: DecisionContext): Event[] {
  const { lane, seen, settings } = c;
  const first = beforeAll(c);
  if (first.length > 0) return first;
  const fix = open(c, 'FIX_FORWARD');
  if (fix.length > 0) return fix;
  if (!seen.look || lane.stable === null || !seen.delivery || seen.delivery.weight !== 0) return [];
  const fast = seen.look.burn.fast;
  const under = fast !== null && fast < settings.burn.fast;
  const looksUnder = under ? lane.quiet.looksUnder + 1 : 0;
  if (looksUnder >= settings.recovery.looks) return [move(c, 'Recovery', 'ERRORS_REDUCED', unasked(c))];
  return looksUnder === lane.quiet.looksUnder
    ? []
    : [{ type: 'lane.quiet', data: { looksUnder, since: null } }];
}

/** Recovery: within the objective for long enough, or a relapse. */
export function recovering(c: DecisionContext): Event[] {
  const { lane, seen, settings, now } = c;
  const first = beforeAll(c);
  if (first.length > 0) return first;
  if (seen.look && burnState(seen.look.burn, settings.burn) === 'firing')
    return [move(c, 'Degraded', 'RELAPSE')];
  if (lane.release?.cause === 'SUPERSEDED' && lane.release.endedAt !== null && lane.release.from !== null)
    return [move(c, 'Stable', 'NOT_FAILED')];
  const fix = open(c, 'FIX_FORWARD');
  if (fix.length > 0) return fix;
  if (!seen.look) return [];
  const { fast } = seen.look.burn;
  const word = burnState(seen.look.burn, settings.burn);
  const quiet = word === 'false' && fast !== null && fast < settings.recovery.burnBelow;
  const since = quiet ? (lane.quiet.since ?? now) : null;
  if (since !== null && now - since >= settings.recovery.forMs)
    return [move(c, 'Stable', 'RECOVERED', unasked(c))];
  return since === lane.quiet.since ? [] : [{ type: 'lane.quiet', data: { looksUnder: 0, since } }];
}

/** A version that already serves when Sluice starts is stable: after a lost ledger, or if another tool delivers. */
function adopt(c: DecisionContext): Event[] {
  const serving = c.seen.delivery?.stable ?? null;
  if (c.lane.state !== 'Idle' || serving === null) return [];
  const wanted = c.seen.desired?.revision === serving ? c.seen.desired : null;
  const stable = wanted?.unclear === undefined ? (wanted ?? c.seen.delivery?.serves) : undefined;
  if (!stable && c.settings.followed) return [];
  if (!stable) return unknownStable(c, serving);
  return [{ type: 'lane.adopted', data: { stable } }, move(c, 'Stable', 'ADOPTED')];
}

/** On one machine, after a lost ledger, the serving version is known only by its revision. */
function unknownStable(c: DecisionContext, serving: string): Event[] {
  const stable = { revision: serving, version: 'unknown', digest: `unknown:${serving}`, config: {} };
  return [{ type: 'lane.adopted', data: { stable } }, move(c, 'Stable', 'ADOPTED')];
}

/** A version that Argo Rollouts made stable is stable: after an abort that came too late, or by hand. */
function followStable(c: DecisionContext): Event[] {
  const { lane, seen, settings } = c;
  const delivery = seen.delivery;
  if (!settings.followed || !delivery || delivery.canary !== null || lane.stable === null) return [];
  if (delivery.stable === null || delivery.stable === lane.stable.revision || !delivery.serves) return [];
  const asked = seen.desired?.revision === delivery.stable && seen.desired.unclear === undefined;
  const wanted = asked ? seen.desired! : delivery.serves;
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

/** The first version of a Rollout has no canary: it is adopted as stable once it serves. */
const servesNobodyYet = ({ lane, seen, settings }: DecisionContext): boolean =>
  settings.followed && lane.stable === null && (seen.delivery?.stable ?? null) === null;

/** Stable and Idle: a wanted version starts; a burn without a release makes the lane Degraded. */
export function resting(c: DecisionContext): Event[] {
  const { lane, seen, settings } = c;
  const asked = reconsidered(c);
  if (asked.length > 0) return asked;
  const adopted = [...adopt(c), ...followStable(c)];
  if (adopted.length > 0) return adopted;
  if (servesNobodyYet(c)) return [];
  const burning = seen.look && burnState(seen.look.burn, settings.burn) === 'firing';
  if (lane.state === 'Stable' && burning) return [move(c, 'Degraded', 'BURNING')];
  return open(c, lane.state === 'Idle' ? 'FIRST_RELEASE' : 'NEW_VERSION');
}

/** Records a wanted version that cannot start now as waiting; a newer one replaces it. */
export function waiting(c: DecisionContext): Event[] {
  const { lane, seen } = c;
  const wanted = seen.desired;
  const busy = lane.state === 'Abort' || lane.state === 'Rollback';
  const may = startable(lane, wanted) && !isRelease(lane.state);
  const hold = may && wanted !== null ? holdFor(lane, wanted, seen.hold) : null;
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
