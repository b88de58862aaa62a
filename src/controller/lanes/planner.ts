import { type Assessment, assess, type EvidenceBySlo, type LaneSample } from '../../delivery/assess.ts';
import { decide } from '../../delivery/decide.ts';
import { EVENT_VERSIONS } from '../../delivery/event-versions.ts';
import type { Event, Hold, Revision } from '../../delivery/events.ts';
import type { Lane } from '../../delivery/lane.ts';
import type { Baseline, LaneSettings } from '../../delivery/observation.ts';
import type { Delivery } from '../../delivery/port.ts';
import { isRelease } from '../../delivery/transitions.ts';
import { type Actor, SYSTEM } from '../../kit/actor.ts';
import type { Ms } from '../../kit/time.ts';
import type { Entry } from '../../ledger/record.ts';
import type { Plan, Planner } from '../flow/types.ts';

/** Everything that the decision for one lane depends on, at one moment. */
export interface LaneSituation {
  readonly now: Ms;
  readonly lane: Lane;
  readonly settings: LaneSettings;
  /** What is asked for, and by which commit. */
  readonly desired: Revision | null;
  readonly commit: string | null;
  readonly hold: Hold | null;
  /** Null: it is not known what serves. */
  readonly delivery: Delivery | null;
  /** The lane's part of a snapshot that has just arrived; null: none has. */
  readonly look: LaneSample | null;
  readonly evidence: EvidenceBySlo;
  readonly baseline: Baseline | null;
  readonly unreachableLooks: number;
}

export interface LanePlan extends Plan {
  readonly events: readonly Event[];
  readonly assessment: Assessment | null;
}

/** Events of a lane as they are appended. */
export const laneEntries = (
  lane: string,
  events: readonly Event[],
  now: Ms,
  actor: Actor,
  cause: string | null,
): Entry[] =>
  events.map(({ type, data }) => ({
    at: now,
    type,
    v: EVENT_VERSIONS[type],
    subject: lane,
    actor: { id: actor.id, kind: actor.kind },
    cause,
    data,
  }));

/** Judges one lane's snapshot and decides. Effects are part of the events, and so of the ledger. */
export const lanePlanner: Planner<LaneSituation, LanePlan> = {
  plan(s) {
    const { lane, settings, now } = s;
    const { release } = lane;
    const judged = release && isRelease(lane.state) ? s.look : null;
    const assessment = judged ? assess(release!, judged, s.evidence, settings.burn, now) : null;
    const { desired, hold, delivery, look, baseline, unreachableLooks } = s;
    const events = decide(
      lane,
      { desired, hold, delivery, look, assessment, baseline, unreachableLooks },
      settings,
      now,
    );
    const entries = laneEntries(lane.lane, events, now, SYSTEM, s.commit);
    return { events, entries, assessment, effects: [], wants: [], wakeAt: null };
  },
};
