import type { Environment, Platform, Service } from '../declaration/platform.ts';
import { countersOf, sloOf, strategyOf } from '../declaration/platform.ts';
import type { LaneSettings } from '../delivery/seen.ts';
import type { Sli } from '../runtime/counts.ts';
import { burnRuleOf } from '../runtime/slo-status.ts';

/** What the declaration says of one lane, in the delivery plane's words. */
export function laneSettings(platform: Platform, service: Service, environment: Environment): LaneSettings {
  const { steps, warmUpMs, dwellMs, deadlineMs, holdMs } = strategyOf(service, environment);
  return {
    mode: environment.mode,
    followed: environment.delivery === 'argo-rollouts',
    release: {
      weights: [...steps],
      warmUpMs,
      dwellMs,
      deadlineMs,
      holdMs,
      intervalMs: environment.prometheus.scrapeIntervalMs,
      slos: service.slos.map((slo) => ({ slo, objective: sloOf(platform, slo).objective })),
      evidence: platform.evidence,
      loadTested: environment.validation === 'k6',
    },
    burn: burnRuleOf(environment),
    recovery: platform.recovery,
    declaration: platform.digest,
  };
}

export const slisOf = (platform: Platform, service: Service): Sli[] =>
  service.slos.map((name) => {
    const { total, part, partIs } = countersOf(sloOf(platform, name));
    return { slo: name, total, part, partIs };
  });
