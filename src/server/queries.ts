import { explainRelease } from '../api/explain.ts';
import { type ActiveFreeze, byUrgency, fleetSentence } from '../api/fleet.ts';
import type { LaneSummary } from '../api/lane.ts';
import { noticesFold } from '../api/notices/fold.ts';
import { type NoticeQuery, noticePage } from '../api/notices/list.ts';
import type { ReleaseAnswer } from '../api/release-schema.ts';
import type { OverviewAnswer, ReleaseList, VerdictAnswer } from '../api/schemas.ts';
import { endSentence } from '../api/sentences.ts';
import {
  type AskedView,
  endOutcome,
  laneSummary,
  outcomeOf,
  type ReleaseOrigin,
  releaseView,
} from '../api/views.ts';
import type { Controller, LaneView } from '../controller/loop.ts';
import type { SloStatuses } from '../controller/slo-statuses.ts';
import { burnWindowsOf, type Platform } from '../declaration/platform.ts';
import { answerFor, answerStanding, type RolloutStanding } from '../delivery/answer.ts';
import { evidenceOf } from '../delivery/assess.ts';
import { obstacle } from '../delivery/retry.ts';
import { desiredPath } from '../gitops/desired.ts';
import { type FreezeFacts, scopeText } from '../governance/facts.ts';
import { counted } from '../kit/counted.ts';
import { laneName, partsOfLane } from '../kit/lane.ts';
import { problemLine } from '../kit/problem.ts';
import type { ChainWatch } from '../ledger/guarded.ts';
import type { Journal } from '../ledger/journal.ts';
import { LedgerUnavailable } from '../ledger/port.ts';
import type { LedgerRecord } from '../ledger/record.ts';
import type { MetricsPort } from '../runtime/port.ts';
import { queriesFold } from '../runtime/queries.ts';
import { type LatencyReader, latencyReader, latencyViews } from './latency.ts';
import { releaseSentence } from './notify/sentence.ts';
import { type PastReleases, pastReleases } from './past-releases.ts';

/** What a record changed of the overview. */
export interface Changed {
  /** The row of the lane that it is about. */
  readonly lane?: LaneSummary;
  /** All freezes that are active since. */
  readonly freezes?: readonly ActiveFreeze[];
}

/** Questions about lanes and releases, each answered by a view model of `api/`. */
export interface ServerQueries {
  overview(): Promise<OverviewAnswer>;
  /** What a record of this type and subject changed, as it is now: for readers who follow. */
  changed(type: string, subject: string): Changed;
  release(id: string): Promise<ReleaseAnswer | undefined>;
  releases(): Promise<ReleaseList>;
  explain(id: string): Promise<string[] | undefined>;
  /** Requests of a release by how long they took, where an SLO is about that. */
  latency(id: string): Promise<object | undefined>;
  /** What people are notified of, newest first. */
  notices(query: NoticeQuery): object;
  verdict(query: VerdictQuery): Promise<VerdictAnswer>;
}

interface VerdictQuery {
  readonly service: string;
  readonly environment: string;
  readonly revision: string;
  readonly step: number;
  /** `now`: of the step at which the Rollout stands, read when it is asked. */
  readonly phase: 'start' | 'step' | 'now';
}

interface QueryParts {
  readonly platform: Platform;
  readonly controller: Controller;
  readonly journal: Journal;
  readonly statuses: SloStatuses;
  /** The Prometheus of an environment; left out: this server asks none. */
  metricsOf?(environment: string): MetricsPort | undefined;
  /** Where a Rollout stands, read now; null: it cannot be read. Nobody can read it where left out. */
  standing?(service: string, environment: string): Promise<RolloutStanding | null>;
  /** Where an artefact comes from, as far as it is on record. */
  origin?(lane: string, digest: string): ReleaseOrigin;
  /** Freezes that are active at a time; nobody knows them where left out. */
  freezes?(now: number): readonly FreezeFacts[];
  /** Whether the ledger was found broken. */
  readonly chain?: Pick<ChainWatch, 'broken'>;
  now(): number;
}

const STALE_LOOKS = 5;

function troubleOf(parts: QueryParts, environment: string): string | null {
  const look = parts.controller.metrics(environment);
  if (look.failure) {
    const how = look.failure.code === 'PARTIAL' ? 'answers in part' : 'does not answer';
    return `Prometheus of ${environment} ${how} (${look.failure.message}).`;
  }
  const every =
    parts.platform.environments.find((e) => e.name === environment)?.prometheus.scrapeIntervalMs ?? 5_000;
  const late = parts.now() - look.at;
  return look.at > 0 && late > Math.max(15_000, STALE_LOOKS * every)
    ? `Prometheus of ${environment} was last seen ${Math.round(late / 1_000)} s ago.`
    : null;
}

function summaryOf(parts: QueryParts, view: LaneView): LaneSummary {
  const { service, environment, state, evidence, settings, delivery } = view;
  return laneSummary({
    lane: state,
    mode: environment.mode,
    evidence,
    weight: delivery?.weight ?? null,
    slos: service.slos.map((slo) => parts.statuses.of(slo, environment.name)),
    thresholds: settings.burn,
    windows: burnWindowsOf(environment),
    trouble: troubleOf(parts, environment.name),
    now: parts.now(),
  });
}

const troubleLine = (lane: string, { message, failures }: NonNullable<LaneView['trouble']>): string =>
  `${lane}: it could not be evaluated (${message}; ${counted(failures, 'time')} in a row); it is retried`;

/** Versions that go on serving although Git names none any more: nothing stops a service because a file went away. */
function withoutFile({ controller }: QueryParts): string[] {
  const desired = controller.desired();
  if (!desired) return [];
  return controller.lanes().flatMap(({ state: { lane, stable }, service, environment }) => {
    const path = desiredPath(environment.name, service.name);
    // A Rollout may be all that there is: Git need not know of it.
    const isFollowed = environment.delivery === 'argo-rollouts';
    if (
      isFollowed ||
      !stable ||
      desired.lanes.has(lane) ||
      desired.problems.some((p) => p.file.endsWith(path))
    )
      return [];
    return [
      `${lane}: ${path} is no longer in Git; ${stable.version} continues to serve. Next: restore the file, or remove the service from the declaration`,
    ];
  });
}

const activeFreezes = (parts: QueryParts): ActiveFreeze[] | null =>
  parts.freezes?.(parts.now()).map(({ id, scope, until, reason }) => ({
    id,
    scope: { ...scope },
    scopeText: scopeText(scope),
    until,
    reason,
  })) ?? null;

function changedBy(parts: QueryParts, type: string, subject: string): Changed {
  const view = parts.controller.lane(subject);
  const freezes = type.startsWith('freeze.') ? activeFreezes(parts) : null;
  return { ...(view ? { lane: summaryOf(parts, view) } : {}), ...(freezes ? { freezes } : {}) };
}

const overviewOf = (parts: QueryParts): OverviewAnswer => {
  const { platform, controller, journal } = parts;
  const views = controller.lanes();
  const lanes = views.map((view) => summaryOf(parts, view)).sort(byUrgency);
  const broken = parts.chain?.broken() ?? null;
  const freezes = activeFreezes(parts);
  return {
    schema: 'sluice.dev/overview/v1',
    platform: platform.name,
    sentence:
      broken === null
        ? fleetSentence(lanes, freezes, parts.now())
        : `Nothing is decided any more: ${broken}.`,
    at: parts.now(),
    ledger: journal.position(),
    problems: [
      ...(broken === null
        ? []
        : [`ledger: ${broken}; next: ${new LedgerUnavailable('LEDGER_BROKEN', broken).next}`]),
      ...(controller.desired()?.problems ?? []).map(problemLine),
      ...withoutFile(parts),
      ...views.flatMap(({ state, trouble }) => (trouble ? [troubleLine(state.lane, trouble)] : [])),
    ],
    environments: platform.environments.map((e) => e.name),
    freezes,
    teams: Object.fromEntries(platform.services.flatMap((s) => (s.team ? [[s.name, s.team]] : []))),
    links: platform.links ?? [],
    lanes,
  };
};

/** The least that any SLO of a lane has left of its budget, as a share of it; null: none is known. */
function leastLeft(parts: QueryParts, view: LaneView): number | null {
  const known = summaryOf(parts, view)
    .slos.map((s) => s.budgetLeft)
    .filter((left) => left !== null);
  return known.length > 0 ? Math.min(...known) : null;
}

const NO_ORIGIN: ReleaseOrigin = { pull: null, authors: [] };

/** What was asked of Prometheus for the last verdict; null: it is not on record, or no longer found. */
async function askedBy(journal: Journal, records: readonly LedgerRecord[]): Promise<AskedView | null> {
  const look = records.findLast((r) => r.type === 'release.looked');
  if (!look) return null;
  const seq = journal.state(queriesFold).kept.get((look.data as { asked: string }).asked);
  if (seq === undefined) return null;
  const [kept] = await journal.read({ after: seq - 1, limit: 1 });
  const queries = (kept?.data as { queries?: readonly string[] } | undefined)?.queries ?? [];
  return { at: look.at, seq: look.seq, queries };
}

async function releaseOf(
  parts: QueryParts,
  past: PastReleases,
  id: string,
): Promise<ReleaseAnswer | undefined> {
  const found = await past.find(id);
  if (!found) return undefined;
  const live = parts.controller.lanes().find((view) => view.state.release?.id === id);
  const lane = live?.state ?? found.lane;
  const release = live?.state.release ?? found.release;
  const left = live ? leastLeft(parts, live) : null;
  return {
    schema: 'sluice.dev/release/v1',
    ...releaseView(lane, release, evidenceOf(release), found.records, left, parts.now()),
    trouble: live ? troubleOf(parts, live.environment.name) : null,
    weight: live?.delivery?.weight ?? 0,
    origin: parts.origin?.(lane.lane, release.target.digest) ?? NO_ORIGIN,
    asked: await askedBy(parts.journal, found.records),
    latency: latencyViews(parts.platform, lane.lane, release),
  };
}

async function latencyOf(
  { controller }: QueryParts,
  past: PastReleases,
  reader: LatencyReader,
  id: string,
): Promise<object | undefined> {
  // What is in progress is asked about again and again: it is known without its records.
  const live = controller.lanes().find((view) => view.state.release?.id === id)?.state;
  const found = live ? { lane: live, release: live.release } : await past.find(id);
  if (!found?.release) return undefined;
  return {
    schema: 'sluice.dev/latency/v1',
    release: id,
    slos: await reader.read(found.lane.lane, found.release),
  };
}

function releasesIn(parts: QueryParts, past: PastReleases): ReleaseList {
  const releases = past.list().map(({ id, lane, version, openedAt, blamed, ...ending }) => {
    const [service, environment] = partsOfLane(lane);
    const name = `${service} ${version} in ${environment}`;
    const sentence = ending.cause ? endSentence(name, ending) : `${name} is in progress.`;
    const { endedAt, cause } = ending;
    const live = parts.controller.states.get(lane);
    const outcome = endedAt === null && live?.release?.id === id ? outcomeOf(live) : endOutcome(cause);
    return { id, service, environment, version, openedAt, endedAt, cause, blamed, outcome, sentence };
  });
  return {
    schema: 'sluice.dev/releases/v1',
    releases: releases.sort((a, b) => b.openedAt - a.openedAt),
    leftOut: past.leftOut(),
  };
}

async function verdictOf(parts: QueryParts, query: VerdictQuery): Promise<VerdictAnswer> {
  const { service, environment, revision, step, phase } = query;
  // Read first: what is on record by then is never behind what is answered.
  const standing = phase === 'now' ? ((await parts.standing?.(service, environment)) ?? null) : null;
  const lane = laneName(service, environment);
  const view = parts.controller.lanes().find((v) => v.state.lane === lane);
  const release = view?.state.release;
  const { verdict, reasons } = !view
    ? ({ verdict: 'inconclusive', reasons: ['UNKNOWN_RELEASE'] } as const)
    : phase === 'now'
      ? answerStanding(view.state, view.wanted, revision, standing)
      : answerFor(view.state, view.wanted, { revision, step, phase });
  return {
    schema: 'sluice.dev/verdict/v1',
    verdict,
    reasons,
    release: release?.id ?? null,
    step,
    help: view && verdict === 'inconclusive' ? obstacle(view.state, view.wanted) : null,
    numbers: release?.verdict?.numbers ?? [],
    nextLookAt: parts.now() + (view?.settings.release.intervalMs ?? 5_000),
  };
}

function noticesOf({ journal, controller, now }: QueryParts, query: NoticeQuery): object {
  const at = now();
  const lanes = controller.lanes();
  const sentenceOf = (thread: string) => releaseSentence({ lanes: () => lanes }, thread, at);
  const { threads } = journal.state(noticesFold);
  return { schema: 'sluice.dev/notices/v1', at, ...noticePage(threads.values(), at, query, sentenceOf) };
}

export function createQueries(parts: QueryParts): ServerQueries {
  const past = pastReleases(parts.journal);
  const latency = latencyReader(parts);
  return {
    overview: async () => overviewOf(parts),
    changed: (type, subject) => changedBy(parts, type, subject),
    release: (id) => releaseOf(parts, past, id),
    releases: async () => releasesIn(parts, past),
    async explain(id) {
      const found = await past.find(id);
      return found && explainRelease(found.lane.lane, found.release, found.records);
    },
    latency: (id) => latencyOf(parts, past, latency, id),
    verdict: (query) => verdictOf(parts, query),
    notices: (query) => noticesOf(parts, query),
  };
}
