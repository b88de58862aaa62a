import type { Environment, Slo } from '../declaration/platform.ts';
import { formatDuration } from '../kit/time.ts';
import { quote } from '../promql/scope.ts';
import { presenceOf } from './presence.ts';
import { increaseSeriesOf, TOTAL } from './series.ts';

/** How finely it is asked whether series were there all the time. */
const POINTS = 60;
/** Of them so many must find the series: one missed scrape is no absence. */
const THERE = 0.9;

/** The longest window that the burn rule of an environment looks at. */
const longestOf = ({ burn: { fast, slow } }: Environment): number => (slow ?? fast).windowMs;

/** The recorded series of what was counted within that window. */
export const countedSeries = (environment: Environment): string =>
  increaseSeriesOf(TOTAL, longestOf(environment));

/**
 * Which of these SLOs nobody asked anything for as long as the burn rule looks back, told by their series: that
 * nothing was counted is no proof, since nothing is counted either where a target is gone, or Prometheus was away. So
 * their series must have been there nearly all that time.
 */
export function presentQuery(slos: readonly Slo[], environment: Environment): string {
  const windowMs = longestOf(environment);
  const stepMs = Math.max(
    environment.prometheus.scrapeIntervalMs,
    Math.ceil(windowMs / POINTS / 1_000) * 1_000,
  );
  const least = Math.floor((THERE * windowMs) / stepMs);
  const range = `[${formatDuration(windowMs)}:${formatDuration(stepMs)}]`;
  return slos
    .map(
      (slo) =>
        `label_replace(count_over_time((group(${presenceOf(slo.indicator)}))${range}) >= ${least}, "slo", ${quote(slo.name)}, "", "")`,
    )
    .join(' or ');
}
