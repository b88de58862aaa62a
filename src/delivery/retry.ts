import { isRefused } from './admission.ts';
import type { Event, Revision } from './events.ts';
import { isSame } from './identity.ts';
import type { Lane } from './lane.ts';
import { type DecisionContext, done, MAX_ATTEMPTS } from './transitions.ts';

/** Why the wanted version does not start, and what would help; null: it may start. */
export function obstacle(lane: Lane, wanted: Revision | null): string | null {
  if (!wanted || (lane.stable && isSame(wanted, lane.stable))) return null;
  const name = wanted.version;
  const where = lane.lane.replace('/', ' ');
  if (isRefused(lane, wanted))
    return `${name} was rejected: sluice release lift ${where} --digest ${wanted.digest} allows it to be released again`;
  if (wanted.unclear !== undefined) return `${name} cannot be judged: ${wanted.unclear}`;
  const tired =
    lane.release !== null && isSame(lane.release.target, wanted) && lane.release.attempt >= MAX_ATTEMPTS;
  if (lane.aside.includes(wanted.revision) || tired)
    return `${name} was ${tired ? `tried ${MAX_ATTEMPTS} times` : 'stopped'} and does not start automatically: sluice release retry ${where} starts it`;
  return null;
}

/** Answers orders that cannot be carried out, with what would help instead. */
export function answerIdle(c: DecisionContext): Event[] {
  const { lane, seen } = c;
  const instead = obstacle(lane, seen.desired);
  return lane.commands.map((command) =>
    done(command.id, `nothing to ${command.command} in ${lane.state}${instead ? `; ${instead}` : ''}`),
  );
}

/** While a release is being stopped, a retry is kept until that is complete, and other orders are answered. */
export function answerStopping(c: DecisionContext): Event[] {
  const commands = c.lane.commands.filter(({ command }) => command !== 'retry');
  return answerIdle({ ...c, lane: { ...c.lane, commands } });
}

/** A retry at rest: the wanted version starts again, unless it was rejected. */
function ordered(c: DecisionContext): Event[] {
  const { lane, seen } = c;
  const { desired } = seen;
  return lane.commands.flatMap((command): Event[] => {
    if (command.command !== 'retry') return answerIdle({ ...c, lane: { ...lane, commands: [command] } });
    if (!desired || (lane.stable && isSame(desired, lane.stable)))
      return [
        done(command.id, `nothing to try again: ${lane.stable?.version ?? 'nothing'} is wanted and serves`),
      ];
    const refused =
      isRefused(lane, desired) || desired.unclear !== undefined ? obstacle(lane, desired) : null;
    if (refused !== null) return [done(command.id, refused)];
    const retried: Event = {
      type: 'lane.retried',
      data: { revision: desired.revision, reason: command.reason },
    };
    return [done(command.id, `${desired.version} is tried again`), retried];
  });
}

/**
 * At rest: orders, and what else lets a version begin that was set aside. Somebody retried it where it runs; or it is
 * asked for no more, and asking for it again will be a new wish.
 */
export function reconsidered(c: DecisionContext): Event[] {
  const { lane, seen, settings } = c;
  if (lane.commands.length > 0) return ordered(c);
  const { desired, delivery } = seen;
  if (lane.aside.length === 0 || !desired) return [];
  const anew = (revision: string, reason: string): Event => ({
    type: 'lane.retried',
    data: { revision, reason },
  });
  const gone = lane.aside.filter((revision) => revision !== desired.revision);
  if (gone.length > 0) return gone.map((revision) => anew(revision, 'it is no longer requested'));
  const there = settings.followed && lane.pending.length === 0 && delivery?.canary === desired.revision;
  return there && delivery.aborted === false ? [anew(desired.revision, 'it was retried where it runs')] : [];
}
