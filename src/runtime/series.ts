import type { Environment } from '../declaration/platform.ts';
import { formatDuration } from '../kit/time.ts';

/** Names of everything we record in Prometheus: one place, so that no two rooms spell them differently. */
export const WINDOWS = ['5m', '30m', '1h', '2h', '6h', '1d', '3d'] as const;
export type Window = (typeof WINDOWS)[number];
export const WINDOW_MS: Readonly<Record<Window, number>> = {
  '5m': 300_000,
  '30m': 1_800_000,
  '1h': 3_600_000,
  '2h': 7_200_000,
  '6h': 21_600_000,
  '1d': 86_400_000,
  '3d': 259_200_000,
};

export const windowOf = (ms: number): Window | undefined => WINDOWS.find((w) => WINDOW_MS[w] === ms);

export const burnSeries = (window: Window): string => `slo:burn_rate_${window}`;
/** The same of any declared window: the name carries the true duration. */
export const burnSeriesOf = (windowMs: number): string => `slo:burn_rate_${formatDuration(windowMs)}`;
export const increaseSeriesOf = (side: string, windowMs: number): string =>
  `${side}:increase${formatDuration(windowMs)}`;
/** Windows of an environment that are shorter than the recorded ones, each once, in ms. */
export const briefWindows = (environment: Environment): number[] => {
  const { fast, slow } = environment.burn;
  const declared = [
    fast.windowMs,
    ...(slow ? [slow.windowMs] : []),
    environment.budgetWindowMs ?? WINDOW_MS['5m'],
  ];
  return [...new Set(declared)].filter((ms) => ms < WINDOW_MS['5m']).sort((a, b) => a - b);
};

/** What the budget is counted in (requests, or slices of time), over a window: all of it, and the bad part. */
export const TOTAL = 'slo:requests';
export const BAD = 'slo:bad_requests';
export const REQUESTS_5M = `${TOTAL}:increase5m`;
export const BAD_5M = `${BAD}:increase5m`;
/** Counts over the SLO's own window. */
export const REQUESTS_WINDOW = `${TOTAL}:increase_window`;
export const BAD_WINDOW = `${BAD}:increase_window`;
export const BUDGET_REMAINING = 'slo:error_budget_remaining:ratio';
/** Share of the window for which anything was recorded. */
export const COVERAGE = 'slo:error_budget_coverage:ratio';
export const OBJECTIVE = 'slo:objective:ratio';
export const CALENDAR_START = 'slo:calendar_start:timestamp_seconds';
/** 1 while a declared maintenance keeps requests from counting. */
export const MAINTENANCE = 'slo:maintenance:active';

export const BURN_ALERT = 'SloMultiWindowBurn';
export const LADDER_ALERT = 'SloBurnRateLadder';
export const GROUP_ALERT = 'SloGroupBurn';
export const POLICY_ALERT = 'SloAlertPolicy';
export const NO_DATA_ALERT = 'SloNoData';

/** From our own metrics: a release of this service is being taken back. */
export const CANARY_ALERT = 'SluiceCanaryFailing';
export const STATE_METRIC = 'sluice_state';
/** Sluice was scraped, and is not there any more; or Sluice has no answers from a Prometheus. */
export const AWAY_ALERT = 'SluiceAway';
export const UNANSWERED_ALERT = 'SluiceUnanswered';
/** 1 while the latest look at an environment's Prometheus had no answer. */
export const UNANSWERED_METRIC = 'sluice_metrics_unanswered';
/** What a server counts of itself, by which its own SLOs go. */
export const API_METRIC = 'sluice_http_request_seconds';
export const WORK_METRIC = 'sluice_work_seconds';
export const VERDICT_DELAY_METRIC = 'sluice_verdict_delay_seconds';
export const MOVES_METRIC = 'sluice_moves_total';
export const WEIGHT_METRIC = 'sluice_canary_weight_percent';
/** Arms side by side, for people to look at: never judged by. */
export const REVISION_ERRORS = 'slo:revision_errors:ratio:by_group';
export const REVISION_REQUESTS = 'slo:revision_requests:rate:by_group';
/** What may be spent, as a share: 1 - objective. */
export const BUDGET = 'slo:error_budget:ratio';

/** Steps of the SRE workbook's ladder. Source: The Site Reliability Workbook, "Alerting on SLOs", table 5-8. */
export const LADDER = [
  { long: '1h', short: '5m', threshold: 14.4, severity: 'page' },
  { long: '6h', short: '30m', threshold: 6, severity: 'page' },
  { long: '1d', short: '2h', threshold: 3, severity: 'ticket' },
  { long: '3d', short: '6h', threshold: 1, severity: 'ticket' },
] as const satisfies readonly {
  long: Window;
  short: Window;
  threshold: number;
  severity: 'page' | 'ticket';
}[];
