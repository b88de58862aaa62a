import { underEdition } from '../declaration/judging.ts';
import { beginRelease, editionOf, type LaneSample, placeIntervals, releaseRule } from '../delivery/assess.ts';
import { type Evidence, observe } from '../delivery/evidence/evidence.ts';
import { pooled } from '../delivery/evidence/pooling.ts';
import type { Release } from '../delivery/lane.ts';
import { isPromoted } from '../delivery/machine.ts';
import { lastStep } from '../delivery/steps.ts';
import { judge, OPEN_GATES } from '../delivery/verdict.ts';
import { fail, ok, type Result } from '../kit/result.ts';
import { type BurnRule, burnFires } from '../runtime/burn.ts';
import {
  type Arms,
  armSelectors,
  baselineCounts,
  batchSelector,
  closeIntervals,
  type Sli,
} from '../runtime/counts.ts';
import type { MetricsPort } from '../runtime/port.ts';
import type { PastRelease } from './history.ts';

/** Another rule than the one a release was judged by: whatever is given replaces it. */
export interface ChangedRule {
  readonly evidence?: Partial<Release['settings']['evidence']>;
  /** Objectives by SLO. */
  readonly objectives?: Readonly<Record<string, number>>;
}

/** Stepped back: stable would have been put beside it again; what the comparison would have shown is in no record. */
type Outcome = 'promoted' | 'rolled back' | 'stepped back' | 'undecided';

interface Replayed {
  readonly release: string;
  readonly lane: string;
  readonly version: string;
  readonly openedAt: number;
  readonly was: { readonly outcome: Outcome; readonly seconds: number | null; readonly failed: number };
  readonly would: { readonly outcome: Outcome; readonly seconds: number | null; readonly failed: number };
  /** Seconds sooner (or, below 0, later) to the same outcome; null where the outcomes differ. */
  readonly secondsSaved: number | null;
  /** Failed requests of the canary that would not have happened; below 0: more of them. Null: not known. */
  readonly failedSaved: number | null;
  /** Where the counts came from: the record, or raw samples that were counted again. */
  readonly counts: 'ledger' | 'prometheus';
  /** Whether the outcomes differ: rolled back by one rule, and not shown to be worse by the other. */
  readonly note:
    | 'same'
    | 'would not be blamed'
    | 'would be blamed'
    | 'would step back'
    | 'would not be decided'
    | 'would be decided';
}

/** Bursts that last some seconds would be many witnesses at shorter intervals. */
const JUDGED_INTERVAL_MS = 5_000;

function changed(release: Release, rule: ChangedRule): Release {
  const { settings } = release;
  const edition = rule.evidence?.edition ?? editionOf(release);
  // What the second edition counted is as long as was declared for it.
  const counted = edition === 2 && editionOf(release) === 1 ? pooledFor(release) : release;
  return {
    ...counted,
    settings: {
      ...settings,
      evidence: { ...underEdition(settings.evidence, edition), ...rule.evidence },
      slos: settings.slos.map((s) => ({ ...s, objective: rule.objectives?.[s.slo] ?? s.objective })),
    },
  };
}

/** The second edition is judged by intervals of 5 s or longer: shorter ones of the record are pooled for it. */
function pooledFor(release: Release): Release {
  const times = Math.round(JUDGED_INTERVAL_MS / release.settings.intervalMs);
  if (times < 2) return release;
  const pools = Object.entries(release.intervals).map(
    ([slo, intervals]) => [slo, pooled(intervals, times)] as const,
  );
  const history = Object.entries(release.history).map(([slo, counts]) => {
    const past = counts.map((stable) => ({ step: 0, canary: null, stable }));
    return [slo, pooled(past, times).map((p) => p.interval.stable)] as const;
  });
  return {
    ...release,
    intervals: Object.fromEntries(pools.map(([slo, list]) => [slo, list.map((p) => p.interval)])),
    history: Object.fromEntries(history),
    lookTimes: (pools[0]?.[1] ?? []).map(({ last }) => release.lookTimes[last] ?? release.openedAt),
  };
}

type Was = Exclude<Outcome, 'stepped back'>;

function outcomeOf(release: Release): Was {
  if (isPromoted(release.cause)) return 'promoted';
  return release.blamed ? 'rolled back' : 'undecided';
}

/** Failed requests of the canary up to an interval, over the SLO that saw the most. */
function failedUpTo(release: Release, last: number): number {
  const sums = Object.values(release.intervals).map((list) =>
    list.slice(0, last + 1).reduce((sum, i) => sum + (i.canary?.bad ?? 0), 0),
  );
  return Math.max(0, ...sums);
}

const timeOf = (release: Release, interval: number): number | null => {
  const at = release.lookTimes[interval];
  return at === undefined ? null : Math.round((at - release.openedAt) / 100) / 10;
};

interface Run {
  readonly outcome: Outcome;
  readonly interval: number | null;
}

/** Judges the counts that were recorded, interval by interval, by another rule. Harm once shown stays shown. */
function run(release: Release): Run {
  const evidence = new Map<string, Evidence>(beginRelease(release));
  const length = Math.max(0, ...Object.values(release.intervals).map((list) => list.length));
  const last = lastStep(release);
  const lastRecorded = Math.max(0, ...Object.values(release.intervals).map((list) => list.at(-1)?.step ?? 0));
  for (let i = 0; i < length; i++) {
    for (const { slo } of release.settings.slos) {
      const interval = release.intervals[slo]?.[i];
      const before = evidence.get(slo);
      if (interval && before) evidence.set(slo, observe(before, interval));
    }
    const step = Math.max(...[...evidence.values()].map((e) => e.step));
    const compared = step >= release.settings.weights.length;
    const { verdict, reasons } = judge(evidence, { ...OPEN_GATES, compared });
    if (verdict === 'fail') return { outcome: 'rolled back', interval: i };
    if (reasons.includes('STEP_BACK') && step >= lastRecorded)
      return { outcome: 'stepped back', interval: i };
    if (verdict === 'pass' && step >= last) return { outcome: 'promoted', interval: i };
  }
  return { outcome: 'undecided', interval: null };
}

const NOTES: Readonly<Record<`${Was}>${Outcome}`, Replayed['note']>> = {
  'promoted>promoted': 'same',
  'promoted>rolled back': 'would be blamed',
  'promoted>stepped back': 'would step back',
  'promoted>undecided': 'would not be decided',
  'rolled back>promoted': 'would not be blamed',
  'rolled back>rolled back': 'same',
  'rolled back>stepped back': 'would step back',
  'rolled back>undecided': 'would not be blamed',
  'undecided>promoted': 'would be decided',
  'undecided>rolled back': 'would be blamed',
  'undecided>stepped back': 'would step back',
  'undecided>undecided': 'same',
};

const HISTORY_MS = 3_600_000;
const NO_LOOK: LaneSample = {
  intervals: [],
  cursors: {},
  trouble: null,
  burn: { fast: null, slow: null },
  guard: 'ok',
  asked: '',
};

/**
 * A past release as raw samples tell it, counted anew by the queries that are declared now: for SLOs whose
 * queries changed, or whose records are of another platform. Null: Prometheus no longer has its samples.
 */
export async function recount(
  past: PastRelease,
  port: MetricsPort,
  slis: readonly Sli[],
  label: string,
): Promise<Result<Release | null, string>> {
  const { release, records } = past;
  const mine = slis.filter((sli) => release.settings.slos.some((s) => s.slo === sli.slo));
  if (mine.length === 0) return ok(null);
  const end = release.endedAt ?? records.at(-1)?.at ?? release.openedAt;
  const { intervalMs } = release.settings;
  const arms: Arms = { label, canary: release.target.revision, stable: release.from?.revision ?? null };
  const selector = batchSelector(armSelectors(mine, arms));
  const answer = await port.raw(selector, end - release.openedAt + HISTORY_MS, end);
  if (!answer.ok) return fail(answer.error.message);
  const part = (keep: (at: number) => boolean) =>
    answer.value
      .map((s) => ({ ...s, samples: s.samples.filter(([at]) => keep(at)) }))
      .filter((s) => s.samples.length > 0);
  const during = part((at) => at > release.openedAt);
  if (during.length === 0) return ok(null);
  const before = baselineCounts(
    part((at) => at <= release.openedAt),
    mine,
    arms,
    intervalMs,
  );
  const { intervals } = closeIntervals({
    series: during,
    slis: mine,
    arms,
    cursors: before.cursors,
    closedAt: release.openedAt,
    intervalMs,
    now: end + intervalMs,
    zero: { canary: false, stable: arms.stable === null },
  });
  return ok({
    ...release,
    settings: {
      ...release.settings,
      slos: release.settings.slos.filter((s) => mine.some((m) => m.slo === s.slo)),
    },
    history: { ...release.history, ...before.history },
    intervals: placeIntervals(release, { ...NO_LOOK, intervals }),
    lookTimes: intervals.map((i) => i.at),
  });
}

/** One past release, judged again by the counts in its record. */
export function replayRelease(
  past: PastRelease,
  rule: ChangedRule,
  recounted: Release | null = null,
): Result<Replayed, string> {
  const { release, lane } = past;
  const other = changed(recounted ?? release, rule);
  for (const { slo, objective } of other.settings.slos) {
    const checked = releaseRule(other, objective);
    if (!checked.ok) return fail(`SLO ${slo}: ${checked.error}`);
  }
  const was = outcomeOf(release);
  const { outcome, interval } = run(other);
  const decidedAt = past.records.find(
    (r) => r.type === 'lane.moved' && ['Abort', 'Promote'].includes((r.data as { to: string }).to),
  )?.at;
  const thenSeconds = decidedAt === undefined ? null : Math.round((decidedAt - release.openedAt) / 100) / 10;
  const nowSeconds = interval === null ? null : timeOf(other, interval);
  const all = Number.MAX_SAFE_INTEGER;
  const before = { outcome: was, seconds: thenSeconds, failed: failedUpTo(release, all) };
  const after = { outcome, seconds: nowSeconds, failed: failedUpTo(other, interval ?? all) };
  const same = was === outcome;
  return ok({
    release: release.id,
    lane: lane.lane,
    version: release.target.version,
    openedAt: release.openedAt,
    was: before,
    would: after,
    secondsSaved:
      same && thenSeconds !== null && nowSeconds !== null
        ? Math.round((thenSeconds - nowSeconds) * 10) / 10
        : null,
    // No record shows what a stopped release would have done later.
    failedSaved: outcome === 'rolled back' ? before.failed - after.failed : same ? 0 : null,
    counts: recounted ? 'prometheus' : 'ledger',
    note: NOTES[`${was}>${outcome}`],
  });
}

/** Times at which both windows were at or above their thresholds, as spans: an alert each. */
export function alertSpans(
  fast: readonly (readonly [number, number])[],
  slow: readonly (readonly [number, number])[] | null,
  rule: BurnRule,
): { from: number; to: number }[] {
  const other = slow ? new Map(slow) : null;
  const spans: { from: number; to: number }[] = [];
  let open: { from: number; to: number } | null = null;
  for (const [at, value] of fast) {
    if (burnFires({ fast: value, slow: other?.get(at) ?? null }, rule)) {
      if (open) open.to = at;
      else {
        open = { from: at, to: at };
        spans.push(open);
      }
    } else open = null;
  }
  return spans;
}
