import { SHORTEST_JUDGED_MS } from '../declaration/defaults.ts';
import type { Strategy } from '../declaration/judging.ts';
import { lanesOf } from '../declaration/layout.ts';
import type { Environment, Platform } from '../declaration/platform.ts';
import { judgedSlos, sloOf, strategyOf } from '../declaration/platform.ts';
import type { Problem } from '../kit/problem.ts';
import { formatDuration } from '../kit/time.ts';
import { evidenceDefaults, ruleOf } from './evidence/evidence.ts';

/** A step that may not pass before its deadline would hold every release. */
function checkDeadline({ steps, warmUpMs, dwellMs, dwellAtFullMs, deadlineMs }: Strategy): string | null {
  const tooLong = (name: string, least: number) =>
    `${name} and the warm-up last ${formatDuration(least)}, and the deadline of a step is ${formatDuration(deadlineMs)}, so no release could pass: declare a longer deadline or a shorter ${name}`;
  if (warmUpMs + dwellMs >= deadlineMs) return tooLong('dwell', warmUpMs + dwellMs);
  if (steps.length > 1 && warmUpMs + dwellAtFullMs >= deadlineMs)
    return tooLong('dwellAtFull', warmUpMs + dwellAtFullMs);
  return null;
}

/** Settings under which no release could pass, or the evidence rule would not hold its promise, are refused, per service. */
export function checkDelivery(platform: Platform): Problem[] {
  const found = lanesOf(platform).flatMap(({ service, environment }) => {
    const strategy = strategyOf(service, environment);
    const late = checkDeadline(strategy);
    const path = `spec.services[${platform.services.indexOf(service)}]`;
    const problem = (code: string, message: string): Problem => ({ code, file: '', line: 1, path, message });
    const evidence = service.slos.flatMap((name): Problem[] => {
      const rule = ruleOf({
        ...evidenceDefaults(platform.evidence.edition),
        ...platform.evidence,
        objective: sloOf(platform, name).objective,
        steps: strategy.steps.length,
        slos: judgedSlos(service, environment),
      });
      return rule.ok ? [] : [problem('EVIDENCE_SETTINGS', `SLO ${name}: ${rule.error}`)];
    });
    return [...(late ? [problem('DEADLINE_TOO_SHORT', `in ${environment.name} ${late}`)] : []), ...evidence];
  });
  // A problem that is the same in every environment is reported once.
  return [...new Map(found.map((p) => [`${p.path} ${p.message}`, p])).values()];
}

const SELDOM_MS = 15_000;

/** Notes about valid settings that judge worse than they could, for environments under the second edition. */
export function adviseDelivery({ environments, evidence }: Platform): Problem[] {
  // Without a Platform nothing is released.
  if (evidence.edition === 1 || environments.every((e) => e.name === '')) return [];
  const at = (e: Environment, field: string) => `spec.environments[${environments.indexOf(e)}]${field}`;
  const short = environments
    .filter((e) => e.judgeIntervalMs < SHORTEST_JUDGED_MS)
    .map((e) => ({
      code: 'SHORT_INTERVALS',
      path: at(e, '.judgeInterval'),
      message: `releases are judged in intervals of ${formatDuration(e.judgeIntervalMs)}: a burst of errors that lasts seconds can then roll back a healthy version; omit judgeInterval for ${formatDuration(SHORTEST_JUDGED_MS)}`,
    }));
  const seldom = environments
    .filter((e) => e.prometheus.scrapeIntervalMs >= SELDOM_MS && evidence.witnesses < 3)
    .map((e) => ({
      code: 'FEW_WITNESSES',
      path: at(e, '.prometheus'),
      message: `scrapes ${formatDuration(e.prometheus.scrapeIntervalMs)} apart hold a whole burst each: declare spec.evidence.witnesses: 3`,
    }));
  return [...short, ...seldom].map((p) => ({ ...p, file: '', line: 1 }));
}
