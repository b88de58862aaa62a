/** Names of everything we record in Prometheus: one place, so that no two rooms spell them differently. */
export const WINDOWS = ['5m', '1h'] as const;
export type Window = (typeof WINDOWS)[number];

export const burnSeries = (window: Window): string => `slo:burn_rate_${window}`;
export const REQUESTS_5M = 'slo:requests:increase5m';
export const BUDGET_REMAINING = 'slo:error_budget_remaining:ratio';
export const OBJECTIVE = 'slo:objective:ratio';
export const BURN_ALERT = 'SloMultiWindowBurn';

export const LABELS = { service: 'service', slo: 'slo', environment: 'environment' } as const;
