import type { Slo } from '../../declaration/platform.ts';
import { quote } from '../../promql/scope.ts';
import type { MetricsPort } from '../../runtime/port.ts';
import { BAD_5M, BUDGET_REMAINING, REQUESTS_5M } from '../../runtime/series.ts';

const matcher = (slo: Slo, environment: string): string =>
  `{slo=${quote(slo.name)},service=${quote(slo.service)},environment=${quote(environment)}}`;

const POINTS = 240;
/** Subqueries are aligned to a grid; the step is never shorter than a recorded tile. */
const burnDownStep = (windowMs: number): number =>
  Math.max(10_000, Math.ceil(windowMs / POINTS / 10_000) * 10_000);

/** A budget over time, for a burn-down chart. */
export async function readBurnDown(
  port: MetricsPort,
  slo: Slo,
  environment: string,
  spanMs: number,
  now: number,
): Promise<readonly (readonly [number, number])[]> {
  const series = `${BUDGET_REMAINING}${matcher(slo, environment)}`;
  const answer = await port.instant(`${series}[${spanMs}ms:${burnDownStep(spanMs)}ms]`, now);
  return answer.ok ? (answer.value[0]?.samples ?? []) : [];
}

/** Requests counted between two times, in whole tiles: for an incident that is to be excluded. */
export async function countBetween(
  port: MetricsPort,
  slo: Slo,
  environment: string,
  fromMs: number,
  toMs: number,
): Promise<{ requests: number; bad: number } | null> {
  const m = matcher(slo, environment);
  // The last tile that contains a part of the incident ends up to five minutes after it.
  const span = `${Math.max(300_000, toMs - fromMs)}ms:5m`;
  const [requests, bad] = await Promise.all(
    [REQUESTS_5M, BAD_5M].map((series) => port.instant(`sum_over_time(${series}${m}[${span}])`, toMs)),
  );
  if (!requests?.ok || !bad?.ok) return null;
  const value = (answer: typeof requests) => (answer.ok ? (answer.value[0]?.samples[0]?.[1] ?? null) : null);
  const [r, b] = [value(requests), value(bad)];
  return r === null || b === null ? null : { requests: r, bad: b };
}
