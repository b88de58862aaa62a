import { isIn } from '../../declaration/layout.ts';
import type { Environment, Platform, Slo } from '../../declaration/platform.ts';
import type { SloFacts } from '../../governance/facts.ts';
import type { Adjustment } from '../../runtime/budget.ts';
import type { MetricsFailure, MetricsPort } from '../../runtime/port.ts';
import { sloStatus } from '../../runtime/slo-status.ts';
import { burnNames, readRecorded, recordedQuery } from '../metrics-snapshot.ts';

/** The SLOs that say whether a service may take more risk in an environment: its own, and those it lists for their burn. */
export const slosOf = (platform: Platform, serviceName: string, environment: string): Slo[] => {
  const service = platform.services.find((s) => s.name === serviceName);
  const named = [...(service?.slos ?? []), ...(service?.burnSlos ?? [])];
  if (service && !isIn(service, environment)) return [];
  return platform.slos.filter((slo) => slo.service === serviceName || named.includes(slo.name));
};

const CODES = {
  SOURCE_UNAVAILABLE: 'SOURCE_UNAVAILABLE',
  QUERY_REFUSED: 'SOURCE_NONSENSE',
  NONSENSE: 'SOURCE_NONSENSE',
  PARTIAL: 'SOURCE_UNAVAILABLE',
} as const satisfies Record<MetricsFailure['code'], string>;

/** JSON holds no infinities: what has none of the numbers it can hold is not known. */
const finite = (value: number | null): number | null =>
  value !== null && Number.isFinite(value) ? value : null;

/** Budget and burn of every objective of these services in one environment, by one query at one instant. */
export async function sloFacts(
  platform: Platform,
  environment: Environment,
  services: readonly string[],
  port: MetricsPort,
  adjustments: (slo: string, environment: string) => readonly Adjustment[],
  now: number,
): Promise<SloFacts[]> {
  const query = recordedQuery(environment);
  const answer = await port.instant(query, now);
  const read = answer.ok ? readRecorded(answer.value, burnNames(environment)) : null;
  const error = answer.ok ? null : { code: CODES[answer.error.code], message: answer.error.message };
  const source = { at: now, trouble: error };
  return services.flatMap((service) =>
    slosOf(platform, service, environment.name).map((slo): SloFacts => {
      const excluded = adjustments(slo.name, environment.name);
      const status = sloStatus(slo, environment, read?.get(slo.name), source, excluded);
      const { objective, left, requests, bad, coverage, fast, slow, rule } = status;
      return {
        service,
        environment: environment.name,
        slo: slo.name,
        objective,
        left,
        requests,
        bad,
        coverage,
        fast: finite(fast),
        slow: finite(slow),
        thresholds: rule,
        query,
        at: now,
        error,
      };
    }),
  );
}
