import type { Platform } from '../declaration/platform.ts';
import { lanesOf, sloOf, strategyOf } from '../declaration/platform.ts';
import type { Problem } from '../kit/problem.ts';
import { ruleOf } from './evidence.ts';

/** Settings under which the evidence rule would not hold its promise are refused, per service. */
export function checkDelivery(platform: Platform): Problem[] {
  const found = lanesOf(platform).flatMap(({ service, environment }) =>
    service.slos.flatMap((name): Problem[] => {
      const rule = ruleOf({
        ...platform.evidence,
        objective: sloOf(platform, name).objective,
        steps: strategyOf(service, environment).steps.length,
        slos: service.slos.length,
      });
      const path = `spec.services[${platform.services.indexOf(service)}]`;
      return rule.ok
        ? []
        : [{ code: 'EVIDENCE_SETTINGS', file: '', line: 1, path, message: `SLO ${name}: ${rule.error}` }];
    }),
  );
  // The same in every environment is said once.
  return [...new Map(found.map((p) => [`${p.path} ${p.message}`, p])).values()];
}
