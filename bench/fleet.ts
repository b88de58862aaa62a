import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A fleet to render: the same SLOs as OpenSLO for us and as Sloth's documents, a file a service. */
export function writeFleet(directory: string, services: number): { openslo: string; sloth: string } {
  const openslo = join(directory, `openslo-${services}`);
  const sloth = join(directory, `sloth-${services}`);
  for (const folder of [openslo, sloth]) mkdirSync(folder, { recursive: true });
  for (let i = 0; i < services; i++) {
    const name = `service-${i}`;
    writeFileSync(join(openslo, `${name}.yaml`), openSlo(name));
    writeFileSync(join(sloth, `${name}.yaml`), slothDocument(name));
  }
  return { openslo, sloth };
}

const SLIS = [
  { slo: 'availability', objective: 0.999, bad: ',code=~"(5..|429)"' },
  { slo: 'latency', objective: 0.99, bad: ',le="slow"' },
] as const;

const openSlo = (service: string): string =>
  `apiVersion: openslo/v1
kind: Service
metadata: { name: ${service} }
${SLIS.map(
  ({ slo, objective, bad }) => `---
apiVersion: openslo/v1
kind: SLO
metadata: { name: ${service}-${slo} }
spec:
  description: Requests of ${service}.
  service: ${service}
  indicator:
    spec:
      ratioMetric:
        counter: true
        bad:
          metricSource: { type: Prometheus, spec: { query: 'http_requests_total{job="${service}"${bad}}' } }
        total:
          metricSource: { type: Prometheus, spec: { query: 'http_requests_total{job="${service}"}' } }
  timeWindow: [{ duration: 30d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: ${objective} }]
`,
).join('')}`;

const slothDocument = (service: string): string =>
  `version: prometheus/v1
service: ${service}
slos:
${SLIS.map(
  ({ slo, objective, bad }) => `  - name: ${slo}
    objective: ${100 * objective}
    description: Requests of ${service}.
    sli:
      events:
        error_query: sum(rate(http_requests_total{job="${service}"${bad}}[{{.window}}]))
        total_query: sum(rate(http_requests_total{job="${service}"}[{{.window}}]))
    alerting:
      name: ${slo}
      page_alert: { labels: { severity: page } }
      ticket_alert: { labels: { severity: ticket } }
`,
).join('')}`;
