import { burnWord } from '../runtime/burn.ts';
import type { Event } from './events.ts';
import { isSame } from './identity.ts';
import { type Context, done, stop } from './moves.ts';

const UNREACHABLE_LOOKS = 2;

const burnFires = (c: Context): boolean =>
  c.lane.release!.burnJudged &&
  c.lane.release!.burnArmed &&
  c.seen.look !== null &&
  burnWord(c.seen.look.burn, c.settings.burn) === 'firing';

/** Stopped in the cluster: by the burn rates that it asks for itself, or by hand. */
export function stoppedThere(c: Context): Event[] {
  const stopped = c.seen.delivery?.stopped;
  if (!stopped) return [];
  return [stop(c, stopped.by === 'burn' ? 'MULTI_WINDOW_BURN' : 'OPERATOR', { note: stopped.note })];
}

/** What stops a release that has traffic, gravest first. Verdicts first: nobody's order outruns harm. */
export function stopping(c: Context): Event[] {
  const { lane, seen, now } = c;
  const release = lane.release!;
  const verdict = seen.assessment?.verdict;
  if (verdict?.verdict === 'fail')
    return [
      stop(c, verdict.reasons.includes('GUARD_FAILED') ? 'GUARD_FAILED' : 'HARM_SHOWN', { blamed: true }),
    ];
  if (seen.delivery?.canaryHealth === 'exited')
    return [stop(c, 'CANARY_DOWN', { blamed: true, note: seen.delivery.exit ?? 'its process ended' })];
  const there = stoppedThere(c);
  if (there.length > 0) return there;
  if (seen.unreachableLooks >= UNREACHABLE_LOOKS)
    return [stop(c, 'CANARY_DOWN', { blamed: true, note: `unreachable for ${seen.unreachableLooks} looks` })];
  if (burnFires(c)) return [stop(c, 'MULTI_WINDOW_BURN')];
  const abort = lane.commands.find((command) => command.command === 'abort');
  if (abort) return [done(abort.id, 'aborting'), stop(c, 'OPERATOR', { note: abort.reason })];
  if (seen.desired && !isSame(seen.desired, release.target))
    return [stop(c, 'SUPERSEDED', { note: `${seen.desired.version} is wanted now` })];
  if (release.heldAt !== null && now - release.heldAt >= release.settings.holdMs)
    return [stop(c, 'HOLD_EXPIRED')];
  return [];
}
