import type { Environment, Platform, Service } from '../declaration/platform.ts';
import { lanesOf } from '../declaration/platform.ts';
import { assess, type EvidenceBySlo, evidenceOf, type Look } from '../delivery/assess.ts';
import { worstBurn } from '../delivery/burn-rule.ts';
import { type Baseline, decide, type LaneSettings, type Seen, startable } from '../delivery/decide.ts';
import {
  type CommandName,
  type Effect,
  EVENT_VERSION,
  type Event,
  emptyLane,
  eventSchemas,
  evolve,
  type Lane,
  laneName,
  upcast,
} from '../delivery/events.ts';
import type { Delivery, DeliveryPort } from '../delivery/port.ts';
import type { DesiredPort, DesiredState } from '../gitops/port.ts';
import { type Actor, SYSTEM } from '../kit/actor.ts';
import { messageOf } from '../kit/result.ts';
import type { Clock } from '../kit/time.ts';
import type { LedgerPort } from '../ledger/port.ts';
import type { Entry, LedgerRecord } from '../ledger/record.ts';
import {
  type Arms,
  armSelectors,
  baselineCounts,
  batchSelector,
  closeIntervals,
  type Sli,
} from '../runtime/counts.ts';
import type { MetricsPort } from '../runtime/port.ts';
import { guardWord, lookAtMetrics, type MetricsLook, NO_LOOK, type Violations } from './metrics-look.ts';
import { burnRuleOf, laneSettings, slisOf } from './settings.ts';

export interface ControllerPorts {
  readonly clock: Clock;
  readonly ledger: LedgerPort;
  readonly desired: DesiredPort;
  metrics(environment: string): MetricsPort;
  delivery(environment: string): DeliveryPort;
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
}

export interface Controller {
  /** Folds the ledger: where every lane stood when the last record was written. */
  load(): Promise<void>;
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
  onRecords(listener: (records: readonly LedgerRecord[]) => void): () => void;
}

const EFFECT_TIMEOUT_MS = 10_000;
/** A look that takes longer goes on by itself: a Prometheus that hangs must not hold up an abort. */
const LOOK_PATIENCE_MS = 250;
const HISTORY_MS = 3_600_000;
const MAX_RANGE_MS = 3_600_000;
/** Looks fall due a little early rather than a whole tick late. */
const LOOK_SLACK = 0.9;

interface LaneCell {
  readonly service: Service;
  readonly environment: Environment;
  readonly settings: LaneSettings;
  readonly slis: readonly Sli[];
  state: Lane;
  evidence: EvidenceBySlo;
  evidenceFor: string | null;
  delivery: Delivery | null;
  unreachableLooks: number;
  readonly violations: Violations;
}

const inFlight = (lane: Lane): boolean =>
  lane.state === 'Canary' ||
  lane.state === 'Evaluating' ||
  lane.state === 'Promote' ||
  lane.state === 'Deploying';

function armsOf(cell: LaneCell): Arms {
  const release = cell.state.release;
  return {
    label: cell.service.revisionLabel,
    canary: release?.target.revision ?? null,
    stable: release?.from?.revision ?? null,
  };
}

const timeout = async <T>(work: Promise<T>, ms: number, what: string): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const bound = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, bound]);
  } finally {
    clearTimeout(timer);
  }
};

/** The loop: observe, judge, decide, append, act. Everything it knows is in the ledger or can be looked at again. */
export function createController(platform: Platform, ports: ControllerPorts, log: ControllerLog): Controller {
  const cells = new Map<string, LaneCell>();
  for (const { service, environment } of lanesOf(platform)) {
    const lane = laneName(service.name, environment.name);
    cells.set(lane, {
      service,
      environment,
      settings: laneSettings(platform, service, environment),
      slis: slisOf(platform, service),
      state: emptyLane(lane),
      evidence: new Map(),
      evidenceFor: null,
      delivery: null,
      unreachableLooks: 0,
      violations: new Map(),
    });
  }
  const looks = new Map<string, MetricsLook>(platform.environments.map((e) => [e.name, NO_LOOK]));
  const listeners = new Set<(records: readonly LedgerRecord[]) => void>();
  let desired: DesiredState | null = null;

  const take = (records: readonly LedgerRecord[]): void => {
    for (const record of records) {
      const cell = cells.get(record.subject);
      if (!cell || !(record.type in eventSchemas)) continue;
      cell.state = evolve(cell.state, upcast(record.type, record.v, record.data), record.at);
    }
  };

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
    const records = await ports.ledger.append(entries);
    take(records);
    for (const listener of listeners) listener(records);
    return records;
  };

  /** Lanes that would begin a release now, were they given a baseline. */
  const wantsBaseline = (cell: LaneCell): boolean => {
    const wanted = desired?.lanes.get(cell.state.lane) ?? null;
    return !inFlight(cell.state) && startable(cell.state, wanted);
  };

  const baselineArms = (cell: LaneCell): Arms => ({
    label: cell.service.revisionLabel,
    canary: desired?.lanes.get(cell.state.lane)?.revision ?? null,
    stable: cell.state.stable?.revision ?? null,
  });

  const rangeOf = (active: readonly LaneCell[], now: number): number => {
    const oldest = active.flatMap((cell) => {
      const release = cell.state.release;
      if (!release) return [];
      const times = Object.values(release.cursors).map(([at]) => at);
      return [times.length > 0 ? Math.max(...times) : release.openedAt];
    });
    const interval = Math.max(...active.map((cell) => cell.settings.release.intervalMs), 1);
    const span = Math.max(0, ...oldest.map((at) => now - at)) + 3 * interval;
    return Math.min(MAX_RANGE_MS, Math.ceil(span / 1_000) * 1_000);
  };

  interface EnvironmentLook {
    readonly look: MetricsLook;
    readonly baselines: ReadonlyMap<string, Baseline>;
  }
  const looking = new Map<string, Promise<EnvironmentLook>>();
  const arrived = new Map<string, EnvironmentLook>();

  async function takeLook(environment: Environment, now: number): Promise<EnvironmentLook> {
    const last = looks.get(environment.name)!;
    const mine = [...cells.values()].filter((cell) => cell.environment === environment);
    const active = mine.filter((cell) => inFlight(cell.state));
    const look = await lookAtMetrics(
      ports.metrics(environment.name),
      {
        platform,
        environment,
        selectors: active.flatMap((cell) => armSelectors(cell.slis, armsOf(cell))),
        rangeMs: rangeOf(active, now),
        guards: active.flatMap((cell) =>
          cell.service.guards.map((guard) => ({ service: cell.service.name, guard })),
        ),
        upLabel: mine[0]?.service.revisionLabel ?? 'revision',
      },
      now,
    );
    if (look.failure && !last.failure)
      log.warn(
        { environment: environment.name, ...look.failure },
        'Prometheus does not answer; nothing is promoted',
      );
    looks.set(environment.name, look);
    return { look, baselines: await baselines(environment, now) };
  }

  /** The look that fell due and arrived, if any: started when due, waited for a moment, taken up when it is there. */
  async function dueLook(environment: Environment, now: number): Promise<EnvironmentLook | null> {
    const { name } = environment;
    const due = now - looks.get(name)!.at >= environment.prometheus.scrapeIntervalMs * LOOK_SLACK;
    if (due && !looking.has(name) && !arrived.has(name)) {
      const look = takeLook(environment, now);
      looking.set(name, look);
      void look
        .then(
          (result) => arrived.set(name, result),
          (error: unknown) => log.warn({ environment: name, error: messageOf(error) }, 'a look failed'),
        )
        .finally(() => looking.delete(name));
    }
    const current = looking.get(name);
    if (current) await timeout(current, LOOK_PATIENCE_MS, 'a look').catch(() => undefined);
    // The arrival is recorded one turn after the look itself resolves.
    await Promise.resolve();
    const result = arrived.get(name) ?? null;
    arrived.delete(name);
    return result;
  }

  async function baselines(environment: Environment, now: number): Promise<Map<string, Baseline>> {
    const wanting = [...cells.values()].filter(
      (cell) => cell.environment === environment && wantsBaseline(cell),
    );
    const found = new Map<string, Baseline>();
    const look = looks.get(environment.name)!;
    if (wanting.length === 0 || look.at === 0 || look.failure) return found;
    const selectors = wanting.flatMap((cell) => armSelectors(cell.slis, baselineArms(cell)));
    const answer = await ports.metrics(environment.name).raw(batchSelector(selectors), HISTORY_MS, now);
    if (!answer.ok) return found;
    for (const cell of wanting) {
      const arms = baselineArms(cell);
      const counted = baselineCounts(answer.value, cell.slis, arms, cell.settings.release.intervalMs);
      found.set(cell.state.lane, { ...counted, target: arms.canary ?? '', burn: burnOf(cell, look) });
    }
    return found;
  }

  const burnOf = (cell: LaneCell, look: MetricsLook) =>
    worstBurn(
      [...cell.service.slos, ...cell.service.burnSlos].map(
        (slo) => look.burns.get(slo) ?? { fast: null, slow: null },
      ),
      burnRuleOf(cell.environment),
    );

  /** What this lane's share of an environment's look says. */
  function laneLook(cell: LaneCell, look: MetricsLook): Look {
    const burn = burnOf(cell, look);
    const release = cell.state.release;
    const base = {
      burn,
      guard: guardWord(cell.service.guards, cell.service.name, look, cell.violations),
      queries: look.queries,
    };
    if (look.failure) return { ...base, intervals: [], cursors: {}, trouble: 'SOURCE_UNAVAILABLE' };
    if (!release || !inFlight(cell.state)) return { ...base, intervals: [], cursors: {}, trouble: null };
    const weight = cell.delivery?.weight ?? 0;
    // A look that was waited for speaks of when it was taken.
    const closed = closeIntervals({
      series: look.raw,
      slis: cell.slis,
      arms: armsOf(cell),
      cursors: release.cursors,
      closedAt: release.lookTimes.at(-1) ?? release.openedAt,
      intervalMs: release.settings.intervalMs,
      now: look.at,
      zero: {
        canary: release.confirmedAt[0] === undefined,
        stable: release.from === null || (weight === 100 && release.settings.weights[release.step] === 100),
      },
    });
    return { ...base, intervals: closed.intervals, cursors: closed.cursors, trouble: closed.trouble };
  }

  function countUnreachable(cell: LaneCell, look: MetricsLook): void {
    const release = cell.state.release;
    const judged = cell.state.state === 'Canary' || cell.state.state === 'Evaluating';
    if (!release || !judged) return;
    const unscraped = !look.failure && look.up.get(release.target.revision) === 0;
    const refused = cell.delivery?.refused === true;
    const down = (unscraped || refused) && release.confirmedAt[release.step] !== undefined;
    cell.unreachableLooks = down ? cell.unreachableLooks + 1 : 0;
  }

  function evidenceFor(cell: LaneCell): EvidenceBySlo {
    const release = cell.state.release;
    if (!release) return new Map();
    if (cell.evidenceFor !== release.id) {
      cell.evidence = evidenceOf(release);
      cell.evidenceFor = release.id;
    }
    return cell.evidence;
  }

  async function settle(effect: Effect, now: number): Promise<void> {
    await append(
      effect.lane,
      [{ type: 'effect.settled', data: { id: effect.id, result: 'done' } }],
      now,
      SYSTEM,
      effect.id,
    );
  }

  /** Brings the outside to each pending target: probed first, so that what is done is not done twice. */
  async function act(cell: LaneCell): Promise<void> {
    const delivery = ports.delivery(cell.environment.name);
    const order = [...cell.state.pending].sort(
      (a, b) => Number(b.kind === 'abort') - Number(a.kind === 'abort'),
    );
    for (const effect of order) {
      try {
        const work = async () => {
          if ((await delivery.probe(effect)) !== 'done') await delivery.apply(effect);
          return delivery.probe(effect);
        };
        if ((await timeout(work(), EFFECT_TIMEOUT_MS, effect.id)) === 'done')
          await settle(effect, ports.clock.now());
      } catch (thrown) {
        if (isFatal(thrown)) throw thrown;
        log.warn(
          { effect: effect.id, error: messageOf(thrown) },
          'an effect was not carried out; it is tried again',
        );
      }
    }
  }

  async function tickLane(
    cell: LaneCell,
    look: MetricsLook | null,
    baseline: Baseline | null,
    now: number,
  ): Promise<void> {
    const { lane } = cell.state;
    try {
      cell.delivery = await timeout(
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
    const seen: Seen = {
      desired: desired?.lanes.get(lane) ?? null,
      delivery: cell.delivery,
      look: mine,
      assessment: assessed,
      baseline,
      unreachableLooks: cell.unreachableLooks,
    };
    const events = decide(cell.state, seen, cell.settings, now);
    await append(lane, events, now, SYSTEM, desired?.commit ?? null);
    if (assessed && events.some((e) => e.type === 'release.looked')) cell.evidence = assessed.evidence;
    if (events.some((e) => e.type === 'lane.moved')) cell.unreachableLooks = 0;
    await act(cell);
  }

  return {
    async load() {
      const BATCH = 5_000;
      for (let after = 0; ; ) {
        const records = await ports.ledger.read({ after, limit: BATCH });
        take(records);
        if (records.length < BATCH) break;
        after = records.at(-1)!.seq;
      }
    },
    async tick() {
      desired = (await ports.desired.read()) ?? desired;
      await Promise.all(
        platform.environments.map(async (environment) => {
          const now = ports.clock.now();
          const due = await dueLook(environment, now);
          const mine = [...cells.values()].filter((cell) => cell.environment === environment);
          await Promise.all(
            mine.map((cell) =>
              tickLane(
                cell,
                due?.look ?? null,
                due?.baselines.get(cell.state.lane) ?? null,
                ports.clock.now(),
              ),
            ),
          );
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
        desired: desired?.lanes.get(cell.state.lane)?.version ?? null,
      })),
    metrics: (environment) => looks.get(environment) ?? NO_LOOK,
    desired: () => desired,
    async command(lane, command, reason, actor, id) {
      const events: Event[] = [{ type: 'command.accepted', data: { id, command, reason } }];
      const [record] = await append(lane, events, ports.clock.now(), actor, id);
      return record!;
    },
    onRecords(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** A ledger that takes no record stops everything; a simulated kill is passed through. */
const isFatal = (thrown: unknown): boolean =>
  thrown instanceof Error && (thrown.name === 'LedgerUnavailable' || thrown.name === 'Killed');
