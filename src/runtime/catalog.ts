import type { Result } from '../kit/result.ts';
import type { MetricsFailure } from './port.ts';

/** What a series is said to be by whoever exposes it. */
export type MetricType =
  | 'counter'
  | 'gauge'
  | 'histogram'
  | 'gaugehistogram'
  | 'summary'
  | 'info'
  | 'stateset'
  | 'unknown';

/** What there is in a Prometheus, of the last hour before a moment (milliseconds). It only reads. */
export interface MetricsCatalog {
  /** Names of labels of the series that a selector selects. */
  labelNames(selector: string, at: number): Promise<Result<readonly string[], MetricsFailure>>;
  /** Values of a label; of all series where the selector is null. */
  labelValues(
    label: string,
    selector: string | null,
    at: number,
  ): Promise<Result<readonly string[], MetricsFailure>>;
  /** Type of each metric that is scraped, by the name under which it is told: without `_bucket` and the like. */
  types(): Promise<Result<ReadonlyMap<string, MetricType>, MetricsFailure>>;
}
