import type { Environment, Platform, Service } from '../declaration/platform.ts';
import type { EvidenceBySlo } from '../delivery/assess.ts';
import type { Hold, Revision } from '../delivery/events.ts';
import { lanesFold } from '../delivery/fold.ts';
import { emptyLane, type Lane } from '../delivery/lane.ts';
import type { LaneSettings } from '../delivery/observation.ts';
import type { Delivery, DeliveryPort } from '../delivery/port.ts';
import type { DesiredPort, DesiredState } from '../gitops/port.ts';
import { SYSTEM } from '../kit/actor.ts';
import type { Clock } from '../kit/time.ts';
import type { Journal } from '../ledger/journal.ts';
import type { LedgerRecord } from '../ledger/record.ts';
import type { MetricsPort } from '../runtime/port.ts';
import { createDesiredReading } from './desired-reading.ts';
import { createRunner, type Runner } from './flow/runner.ts';
import type { Trouble } from './flow/types.ts';
import { changedLanes } from './lanes/due-lanes.ts';
import { DELIVER, deliverHandler } from './lanes/effects.ts';
import { createSnapshotReader } from './lanes/environment-snapshots.ts';
import { openLaneFlows } from './lanes/lane-flows.ts';
import { createLaneRecords, type LaneRecords } from './lanes/lane-records.ts';
import { createLaneRuntimes, evidenceFor, type LaneRuntime } from './lanes/lane-runtime.ts';
import type { LaneStates } from './lanes/lane-states.ts';
import { createObserving } from './lanes/observing.ts';
import type { MetricsSnapshot } from './metrics-snapshot.ts';

export interface ControllerPorts {
  readonly clock: Clock;
  /** Its folds hold `lanesFold` and `queriesFold`. */
  readonly journal: Journal;
  readonly desired: DesiredPort;
  metrics(environment: string): MetricsPort;
  delivery(environment: string): DeliveryPort;
  /** The desired revision where another tool moves traffic: there it takes precedence over Git. */
  wanted?(lane: string): Revision | null;
  /** What holds a new release of this target in this lane; left out: nothing does. */
  hold?(lane: string, target: Revision, now: number): Hold | null;
  /** Carries out effects; by default the controller creates its own. */
  readonly runner?: Runner;
  /** How many lanes of an environment are planned in each tick although nothing was reported about them. */
  readonly inTurn?: number | undefined;
}

export interface ControllerLog {
  warn(details: object, message: string): void;
}

/** One lane as the loop holds it: the fold of its records, and caches that can be rebuilt. */
export interface LaneView {
  readonly service: Service;
  readonly environment: Environment;
  readonly settings: LaneSettings;
  readonly state: Lane;
  readonly evidence: EvidenceBySlo;
  readonly delivery: Delivery | null;
  readonly desired: string | null;
  /** The desired revision. */
  readonly wanted: Revision | null;
  /** Why the lane makes no progress; null: it does. */
  readonly trouble: Trouble | null;
}

export interface Controller {
  /** Observes, decides and acts on every lane that is due. */
  tick(): Promise<void>;
  lanes(): readonly LaneView[];
  /** One lane by its name; undefined: it is not declared. */
  lane(name: string): LaneView | undefined;
  /** What is recorded of each declared lane, by its name. */
  readonly states: LaneStates;
  metrics(environment: string): MetricsSnapshot;
  desired(): DesiredState | null;
  /** Records an order; the next tick carries it out. */
  readonly command: LaneRecords['command'];
  /** Records what somebody else saw or decided of a lane. */
  readonly record: LaneRecords['record'];
  onRecords(listener: (records: readonly LedgerRecord[]) => void): () => void;
  /** Takes a hint that an environment changed: its next snapshot is due at once. */
  hint(environment: string): void;
}

/** How long a tick waits for the effects that it started; longer ones continue in the background. */
const EFFECT_PATIENCE_MS = 250;

/** The recorded state of each lane. */
const statesIn = (journal: Journal) => (lane: string) =>
  journal.state(lanesFold).lanes.get(lane) ?? emptyLane(lane);

/** Shows a lane as the loop holds it, with what only the loop knows of it. */
const laneViews =
  (loop: {
    desired(): DesiredState | null;
    wanted(runtime: LaneRuntime): Revision | null;
    trouble(lane: string): Trouble | null;
  }) =>
  (runtime: LaneRuntime): LaneView => {
    const { service, environment, settings, state, delivery } = runtime;
    return {
      service,
      environment,
      settings,
      state,
      evidence: evidenceFor(runtime),
      delivery,
      desired: loop.desired()?.lanes.get(state.lane)?.version ?? null,
      wanted: loop.wanted(runtime),
      trouble: loop.trouble(state.lane),
    };
  };

/** The release loop: observes, decides, appends and acts on what is due. Its state is in the ledger or can be observed again. */
export function createController(platform: Platform, ports: ControllerPorts, log: ControllerLog): Controller {
  const { journal, clock } = ports;
  const warn = (details: object, message: string) => log.warn(details, message);
  const runtimes = createLaneRuntimes(platform, statesIn(journal));
  const desired = createDesiredReading(ports.desired, warn);
  const runner = ports.runner ?? createRunner({ now: () => clock.now(), warn });
  const records = createLaneRecords(journal, clock);
  runner.handle(
    DELIVER,
    deliverHandler(ports.delivery, async ({ lane, id }) => {
      await records.record(lane, { type: 'effect.settled', data: { id, result: 'done' } }, SYSTEM, id);
    }),
  );

  const wantedIn = (runtime: LaneRuntime): Revision | null =>
    (runtime.settings.followed
      ? ports.wanted?.(runtime.state.lane)
      : desired.last()?.lanes.get(runtime.state.lane)) ?? null;
  const snapshots = createSnapshotReader({
    platform,
    runtimes,
    metrics: ports.metrics,
    wanted: wantedIn,
    warn,
  });
  const flows = openLaneFlows(platform, runtimes, {
    journal,
    runner,
    observing: createObserving(ports.delivery),
    snapshots,
    inTurn: ports.inTurn,
    wanted: wantedIn,
    commit: () => desired.last()?.commit ?? null,
    hold: (lane, target, now) => ports.hold?.(lane, target, now) ?? null,
    now: () => clock.now(),
    warn,
  });
  let asked: DesiredState | null = null;
  journal.onRecords((records) => {
    for (const { subject } of records) flows.mark(subject);
  });
  const viewOf = laneViews({ desired: () => desired.last(), wanted: wantedIn, trouble: flows.trouble });

  return {
    async tick() {
      await desired.refresh();
      for (const lane of changedLanes(asked, desired.last())) flows.mark(lane);
      asked = desired.last();
      await flows.tick();
      await runner.settle(EFFECT_PATIENCE_MS);
    },
    lanes: () => [...runtimes.values()].map(viewOf),
    lane(name) {
      const runtime = runtimes.get(name);
      return runtime && viewOf(runtime);
    },
    states: { get: (name) => runtimes.get(name)?.state },
    metrics: (environment) => snapshots.last(environment),
    desired: () => desired.last(),
    async command(lane, ...order) {
      const record = await records.command(lane, ...order);
      // Somebody waits for this order: it is not delayed.
      flows.hurry(lane);
      return record;
    },
    record: records.record,
    hint: (environment) => snapshots.hint(environment),
    onRecords: (listener) => journal.onRecords(listener),
  };
}
