import { type BudgetKeeper, createBudgets } from '../controller/budgets.ts';
import { type Followed, followCluster } from '../controller/followed.ts';
import type { Gatekeeper } from '../controller/gate/keeper.ts';
import { createGovernance, type GovernanceKeeper } from '../controller/governance.ts';
import { type Controller, createController } from '../controller/loop.ts';
import type { Revision } from '../delivery/events.ts';
import type { DesiredRepository } from '../gitops/port.ts';
import { systemClock } from '../io/clock.ts';
import type { Journal } from '../ledger/journal.ts';
import type { MetricsPort } from '../runtime/port.ts';
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
  readonly budgets: BudgetKeeper;
  readonly governance: GovernanceKeeper;
  readonly gate: Gatekeeper | null;
  readonly gitops: Gitops;
  readonly sync: OpenSync;
  metricsOf(environment: string): MetricsPort | undefined;
}

export interface PlanesOptions {
  readonly journal: Journal;
  readonly repository: DesiredRepository;
  readonly credentialsFile: string;
  publicUrl(): string;
  progress(what: string): void;
}

/** What a revision is, by what the lane remembers of it. */
function revisionIn(controller: Controller | null, lane: string, revision: string): Revision | null {
  const state = controller?.lanes().find((v) => v.state.lane === lane)?.state;
  const known = [state?.release?.target, state?.stable, state?.release?.from];
  return known.find((r) => r?.revision === revision) ?? null;
}

/** Parts that others ask before they are there: environments start before the lanes of the ledger are folded. */
interface Late {
  controller: Controller | null;
  governance: GovernanceKeeper | null;
}

function controllerOf(
  context: AppContext,
  journal: Journal,
  followed: Followed,
  delivering: Delivering,
  metricsPorts: ReadonlyMap<string, MetricsPort>,
  late: Late,
): Controller {
  const { platform, log } = context;
  return createController(
    platform,
    {
      clock: systemClock,
      journal,
      desired: followed.repository,
      metrics: (environment) => metricsPorts.get(environment)!,
      delivery: (environment) => delivering.of(environment).delivery,
      wanted: followed.wanted,
      hold: (lane, target, at) =>
        late.governance?.hold(lane, target, at) ?? orderHoldOf(platform, late.controller, lane, target),
    },
    log,
  );
}

export async function openPlanes(context: AppContext, options: PlanesOptions): Promise<Planes> {
  const { platform, wiring, lifecycle, now, warn } = context;
  const { journal, publicUrl } = options;
  const late: Late = { controller: null, governance: null };
  const delivering = await openDelivering(context, {
    credentialsFile: options.credentialsFile,
    revisionOf: (lane, revision) => revisionIn(late.controller, lane, revision),
    progress: options.progress,
  });
  const followed = followCluster(platform, options.repository, delivering.asked);
  const desired = followed.repository;
  const metricsPorts = await openMetricsPorts(context, delivering);
  const metricsOf = (environment: string) => metricsPorts.get(environment);
  const controller = controllerOf(context, journal, followed, delivering, metricsPorts, late);
  late.controller = controller;
  const metrics = (environment: string) => controller.metrics(environment);
  const budgets = createBudgets({ platform, journal, metrics });
  const governance = createGovernance({ platform, journal, statuses: budgets.statuses });
  late.governance = governance;
  const gate = await openGate(context, {
    ledger: journal,
    governance,
    controller,
    budgets,
    metricsOf,
    publicUrl,
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
    publicUrl,
    now,
    warn,
  });
  return { controller, delivering, desired, budgets, governance, gate, gitops, sync, metricsOf };
}
