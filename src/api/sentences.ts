import type { Lane, Release } from '../delivery/events.ts';
import { type Evidence, goodRequestsLeft, goodRequestsNeeded } from '../delivery/evidence.ts';
import { MOVE_REASONS } from '../delivery/machine.ts';
import { type Ending, endingOf } from '../delivery/summary.ts';
import type { Reason } from '../delivery/verdict.ts';
import { humanSpan } from '../kit/time.ts';

/** Words for every reason, with what usually helps: the command line, the console and notifications share them. */
export const REASON_WORDS = {
  HARM_SHOWN: 'it is over budget and worse than stable, beyond doubt',
  MULTI_WINDOW_BURN: 'both burn-rate windows crossed their thresholds',
  CANARY_DOWN: 'it stopped, or cannot be reached',
  GUARD_FAILED: 'a declared guard was violated',
  TRIED_ENOUGH: 'it carried enough good traffic',
  SOURCE_UNAVAILABLE: 'Prometheus does not answer; nothing is promoted without numbers',
  NO_DATA: 'Prometheus has no samples of it yet',
  STABLE_MISSING: 'the stable version is missing from Prometheus',
  STALE_DATA: 'the newest samples are older than three scrapes',
  NOT_A_NUMBER: 'a counter holds no number',
  BURN_NO_DATA: 'a burn-rate window has no data',
  BURN_FIRING: 'the burn-rate windows are above their thresholds',
  GUARD_NO_DATA: 'a declared guard has no single value',
  LOAD_RUNNING: 'its load test is not over',
  WARMING_UP: 'it is warming up',
  WAITING_FOR_DWELL: 'the step has not lasted long enough',
  TOO_FEW_REQUESTS: 'too few requests so far',
  UNKNOWN_RELEASE: 'no such release is on its way',
  OTHER_STEP: 'the release is at another step',
  HELD: 'a freeze holds it before any traffic',
} as const satisfies Record<Reason, string>;

const percent = (part: number, whole: number): string => {
  if (whole === 0) return '–';
  const share = (100 * part) / whole;
  if (share === 0) return '0 %';
  return `${share >= 10 ? Math.round(share) : Number(share.toPrecision(2))} %`;
};

const RECENT_LOOKS = 10;

/** Requests a second of the canary, lately: what the wait is reckoned by. */
export function canaryRate(release: Release): number {
  const [first] = release.settings.slos;
  const intervals = (release.intervals[first?.slo ?? ''] ?? []).slice(-RECENT_LOOKS);
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
  const rate = canaryRate(release);
  return [...evidence].map(([slo, e]) => {
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

function judgedSentence(name: string, release: Release, evidence: ReadonlyMap<string, Evidence>): string {
  const weight = release.settings.weights[release.step];
  if (release.heldAt !== null)
    return `${name} is held at ${weight} %: its deadline passed and a person decides. Resume or abort it.`;
  if (release.paused) return `${name} is paused at ${weight} %; it is still judged. Resume it to go on.`;
  if (release.lookTimes.length === 0 && !release.verdict?.reasons.includes('SOURCE_UNAVAILABLE'))
    return `${name} is at ${weight} %: waiting for its first numbers.`;
  const reasons = (release.verdict?.reasons ?? []) as Reason[];
  const trouble = reasons.find(
    (r) =>
      r !== 'LOAD_RUNNING' &&
      r !== 'TOO_FEW_REQUESTS' &&
      r !== 'WARMING_UP' &&
      r !== 'WAITING_FOR_DWELL' &&
      r !== 'TRIED_ENOUGH',
  );
  if (trouble === 'BURN_NO_DATA' && canaryRate(release) === 0)
    return `${name} is at ${weight} %: waiting for traffic, none has come lately.`;
  if (trouble) return `${name} waits at ${weight} %: ${REASON_WORDS[trouble]}.`;
  const worst = needsOf(release, evidence).sort((a, b) => (b.seconds ?? 1e9) - (a.seconds ?? 1e9))[0];
  if (!worst) return `${name} is at ${weight} %.`;
  const more =
    worst.seconds === null
      ? 'waiting for traffic'
      : worst.seconds > 0
        ? `about ${worst.seconds} s more`
        : reasons.includes('LOAD_RUNNING')
          ? REASON_WORDS.LOAD_RUNNING
          : 'enough for this step';
  return `${name} is at ${weight} %: ${worst.seen} of ${worst.needed} good requests seen, ${more}.`;
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
  if (cause === 'PASSED' || cause === 'OVERRIDDEN') return `${name} serves all traffic${numbers}.`;
  const why = cause ? MOVE_REASONS[cause] : 'unknown';
  return `${name} was rolled back${after}${numbers}. Why: ${why}.`;
}

const budgetWords = (left: number | null): string =>
  left === null
    ? 'its error budget has no data yet'
    : `${percent(Math.max(0, left), 1)} of the error budget is left`;

/** One sentence that is true now and says what happens next. */
export function laneSentence(
  lane: Lane,
  evidence: ReadonlyMap<string, Evidence>,
  budgetLeft: number | null,
  now: number,
): string {
  const [service, environment] = lane.lane.split('/');
  const release = lane.release;
  const named = (version: string | undefined) => `${service} ${version ?? ''} in ${environment}`;
  if (lane.waiting && lane.hold && (lane.state === 'Stable' || lane.state === 'Idle'))
    return `${named(lane.waiting.version)} is held before any traffic by a freeze: ${lane.hold.reason}. ${
      lane.hold.until === null
        ? 'It begins once the cause is gone.'
        : `It begins in ${humanSpan(Math.max(0, lane.hold.until - now))}.`
    }`;
  switch (lane.state) {
    case 'Idle':
      return lane.waiting
        ? `${named(lane.waiting.version)} waits to begin: Prometheus must answer first.`
        : `${service} does not run in ${environment} yet. Commit a version to begin.`;
    case 'Deploying':
      return `${named(release?.target.version)} is starting; it gets traffic once it answers its health check.`;
    case 'Canary':
    case 'Evaluating':
      return judgedSentence(named(release?.target.version), release!, evidence);
    case 'Promote':
      return `${named(release?.target.version)} passed and takes all traffic now.`;
    case 'Stable':
      return `${named(lane.stable?.version)} serves all traffic; ${budgetWords(budgetLeft)}.`;
    case 'Abort':
      return `${named(release?.target.version)} is stopped: all traffic goes to ${lane.stable?.version ?? 'nobody'} first.`;
    case 'Rollback':
      return `${named(release?.target.version)} has no traffic any more and is being stopped.`;
    case 'Degraded':
      return release?.endedAt && release.cause !== 'PASSED'
        ? `${endSentence(named(release.target.version), endingOf(release))} ${lane.stable ? `${lane.stable.version} serves.` : 'Nothing serves: push a fix.'}`
        : `${named(lane.stable?.version)} burns its error budget too fast.`;
    case 'Recovery': {
      const rolled =
        release && release.cause !== 'PASSED'
          ? `${endSentence(named(release.target.version), endingOf(release))} `
          : '';
      const calm =
        lane.quiet.since === null
          ? 'waiting for the burn rate to fall'
          : `calm for ${humanSpan(now - lane.quiet.since)}`;
      return `${rolled}${lane.stable?.version} serves and recovers: ${calm}.`;
    }
  }
}
