import { LONGEST_LOAD_MS, type LoadPlan } from '../../load.ts';

/** Virtual users for one target: enough for answers that take a second, bounded. */
const usersFor = (rps: number): { preAllocatedVUs: number; maxVUs: number } => ({
  preAllocatedVUs: Math.max(2, Math.ceil(rps / 4)),
  maxVUs: Math.max(4, 2 * rps),
});

const seconds = (ms: number): string => `${Math.ceil(ms / 1_000)}s`;

/** k6's options: an open loop per target, and thresholds from the SLOs. */
export function k6Options(plan: LoadPlan): object {
  const duration = seconds(plan.durationMs ?? LONGEST_LOAD_MS);
  const scenarios = Object.fromEntries(
    plan.targets.map(({ rps }, i) => [
      `target${i}`,
      {
        executor: 'constant-arrival-rate',
        rate: rps,
        timeUnit: '1s',
        duration,
        gracefulStop: '5s',
        exec: `target${i}`,
        ...usersFor(rps),
      },
    ]),
  );
  const thresholds: Record<string, string[]> = {};
  for (const { metric, service, expression } of plan.thresholds) {
    const name = `${metric}{service:${service}}`;
    thresholds[name] = [...(thresholds[name] ?? []), expression];
  }
  return {
    scenarios,
    thresholds,
    discardResponseBodies: true,
    summaryTrendStats: ['avg', 'p(50)', 'p(95)', 'p(99)', 'max'],
    userAgent: 'sluice-load-test',
  };
}

/**
 * A k6 script for one environment. Where services answer comes in as SLUICE_TARGETS, a JSON object of service
 * to address; the summary goes to the file SLUICE_SUMMARY.
 */
export function k6Script(plan: LoadPlan): string {
  const functions = plan.targets.map(
    ({ service, path }, i) =>
      `export function target${i}() {\n  http.get(targets[${JSON.stringify(service)}] + ${JSON.stringify(path)}, { tags: { service: ${JSON.stringify(service)} } });\n}`,
  );
  return `// Rendered by \`sluice render\` from the declaration. Change the declaration, not this file.
// k6 run -e SLUICE_TARGETS='{"service":"http://address"}' -e SLUICE_SUMMARY=summary.json this-file.js
import http from 'k6/http';

const targets = JSON.parse(__ENV.SLUICE_TARGETS);

export const options = ${JSON.stringify(k6Options(plan), null, 2)};

${functions.join('\n\n')}

export function handleSummary(data) {
  return { [__ENV.SLUICE_SUMMARY || 'summary.json']: JSON.stringify(data) };
}
`;
}
