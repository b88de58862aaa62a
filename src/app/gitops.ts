import { type CommitRecorder, createCommitRecorder } from '../controller/commits/commit-recorder.ts';
import type { Runner } from '../controller/flow/runner.ts';
import type { Gate } from '../controller/gate/gate.ts';
import { createLoadRunner } from '../controller/load/load-runner.ts';
import type { Controller } from '../controller/loop.ts';
import { lastEnvironments, type Measures, measuresFold, measuresOf } from '../controller/measures.ts';
import { orderHold } from '../controller/promotion/order.ts';
import { createPromoter, type Promoter } from '../controller/promotion/promoter.ts';
import type { SloStatuses } from '../controller/slo-statuses.ts';
import { createSyncFollower, type SyncFollower } from '../controller/sync/sync-follower.ts';
import type { Platform } from '../declaration/platform.ts';
import type { Hold, Revision } from '../delivery/events.ts';
import type { LoadPort } from '../gitops/load.ts';
import type { DesiredRepository } from '../gitops/port.ts';
import type { SyncPort } from '../gitops/sync.ts';
import type { Journal } from '../ledger/journal.ts';
import { createNotifier, type NotifierParts } from '../server/notify/notifier.ts';
import { releaseSentence } from '../server/notify/sentence.ts';

interface GitopsOptions {
  readonly platform: Platform;
  readonly controller: Controller;
  readonly journal: Journal;
  readonly repository: DesiredRepository;
  readonly sync: SyncPort;
  readonly gate: Gate | null;
  readonly statuses: SloStatuses;
  readonly receivers: NotifierParts['receivers'];
  readonly inTurn: number | undefined;
  openLoad(): Promise<LoadPort>;
  newRunner(plane: string): Runner;
  publicUrl(): string;
  now(): number;
  warn(details: object, message: string): void;
}

/** A piece of work that is done again and again, beside the loop. */
interface Chore {
  readonly name: string;
  readonly everyMs: number;
  readonly failing: string;
  work(now: number): Promise<unknown>;
}

export interface Gitops {
  readonly promoter: Promoter | null;
  readonly sync: SyncFollower;
  measures(service: string | null, now: number, spanMs: number): Measures;
  readonly chores: readonly Chore[];
}

const LOAD_EVERY_MS = 500;
const COMMITS_EVERY_MS = 1_000;
const SYNC_EVERY_MS = 2_000;
const TELL_EVERY_MS = 1_000;

const openPromotions = (
  w: GitopsOptions,
  gate: Gate,
  commits: CommitRecorder,
  sync: SyncFollower,
): Promoter =>
  createPromoter({
    platform: w.platform,
    forge: gate.forge,
    journal: w.journal,
    lanes: w.controller.states,
    desired: () => w.controller.desired(),
    gate,
    authors: (service, digest) => commits.origin(service, digest)?.authors ?? [],
    refresh: (environment) => sync.refresh(environment),
    budgetLeft: (environment, slo) => w.statuses.of(slo, environment).left,
    inTurn: w.inTurn,
    warn: w.warn,
    runner: w.newRunner('promotions'),
  });

/** Load tests, where an environment declares some. */
async function loadChore(w: GitopsOptions): Promise<Chore> {
  const load = createLoadRunner({
    platform: w.platform,
    journal: w.journal,
    port: await w.openLoad(),
    lanes: w.controller.states,
    desired: () => w.controller.desired(),
    warn: w.warn,
    runner: w.newRunner('load tests'),
  });
  return {
    name: 'load tests',
    everyMs: LOAD_EVERY_MS,
    failing: 'load tests cannot be checked',
    work: (now) => load.tick(now),
  };
}

/** News for everybody who is declared to be told. */
function tellChore(w: GitopsOptions): Chore {
  const notifier = createNotifier({
    journal: w.journal,
    receivers: w.receivers,
    linkOf: (path: string) => `${w.publicUrl()}${path}`,
    sentenceOf: (thread: string) => releaseSentence(w.controller, thread, w.now()),
    inTurn: w.inTurn,
    warn: w.warn,
    runner: w.newRunner('notifications'),
  });
  return {
    name: 'notifications',
    everyMs: TELL_EVERY_MS,
    failing: 'notifications cannot be sent',
    work: (now) => notifier.tick(now),
  };
}

/** The GitOps plane beside the loop: commits, promotions, load tests, drift, measures, and who is told. */
export async function openGitops(w: GitopsOptions): Promise<Gitops> {
  const { platform, controller, journal, gate } = w;
  const desired = () => controller.desired();
  const commits = createCommitRecorder({
    platform,
    journal,
    repository: w.repository,
    desired,
    lanes: controller.states,
    warn: w.warn,
    runner: w.newRunner('commits'),
  });
  const sync = createSyncFollower({
    platform,
    journal,
    sync: w.sync,
    lanes: controller.states,
    desired,
    warn: w.warn,
    runner: w.newRunner('drift'),
  });
  const promoter = gate ? openPromotions(w, gate, commits, sync) : null;
  const users = lastEnvironments(platform);
  const chores: Chore[] = [
    {
      name: 'commits',
      everyMs: COMMITS_EVERY_MS,
      failing: 'commits cannot be read',
      work: (now) => commits.tick(now),
    },
    {
      name: 'drift',
      everyMs: SYNC_EVERY_MS,
      failing: 'drift cannot be checked',
      work: (now) => sync.tick(now),
    },
  ];
  if (platform.environments.some((e) => e.load)) chores.push(await loadChore(w));
  if (w.receivers.length > 0) chores.push(tellChore(w));
  return {
    promoter,
    sync,
    measures: (service, now, spanMs) => measuresOf(journal.state(measuresFold), users, service, now, spanMs),
    chores,
  };
}

/** The last line of promotion order: what was merged by force gets no traffic. */
export function orderHoldOf(
  platform: Platform,
  controller: Controller | null,
  lane: string,
  target: Revision,
): Hold | null {
  if (!controller) return null;
  const why = orderHold(platform, controller.states, controller.desired(), lane, target.digest);
  return why === null ? null : { id: 'order', reason: why, by: 'promotion order', until: null };
}
