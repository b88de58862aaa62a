import type { Backoff } from '../../kit/backoff.ts';
import type { Ms } from '../../kit/time.ts';
import { createFlow, type Flow, type FlowParts } from './flow.ts';
import { createRunner, type Runner } from './runner.ts';
import type { Handler, Patience, Plan, Subject } from './types.ts';

interface PlaneParts<S, P extends Plan> extends Omit<FlowParts<S, P>, 'now' | 'runner' | 'backoff'> {
  /** Carries out effects and wants; `createRunner` makes one where none is given. Null: this plane has none. */
  readonly runner: Runner | null | undefined;
  /** How long a tick waits for what it began. */
  readonly patienceMs: Ms;
  /** How soon a subject that could not be planned is planned again. */
  readonly backoff?: Backoff;
  /** Told of operations that failed, by a runner of its own. */
  log(details: object, message: string): void;
}

/** A plane beside the release loop: it is ticked at its own pace, and decides by the time of its tick. */
export interface Plane extends Pick<Flow, 'mark' | 'trouble'> {
  /** The time of the latest tick, in milliseconds since the epoch; 0 before the first. */
  now(): Ms;
  /** A person asks between two ticks: the time goes on, never back. */
  advance(now: Ms): void;
  /** Plans the subjects that are named or otherwise due, with what follows from their effects and wants. */
  tick(now: Ms, due: Iterable<Subject>): Promise<void>;
  /** How a kind of effect or want is carried out. */
  handle: Runner['handle'];
  /** Carries out one operation at once, for a person who waits for the answer. */
  ask: Runner['ask'];
}

const BACKOFF: Backoff = { firstMs: 1_000, longestMs: 60_000 };

/** How operations are carried out one after another for each resource, unless a handler says otherwise. */
export const oneAfterAnother = (
  timeoutMs: Ms,
  patience: Patience,
  backoff: Backoff,
): Pick<Handler<never, never>, 'timeoutMs' | 'width' | 'patience' | 'yields' | 'backoff'> => ({
  timeoutMs,
  width: 1,
  patience,
  yields: false,
  backoff: () => backoff,
});

/** Opens a plane. One without a runner is planned once a tick; one with a runner until nothing is under way. */
export function openPlane<S, P extends Plan = Plan>(parts: PlaneParts<S, P>): Plane {
  const { runner: given, patienceMs, log, ...flowParts } = parts;
  let at: Ms = 0;
  const now = () => at;
  const runner = given === undefined ? createRunner({ now, warn: log }) : given;
  const flow = createFlow<S, P>({ backoff: BACKOFF, ...flowParts, now, ...(runner ? { runner } : {}) });
  const carriesOut = (): Runner => {
    if (!runner) throw new Error('broken invariant: a plane without a runner has nothing to carry out');
    return runner;
  };
  return {
    now,
    mark: (subject) => flow.mark(subject),
    trouble: (subject) => flow.trouble(subject),
    advance(later) {
      at = Math.max(at, later);
    },
    async tick(moment, due) {
      at = moment;
      for (const subject of due) flow.mark(subject);
      await (runner ? flow.untilQuiet(patienceMs) : flow.pass(patienceMs));
    },
    handle: (kind, handler) => carriesOut().handle(kind, handler),
    ask: (errand) => carriesOut().ask(errand),
  };
}
