import { askedOf, deliveryOf, type Scene } from '../../../src/delivery/adapters/argo-rollouts/observed.ts';
import type { LaneSample } from '../../../src/delivery/assess.ts';
import { decide } from '../../../src/delivery/decide.ts';
import type { Event, Hold } from '../../../src/delivery/events.ts';
import { evolve } from '../../../src/delivery/evolve.ts';
import { emptyLane, type Lane } from '../../../src/delivery/lane.ts';
import type { LaneSettings, Observation } from '../../../src/delivery/observation.ts';
import type { Delivery } from '../../../src/delivery/port.ts';
import type { VerdictReason } from '../../../src/delivery/reasons.ts';
import type { VerdictWord } from '../../../src/delivery/verdict.ts';

export const SETTINGS: LaneSettings = {
  mode: 'enforce',
  followed: true,
  release: {
    weights: [20, 50, 100],
    warmUpMs: 0,
    dwellMs: 0,
    deadlineMs: 1_800_000,
    holdMs: 14_400_000,
    intervalMs: 15_000,
    slos: [{ slo: 'availability', objective: 0.999 }],
    evidence: { tolerance: 2, detect: 10, rho: 1, alpha: 0.001, beta: 0.05, minBad: 5 },
    loadTested: false,
  },
  burn: { fast: 14, slow: 3 },
  recovery: { looks: 1, burnBelow: 1, forMs: 0 },
  declaration: 'sha256:x',
};
const CALM = { fast: 0, slow: 0 };

/** What a look at the metrics says beside what is seen of the cluster. */
export interface Told {
  readonly verdict?: VerdictWord;
  readonly reasons?: readonly VerdictReason[];
  readonly trouble?: LaneSample['trouble'];
  readonly unreachableLooks?: number;
  /** The cluster could not be looked at. */
  readonly unseen?: boolean;
  /** What holds new releases. */
  readonly held?: Hold;
  /** Nothing was asked of Prometheus in this tick. */
  readonly noLook?: boolean;
}

/** One lane, decided from recorded objects alone, look by look. */
export function machine(more: Partial<LaneSettings> = {}) {
  const settings: LaneSettings = { ...SETTINGS, ...more };
  let lane: Lane = emptyLane('orders/prod');
  let now = 1_000_000;
  const events: Event[] = [];
  const lookOf = ({ verdict, trouble = null }: Told): LaneSample => {
    const counts = { availability: { canary: { total: 10, bad: 0 }, stable: { total: 10, bad: 0 } } };
    const intervals = verdict && !trouble ? [{ at: now, counts }] : [];
    return { intervals, cursors: {}, trouble, burn: CALM, guard: 'ok', asked: '' };
  };
  function seenOf(scene: Scene, told: Told): Observation {
    const delivery: Delivery | null = told.unseen
      ? null
      : deliveryOf(scene, lane.release?.target.revision ?? null);
    const desired = askedOf(scene);
    const { verdict } = told;
    const reasons = told.reasons ?? [
      verdict === 'pass' ? 'TRIED_ENOUGH' : verdict === 'fail' ? 'HARM_SHOWN' : 'TOO_FEW_REQUESTS',
    ];
    return {
      desired,
      delivery,
      hold: told.held ?? null,
      look: told.noLook ? null : lookOf(told),
      assessment:
        verdict && lane.release
          ? { verdict: { verdict, reasons, numbers: [] }, intervals: {}, evidence: new Map() }
          : null,
      baseline: desired ? { target: desired.revision, history: {}, cursors: {}, burn: CALM } : null,
      unreachableLooks: told.unreachableLooks ?? 0,
    };
  }
  return {
    lane: () => lane,
    events,
    moves: () => events.flatMap((e) => (e.type === 'lane.moved' ? [e.data] : [])),
    outcomes: () => events.flatMap((e) => (e.type === 'command.done' ? [e.data.outcome] : [])),
    wait(ms: number) {
      now += ms;
    },
    record(event: Event) {
      lane = evolve(lane, event, now);
      events.push(event);
    },
    order(command: 'abort' | 'pause' | 'resume' | 'promote' | 'retry') {
      lane = evolve(
        lane,
        { type: 'command.accepted', data: { id: `${now}`, command, reason: 'because' } },
        now,
      );
    },
    look(scene: Scene, told: Told = {}) {
      now += 15_000;
      const decided = decide(lane, seenOf(scene, told), settings, now);
      for (const event of decided) lane = evolve(lane, event, now);
      events.push(...decided);
      // Everything that is asked of a Rollout is taken as done: what it shows is recorded.
      for (const { id } of lane.pending)
        lane = evolve(lane, { type: 'effect.settled', data: { id, result: 'done' } }, now);
      return decided;
    },
  };
}
export type Machine = ReturnType<typeof machine>;
