import type { Platform } from '../../declaration/platform.ts';
import type { Hold, Revision } from '../../delivery/events.ts';
import { calendarFreezes } from '../../governance/calendar.ts';
import { type Governance, recordedFreezes } from '../../governance/events.ts';
import { covers, type FreezeFacts } from '../../governance/facts.ts';
import { governanceFold, isPassed } from '../../governance/fold.ts';
import { holdOf } from '../../governance/freeze.ts';
import { partsOfLane } from '../../kit/lane.ts';
import type { Ms } from '../../kit/time.ts';
import type { Journal } from '../../ledger/journal.ts';
import type { SloStatuses } from '../slo-statuses.ts';
import { createFreezeEvaluator } from './freeze-evaluator.ts';
import { type FreezeRequests, freezeRequests } from './freeze-requests.ts';
import { type RecordGovernance, recordingGovernance } from './requests.ts';
import { type WaiverRequests, waiverRequests } from './waiver-requests.ts';

/** Freezes and waivers: which are active, what people ask for, and what each tick changes. All of it is in the ledger. */
export interface FreezesAndWaivers extends FreezeRequests, WaiverRequests {
  state(): Governance;
  /** Calendar freezes and recorded ones that have not ended at `now`. */
  freezes(now: Ms): FreezeFacts[];
  /** The start gate's question: what holds this target in this lane; null: nothing does. */
  hold(lane: string, target: Revision, now: Ms): Hold | null;
  /** Begins and ends automatic freezes by the latest readings. */
  tick(now: Ms): Promise<void>;
  readonly record: RecordGovernance;
}

interface GovernanceParts {
  readonly platform: Platform;
  readonly journal: Journal;
  readonly statuses: SloStatuses;
  /** How many environments are planned in each tick although nothing was reported about them; default: none. */
  readonly inTurn?: number | undefined;
  warn?(details: object, message: string): void;
}

const freezesAt = (platform: Platform, of: Governance, now: Ms): FreezeFacts[] => [
  ...calendarFreezes(platform.freezes, now),
  ...recordedFreezes(of, now),
];

/** Every lane of a tick asks for the same freezes: they are listed once. */
function listedFreezes(platform: Platform, state: () => Governance): (now: Ms) => FreezeFacts[] {
  let listed: { readonly now: Ms; readonly of: Governance; readonly freezes: FreezeFacts[] } | null = null;
  return (now) => {
    const of = state();
    if (listed?.now !== now || listed.of !== of) listed = { now, of, freezes: freezesAt(platform, of, now) };
    return listed.freezes;
  };
}

/** Freezes that are active at a time: those of the calendar, and those on record. The folds of the journal hold `governanceFold`. */
export const activeFreezes = (platform: Platform, journal: Journal, now: Ms): FreezeFacts[] =>
  freezesAt(platform, journal.state(governanceFold), now);

export function createGovernance(parts: GovernanceParts): FreezesAndWaivers {
  const { platform, journal } = parts;
  const state = () => journal.state(governanceFold);
  const record = recordingGovernance(journal);
  const freezes = listedFreezes(platform, state);
  return {
    state,
    freezes,
    record,
    hold(lane, target, now) {
      const [service, environment] = partsOfLane(lane);
      return isPassed(state(), lane, target, now) ? null : holdOf(freezes(now), service, environment, now);
    },
    tick: createFreezeEvaluator(parts),
    ...freezeRequests(journal, record),
    ...waiverRequests(journal, record, platform.policy.waiver),
  };
}

/** Freezes that cover a lane, by id: what a change of freezes is seen by. */
export const freezeIds = (freezes: readonly FreezeFacts[], service: string, environment: string): string[] =>
  freezes
    .filter((f) => covers(f.scope, environment, service))
    .map((f) => f.id)
    .sort();
