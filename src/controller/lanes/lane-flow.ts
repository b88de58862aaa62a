import type { Environment } from '../../declaration/platform.ts';
import type { EvidenceBySlo } from '../../delivery/assess.ts';
import type { Hold, Revision } from '../../delivery/events.ts';
import { lanesFold } from '../../delivery/fold.ts';
import { startable } from '../../delivery/transitions.ts';
import type { Backoff } from '../../kit/backoff.ts';
import { messageOf } from '../../kit/result.ts';
import type { Ms } from '../../kit/time.ts';
import type { Journal } from '../../ledger/journal.ts';
import { queriesEntry, queriesFold } from '../../runtime/queries.ts';
import { isFatal } from '../flow/fatal.ts';
import { createFlow } from '../flow/flow.ts';
import type { Runner } from '../flow/runner.ts';
import { inTurn } from '../flow/turns.ts';
import type { Trouble } from '../flow/types.ts';
import type { MetricsSnapshot } from '../metrics-snapshot.ts';
import { isMovedBy, isRestless } from './due-lanes.ts';
import { laneEffects } from './effects.ts';
import type { EnvironmentSnapshot, SnapshotReader } from './environment-snapshots.ts';
import { armsOf, evidenceFor, inFlight, type LaneRuntime, REACHED } from './lane-runtime.ts';
import { byRevision, countUnreachable, laneSnapshot } from './lane-snapshot.ts';
import type { Observing } from './observing.ts';
import { type LanePlan, type LaneSituation, lanePlanner } from './planner.ts';

export interface LaneFlowParts {
  readonly environment: Environment;
  /** The lanes of this environment. */
  readonly runtimes: readonly LaneRuntime[];
  readonly journal: Journal;
  readonly runner: Runner;
  readonly observing: Observing;
  readonly snapshots: SnapshotReader;
  readonly inTurn: number | undefined;
  wanted(runtime: LaneRuntime): Revision | null;
  /** The commit that asks for it. */
  commit(): string | null;
  hold(lane: string, target: Revision, now: Ms): Hold | null;
  now(): Ms;
  warn(details: object, message: string): void;
}

/** The lanes of one environment: each environment goes its own pace. */
export interface LaneFlow {
  tick(): Promise<void>;
  mark(lane: string): void;
  hurry(lane: string): void;
  trouble(lane: string): Trouble | null;
}

/** Delays after which a failing lane is retried: short at first, since an abort may wait. */
const BACKOFF: Backoff = { firstMs: 1_000, longestMs: 60_000 };
const NO_EVIDENCE: EvidenceBySlo = new Map();
/** How long a pass waits for observations. */
const PATIENCE_MS = 250;

/** Whether the records of a lane contradict each other: then nothing is decided, and a warning is logged once. */
function brokenLanes({ journal, warn }: LaneFlowParts): (lane: string) => boolean {
  const told = new Set<string>();
  return (lane) => {
    const broken = journal.state(lanesFold).broken.get(lane);
    if (broken === undefined) return false;
    if (!told.has(lane)) warn({ lane, broken }, 'its records contradict each other: nothing is decided');
    told.add(lane);
    return true;
  };
}

/** Records the queries of a snapshot before its results. */
async function keepQueries({ journal, now }: LaneFlowParts, look: MetricsSnapshot): Promise<void> {
  const entry = queriesEntry(journal.state(queriesFold), look, now());
  if (entry) await journal.append([entry]);
}

/** The snapshot that is due; one that fails counts as none and delays no other environment. */
async function dueLook(parts: LaneFlowParts): Promise<EnvironmentSnapshot | null> {
  const { environment, snapshots, runtimes } = parts;
  try {
    const due = await snapshots.due(environment, parts.now());
    if (due && runtimes.some((runtime) => inFlight(runtime.state))) await keepQueries(parts, due.metrics);
    return due;
  } catch (thrown) {
    if (isFatal(thrown)) throw thrown;
    parts.warn({ environment: environment.name, error: messageOf(thrown) }, 'an evaluation failed');
    return null;
  }
}

/** Updates the caches after an append. */
function keepUp(runtime: LaneRuntime, { assessment, events }: LanePlan): void {
  if (assessment && events.some((e) => e.type === 'release.looked')) runtime.evidence = assessment.evidence;
  if (events.some((e) => e.type === 'lane.moved')) runtime.unreachable = REACHED;
}

export function openLaneFlow(parts: LaneFlowParts): LaneFlow {
  const { runtimes, journal, runner, observing } = parts;
  const byName = new Map(runtimes.map((runtime) => [runtime.state.lane, runtime]));
  const turn = inTurn(runtimes, parts.inTurn);
  const isBroken = brokenLanes(parts);
  let arrived: (EnvironmentSnapshot & { seriesOf: ReturnType<typeof byRevision> }) | null = null;

  async function situation(lane: string, now: Ms): Promise<LaneSituation | null> {
    const runtime = byName.get(lane);
    if (!runtime || isBroken(lane)) return null;
    const look = runtime.judgedBy === arrived ? null : arrived;
    runtime.judgedBy = arrived;
    runtime.delivery = await observing.observe(runtime);
    const wanted = parts.wanted(runtime);
    if (look) countUnreachable(runtime, look.metrics);
    return Object.freeze({
      now,
      lane: runtime.state,
      settings: runtime.settings,
      desired: wanted,
      commit: parts.commit(),
      hold: wanted && startable(runtime.state, wanted) ? parts.hold(lane, wanted, now) : null,
      delivery: runtime.delivery,
      look: look ? laneSnapshot(runtime, look.metrics, look.seriesOf(armsOf(runtime))) : null,
      evidence: inFlight(runtime.state) ? evidenceFor(runtime) : NO_EVIDENCE,
      baseline: look?.baselines.get(lane) ?? null,
      unreachableLooks: runtime.unreachable.looks,
    });
  }

  function appended(lane: string, plan: LanePlan): void {
    const runtime = byName.get(lane)!;
    keepUp(runtime, plan);
    if (isRestless(runtime, parts.wanted(runtime))) flow.mark(lane);
  }

  const flow = createFlow<LaneSituation, LanePlan>({
    journal,
    runner,
    planner: lanePlanner,
    now: parts.now,
    situation,
    isUrgent: (lane) => (byName.get(lane)?.state.commands.length ?? 0) > 0,
    onRecord: (lane) => laneEffects(byName.get(lane)!.state),
    appended,
    backoff: BACKOFF,
    warn: (lane, { failures, message }) =>
      parts.warn({ lane, failures, error: message }, 'a lane could not be evaluated; it is retried'),
  });
  // Releases that were in progress when the server started continue, whether or not Git can be read.
  for (const { state } of runtimes) flow.mark(state.lane);

  return {
    async tick() {
      const due = await dueLook(parts);
      if (due) arrived = { ...due, seriesOf: byRevision(due.metrics.raw) };
      if (due)
        for (const runtime of runtimes) if (isMovedBy(runtime, due.metrics)) flow.mark(runtime.state.lane);
      for (const runtime of turn()) flow.mark(runtime.state.lane);
      // A snapshot is used in the tick in which it arrives, and by lanes that could not be planned in it.
      if (await flow.pass(PATIENCE_MS)) arrived = null;
    },
    mark: (lane) => flow.mark(lane),
    hurry(lane) {
      observing.hurry(lane);
      flow.hurry(lane);
    },
    trouble: (lane) => flow.trouble(lane),
  };
}
