import { beginRelease } from '../delivery/assess.ts';
import type { Hold, LoadResult } from '../delivery/events.ts';
import { type Evidence, observe } from '../delivery/evidence/evidence.ts';
import type { Lane, Release } from '../delivery/lane.ts';
import { FAMILY, isPromoted, type State, TABLE } from '../delivery/machine.ts';
import { MOVE_REASONS, type MoveReason, type VerdictReason } from '../delivery/reasons.ts';
import { weightNow, weightsOf } from '../delivery/steps.ts';
import { endingOf, type SloTotals, totalsOf } from '../delivery/summary.ts';
import { loadSentence } from '../gitops/load.ts';
import { partsOfLane } from '../kit/lane.ts';
import type { LedgerRecord } from '../ledger/record.ts';
import type { BurnRule } from '../runtime/burn.ts';
import type { SloStatus } from '../runtime/slo-status.ts';
import { type Difference, differencesOf } from './difference.ts';
import type { HoldView, LaneSummary, Outcome } from './lane.ts';
import { endSentence, laneSentence, type Needs, needsOf, REASON_WORDS } from './sentences.ts';

/** What a summary is made from; the server and the command line gather it alike. */
interface LaneFacts {
  readonly lane: Lane;
  readonly mode: 'observe' | 'enforce';
  readonly evidence: ReadonlyMap<string, Evidence>;
  readonly weight: number | null;
  readonly slos: readonly SloStatus[];
  readonly thresholds: BurnRule;
  readonly windows: LaneSummary['windows'];
  readonly trouble: string | null;
  readonly now: number;
}

const isOut = (state: State): boolean =>
  FAMILY[state] === 'moving' || FAMILY[state] === 'being judged' || state === 'Abort';

const holdView = ({ id, reason, until }: Hold): HoldView => ({ id, reason, until });

/** Of a lane whose release is over, or that has none. */
const RESTING = { Idle: 'none', Stable: 'stable', Degraded: 'burning', Recovery: 'recovering' } as const;
/** Of a release that is in progress. */
const UNDER_WAY = {
  Deploying: 'starting',
  Canary: 'judged',
  Evaluating: 'judged',
  Promote: 'promoting',
  Abort: 'aborting',
  Rollback: 'aborting',
} as const;

const isResting = (state: State): state is keyof typeof RESTING => Object.hasOwn(RESTING, state);

/** How a lane is doing, told by its release where one is in progress or was rolled back. */
export function outcomeOf({ state, release, waiting }: Lane): Outcome {
  if (!isResting(state)) {
    const held = release?.heldAt != null && state !== 'Rollback';
    return held ? 'held' : release?.paused ? 'paused' : UNDER_WAY[state];
  }
  if (waiting && (state === 'Idle' || state === 'Stable')) return 'waiting';
  const rolledBack = release !== null && release.cause !== null && !isPromoted(release.cause);
  return rolledBack && (state === 'Degraded' || state === 'Recovery') ? 'rolled-back' : RESTING[state];
}

/** How a release ended, by its cause; null: it has not ended. */
export const endOutcome = (cause: MoveReason | null): Outcome =>
  cause === null ? 'judged' : isPromoted(cause) ? 'promoted' : 'rolled-back';

/** How one release ended, or how it is doing while it is in progress. */
function releaseOutcome(lane: Lane, release: Release): Outcome {
  if (release.endedAt === null && lane.release?.id === release.id) return outcomeOf(lane);
  return endOutcome(release.cause);
}

export function laneSummary(facts: LaneFacts): LaneSummary {
  const { lane } = facts;
  const [service, environment] = partsOfLane(lane.lane);
  const slos = facts.slos.map(({ slo, objective, left, fast, slow }) => ({
    slo,
    objective,
    budgetLeft: left,
    burnFast: fast,
    burnSlow: slow,
  }));
  const lefts = slos.map((s) => s.budgetLeft).filter((left) => left !== null);
  const least = lefts.length > 0 ? Math.min(...lefts) : null;
  return {
    service,
    environment,
    mode: facts.mode,
    state: lane.state,
    family: FAMILY[lane.state],
    outcome: outcomeOf(lane),
    since: lane.since,
    sentence: laneSentence(lane, facts.evidence, least, facts.now),
    stable: lane.stable?.version ?? null,
    canary: isOut(lane.state) ? (lane.release?.target.version ?? null) : null,
    weight: facts.weight ?? 0,
    asked: isOut(lane.state) && lane.release ? weightNow(lane.release) : null,
    release: lane.release?.id ?? null,
    held: lane.release?.heldAt != null && isOut(lane.state),
    paused: (lane.release?.paused ?? false) && isOut(lane.state),
    waiting: lane.waiting?.version ?? null,
    hold: lane.waiting && lane.hold ? holdView(lane.hold) : null,
    slos,
    thresholds: facts.thresholds,
    windows: facts.windows,
    trouble: facts.trouble,
  };
}

export interface StepView {
  readonly weight: number;
  readonly status: 'done' | 'now' | 'next' | 'stopped';
  /** A step back: stable has traffic again, to be compared with. */
  readonly back: boolean;
  readonly confirmedAt: number | null;
  readonly needs: readonly Needs[];
}

export interface ChartView {
  readonly slo: string;
  readonly bar: number;
  readonly at: readonly number[];
  readonly step: readonly number[];
  readonly canaryTotal: readonly (number | null)[];
  readonly canaryBad: readonly (number | null)[];
  readonly stableTotal: readonly (number | null)[];
  readonly stableBad: readonly (number | null)[];
  readonly overBudget: readonly number[];
  readonly worseThanStable: readonly number[];
  readonly exposure: readonly number[];
  readonly enough: number;
}

interface TimelineEntry {
  readonly seq: number;
  readonly at: number;
  readonly actor: string;
  readonly title: string;
  readonly detail: string;
  readonly from?: State;
  readonly to?: State;
}

export interface ReleaseView {
  readonly id: string;
  readonly service: string;
  readonly environment: string;
  readonly version: string;
  readonly revision: string;
  readonly from: string | null;
  readonly openedAt: number;
  readonly endedAt: number | null;
  readonly current: boolean;
  readonly state: State;
  readonly outcome: Outcome;
  readonly sentence: string;
  readonly cause: string | null;
  readonly blamed: boolean;
  readonly verdict: {
    readonly word: string;
    readonly reasons: readonly { code: string; words: string }[];
  } | null;
  readonly totals: SloTotals;
  readonly steps: readonly StepView[];
  readonly charts: readonly ChartView[];
  readonly path: readonly { from: State; to: State; at: number; reason: string }[];
  readonly timeline: readonly TimelineEntry[];
  readonly machine: readonly { from: State; to: State; by: string }[];
  /** Load tests that ran beside it, in words. */
  readonly loads: readonly (LoadResult & { readonly sentence: string })[];
  /** `sha256:…` of its artefact; empty: not known. */
  readonly digest: string;
  /** `sha256:…` of the declaration that it is judged by. */
  readonly declaration: string;
  /** False: it is judged and recorded, and nothing is touched. */
  readonly enforced: boolean;
  /** What it changes in the desired state. */
  readonly differences: readonly Difference[];
}

/**
 * When each interval ended. Several that one check closed share its time: they are set apart by their length, so that
 * none hides another in a chart.
 */
function intervalTimes({ lookTimes, openedAt, settings }: Release, count: number): number[] {
  const at = Array.from({ length: count }, (_, i) => lookTimes[i] ?? openedAt);
  for (let i = count - 2; i >= 0; i--) if (at[i]! >= at[i + 1]!) at[i] = at[i + 1]! - settings.intervalMs;
  return at;
}

/** Where the artefact of a release comes from. */
export interface ReleaseOrigin {
  /** The pull request that asked for it; null: none of Sluice's own. */
  readonly pull: number | null;
  readonly authors: readonly string[];
  /** The commit that brought it here; null or left out: none is on record. */
  readonly commit?: {
    readonly sha: string;
    /** Its page on the forge; null: no address is known. */
    readonly url: string | null;
    /** Who merged it, where the merge is a commit of its own. */
    readonly mergedBy: string | null;
  } | null;
}

/** What was asked of Prometheus for a verdict, when, and in which record that is. */
export interface AskedView {
  readonly at: number;
  readonly seq: number;
  readonly queries: readonly string[];
}

function charts(release: Release): ChartView[] {
  return [...beginRelease(release)].map(([slo, begun]) => {
    const intervals = release.intervals[slo] ?? [];
    let evidence = begun;
    const lines = intervals.map((interval) => {
      evidence = observe(evidence, interval);
      return evidence;
    });
    return {
      slo,
      bar: begun.rule.bar,
      enough: begun.rule.enough,
      at: intervalTimes(release, intervals.length),
      step: intervals.map((i) => i.step),
      canaryTotal: intervals.map((i) => i.canary?.total ?? null),
      canaryBad: intervals.map((i) => i.canary?.bad ?? null),
      stableTotal: intervals.map((i) => i.stable?.total ?? null),
      stableBad: intervals.map((i) => i.stable?.bad ?? null),
      overBudget: lines.map((e) => e.overBudget),
      worseThanStable: lines.map((e) => e.worseThanStable),
      exposure: lines.map((e) => e.exposure),
    };
  });
}

function steps(release: Release, evidence: ReadonlyMap<string, Evidence>, current: boolean): StepView[] {
  const passed = isPromoted(release.cause);
  const needs = needsOf(release, evidence);
  const weights = weightsOf(release);
  return weights.map((weight, index) => {
    const confirmedAt = release.confirmedAt[index] ?? null;
    const here = index === release.step && !passed;
    const status =
      passed || index < release.step
        ? 'done'
        : here
          ? current && !release.cause
            ? 'now'
            : 'stopped'
          : 'next';
    const back = index > 0 && weight < weights[index - 1]!;
    return { weight, status, back, confirmedAt, needs: here ? needs : [] };
  });
}

interface MoveData {
  readonly release?: string | null;
  readonly from?: State;
  readonly to?: State;
  readonly reason?: keyof typeof MOVE_REASONS;
  readonly note?: string;
}

const dataOf = (record: LedgerRecord) => record.data as Record<string, unknown>;

/** A share as it is on record, without the space of `50 %`. */
const plain = (share: unknown): string => String(share).replace(' %', '%');

const TITLES: Readonly<Record<string, (data: Record<string, unknown>) => string>> = {
  'release.opened': (d) => `Release of ${(d['target'] as { version: string }).version} opened`,
  'release.confirmed': (d) => `The new version gets ${d['weight']}% of the traffic`,
  'release.loaded': (d) => `Load test ${d['outcome']}`,
  'lane.lifted': (d) => `${String(d['digest']).slice(0, 19)} may be tried again`,
  'release.held': (d) => (d['held'] ? 'Held for a decision by a person' : 'Released from hold'),
  'release.paused': (d) => (d['paused'] ? 'Paused' : 'Resumed'),
  'lane.drifted': (d) => `Drift: ${plain(d['seen'])} served, ${plain(d['wanted'])} wanted; corrected`,
  'command.accepted': (d) => `Order: ${d['command']}`,
  'lane.returned': (d) => `Users are rolled back to ${(d['to'] as { version: string }).version}`,
  'lane.retried': () => 'May be tried again',
  'lane.adopted': (d) => `Found ${(d['stable'] as { version: string }).version} serving; adopted as stable`,
  'lane.waiting': (d) =>
    d['target'] ? `${(d['target'] as { version: string }).version} waits` : 'No version is waiting',
};

/** The ledger of a lane as sentences, newest first; looks and settled effects stay out. */
export function timelineOf(records: readonly LedgerRecord[]): TimelineEntry[] {
  const entries: TimelineEntry[] = [];
  for (const record of records) {
    const { seq, at, actor } = record;
    const data = dataOf(record);
    if (record.type === 'lane.moved') {
      const move = data as MoveData;
      const words = move.reason ? MOVE_REASONS[move.reason] : '';
      const detail = move.note ? `${words}: ${move.note}` : words;
      entries.push({
        seq,
        at,
        actor: actor.id,
        title: `${move.from} → ${move.to}`,
        detail,
        from: move.from!,
        to: move.to!,
      });
    } else if (TITLES[record.type])
      entries.push({
        seq,
        at,
        actor: actor.id,
        title: TITLES[record.type]!(data),
        detail:
          record.type === 'release.loaded'
            ? loadSentence(data as unknown as LoadResult)
            : String(data['reason'] ?? ''),
      });
  }
  return entries.reverse();
}

/** One release, from the fold of its lane and the records of it. */
export function releaseView(
  lane: Lane,
  release: Release,
  evidence: ReadonlyMap<string, Evidence>,
  records: readonly LedgerRecord[],
  budgetLeft: number | null,
  now: number,
): ReleaseView {
  const [service, environment] = partsOfLane(lane.lane);
  const current = lane.release?.id === release.id;
  const moves = records.filter((r) => r.type === 'lane.moved' && (r.data as MoveData).release === release.id);
  const name = `${service} ${release.target.version} in ${environment}`;
  const live = current && release.endedAt === null;
  return {
    id: release.id,
    service,
    environment,
    version: release.target.version,
    revision: release.target.revision,
    from: release.from?.version ?? null,
    openedAt: release.openedAt,
    endedAt: release.endedAt,
    current,
    state: current ? lane.state : isPromoted(release.cause) ? 'Stable' : 'Rollback',
    outcome: releaseOutcome(lane, release),
    sentence: live ? laneSentence(lane, evidence, budgetLeft, now) : endSentence(name, endingOf(release)),
    cause: release.cause ? MOVE_REASONS[release.cause] : null,
    blamed: release.blamed,
    verdict: release.verdict
      ? {
          word: release.verdict.verdict,
          reasons: release.verdict.reasons.map((code) => ({
            code,
            words: REASON_WORDS[code as VerdictReason],
          })),
        }
      : null,
    totals: totalsOf(release),
    steps: steps(release, evidence, current),
    charts: charts(release),
    path: moves.map((r) => {
      const { from, to, reason } = r.data as Required<MoveData>;
      return { from, to, at: r.at, reason: reason ?? '' };
    }),
    timeline: timelineOf(records),
    machine: TABLE.map(({ from, to, by }) => ({ from, to, by })),
    loads: release.loads.map((load) => ({ ...load, sentence: loadSentence(load) })),
    digest: release.target.digest,
    declaration: release.declaration,
    enforced: release.enforced,
    differences: differencesOf(release.from, release.target),
  };
}
