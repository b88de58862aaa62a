import type { Environment, Platform, Service } from '../declaration/platform.ts';
import { assess, type EvidenceBySlo } from '../delivery/assess.ts';
import { decide } from '../delivery/decide.ts';
import {
  type CommandName,
  EVENT_VERSION,
  type Event,
  emptyLane,
  type Hold,
  type Lane,
  type Revision,
} from '../delivery/events.ts';
import { lanesFold } from '../delivery/fold.ts';
import type { Delivery, DeliveryPort } from '../delivery/port.ts';
import type { Baseline, LaneSettings, Seen } from '../delivery/seen.ts';
import type { DesiredPort, DesiredState } from '../gitops/port.ts';
import { within } from '../io/clock.ts';
import { type Actor, SYSTEM } from '../kit/actor.ts';
import { type Backoff, backoffMs } from '../kit/backoff.ts';
import { messageOf } from '../kit/result.ts';
import type { Clock } from '../kit/time.ts';
import type { Journal } from '../ledger/journal.ts';
import type { Entry, LedgerRecord } from '../ledger/record.ts';
import type { MetricsPort } from '../runtime/port.ts';
import { act, EFFECT_TIMEOUT_MS, isFatal } from './acting.ts';
import {
  cellsOf,
  createCells,
  evidenceFor,
  inFlight,
  type LaneCell,
  type LaneTrouble,
  REACHED,
} from './cells.ts';
import { createDesiredReading } from './desired-reading.ts';
import { countUnreachable, laneLook } from './lane-look.ts';
import { createLooker, type EnvironmentLook } from './looking.ts';
import type { MetricsLook } from './metrics-look.ts';

export interface ControllerPorts {
  readonly clock: Clock;
  /** Its folds hold `lanesFold`. */
  readonly journal: Journal;
  readonly desired: DesiredPort;
  metrics(environment: string): MetricsPort;
  delivery(environment: string): DeliveryPort;
  /** What is asked for where somebody else moves traffic: there it counts before what Git says. */
  wanted?(lane: string): Revision | null;
  /** What holds a new release of this target in this lane; none where nobody is asked. */
  hold?(lane: string, target: Revision, now: number): Hold | null;
}

export interface ControllerLog {
  warn(details: object, message: string): void;
}

/** One lane as the loop holds it: the fold of its records, and caches that can be had again. */
export interface LaneView {
  readonly service: Service;
  readonly environment: Environment;
  readonly settings: LaneSettings;
  readonly state: Lane;
  readonly evidence: EvidenceBySlo;
  readonly delivery: Delivery | null;
  readonly desired: string | null;
  /** What is asked for where it runs. */
  readonly wanted: Revision | null;
  /** Why it could not be looked at; it alone is held up by that. Null: its last pass went well. */
  readonly trouble: LaneTrouble | null;
}

export interface Controller {
  /** One look at everything, and what follows from it. */
  tick(): Promise<void>;
  lanes(): readonly LaneView[];
  metrics(environment: string): MetricsLook;
  desired(): DesiredState | null;
  /** Records an order; the next look carries it out. */
  command(
    lane: string,
    command: CommandName,
    reason: string,
    actor: Actor,
    id: string,
  ): Promise<LedgerRecord>;
  /** Records what somebody else saw or decided of a lane. */
  record(lane: string, event: Event, actor?: Actor): Promise<LedgerRecord>;
  onRecords(listener: (records: readonly LedgerRecord[]) => void): () => void;
  /** Somebody says that an environment changed: its next look is due at once. */
  hint(environment: string): void;
}

/** A lane that throws is tried again: soon, since an abort may wait behind it, and seldom once it keeps failing. */
const LANE_BACKOFF: Backoff = { firstMs: 1_000, longestMs: 60_000 };

/** The loop: observe, judge, decide, append, act. Everything it knows is in the ledger or can be looked at again. */
export function createController(platform: Platform, ports: ControllerPorts, log: ControllerLog): Controller {
  const { journal } = ports;
  const cells = createCells(platform, (lane) => journal.state(lanesFold).lanes.get(lane) ?? emptyLane(lane));
  const toldBroken = new Set<string>();
  const desired = createDesiredReading(ports.desired, (details, message) => log.warn(details, message));

  const append = async (
    lane: string,
    events: readonly Event[],
    now: number,
    actor: Actor,
    cause: string | null,
  ) => {
    if (events.length === 0) return [];
    const entries: Entry[] = events.map((event) => ({
      at: now,
      type: event.type,
      v: EVENT_VERSION,
      subject: lane,
      actor: { id: actor.id, kind: actor.kind },
      cause,
      data: event.data,
    }));
    return journal.append(entries);
  };

  const wantedIn = (cell: LaneCell): Revision | null =>
    (cell.settings.followed ? ports.wanted?.(cell.state.lane) : desired.last()?.lanes.get(cell.state.lane)) ??
    null;

  const looker = createLooker({
    platform,
    cells,
    metrics: ports.metrics,
    wanted: wantedIn,
    warn: (details, message) => log.warn(details, message),
  });

  const actOn = (cell: LaneCell): Promise<void> =>
    act(cell, {
      delivery: ports.delivery(cell.environment.name),
      settle: async ({ id, lane }) => {
        const settled: Event = { type: 'effect.settled', data: { id, result: 'done' } };
        await append(lane, [settled], ports.clock.now(), SYSTEM, id);
      },
      warn: (details, message) => log.warn(details, message),
    });

  async function tickLane(
    cell: LaneCell,
    look: MetricsLook | null,
    baseline: Baseline | null,
    now: number,
  ): Promise<void> {
    const { lane } = cell.state;
    const broken = journal.state(lanesFold).broken.get(lane);
    if (broken !== undefined) {
      if (!toldBroken.has(lane))
        log.warn({ lane, broken }, 'its records contradict each other: nothing is decided');
      toldBroken.add(lane);
      return;
    }
    try {
      cell.delivery = await within(
        ports.delivery(cell.environment.name).observe(lane, cell.state.release?.target.revision ?? null),
        EFFECT_TIMEOUT_MS,
        `observing ${lane}`,
      );
    } catch (thrown) {
      if (isFatal(thrown)) throw thrown;
      cell.delivery = null;
    }
    const release = cell.state.release;
    const mine = look ? laneLook(cell, look) : null;
    if (look) countUnreachable(cell, look);
    const assessed =
      mine && release && inFlight(cell.state)
        ? assess(release, mine, evidenceFor(cell), cell.settings.burn, now)
        : null;
    const wanted = wantedIn(cell);
    const seen: Seen = {
      desired: wanted,
      hold: wanted ? (ports.hold?.(lane, wanted, now) ?? null) : null,
      delivery: cell.delivery,
      look: mine,
      assessment: assessed,
      baseline,
      unreachableLooks: cell.unreachable.looks,
    };
    const events = decide(cell.state, seen, cell.settings, now);
    await append(lane, events, now, SYSTEM, desired.last()?.commit ?? null);
    if (assessed && events.some((e) => e.type === 'release.looked')) cell.evidence = assessed.evidence;
    if (events.some((e) => e.type === 'lane.moved')) cell.unreachable = REACHED;
    await actOn(cell);
  }

  /** One pass over a lane. Whatever it throws is its own trouble, except what stops everything. */
  async function passOver(cell: LaneCell, due: EnvironmentLook | null): Promise<void> {
    const now = ports.clock.now();
    if (cell.trouble && now < cell.trouble.retryAt) return;
    const { lane } = cell.state;
    try {
      await tickLane(cell, due?.look ?? null, due?.baselines.get(lane) ?? null, now);
      cell.trouble = null;
    } catch (thrown) {
      if (isFatal(thrown)) throw thrown;
      const failures = (cell.trouble?.failures ?? 0) + 1;
      const message = messageOf(thrown).toWellFormed();
      cell.trouble = { message, failures, retryAt: now + backoffMs(LANE_BACKOFF, failures) };
      log.warn({ lane, failures, error: message }, 'a lane could not be looked at; it is tried again');
    }
  }

  /** The look of an environment that fell due; one that throws is none, and holds up no other environment. */
  async function dueLook(environment: Environment): Promise<EnvironmentLook | null> {
    try {
      return await looker.due(environment, ports.clock.now());
    } catch (thrown) {
      if (isFatal(thrown)) throw thrown;
      log.warn({ environment: environment.name, error: messageOf(thrown) }, 'a look failed');
      return null;
    }
  }

  return {
    async tick() {
      await desired.refresh();
      await Promise.all(
        platform.environments.map(async (environment) => {
          const due = await dueLook(environment);
          await Promise.all(cellsOf(cells, environment).map((cell) => passOver(cell, due)));
        }),
      );
    },
    lanes: () =>
      [...cells.values()].map((cell) => ({
        service: cell.service,
        environment: cell.environment,
        settings: cell.settings,
        state: cell.state,
        evidence: evidenceFor(cell),
        delivery: cell.delivery,
        desired: desired.last()?.lanes.get(cell.state.lane)?.version ?? null,
        wanted: wantedIn(cell),
        trouble: cell.trouble,
      })),
    metrics: (environment) => looker.last(environment),
    desired: () => desired.last(),
    async command(lane, command, reason, actor, id) {
      const events: Event[] = [{ type: 'command.accepted', data: { id, command, reason } }];
      const [record] = await append(lane, events, ports.clock.now(), actor, id);
      // Somebody waits for this one: it is not put off any longer.
      const cell = cells.get(lane);
      if (cell?.trouble) cell.trouble = { ...cell.trouble, retryAt: 0 };
      return record!;
    },
    async record(lane, event, actor = SYSTEM) {
      const [record] = await append(lane, [event], ports.clock.now(), actor, null);
      return record!;
    },
    hint: (environment) => looker.hint(environment),
    onRecords: (listener) => journal.onRecords(listener),
  };
}
