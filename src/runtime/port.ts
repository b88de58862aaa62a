import type { Result } from '../kit/result.ts';

/** One sample: milliseconds since the epoch, value. */
export type Sample = readonly [number, number];

export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly samples: readonly Sample[];
}

export interface MetricsFailure {
  /** PARTIAL: it answered, and said itself that something is missing. */
  readonly code: 'SOURCE_UNAVAILABLE' | 'QUERY_REFUSED' | 'NONSENSE' | 'PARTIAL';
  readonly message: string;
}

/** A source of metrics that speaks the Prometheus query API. */
export interface MetricsPort {
  /** Stored samples of a selector, as they are: nothing interpolated, nothing extrapolated. */
  raw(selector: string, rangeMs: number, at: number): Promise<Result<readonly Series[], MetricsFailure>>;
  /** An instant vector: one sample a series. */
  instant(query: string, at: number): Promise<Result<readonly Series[], MetricsFailure>>;
}
