import { endSentence, laneSentence } from '../api/sentences.ts';
import { type CommitKeeper, createCommits } from '../controller/commits.ts';
import type { Gatekeeper } from '../controller/gate/keeper.ts';
import { createLoadKeeper } from '../controller/load.ts';
import type { Controller } from '../controller/loop.ts';
import { lastEnvironments, type Measures, measuresFold, measuresOf } from '../controller/measures.ts';
import { createPromoter, type Promoter } from '../controller/promotion.ts';
import { orderHold } from '../controller/promotion-order.ts';
import type { SloStatuses } from '../controller/slo-statuses.ts';
import { createSync, type SyncKeeper } from '../controller/syncing.ts';
import type { Platform } from '../declaration/platform.ts';
import type { Hold, Revision } from '../delivery/events.ts';
import { endingOf } from '../delivery/summary.ts';
import type { LoadPort } from '../gitops/load.ts';
import type { DesiredRepository } from '../gitops/port.ts';
import type { SyncPort } from '../gitops/sync.ts';
import type { Journal } from '../ledger/journal.ts';
import { createNotifier, type NotifierParts } from '../server/notify/notifier.ts';

export interface GitopsOptions {
  readonly platform: Platform;
  readonly controller: Controller;
  readonly journal: Journal;
  readonly repository: DesiredRepository;
  readonly sync: SyncPort;
  readonly gate: Gatekeeper | null;
  readonly statuses: SloStatuses;
  readonly receivers: NotifierParts['receivers'];
  openLoad(): Promise<LoadPort>;
  publicUrl(): string;
  now(): number;
  warn(details: object, message: string): void;
}

/** A piece of work that is done again and again, beside the loop. */
export interface Chore {
  readonly everyMs: number;
  readonly failing: string;
  work(now: number): Promise<unknown>;
}

export interface Gitops {
  readonly promoter: Promoter | null;
  readonly sync: SyncKeeper;
  measures(service: string | null, now: number, spanMs: number): Measures;
  readonly chores: readonly Chore[];
}

const LOAD_EVERY_MS = 500;
const COMMITS_EVERY_MS = 1_000;
const SYNC_EVERY_MS = 2_000;
const TELL_EVERY_MS = 1_000;

const openPromotions = (w: GitopsOptions, gate: Gatekeeper, commits: CommitKeeper): Promoter =>
  createPromoter({
    platform: w.platform,
    forge: gate.forge,
    journal: w.journal,
    lanes: () => w.controller.lanes().map((v) => v.state),
    desired: () => w.controller.desired(),
    gate,
    authors: (service, digest) => commits.origin(service, digest)?.authors ?? [],
    refresh: (environment) => w.sync.refresh(environment),
    budgetLeft: (environment, slo) => w.statuses.of(slo, environment).left,
    warn: w.warn,
  });

/** What is said of a release that a lane still knows: while it goes on, and how it ended. */
function releaseSentence(controller: Controller, id: string, now: number): string | null {
  const view = controller.lanes().find((v) => v.state.release?.id === id);
  if (!view) return null;
  const { state, evidence, service, environment } = view;
  const release = state.release!;
  const name = `${service.name} ${release.target.version} in ${environment.name}`;
  return release.cause ? endSentence(name, endingOf(release)) : laneSentence(state, evidence, null, now);
}

/** The GitOps plane beside the loop: commits, promotions, load tests, drift, measures, and who is told. */
export async function openGitops(w: GitopsOptions): Promise<Gitops> {
  const { platform, controller, journal, gate } = w;
  const lanes = () => controller.lanes().map((v) => v.state);
  const desired = () => controller.desired();
  const commits = createCommits({ platform, journal, repository: w.repository, desired, lanes });
  const promoter = gate ? openPromotions(w, gate, commits) : null;
  const sync = createSync({ platform, journal, sync: w.sync, lanes, desired });
  const users = lastEnvironments(platform);
  const chores: Chore[] = [
    { everyMs: COMMITS_EVERY_MS, failing: 'commits cannot be read', work: (now) => commits.look(now) },
    { everyMs: SYNC_EVERY_MS, failing: 'drift cannot be looked for', work: (now) => sync.look(now) },
  ];
  if (platform.environments.some((e) => e.load)) {
    const load = createLoadKeeper({
      platform,
      port: await w.openLoad(),
      lanes,
      desired,
      record: async (lane, event) => void (await controller.record(lane, event)),
      warn: w.warn,
    });
    chores.push({
      everyMs: LOAD_EVERY_MS,
      failing: 'load tests cannot be looked at',
      work: (now) => load.look(now),
    });
  }
  if (w.receivers.length > 0) {
    const linkOf = (path: string) => `${w.publicUrl()}${path}`;
    const sentenceOf = (thread: string) => releaseSentence(controller, thread, w.now());
    const notifier = createNotifier({ journal, receivers: w.receivers, linkOf, sentenceOf, warn: w.warn });
    chores.push({ everyMs: TELL_EVERY_MS, failing: 'nobody can be told', work: (now) => notifier.look(now) });
  }
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
  const lanes = controller.lanes().map((v) => v.state);
  const why = orderHold(platform, lanes, controller.desired(), lane, target.digest);
  return why === null ? null : { id: 'order', reason: why, by: 'promotion order', until: null };
}
