import { lanesOf, servicesIn } from '../declaration/layout.ts';
import { countersOf, type Environment, type Platform, sloOf } from '../declaration/platform.ts';
import { type Pace, paceOf } from '../delivery/pace.ts';
import { fail, ok, type Result } from '../kit/result.ts';
import type { Counter } from '../promql/counters.ts';
import { selectorText } from '../promql/scope.ts';
import type { MetricsFailure, MetricsPort } from '../runtime/port.ts';

/** Requests are counted over a whole day: nights are a part of a release's time. */
const OVER = '1d';

const rateOf = (counters: readonly Counter[]): string =>
  counters
    .map(
      (c, i) =>
        `label_replace(${c.minus ? '-' : ''}sum(rate(${selectorText(c)}[${OVER}])), "part", "${i}", "", "")`,
    )
    .join(' or ');

/** How long a release of each service takes at the traffic that a live Prometheus has seen over the last day. */
export async function livePaces(
  platform: Platform,
  environment: Environment,
  source: Pick<MetricsPort, 'instant'>,
  at: number,
): Promise<Result<Pace[], MetricsFailure>> {
  const rates = new Map<string, number>();
  const services = servicesIn(platform, environment);
  for (const name of new Set(services.flatMap((s) => s.slos))) {
    const answer = await source.instant(`sum(${rateOf(countersOf(sloOf(platform, name)).total)})`, at);
    if (!answer.ok) return fail(answer.error);
    const rate = answer.value[0]?.samples[0]?.[1] ?? 0;
    rates.set(name, Number.isFinite(rate) ? Math.max(0, rate) : 0);
  }
  return ok(services.flatMap((s) => paceOf(platform, s, environment, (slo) => rates.get(slo) ?? null) ?? []));
}

/** The same where no Prometheus is asked: what each service needs. */
export const declaredPaces = (platform: Platform): Pace[] =>
  lanesOf(platform).flatMap(
    ({ service, environment }) => paceOf(platform, service, environment, () => null) ?? [],
  );
