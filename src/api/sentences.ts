import { type Evidence, goodRequestsLeft, goodRequestsNeeded } from '../delivery/evidence/evidence.ts';
import type { Lane, Release } from '../delivery/lane.ts';
import { isPromoted, UNCLEAR_HOLD } from '../delivery/machine.ts';
import { MOVE_REASONS, type VerdictReason } from '../delivery/reasons.ts';
import { isCompared, wantsTrafficAlone, weightNow } from '../delivery/steps.ts';
import { type Ending, endingOf } from '../delivery/summary.ts';
import { partsOfLane } from '../kit/lane.ts';
import { humanSpan } from '../kit/time.ts';

/** Words for every reason, with what usually helps: the command line, the console and notifications share them. */
export const REASON_WORDS = {
  HARM_SHOWN: 'it is over budget and worse than stable',
  MULTI_WINDOW_BURN: 'both burn-rate windows crossed their thresholds',
  CANARY_DOWN: 'it stopped, or cannot be reached',
  GUARD_FAILED: 'a declared guard was violated',
  STEP_BACK:
    'it may be failing at full traffic, where there is no stable traffic to compare with; stable gets traffic again',
  TRIED_ENOUGH: 'it served enough good requests',
  SOURCE_UNAVAILABLE: 'Prometheus does not answer; nothing is promoted without numbers',
  PARTIAL_DATA: 'Prometheus gave an incomplete answer, which is not used',
  NO_DATA: 'Prometheus has no samples for it yet',
  STABLE_MISSING: 'the stable version is missing from Prometheus',
  STALE_DATA: 'the newest samples are older than three scrapes',
  NOT_A_NUMBER: 'the value of a counter is not a number',
  BURN_NO_DATA: 'a burn-rate window has no data',
  BURN_FIRING: 'the burn-rate windows are above their thresholds',
  GUARD_NO_DATA: 'a declared guard does not return exactly one value',
  LOAD_RUNNING: 'its load test is still running',
  WARMING_UP: 'it is warming up',
  WAITING_FOR_DWELL: 'the step has not lasted long enough',
  TOO_FEW_REQUESTS: 'not enough requests so far',
  UNKNOWN_RELEASE: 'there is no such release in progress',
  OTHER_STEP: 'the release is at another step',
  HELD: 'a freeze holds it at 0% traffic',
  UNCLEAR_ARTEFACT: 'its artefact cannot be determined',
  STANDING_UNKNOWN: 'its Rollout cannot be read, so the step that it asks about is unknown',
  REJECTED: 'this digest was rejected here, and stays refused until it is lifted',
  PAUSED: 'a person paused it',
  NOT_YET: 'the step passed, and that is not on record yet',
} as const satisfies Record<VerdictReason, string>;

const percent = (part: number, whole: number): string => {
  if (whole === 0) return '–';
  const share = (100 * part) / whole;
  if (share === 0) return '0%';
  return `${share >= 10 ? Math.round(share) : Number(share.toPrecision(2))}%`;
};

const RECENT_LOOKS = 10;

/** Requests a second of the canary, lately: what the wait is reckoned by. */
function canaryRate(release: Release, slo = release.settings.slos[0]?.slo ?? ''): number {
  const intervals = (release.intervals[slo] ?? []).slice(-RECENT_LOOKS);
  const total = intervals.reduce((sum, i) => sum + (i.canary?.total ?? 0), 0);
  return intervals.length === 0 ? 0 : total / ((intervals.length * release.settings.intervalMs) / 1_000);
}

export interface Needs {
  readonly slo: string;
  readonly seen: number;
  readonly needed: number;
  /** Seconds at the recent rate; null without traffic. */
  readonly seconds: number | null;
}

export function needsOf(release: Release, evidence: ReadonlyMap<string, Evidence>): Needs[] {
  return [...evidence].map(([slo, e]) => {
    const standIn = release.settings.slos.some((s) => s.slo === slo && s.standsInFor !== undefined);
    const rate = canaryRate(release, standIn ? slo : undefined);
    const needed = goodRequestsNeeded(e.rule);
    const left = e.step === release.step ? goodRequestsLeft(e) : needed;
    return {
      slo,
      seen: Math.max(0, needed - left),
      needed,
      seconds: rate > 0 ? Math.ceil(left / rate) : null,
    };
  });
}

/** What each SLO still needs: of its users' requests, or of our own where those are further. */
function wantedOf(release: Release, evidence: ReadonlyMap<string, Evidence>): (Needs & { ours: boolean })[] {
  const needs = new Map(needsOf(release, evidence).map((n) => [n.slo, n]));
  return release.settings.slos.flatMap(({ slo, standsInFor }) => {
    const own = needs.get(slo);
    if (!own || standsInFor !== undefined) return [];
    const inStead = needs.get(release.settings.slos.find((s) => s.standsInFor === slo)?.slo ?? '');
    const ours = inStead !== undefined && inStead.seen / inStead.needed > own.seen / own.needed;
    return [{ ...(ours ? inStead : own), ours }];
  });
}

function judgedSentence(name: string, release: Release, evidence: ReadonlyMap<string, Evidence>): string {
  const weight = weightNow(release);
  if (release.heldAt !== null && isCompared(release) && release.stepsBack > 1)
    return `${name} is held at ${weight}%: it stepped back ${release.stepsBack} times and was no worse than stable, so the cause is shared or appears only at full load. Resume or abort it.`;
  if (release.heldAt !== null && wantsTrafficAlone(release)) {
    const [wanted] = wantedOf(release, evidence).sort((a, b) => a.seen / a.needed - b.seen / b.needed);
    const { seen, needed } = wanted ?? { seen: 0, needed: 0 };
    return `${name} is held at ${weight}%: it received ${seen} of ${needed} good requests before its deadline. No check failed, so it is not rolled back: resume it for more time, promote it or abort it.`;
  }
  if (release.heldAt !== null)
    return `${name} is held at ${weight}%: its deadline passed without a verdict. Resume or abort it.`;
  if (release.paused) return `${name} is paused at ${weight}%; it is still judged. Resume it to continue.`;
  if (
    release.lookTimes.length === 0 &&
    !release.verdict?.reasons.some((r) => r === 'SOURCE_UNAVAILABLE' || r === 'PARTIAL_DATA')
  )
    return `${name} is at ${weight}%: waiting for its first measurements.`;
  const reasons = (release.verdict?.reasons ?? []) as VerdictReason[];
  const trouble = reasons.find(
    (r) =>
      r !== 'LOAD_RUNNING' &&
      r !== 'TOO_FEW_REQUESTS' &&
      r !== 'WARMING_UP' &&
      r !== 'WAITING_FOR_DWELL' &&
      r !== 'TRIED_ENOUGH',
  );
  if (trouble === 'BURN_NO_DATA' && canaryRate(release) === 0)
    return `${name} is at ${weight}%: waiting for traffic; it received no requests recently.`;
  if (trouble) return `${name} waits at ${weight}%: ${REASON_WORDS[trouble]}.`;
  const worst = wantedOf(release, evidence).sort((a, b) => (b.seconds ?? 1e9) - (a.seconds ?? 1e9))[0];
  if (!worst) return `${name} is at ${weight}%.`;
  const more =
    worst.seconds === null
      ? 'waiting for traffic'
      : worst.seconds > 0
        ? `about ${humanSpan(1_000 * worst.seconds)} more`
        : reasons.includes('LOAD_RUNNING')
          ? REASON_WORDS.LOAD_RUNNING
          : 'enough for this step';
  return `${name} ${isCompared(release) ? `stepped back to ${weight}% for a comparison with stable` : `is at ${weight}%`}: ${worst.seen} of ${worst.needed} good ${worst.ours ? 'synthetic ' : ''}requests seen, ${more}.`;
}

/** How a finished release ended, in one sentence with its numbers. */
export function endSentence(name: string, { totals, servedAt, endedAt, cause }: Ending): string {
  const { canary, stable } = totals;
  const after =
    servedAt !== null && endedAt !== null ? ` ${humanSpan(endedAt - servedAt)} after its first request` : '';
  const numbers =
    canary.total > 0
      ? `: ${percent(canary.bad, canary.total)} of ${canary.total} requests failed, stable ${percent(stable.bad, stable.total)}`
      : '';
  if (isPromoted(cause)) return `${name} serves all traffic${numbers}.`;
  const why = cause ? MOVE_REASONS[cause] : 'unknown';
  return `${name} was rolled back${after}${numbers}. Why: ${why}.`;
}

const budgetWords = (left: number | null): string =>
  left === null
    ? 'its error budget has no data yet'
    : `${percent(Math.max(0, left), 1)} of the error budget remaining`;

/** How a service that burned gets back to rest, also where nobody asks anything of it. */
const WAY_OUT =
  'It recovers once its errors fall, or once nobody asked anything for as long as its burn windows; a newer version goes forward at once.';

/** One sentence that is true now and says what happens next. */
export function laneSentence(
  lane: Lane,
  evidence: ReadonlyMap<string, Evidence>,
  budgetLeft: number | null,
  now: number,
): string {
  const [service, environment] = partsOfLane(lane.lane);
  const release = lane.release;
  const named = (version: string | undefined) => `${service} ${version ?? ''} in ${environment}`;
  if (lane.waiting && lane.hold && (lane.state === 'Stable' || lane.state === 'Idle'))
    return lane.hold.id === UNCLEAR_HOLD
      ? `${named(lane.waiting.version)} cannot be judged: ${lane.hold.reason}.`
      : `${named(lane.waiting.version)} is held at 0% traffic by a freeze: ${lane.hold.reason}. ${
          lane.hold.until === null
            ? 'It starts once the cause is gone.'
            : `It starts in ${humanSpan(Math.max(0, lane.hold.until - now))}.`
        }`;
  switch (lane.state) {
    case 'Idle':
      return lane.waiting
        ? `${named(lane.waiting.version)} waits to start: Prometheus must answer first.`
        : `${service} does not run in ${environment} yet. Commit a version to start.`;
    case 'Deploying':
      return `${named(release?.target.version)} is starting; it gets traffic once it answers its health check.`;
    case 'Canary':
    case 'Evaluating':
      return judgedSentence(named(release?.target.version), release!, evidence);
    case 'Promote':
      return `${named(release?.target.version)} passed all checks and now takes all traffic.`;
    case 'Stable':
      return `${named(lane.stable?.version)} serves all traffic; ${budgetWords(budgetLeft)}.`;
    case 'Abort':
      return `${named(release?.target.version)} is being stopped: all traffic goes to ${lane.stable?.version ?? 'no version'} first.`;
    case 'Rollback':
      return `${named(release?.target.version)} has no traffic and is being stopped.`;
    case 'Degraded':
      return release?.endedAt && !isPromoted(release.cause)
        ? `${endSentence(named(release.target.version), endingOf(release))} ${lane.stable ? `${lane.stable.version} serves. ${WAY_OUT}` : 'Nothing serves: push a fix.'}`
        : `${named(lane.stable?.version)} burned its error budget too fast. ${WAY_OUT}`;
    case 'Recovery': {
      const rolled =
        release && !isPromoted(release.cause)
          ? `${endSentence(named(release.target.version), endingOf(release))} `
          : '';
      const calm =
        lane.quiet.since === null
          ? 'waiting for the burn rate to fall'
          : `within the objective for ${humanSpan(now - lane.quiet.since)}`;
      return `${rolled}${lane.stable?.version} serves and is recovering: ${calm}.`;
    }
  }
}
