import { invariant } from '../kit/result.ts';
import { type BurnRule, burnWord } from '../runtime/burn.ts';
import type { Burn, Release } from './events.ts';
import { beginEvidence, type Counts, type Evidence, type Interval, observe, ruleOf } from './evidence.ts';
import { type Gates, judge, type Verdict } from './verdict.ts';

/** Counts of one closed interval, as read; `at` is the time of its last sample. */
export interface ReadInterval {
  readonly at: number;
  readonly counts: Readonly<
    Record<string, { readonly canary: Counts | null; readonly stable: Counts | null }>
  >;
}

/** One look at the metrics, whether or not it brought anything. */
export interface Look {
  readonly intervals: readonly ReadInterval[];
  readonly cursors: Readonly<Record<string, readonly [number, number]>>;
  readonly trouble: Gates['trouble'];
  readonly burn: Burn;
  readonly guard: 'ok' | 'failed' | 'no-data';
  readonly queries: readonly string[];
}

export type EvidenceBySlo = ReadonlyMap<string, Evidence>;

/** Where a release stands before its first interval. */
export function beginRelease(release: Release): EvidenceBySlo {
  const { settings } = release;
  return new Map(
    settings.slos.map(({ slo, objective }) => {
      const rule = ruleOf({
        ...settings.evidence,
        objective,
        steps: settings.weights.length,
        slos: settings.slos.length,
      });
      invariant(rule.ok, `the declaration checked the evidence settings of ${slo}`);
      return [slo, beginEvidence(rule.value, release.history[slo] ?? [])];
    }),
  );
}

/** The evidence of a release as recorded: what a restart starts from. */
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

/** Gives each interval of a look its step and says whether the version was still warming up. */
export function placeIntervals(release: Release, look: Look): Record<string, Interval[]> {
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

/** Burning that began before the release and never stopped does not count for or against it; no data always does. */
function burnGate(release: Release, burn: Burn, rule: BurnRule): Gates['burn'] {
  if (!release.burnJudged) return 'false';
  const word = burnWord(burn, rule);
  return word === 'firing' && !release.burnArmed ? 'false' : word;
}

/** One that broke off says nothing: another has to run. */
const loadGate = ({ settings, loads }: Release): NonNullable<Gates['load']> =>
  settings.loadTested && !loads.some((l) => l.outcome !== 'broken') ? 'awaited' : 'over';

export interface Assessment {
  readonly intervals: Record<string, Interval[]>;
  readonly evidence: EvidenceBySlo;
  readonly verdict: Verdict;
}

/** Judges one look: what is known afterwards, and the verdict with its reasons and numbers. */
export function assess(
  release: Release,
  look: Look,
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
    dwelt: confirmed !== undefined && stepSeen && now - confirmed >= release.settings.dwellMs,
    burn: burnGate(release, look.burn, rule),
    trouble: look.trouble,
    guard: look.guard,
    load: loadGate(release),
  };
  return { intervals, evidence, verdict: judge(evidence, gates) };
}
