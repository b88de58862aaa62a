import { API_METRIC, VERDICT_DELAY_METRIC, WORK_METRIC } from './series.ts';

/** One objective of Sluice's own service, in counters that a server has from its start. */
interface OwnSlo {
  readonly name: string;
  readonly description: string;
  readonly target: number;
  readonly good: string;
  readonly total: string;
}

const API = 'route=~"/api/.+|/auth/.+|/webhooks/.+"';

const OWN: readonly OwnSlo[] = [
  {
    name: 'sluice-verdicts',
    description: 'Verdicts that are on record 30 s after the newest scrape that they count, or sooner.',
    target: 0.99,
    good: `${VERDICT_DELAY_METRIC}_bucket{le="30"}`,
    total: `${VERDICT_DELAY_METRIC}_count`,
  },
  {
    name: 'sluice-api',
    description: 'Requests to the API, the sign-in and webhooks that are answered without a server error.',
    target: 0.999,
    good: `${API_METRIC}_count{${API},status!="5xx"}`,
    total: `${API_METRIC}_count{${API}}`,
  },
  {
    name: 'sluice-ticks',
    description: 'Passes over all lanes that end well within a second.',
    target: 0.99,
    good: `${WORK_METRIC}_bucket{work="tick",outcome="done",le="1"}`,
    total: `${WORK_METRIC}_count{work="tick"}`,
  },
];

const source = (query: string): string => {
  const quote = query.includes('"') ? "'" : '"';
  return `metricSource:
            type: Prometheus
            spec:
              query: ${quote}${query}${quote}`;
};

const sloText = ({ name, description, target, good, total }: OwnSlo): string => `---
apiVersion: openslo/v1
kind: SLO
metadata: { name: ${name} }
spec:
  description: ${description}
  service: sluice
  indicator:
    spec:
      ratioMetric:
        counter: true
        good:
          ${source(good)}
        total:
          ${source(total)}
  timeWindow: [{ duration: 30d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ displayName: ${name}, target: ${target} }]
`;

/** Sluice's own objectives, as anybody declares theirs. */
export const ownSlos = (): string => `apiVersion: openslo/v1
kind: Service
metadata: { name: sluice }
spec: { description: Sluice itself. }
${OWN.map(sloText).join('')}`;
