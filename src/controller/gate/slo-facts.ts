import { budgetWindowOf, type Environment, type Platform, type Slo } from '../../declaration/platform.ts';
import type { SloFacts } from '../../governance/facts.ts';
import { type Adjustment, budgetOf } from '../../runtime/budget.ts';
import type { MetricsFailure, MetricsPort } from '../../runtime/port.ts';
import { burnNames, readRecorded, recordedQuery } from '../metrics-look.ts';

/** The SLOs that say whether a service may take more risk: its own, and those it lists for their burn. */
export const slosOf = (platform: Platform, serviceName: string): Slo[] => {
  const service = platform.services.find((s) => s.name === serviceName);
  const named = [...(service?.slos ?? []), ...(service?.burnSlos ?? [])];
  return platform.slos.filter((slo) => slo.service === serviceName || named.includes(slo.name));
};

const CODES = {
  SOURCE_UNAVAILABLE: 'SOURCE_UNAVAILABLE',
  QUERY_REFUSED: 'SOURCE_NONSENSE',
  NONSENSE: 'SOURCE_NONSENSE',
} as const satisfies Record<MetricsFailure['code'], string>;

const finite = (value: number | null | undefined): number | null =>
  value !== null && value !== undefined && Number.isFinite(value) ? value : null;

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
  return services.flatMap((service) =>
    slosOf(platform, service).map((slo): SloFacts => {
      const window = read?.windows.get(slo.name);
      const burn = read?.burns.get(slo.name);
      const excused = adjustments(slo.name, environment.name);
      const counted =
        excused.length > 0 && window?.requests != null && window.bad !== null
          ? budgetOf(
              { requests: window.requests, bad: window.bad },
              slo.objective,
              budgetWindowOf(slo, environment),
              null,
              excused,
              now,
            )
          : null;
      return {
        service,
        environment: environment.name,
        slo: slo.name,
        objective: slo.objective,
        left: finite(counted?.left ?? read?.budgets.get(slo.name)),
        requests: finite(counted?.requests ?? window?.requests),
        bad: finite(counted?.bad ?? window?.bad),
        coverage: finite(window?.coverage),
        fast: finite(burn?.fast),
        slow: finite(burn?.slow),
        thresholds: {
          fast: environment.burn.fast.threshold,
          slow: environment.burn.slow?.threshold ?? null,
        },
        query,
        at: now,
        error,
      };
    }),
  );
}
