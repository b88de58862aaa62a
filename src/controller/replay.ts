import { beginRelease, type Look, placeIntervals } from '../delivery/assess.ts';
import type { Release } from '../delivery/events.ts';
import { type Evidence, observe, ruleOf } from '../delivery/evidence.ts';
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

export type Outcome = 'promoted' | 'rolled back' | 'undecided';

export interface Replayed {
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
  /** It was taken back, and by this rule nothing shows that it was worse; or the other way round. */
  readonly note:
    | 'same'
    | 'would not be blamed'
    | 'would be blamed'
    | 'would not be decided'
    | 'would be decided';
}

function changed(release: Release, rule: ChangedRule): Release {
  const { settings } = release;
  return {
    ...release,
    settings: {
      ...settings,
      evidence: { ...settings.evidence, ...rule.evidence },
      slos: settings.slos.map((s) => ({ ...s, objective: rule.objectives?.[s.slo] ?? s.objective })),
    },
  };
}

function outcomeOf(release: Release): Outcome {
  if (release.cause === 'PASSED' || release.cause === 'OVERRIDDEN') return 'promoted';
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
  const last = release.settings.weights.length - 1;
  for (let i = 0; i < length; i++) {
    for (const { slo } of release.settings.slos) {
      const interval = release.intervals[slo]?.[i];
      const before = evidence.get(slo);
      if (interval && before) evidence.set(slo, observe(before, interval));
    }
    const { verdict } = judge(evidence, OPEN_GATES);
    if (verdict === 'fail') return { outcome: 'rolled back', interval: i };
    const step = Math.max(...[...evidence.values()].map((e) => e.step));
    if (verdict === 'pass' && step >= last) return { outcome: 'promoted', interval: i };
  }
  return { outcome: 'undecided', interval: null };
}

const NOTES: Readonly<Record<`${Outcome}>${Outcome}`, Replayed['note']>> = {
  'promoted>promoted': 'same',
  'promoted>rolled back': 'would be blamed',
  'promoted>undecided': 'would not be decided',
  'rolled back>promoted': 'would not be blamed',
  'rolled back>rolled back': 'same',
  'rolled back>undecided': 'would not be blamed',
  'undecided>promoted': 'would be decided',
  'undecided>rolled back': 'would be blamed',
  'undecided>undecided': 'same',
};

const HISTORY_MS = 3_600_000;
const NO_LOOK: Look = {
  intervals: [],
  cursors: {},
  trouble: null,
  burn: { fast: null, slow: null },
  guard: 'ok',
  queries: [],
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
    const checked = ruleOf({
      ...other.settings.evidence,
      objective,
      steps: other.settings.weights.length,
      slos: other.settings.slos.length,
    });
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
    // What a release that was stopped would have done later is not in any record.
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
