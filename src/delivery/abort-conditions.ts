import { burnState } from '../runtime/burn.ts';
import { mayAsk } from './deadline.ts';
import type { Event } from './events.ts';
import { isSame } from './identity.ts';
import type { Release } from './lane.ts';
import type { StoppedThere } from './port.ts';
import type { MoveReason } from './reasons.ts';
import { wantsTrafficAlone } from './steps.ts';
import { type DecisionContext, done, stop } from './transitions.ts';

const UNREACHABLE_LOOKS = 2;

const burnFires = (c: DecisionContext): boolean =>
  c.lane.release!.burnJudged &&
  c.lane.release!.burnArmed &&
  c.seen.look !== null &&
  burnState(c.seen.look.burn, c.settings.burn) === 'firing';

/** The reason of a stop that happened in the cluster. */
const CALLED: Readonly<Record<StoppedThere['by'], MoveReason>> = {
  burn: 'MULTI_WINDOW_BURN',
  verdict: 'OWN_ANALYSIS',
  analysis: 'OWN_ANALYSIS',
  unmeasured: 'UNMEASURED',
  deadline: 'COULD_NOT_RUN',
  hand: 'OPERATOR',
};

/** Stopped in the cluster, whoever did it: the version is not blamed here. */
export function stoppedExternally(c: DecisionContext): Event[] {
  const { stopped, hindered } = c.seen.delivery ?? {};
  if (!stopped) return [];
  const why = stopped.by === 'deadline' && hindered ? `${stopped.note}: ${hindered}` : stopped.note;
  return [stop(c, CALLED[stopped.by], { note: why })];
}

/** An order of a person takes precedence over what could look like the version's own end. */
export const stoppedByHand = (c: DecisionContext): Event[] =>
  c.seen.delivery?.stopped?.by === 'hand' ? stoppedExternally(c) : [];

/** It ended by itself. A canary that was ordered to stop ends as well, so it is not blamed while that is unknown. */
export function endedExternally(c: DecisionContext): Event[] {
  const { delivery } = c.seen;
  if (delivery?.canaryHealth !== 'exited') return [];
  if (delivery.aborted && delivery.stopped?.by !== 'deadline') return [];
  return [stop(c, 'CANARY_DOWN', { blamed: true, note: delivery.exit ?? 'its process ended' })];
}

/** Holds the release for a person, and says if only requests are missing. */
export const held = (release: Release): Event => ({
  type: 'release.held',
  data: { release: release.id, held: true, ...(wantsTrafficAlone(release) ? { wants: 'traffic' } : {}) },
});

/** The hold ended. If only traffic is missing, the release is not rolled back: it keeps waiting, and that is reported again. */
function holdExpired(c: DecisionContext): Event[] {
  const release = c.lane.release!;
  if (release.heldAt === null || c.now - release.heldAt < release.settings.holdMs) return [];
  if (!wantsTrafficAlone(release)) return [stop(c, 'HOLD_EXPIRED')];
  return mayAsk(release, c.now) ? [held(release)] : [];
}

/** What stops a release with traffic, most severe first: no order takes precedence over harm. */
export function abortConditions(c: DecisionContext): Event[] {
  const { lane, seen } = c;
  const release = lane.release!;
  const verdict = seen.assessment?.verdict;
  if (verdict?.verdict === 'fail')
    return [
      stop(c, verdict.reasons.includes('GUARD_FAILED') ? 'GUARD_FAILED' : 'HARM_SHOWN', { blamed: true }),
    ];
  for (const first of [stoppedByHand, endedExternally, stoppedExternally]) {
    const events = first(c);
    if (events.length > 0) return events;
  }
  if (seen.unreachableLooks >= UNREACHABLE_LOOKS && !seen.delivery?.aborted)
    return [stop(c, 'CANARY_DOWN', { blamed: true, note: `unreachable for ${seen.unreachableLooks} looks` })];
  if (burnFires(c)) return [stop(c, 'MULTI_WINDOW_BURN')];
  const abort = lane.commands.find((command) => command.command === 'abort');
  if (abort) return [done(abort.id, 'aborting'), stop(c, 'OPERATOR', { note: abort.reason })];
  if (seen.desired && !isSame(seen.desired, release.target))
    return [stop(c, 'SUPERSEDED', { note: `${seen.desired.version} is wanted now` })];
  return holdExpired(c);
}
