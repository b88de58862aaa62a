import type { Release } from '../../delivery/lane.ts';
import { totalsBySlo } from '../../delivery/summary.ts';
import { humanSpan } from '../../kit/time.ts';
import type { Distribution } from '../../runtime/latency/distribution.ts';
import type { LatencySli } from '../../runtime/latency/latency-sli.ts';
import { type DistributionView, shareText, timeText } from './bars.ts';

/** What is recorded of an SLO about time. */
export interface LatencyView {
  readonly slo: string;
  /** As declared now. */
  readonly thresholdMs: number;
  readonly sentence: string;
  /** Names the share that the chart of this SLO shows. */
  readonly slow: string;
}

const missed = ({ timeAlone }: Pick<LatencySli, 'timeAlone'>, slo: string, threshold: string): string =>
  timeAlone
    ? `took longer than ${threshold}`
    : `missed ${slo} (slower than ${threshold}, or not counted as good)`;

interface LatencyFacts {
  readonly slo: string;
  readonly sli: LatencySli;
  /** Whether the release is judged by what is declared now. */
  readonly declaredNow: boolean;
}

/** What was recorded of both versions over the whole release, in one sentence. */
function latencySentence(release: Release, { slo, sli, declaredNow }: LatencyFacts): string {
  const { canary, stable } = totalsBySlo(release, slo);
  const threshold = timeText(sli.threshold * sli.unitMs);
  // What a release was counted by is not on record: only its numbers are.
  const what = declaredNow ? missed(sli, slo, threshold) : `missed ${slo}`;
  if (canary.total <= 0) return `No canary request has been measured for ${slo} (${threshold}).`;
  const beside =
    release.from === null
      ? 'there is no stable version to compare with'
      : stable.total > 0
        ? `stable ${shareText(stable.bad, stable.total)}`
        : 'stable had no requests';
  const since = declaredNow
    ? ''
    : ` The threshold is ${threshold} now; the declaration has changed since the release began.`;
  return `${shareText(canary.bad, canary.total)} of ${Math.round(canary.total)} canary requests ${what}, ${beside}.${since}`;
}

export const latencyView = (release: Release, facts: LatencyFacts): LatencyView => {
  const { sli, slo, declaredNow } = facts;
  const thresholdMs = sli.threshold * sli.unitMs;
  return {
    slo,
    thresholdMs,
    sentence: latencySentence(release, facts),
    slow:
      declaredNow && sli.timeAlone
        ? `Requests slower than ${timeText(thresholdMs)}, percent`
        : `Requests that missed ${slo}, percent`,
  };
};

/** What Prometheus answered, and for which time. */
export interface Measured {
  readonly at: number;
  readonly spanMs: number;
  readonly distribution: Distribution;
}

const missing = (why: string): DistributionView => ({
  state: 'missing',
  why,
  at: null,
  spanMs: 0,
  bounds: [],
  canary: null,
  stable: null,
});

/** What is missing of an answer; null: nothing. */
function lackOf({ canary, stable, thresholdIsBound }: Distribution, threshold: string, compared: boolean) {
  if (canary === null) return 'Prometheus has no complete histogram of the new version for this time';
  if (stable === null && compared)
    return 'Prometheus has no complete histogram of the stable version for this time';
  return thresholdIsBound ? null : `no bucket of both versions ends at ${threshold}`;
}

/** A distribution with its state: `failure` is why the newest question was not answered; null: it was. */
export function distributionView(
  measured: Measured | null,
  failure: string | null,
  { sli, compared, now }: { readonly sli: LatencySli; readonly compared: boolean; readonly now: number },
): DistributionView {
  if (measured === null) return missing(failure ?? 'Prometheus was not asked yet');
  const { at, spanMs, distribution } = measured;
  const { bounds, canary, stable } = distribution;
  if (canary === null && stable === null)
    return missing(failure ?? 'Prometheus has no complete histogram of either version for this time');
  const lack = lackOf(distribution, timeText(sli.threshold * sli.unitMs), compared);
  const state = failure !== null ? 'stale' : lack !== null ? 'partial' : 'ready';
  const why = failure === null ? lack : `${failure}; this is ${humanSpan(now - at)} old`;
  return {
    state,
    why,
    at,
    spanMs,
    bounds: [...bounds],
    canary: canary && [...canary],
    stable: stable && [...stable],
  };
}
