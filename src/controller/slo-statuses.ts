import type { Platform } from '../declaration/platform.ts';
import type { Adjustment } from '../runtime/budget.ts';
import { type SloStatus, sloStatus } from '../runtime/slo-status.ts';
import type { MetricsSnapshot } from './metrics-snapshot.ts';

/** The status of every SLO in every environment: one for every decision, page and message. */
export interface SloStatuses {
  /** Throws for an SLO or environment that is not declared. */
  of(slo: string, environment: string): SloStatus;
  /** Returns a function that lists the environments whose status may have changed since its last call. */
  watch(): () => readonly string[];
}

interface SloStatusSources {
  readonly platform: Platform;
  /** The latest reading of an environment's Prometheus. */
  metrics(environment: string): MetricsSnapshot;
  /** What was excluded from an SLO in an environment; the same array while nothing changes. */
  adjustments(slo: string, environment: string): readonly Adjustment[];
  /** All exclusions as one value, which is replaced when an exclusion is added. */
  readonly allAdjustments?: () => unknown;
}

interface Kept {
  readonly look: MetricsSnapshot;
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
    watch() {
      const looks = new Map<string, MetricsSnapshot>();
      let excluded: unknown;
      return () => {
        const now = sources.allAdjustments?.();
        const others = now !== excluded;
        excluded = now;
        return sources.platform.environments.flatMap(({ name }) => {
          const look = sources.metrics(name);
          const changed = others || looks.get(name) !== look;
          looks.set(name, look);
          return changed ? [name] : [];
        });
      };
    },
  };
}
