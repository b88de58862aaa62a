import { invariant, type Result } from '../kit/result.ts';
import { type BurnRule, burnState } from '../runtime/burn.ts';
import type { RecordedBurn } from './events.ts';
import {
  beginEvidence,
  type Counts,
  type Edition,
  type Evidence,
  type EvidenceRule,
  evidenceDefaults,
  type Interval,
  observe,
  ruleOf,
} from './evidence/evidence.ts';
import type { Release } from './lane.ts';
import { isAlone } from './steps.ts';
import { type Gates, judge, type StandIns, type Verdict } from './verdict.ts';

/** Counts of one closed interval, as read; `at` is the time of its last sample. */
interface ReadInterval {
  readonly at: number;
  readonly counts: Readonly<
    Record<string, { readonly canary: Counts | null; readonly stable: Counts | null }>
  >;
}

/** One evaluation of the metrics, whether or not it brought new counts. */
export interface LaneSample {
  readonly intervals: readonly ReadInterval[];
  readonly cursors: Readonly<Record<string, readonly [number, number]>>;
  readonly trouble: Gates['trouble'];
  readonly burn: RecordedBurn;
  readonly guard: 'ok' | 'failed' | 'no-data';
  /** Digest of its queries. */
  readonly asked: string;
  /** The error message of the source. */
  readonly said?: string;
  /** The service had no requests in the longest window of its burn rule. */
  readonly idle?: true;
}

export type EvidenceBySlo = ReadonlyMap<string, Evidence>;

/** The edition of the evidence rule of a release: the one it began under. */
export const editionOf = ({ settings }: Pick<Release, 'settings'>): Edition => settings.evidence.edition ?? 1;

/** The rule that one SLO of a release is judged by, by the release's own edition. */
export function releaseRule(
  release: Pick<Release, 'settings' | 'from'>,
  objective: number,
): Result<EvidenceRule, string> {
  const { evidence, weights, slos } = release.settings;
  const edition = editionOf(release);
  return ruleOf({
    ...evidenceDefaults(edition),
    ...evidence,
    edition,
    // A first release has no stable version to compare with; from a first step of 100% the only way back is a full rollback.
    compare: (evidence.compare ?? true) && release.from !== null && weights[0]! < 100,
    witnesses: evidence.witnesses ?? evidenceDefaults(edition).witnesses,
    objective,
    steps: weights.length,
    slos: slos.length,
  });
}

/** The evidence of a release before its first interval. */
export function beginRelease(release: Release): EvidenceBySlo {
  const { settings } = release;
  return new Map(
    settings.slos.map(({ slo, objective }) => {
      const rule = releaseRule(release, objective);
      invariant(rule.ok, `the declaration checked the evidence settings of ${slo}`);
      return [slo, beginEvidence(rule.value, release.history[slo] ?? [])];
    }),
  );
}

/** The evidence of a release, computed from its records: the starting point after a restart. */
export function evidenceOf(release: Release): EvidenceBySlo {
  const begun = beginRelease(release);
  return new Map(
    [...begun].map(([slo, first]) => [slo, (release.intervals[slo] ?? []).reduce<Evidence>(observe, first)]),
  );
}

/** The step that was being served when a sample was taken. */
const stepAt = (release: Release, at: number): number => {
  let step = 0;
  for (const [index, confirmed] of release.confirmedAt.entries())
    if (confirmed !== undefined && confirmed < at) step = index;
  return step;
};

const warmUntil = (release: Release): number =>
  release.confirmedAt[0] === undefined
    ? Number.POSITIVE_INFINITY
    : release.confirmedAt[0] + release.settings.warmUpMs;

/** Adds to each interval its step, and whether the version was still warming up. */
export function placeIntervals(release: Release, look: LaneSample): Record<string, Interval[]> {
  const placed: Record<string, Interval[]> = {};
  for (const { slo } of release.settings.slos)
    placed[slo] = look.intervals.map(({ at, counts }) => ({
      step: stepAt(release, at),
      canary: counts[slo]?.canary ?? null,
      stable: counts[slo]?.stable ?? null,
      ...(at < warmUntil(release) ? { warmUp: true } : {}),
    }));
  return placed;
}

/** The minimum duration of the current step: longer at full traffic, where stable still runs and slow leaks show. */
const dwellOf = (release: Release): number =>
  isAlone(release) ? (release.settings.dwellAtFullMs ?? release.settings.dwellMs) : release.settings.dwellMs;

/** A burn that began before the release and never stopped does not count; missing data always does. */
function burnGate(release: Release, burn: RecordedBurn, rule: BurnRule): Gates['burn'] {
  if (!release.burnJudged) return 'false';
  const word = burnState(burn, rule);
  return word === 'firing' && !release.burnArmed ? 'false' : word;
}

/** By SLO, the evidence of its synthetic requests. */
const standInsOf = ({ settings }: Release): StandIns =>
  new Map(
    settings.slos.flatMap(({ slo, standsInFor }) => (standsInFor ? [[standsInFor, slo] as const] : [])),
  );

/** An interrupted load test gives no result: another one has to run. */
const loadGate = ({ settings, loads }: Release): NonNullable<Gates['load']> =>
  settings.loadTested && !loads.some((l) => l.outcome !== 'broken') ? 'awaited' : 'over';

export interface Assessment {
  readonly intervals: Record<string, Interval[]>;
  readonly evidence: EvidenceBySlo;
  readonly verdict: Verdict;
}

/** Judges one evaluation: the new evidence, and the verdict with its reasons and numbers. */
export function assess(
  release: Release,
  look: LaneSample,
  before: EvidenceBySlo,
  rule: BurnRule,
  now: number,
): Assessment {
  const intervals = placeIntervals(release, look);
  const evidence = new Map(
    [...before].map(([slo, e]) => [slo, (intervals[slo] ?? []).reduce<Evidence>(observe, e)]),
  );
  const confirmed = release.confirmedAt[release.step];
  const stepSeen = [...evidence.values()].every((e) => e.step === release.step);
  const gates: Gates = {
    warmingUp: now < warmUntil(release),
    compared: release.stepsBack > 0,
    fresh: stepSeen && look.intervals.length > 0,
    dwelt: confirmed !== undefined && stepSeen && now - confirmed >= dwellOf(release),
    burn: burnGate(release, look.burn, rule),
    trouble: look.trouble,
    guard: look.guard,
    load: loadGate(release),
  };
  return { intervals, evidence, verdict: judge(evidence, gates, standInsOf(release)) };
}
