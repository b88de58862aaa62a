import { beginRelease } from '../delivery/assess.ts';
import type { Lane, LoadResult, Release } from '../delivery/events.ts';
import type { Evidence } from '../delivery/evidence.ts';
import { observe } from '../delivery/evidence.ts';
import { FAMILY, type Family, MOVE_REASONS, type State, TABLE } from '../delivery/machine.ts';
import { endingOf, type SloTotals, totalsOf } from '../delivery/summary.ts';
import type { Reason } from '../delivery/verdict.ts';
import { loadSentence } from '../gitops/load.ts';
import { compareText } from '../kit/order.ts';
import type { LedgerRecord } from '../ledger/record.ts';
import { type BurnRule, burnFires } from '../runtime/burn.ts';
import type { SloStatus } from '../runtime/slo-status.ts';
import { endSentence, laneSentence, type Needs, needsOf, REASON_WORDS } from './sentences.ts';

export interface SloView {
  readonly slo: string;
  readonly objective: number;
  /** Share of the error budget left, 1 at most; null without data. */
  readonly budgetLeft: number | null;
  readonly burnFast: number | null;
  readonly burnSlow: number | null;
}

export interface LaneSummary {
  readonly service: string;
  readonly environment: string;
  readonly mode: 'observe' | 'enforce';
  readonly state: State;
  readonly family: Family;
  readonly since: number;
  readonly sentence: string;
  readonly stable: string | null;
  readonly canary: string | null;
  readonly weight: number;
  readonly release: string | null;
  readonly held: boolean;
  readonly paused: boolean;
  readonly waiting: string | null;
  readonly slos: readonly SloView[];
  readonly thresholds: { readonly fast: number; readonly slow: number | null };
  /** Trouble with what it is judged by, in words. */
  readonly trouble: string | null;
}

/** What a summary is made from; the server and the command line gather it alike. */
export interface LaneFacts {
  readonly lane: Lane;
  readonly mode: 'observe' | 'enforce';
  readonly evidence: ReadonlyMap<string, Evidence>;
  readonly weight: number | null;
  readonly slos: readonly SloStatus[];
  readonly thresholds: BurnRule;
  readonly trouble: string | null;
  readonly now: number;
}

const isOut = (state: State): boolean =>
  FAMILY[state] === 'moving' || FAMILY[state] === 'being judged' || state === 'Abort';

export function laneSummary(facts: LaneFacts): LaneSummary {
  const { lane } = facts;
  const [service, environment] = lane.lane.split('/') as [string, string];
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
    since: lane.since,
    sentence: laneSentence(lane, facts.evidence, least, facts.now),
    stable: lane.stable?.version ?? null,
    canary: isOut(lane.state) ? (lane.release?.target.version ?? null) : null,
    weight: facts.weight ?? 0,
    release: lane.release?.id ?? null,
    held: lane.release?.heldAt != null && isOut(lane.state),
    paused: (lane.release?.paused ?? false) && isOut(lane.state),
    waiting: lane.waiting?.version ?? null,
    slos,
    thresholds: facts.thresholds,
    trouble: facts.trouble,
  };
}

/** Trouble on top: what needs a person first, what is fine last. */
export function urgency(lane: LaneSummary): number {
  if (lane.held) return 0;
  if (lane.family === 'stopped') return 1;
  const burning = lane.slos.some((s) => burnFires({ fast: s.burnFast, slow: s.burnSlow }, lane.thresholds));
  if (burning || lane.trouble) return 2;
  if (lane.waiting || lane.paused) return 3;
  if (lane.family === 'healing') return 4;
  return lane.family === 'at rest' ? 6 : 5;
}

export const byUrgency = (a: LaneSummary, b: LaneSummary): number =>
  urgency(a) - urgency(b) || compareText(a.service, b.service);

/** The page's first sentence: is everything fine? */
export function overviewSentence(lanes: readonly LaneSummary[]): string {
  if (lanes.length === 0) return 'Nothing is declared yet. Run sluice init for a working example.';
  const trouble = lanes.find((lane) => lane.trouble);
  const ranked = [...lanes].sort(byUrgency);
  const first = ranked[0]!;
  if (trouble) return `${trouble.trouble} Nothing is promoted meanwhile.`;
  if (urgency(first) < 6) {
    const others = ranked.filter((lane) => urgency(lane) < 6).length - 1;
    return others > 0
      ? `${first.sentence} ${others} more ${others === 1 ? 'needs' : 'need'} a look.`
      : first.sentence;
  }
  const idle = lanes.filter((lane) => lane.state === 'Idle').length;
  return idle > 0
    ? `${lanes.length - idle} of ${lanes.length} services run and are fine; ${idle} wait for a first version.`
    : `${lanes.length === 1 ? 'The one service is' : `All ${lanes.length} services are`} fine; nothing is moving.`;
}

export interface StepView {
  readonly weight: number;
  readonly status: 'done' | 'now' | 'next' | 'stopped';
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

export interface TimelineEntry {
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
      at: intervals.map((_, i) => release.lookTimes[i] ?? release.openedAt),
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
  const passed = release.cause === 'PASSED' || release.cause === 'OVERRIDDEN';
  const needs = needsOf(release, evidence);
  return release.settings.weights.map((weight, index) => {
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
    return { weight, status, confirmedAt, needs: here ? needs : [] };
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

const TITLES: Readonly<Record<string, (data: Record<string, unknown>) => string>> = {
  'release.opened': (d) => `Release of ${(d['target'] as { version: string }).version} opened`,
  'release.confirmed': (d) => `the edge serves ${d['weight']} % to the new version`,
  'release.loaded': (d) => `Load test ${d['outcome']}`,
  'lane.lifted': (d) => `${String(d['digest']).slice(0, 19)} may be tried again`,
  'release.held': (d) => (d['held'] ? 'Held for a person' : 'Released from hold'),
  'release.paused': (d) => (d['paused'] ? 'Paused' : 'Resumed'),
  'lane.drifted': (d) => `Drift: ${d['seen']} served, ${d['wanted']} wanted; put back`,
  'command.accepted': (d) => `Asked to ${d['command']}`,
  'lane.adopted': (d) => `Found ${(d['stable'] as { version: string }).version} serving; it is stable`,
  'lane.waiting': (d) =>
    d['target'] ? `${(d['target'] as { version: string }).version} waits` : 'Nothing waits any more',
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
  const [service, environment] = lane.lane.split('/') as [string, string];
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
    state: current
      ? lane.state
      : release.cause === 'PASSED' || release.cause === 'OVERRIDDEN'
        ? 'Stable'
        : 'Rollback',
    sentence: live ? laneSentence(lane, evidence, budgetLeft, now) : endSentence(name, endingOf(release)),
    cause: release.cause ? MOVE_REASONS[release.cause] : null,
    blamed: release.blamed,
    verdict: release.verdict
      ? {
          word: release.verdict.verdict,
          reasons: release.verdict.reasons.map((code) => ({ code, words: REASON_WORDS[code as Reason] })),
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
  };
}
