import type { Platform } from '../declaration/platform.ts';
import type { Adjustment } from '../runtime/budget.ts';
import { type SloStatus, sloStatus } from '../runtime/slo-status.ts';
import type { MetricsLook } from './metrics-look.ts';

/** The status of every SLO in every environment: one for all that decide, show or tell anything by it. */
export interface SloStatuses {
  /** Throws for an SLO or environment that is not declared. */
  of(slo: string, environment: string): SloStatus;
}

export interface SloStatusSources {
  readonly platform: Platform;
  /** The latest reading of an environment's Prometheus. */
  metrics(environment: string): MetricsLook;
  /** What was excluded from an SLO in an environment; the same array while nothing changes. */
  adjustments(slo: string, environment: string): readonly Adjustment[];
}

interface Kept {
  readonly look: MetricsLook;
  readonly adjustments: readonly Adjustment[];
  readonly status: SloStatus;
}

/** Statuses over the latest readings; each is made once per reading and change of what is excluded. */
export function createSloStatuses(sources: SloStatusSources): SloStatuses {
  const slos = new Map(sources.platform.slos.map((slo) => [slo.name, slo]));
  const environments = new Map(sources.platform.environments.map((e) => [e.name, e]));
  const kept = new Map<string, Kept>();
  return {
    of(name, environmentName) {
      const [slo, environment] = [slos.get(name), environments.get(environmentName)];
      if (!slo || !environment)
        throw new Error(`broken invariant: no SLO ${name} is declared in ${environmentName}`);
      const key = `${name}@${environmentName}`;
      const look = sources.metrics(environmentName);
      const adjustments = sources.adjustments(name, environmentName);
      const known = kept.get(key);
      if (known?.look === look && known.adjustments === adjustments) return known.status;
      const source = { at: look.at, trouble: look.failure };
      const status = sloStatus(slo, environment, look.slos.get(name), source, adjustments);
      kept.set(key, { look, adjustments, status });
      return status;
    },
  };
}
