import { type BudgetEvaluator, createBudgetEvaluator } from '../controller/budgets/budget-evaluator.ts';
import { seededJitter } from '../controller/flow/jitter.ts';
import type { Troubled } from '../controller/flow/jobs.ts';
import { createRunner, type Runner } from '../controller/flow/runner.ts';
import type { Gate } from '../controller/gate/gate.ts';
import { createGovernance, type FreezesAndWaivers } from '../controller/governance/governance.ts';
import { type Controller, createController } from '../controller/loop.ts';
import { type Followed, rolloutDesiredState } from '../controller/rollout-desired-state.ts';
import type { Revision } from '../delivery/events.ts';
import type { DesiredRepository } from '../gitops/port.ts';
import type { Journal } from '../ledger/journal.ts';
import type { MetricsPort } from '../runtime/port.ts';
import type { PlaneQueue } from '../server/metrics/outside.ts';
import type { OpenSync } from '../wiring/sync.ts';
import type { AppContext } from './context.ts';
import { addressIn, type Delivering, openDelivering, openMetricsPorts } from './delivering.ts';
import { openGate } from './gate.ts';
import { type Gitops, openGitops, orderHoldOf } from './gitops.ts';
import { opened } from './opened.ts';

/** The four planes of one server, over the adapters that were chosen for it. */
export interface Planes {
  readonly controller: Controller;
  readonly delivering: Delivering;
  readonly desired: DesiredRepository;
  readonly budgets: BudgetEvaluator;
  readonly governance: FreezesAndWaivers;
  readonly gate: Gate | null;
  readonly gitops: Gitops;
  readonly sync: OpenSync;
  metricsOf(environment: string): MetricsPort | undefined;
  /** What could not be done outside, by whom it was for. */
  troubles(): readonly Troubled[];
  queues(): readonly PlaneQueue[];
}

interface PlanesOptions {
  readonly journal: Journal;
  readonly repository: DesiredRepository;
  readonly credentialsFile: string;
  /** So many subjects of each plane are planned in each look though nothing was told of them; left out, a few. */
  readonly inTurn?: number | undefined;
  publicUrl(): string;
  progress(what: string): void;
}

/** What a revision is, by what the lane remembers of it. */
function revisionIn(controller: Controller | null, lane: string, revision: string): Revision | null {
  const state = controller?.states.get(lane);
  const known = [state?.release?.target, state?.stable, state?.release?.from, state?.returning];
  return known.find((r) => r?.revision === revision) ?? null;
}

/** Parts that others ask before they are there: environments start before the lanes of the ledger are folded. */
interface Late {
  controller: Controller | null;
  governance: FreezesAndWaivers | null;
}

interface ControllerOptions {
  readonly followed: Followed;
  readonly desired: DesiredRepository;
  readonly delivering: Delivering;
  readonly metricsPorts: ReadonlyMap<string, MetricsPort>;
  readonly late: Late;
  readonly inTurn: number | undefined;
  newRunner(plane: string): Runner;
}

function controllerOf(context: AppContext, journal: Journal, options: ControllerOptions): Controller {
  const { platform, log } = context;
  const { followed, delivering, metricsPorts, late } = options;
  const deliveries = new Map(delivering.environments.map((e) => [e.name, e.delivery]));
  return createController(
    platform,
    {
      clock: context.clock,
      journal,
      desired: options.desired,
      runner: options.newRunner('releases'),
      inTurn: options.inTurn,
      metrics: (environment) => metricsPorts.get(environment)!,
      delivery: (environment) => deliveries.get(environment)!,
      wanted: followed.wanted,
      hold: (lane, target, at) =>
        late.governance?.hold(lane, target, at) ?? orderHoldOf(platform, late.controller, lane, target),
    },
    log,
  );
}

/** Each plane has a runner of its own: what one waits for holds up no other. */
function runnersOf({ now, warn, platform, tracing }: AppContext) {
  const runners = new Map<string, Runner>();
  return {
    newRunner(plane: string): Runner {
      const runner = createRunner({ now, warn, tracing, jitter: seededJitter(platform.name) });
      runners.set(plane, runner);
      return runner;
    },
    troubles: () => [...runners.values()].flatMap((runner) => runner.troubles()),
    queues: () => [...runners].map(([plane, runner]) => ({ plane, ...runner.queue() })),
  };
}

export async function openPlanes(context: AppContext, options: PlanesOptions): Promise<Planes> {
  const { platform, wiring, lifecycle, now, warn } = context;
  const { journal, publicUrl, inTurn } = options;
  const { newRunner, ...watched } = runnersOf(context);
  const late: Late = { controller: null, governance: null };
  const delivering = await openDelivering(context, {
    credentialsFile: options.credentialsFile,
    revisionOf: (lane, revision) => revisionIn(late.controller, lane, revision),
    progress: options.progress,
  });
  const followed = rolloutDesiredState(platform, options.repository, delivering.asked);
  const desired = followed.repository;
  const metricsPorts = await openMetricsPorts(context, delivering);
  const metricsOf = (environment: string) => metricsPorts.get(environment);
  const given = { followed, desired, delivering, metricsPorts, late, inTurn, newRunner };
  const controller = controllerOf(context, journal, given);
  late.controller = controller;
  const metrics = (environment: string) => controller.metrics(environment);
  const shared = { platform, journal, inTurn, warn };
  const budgets = createBudgetEvaluator({ ...shared, metrics });
  const governance = createGovernance({ ...shared, statuses: budgets.statuses });
  late.governance = governance;
  const gate = await openGate(context, {
    journal,
    governance,
    controller,
    budgets,
    metricsOf,
    publicUrl,
    runner: newRunner('gate'),
  });
  const receivers = opened(await wiring.openReceivers(context));
  const delivery = (environment: string) => delivering.of(environment).delivery;
  const sync = opened(await wiring.openSync(context, delivery, desired));
  lifecycle.onStop(() => sync.close());
  const gitops = await openGitops({
    platform,
    controller,
    journal,
    repository: desired,
    sync: sync.port,
    statuses: budgets.statuses,
    gate,
    receivers,
    openLoad: () => wiring.openLoad(context, addressIn(platform, delivering)),
    newRunner,
    inTurn,
    publicUrl,
    now,
    warn,
  });
  return {
    controller,
    delivering,
    desired,
    budgets,
    governance,
    gate,
    gitops,
    sync,
    metricsOf,
    ...watched,
  };
}
