import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

interface Fleet {
  readonly openslo: string;
  /** The same by routes, with alerts declared for every SLO. */
  readonly grouped: string;
  readonly sloth: string;
}

/** A fleet to render: the same SLOs as OpenSLO for us and as Sloth's documents, a file a service. */
export function writeFleet(directory: string, services: number): Fleet {
  const of = (what: string) => join(directory, `${what}-${services}`);
  const fleet = { openslo: of('openslo'), grouped: of('grouped'), sloth: of('sloth') };
  for (const folder of Object.values(fleet)) mkdirSync(folder, { recursive: true });
  for (let i = 0; i < services; i++) {
    const name = `service-${i}`;
    writeFileSync(join(fleet.openslo, `${name}.yaml`), openSlo(name));
    writeFileSync(
      join(fleet.grouped, `${name}.yaml`),
      openSlo(name, ', annotations: { sluice.dev/group-by: route }') + alerting(name),
    );
    writeFileSync(join(fleet.sloth, `${name}.yaml`), slothDocument(name));
  }
  return fleet;
}

const SLIS = [
  { slo: 'availability', objective: 0.999, bad: ',code=~"(5..|429)"' },
  { slo: 'latency', objective: 0.99, bad: ',le="slow"' },
] as const;

const openSlo = (service: string, more = ''): string =>
  `apiVersion: openslo/v1
kind: Service
metadata: { name: ${service} }
${SLIS.map(
  ({ slo, objective, bad }) => `---
apiVersion: openslo/v1
kind: SLO
metadata: { name: ${service}-${slo}${more} }
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

const alerting = (service: string): string =>
  SLIS.map(
    ({ slo }) => `---
apiVersion: sluice.dev/v1
kind: Alerting
metadata: { name: ${service}-${slo} }
spec:
  slos: [${service}-${slo}]
  name: ${service}-${slo}-burns
  page: { labels: { team: ${service} }, for: 2m }
  ticket: { severity: warning, windows: [{ long: 1d, short: 2h, factor: 3 }] }
`,
  ).join('');

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
