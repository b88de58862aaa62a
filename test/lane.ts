import type { LaneSample } from '../src/delivery/assess.ts';
import type { Event, Revision } from '../src/delivery/events.ts';
import { identityOf } from '../src/delivery/identity.ts';
import { emptyLane, type Lane, type Release } from '../src/delivery/lane.ts';
import type { LaneSettings, Observation } from '../src/delivery/observation.ts';
import type { Delivery } from '../src/delivery/port.ts';
import type { DecisionContext } from '../src/delivery/transitions.ts';
import type { VerdictWord } from '../src/delivery/verdict.ts';

/** One lane in the middle of something, part by part: for tests that ask one question of one state. */
export const NOW = 1_000_000;

export const revision = (name: string, digest = `sha256:${name}`): Revision => ({
  revision: name,
  version: name,
  digest,
  config: {},
});

/** What a lane remembers of revisions that were stable in it, the latest last. */
export const wasStable = (...revisions: readonly Revision[]): Pick<Lane, 'stables' | 'served'> => ({
  stables: revisions.map((r) => ({ identity: identityOf(r), version: r.version, revision: r.revision })),
  served: [...new Set(revisions.map((r) => r.digest))],
});

export const SETTINGS: LaneSettings = {
  mode: 'enforce',
  followed: false,
  release: {
    weights: [20, 50, 100],
    warmUpMs: 0,
    dwellMs: 0,
    deadlineMs: 600_000,
    holdMs: 1_200_000,
    intervalMs: 5_000,
    slos: [{ slo: 's', objective: 0.999 }],
    evidence: { tolerance: 2, detect: 10, rho: 1, alpha: 0.001, beta: 0.05, minBad: 5 },
    loadTested: false,
  },
  burn: { fast: 14, slow: 3 },
  recovery: { looks: 2, burnBelow: 1, forMs: 300_000 },
  declaration: 'sha256:test',
};

/** Version two at its first step, 20 %, which is served and was just entered; version one is stable. */
export const releaseOf = (more: Partial<Release> = {}): Release => ({
  id: 'checkout.prod.1',
  target: revision('two'),
  from: revision('one'),
  attempt: 1,
  openedAt: NOW - 1_000,
  endedAt: null,
  settings: SETTINGS.release,
  history: {},
  intervals: { s: [] },
  lookTimes: [],
  cursors: {},
  step: 0,
  confirmedAt: [NOW - 500],
  enteredStepAt: NOW - 500,
  burnArmed: true,
  burnJudged: true,
  paused: false,
  heldAt: null,
  stepsBack: 0,
  letOn: null,
  cause: null,
  blamed: false,
  verdict: null,
  enforced: true,
  declaration: 'sha256:test',
  loads: [],
  ...more,
});

export const laneOf = (more: Partial<Lane> = {}): Lane => ({
  ...emptyLane('checkout/prod'),
  state: 'Evaluating',
  generation: 4,
  stable: revision('one'),
  ...wasStable(revision('one')),
  releases: 1,
  release: releaseOf(),
  ...more,
});

export const deliveryOf = (more: Partial<Delivery> = {}): Delivery => ({
  stable: 'one',
  canary: 'two',
  weight: 20,
  canaryHealth: 'ready',
  ...more,
});

export const lookOf = (more: Partial<LaneSample> = {}): LaneSample => ({
  intervals: [
    { at: NOW - 100, counts: { s: { canary: { total: 1, bad: 0 }, stable: { total: 1, bad: 0 } } } },
  ],
  cursors: {},
  trouble: null,
  burn: { fast: 0, slow: 0 },
  guard: 'ok',
  asked: 'sha256:0',
  ...more,
});

export const assessmentOf = (verdict: VerdictWord, reason?: 'HARM_SHOWN' | 'GUARD_FAILED' | 'STEP_BACK') => ({
  intervals: {},
  evidence: new Map(),
  verdict: { verdict, reasons: reason ? [reason] : [], numbers: [] },
});

/** What is wanted is what is being released; everything was looked at and is calm. */
export const seenOf = (more: Partial<Observation> = {}): Observation => ({
  desired: revision('two'),
  delivery: deliveryOf(),
  look: lookOf(),
  assessment: assessmentOf('inconclusive'),
  baseline: { target: 'two', history: {}, cursors: {}, burn: { fast: 0, slow: 0 } },
  unreachableLooks: 0,
  hold: null,
  ...more,
});

export const contextOf = (
  lane: Partial<Lane> = {},
  seen: Partial<Observation> = {},
  settings: Partial<LaneSettings> = {},
): DecisionContext => ({
  lane: laneOf(lane),
  seen: seenOf(seen),
  settings: { ...SETTINGS, ...settings },
  now: NOW,
});

/** Events in short: moves with their reason, blame and effects; others by what they say. */
export const inShort = (events: readonly Event[]): string[] =>
  events.map((event) => {
    const effects = 'effects' in event.data ? event.data.effects : [];
    const acts = effects.map((e) => ` ${e.kind} ${e.revision} ${e.weight}`).join(',');
    switch (event.type) {
      case 'lane.moved':
        return `${event.data.to}: ${event.data.reason}${event.data.blamed ? ', blamed' : ''}${acts && `;${acts}`}`;
      case 'lane.drifted':
        return `drifted: ${event.data.seen}, wanted ${event.data.wanted}${acts && `;${acts}`}`;
      case 'lane.adopted':
        return `adopted ${event.data.stable.revision}`;
      case 'lane.waiting':
        return `waiting: ${event.data.target?.revision ?? 'nothing'}${event.data.hold ? `, held by ${event.data.hold.id}` : ''}`;
      case 'lane.quiet':
        return `quiet: ${event.data.looksUnder} looks, since ${event.data.since}`;
      case 'release.opened':
        return `opened ${event.data.release}, attempt ${event.data.attempt}`;
      case 'release.confirmed':
        return `confirmed step ${event.data.step} at ${event.data.weight} %`;
      case 'release.held':
        return event.data.held ? 'held' : 'no longer held';
      case 'release.paused':
        return event.data.paused ? 'paused' : 'resumed';
      case 'command.done':
        return `done ${event.data.id}: ${event.data.outcome}`;
      default:
        return event.type;
    }
  });
