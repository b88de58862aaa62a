import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { ReleaseOrigin } from '../api/views.ts';
import { alertReceiver } from '../controller/alerts.ts';
import { type Anchoring, anchorWarnings } from '../controller/anchoring.ts';
import { lastEnvironments, MEASURED_MS } from '../controller/measures.ts';
import { commitLink } from '../gitops/commit-link.ts';
import { commitsFold, originKey, promotionsFold } from '../gitops/fold.ts';
import { partsOfLane } from '../kit/lane.ts';
import type { Journal } from '../ledger/journal.ts';
import { createAnswered } from '../server/answered.ts';
import { createApp } from '../server/app.ts';
import { loadTokens } from '../server/auth.ts';
import { createBudgetQueries } from '../server/budgets.ts';
import { createGovernanceQueries } from '../server/governance.ts';
import { createMetrics, type ServerMetrics } from '../server/metrics.ts';
import { createQueries } from '../server/queries.ts';
import type { AppContext } from './context.ts';
import { logMoves } from './log-subjects.ts';
import { opened } from './opened.ts';
import type { Planes } from './planes.ts';

interface HttpOptions {
  readonly journal: Journal;
  /** With this Alertmanager delivers. */
  readonly alertmanagerToken: string;
  readonly anchoring: Anchoring;
  publicUrl(): string;
}

/** The server's own metrics, of everything that the planes know. */
function openOwnMetrics(
  { now, chain, measured }: AppContext,
  { controller, governance, gate, gitops, troubles, queues }: Planes,
  anchoring: Anchoring,
): ServerMetrics {
  const metrics = createMetrics(controller, chain, measured);
  controller.onRecords((records) => metrics.records(records));
  metrics.watch({
    freezes: () => governance.freezes(now()) ?? [],
    pulls: () => gate?.pulls() ?? [],
    measures: (service) => gitops.measures(service, now(), MEASURED_MS),
    inSync: (lane) => gitops.sync.of(lane)?.word ?? null,
    anchors: () => anchoring.status(),
    troubles,
    queues,
  });
  return metrics;
}

/** Where an artefact comes from: the pull request and the commit that brought it to a lane, and who wrote it. */
const originIn =
  ({ platform }: AppContext, { gate }: Planes, journal: Journal) =>
  (lane: string, digest: string): ReleaseOrigin => {
    const [service] = partsOfLane(lane);
    const { origins, brought } = journal.state(commitsFold);
    const came = brought.get(`${lane}@${digest}`);
    const urlOf = (sha: string) =>
      platform.forge ? commitLink(platform.forge.at, gate?.pulls()[0]?.pull.url, sha) : null;
    return {
      pull: journal.state(promotionsFold).brought.get(`${lane}@${digest}`) ?? null,
      authors: origins.get(originKey(service, digest))?.authors ?? [],
      commit: came ? { sha: came.commit, url: urlOf(came.commit), mergedBy: came.mergedBy } : null,
    };
  };

/** Lines of the log name the release and the pull request that they are about; every move is a line. */
function openLog(
  { subjects, log }: AppContext,
  { controller }: Planes,
  originOf: ReturnType<typeof originIn>,
): void {
  subjects.know((lane) => {
    const state = controller.states.get(lane);
    if (!state) return null;
    const { release } = state;
    return {
      release: release?.id ?? null,
      pull: release ? originOf(lane, release.target.digest).pull : null,
    };
  });
  controller.onRecords((records) => logMoves(records, subjects, (d, m) => log.info(d, m)));
}

/** The API, the console and webhooks over the planes; from here on they answer. */
export async function serveHttp(context: AppContext, planes: Planes, options: HttpOptions) {
  const { platform, now, wiring } = context;
  const { controller, budgets, governance, gate, gitops, sync, metricsOf } = planes;
  const { journal, publicUrl } = options;
  const ledger = journal;
  const tokens = await loadTokens(ledger);
  const metrics = openOwnMetrics(context, planes, options.anchoring);
  openLog(context, planes, originIn(context, planes, journal));
  const signIn = opened(await wiring.openSignIn(context));
  const openKept = wiring.openKeptPolicy;
  const app = createApp({
    queries: createQueries({
      platform,
      controller,
      journal,
      statuses: budgets.statuses,
      metricsOf,
      standing: planes.delivering.standing,
      freezes: (at) => governance.freezes(at),
      origin: originIn(context, planes, journal),
      chain: context.chain,
      now,
    }),
    budgets: createBudgetQueries({ platform, journal, budgets, metricsOf, now }),
    platform,
    controller,
    ledger,
    tokens,
    metrics,
    unready: () => context.health.unready(),
    warnings: () => anchorWarnings(options.anchoring.status()),
    consoleDir: join(context.root, 'console', 'dist'),
    alertmanagerToken: options.alertmanagerToken,
    allowedHosts: context.allowedHosts,
    openReads: context.openReads,
    verdictToken: opened(wiring.readVerdictToken(context)),
    onAlerts: alertReceiver(platform, journal, (e) => controller.hint(e), now),
    signIn,
    answered: createAnswered(now),
    governance,
    governanceQueries: createGovernanceQueries({ platform, ledger, governance, gate, now, openKept }),
    gate,
    promoter: gitops.promoter,
    sync: gitops.sync,
    measures: gitops.measures,
    lastEnvironments: lastEnvironments(platform),
    onPush: () => planes.desired.hint(),
    argoCdToken: sync.webhookToken,
    onSync: () => gitops.sync.tick(now()),
    branch: platform.forge?.branch ?? platform.repository.branch,
    publicUrl,
    now,
    newId: () => randomUUID(),
  });
  context.listener.answer((request) => app.fetch(request));
  return { tokens };
}
