import type { Platform } from '../declaration/platform.ts';
import { sloOf } from '../declaration/platform.ts';
import type { Problem } from '../kit/problem.ts';
import { ruleOf } from './evidence.ts';

/** Settings under which the evidence rule would not hold its promise are refused, per service. */
export function checkDelivery(platform: Platform): Problem[] {
  return platform.services.flatMap((service, index) =>
    service.slos.flatMap((name): Problem[] => {
      const rule = ruleOf({
        ...platform.evidence,
        objective: sloOf(platform, name).objective,
        steps: service.strategy.steps.length,
        slos: service.slos.length,
      });
      const path = `spec.services[${index}]`;
      return rule.ok
        ? []
        : [{ code: 'EVIDENCE_SETTINGS', file: '', line: 1, path, message: `SLO ${name}: ${rule.error}` }];
    }),
  );
}
