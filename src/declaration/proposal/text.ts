import { nameOf } from '../import/openslo.ts';
import { REVISION_LABELS } from './families.ts';
import type { Candidate } from './propose.ts';

/** An objective with everything that is written of it. */
export interface ProposedSlo extends Candidate {
  /** Share of good requests, between 0 and 1. */
  readonly target: number;
  /** The share that was good in the last hour; null: nothing was measured. */
  readonly share: number | null;
  /** Of a latency: the bound, as people say it. */
  readonly within: string | null;
}

/** What a declaration says of the place where a service runs. */
interface ProposedPlace {
  readonly environment: string;
  readonly prometheus: string;
  readonly namespace: string;
  /** The label that tells its versions apart; null: none that is known is there. */
  readonly revisionLabel: string | null;
}

const percent = (share: number): string => `${Number((100 * share).toFixed(3))}%`;

/** A text as YAML takes it literally. */
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const sourceText = (query: string): string =>
  `{ metricSource: { type: Prometheus, spec: { query: ${literal(query)} } } }`;

function descriptionOf({ kind, protocol, within }: ProposedSlo): string {
  if (kind === 'latency') return `${protocol} requests answered within ${within}.`;
  return `${protocol} requests that did not fail because of the server.`;
}

function measuredText({ share, target }: ProposedSlo): string {
  if (share === null) return '# Nothing was measured: the target is a usual one.\n';
  const missed = share < target ? ' That is below the target: its budget is being spent now.' : '';
  return `# In the last hour ${percent(share)} of them were good.${missed}\n`;
}

/** Names of SLOs: those of a second protocol are told apart by it. */
const sloName = (service: string, slo: ProposedSlo, all: readonly ProposedSlo[]): string => {
  const several = new Set(all.map((one) => one.protocol)).size > 1;
  return nameOf(`${service}-${several ? `${slo.protocol}-` : ''}${slo.kind}`);
};

const sloText = (service: string, slo: ProposedSlo, all: readonly ProposedSlo[]): string => `---
${measuredText(slo)}apiVersion: openslo/v1
kind: SLO
metadata: { name: ${sloName(service, slo, all)} }
spec:
  description: ${descriptionOf(slo)}
  service: ${nameOf(service)}
  indicator:
    spec:
      ratioMetric:
        counter: true
        # ${slo.metric}: ${slo.from}.
        good: ${sourceText(slo.good)}
        total: ${sourceText(slo.total)}
  timeWindow: [{ duration: 30d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: ${slo.target} }]
`;

const OBSERVED =
  '# Proposed from the metrics that Prometheus has now. Read each objective: does it say what users expect?\n';
const UNOBSERVED =
  '# An example: replace the metric by one of your service, and the target by what its users expect.\n';

/** The objectives of a service as OpenSLO, with comments for whoever reads them first. */
export const objectivesText = (service: string, slos: readonly ProposedSlo[], observed: boolean): string =>
  `${observed ? OBSERVED : UNOBSERVED}apiVersion: openslo/v1
kind: Service
metadata: { name: ${nameOf(service)} }
spec: { description: What ${nameOf(service)} does for its users. }
${slos.map((slo) => sloText(service, slo, slos)).join('')}`;

/** A Platform that watches the releases of a service and touches nothing. */
export const platformText = (service: string, slos: readonly ProposedSlo[], place: ProposedPlace): string =>
  `# Where the service runs and how its releases are judged. Sluice only watches: mode enforce lets it act.
apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: ${nameOf(service)} }
spec:
  environments:
    - name: ${nameOf(place.environment)}
      mode: observe
      delivery: argo-rollouts
      cluster: { namespace: ${nameOf(place.namespace)} }
      prometheus: { address: ${literal(place.prometheus)} }
  services:
    - name: ${nameOf(service)}
      # A release is judged by these.
      slos: [${slos.map((slo) => sloName(service, slo, slos)).join(', ')}]
      # The label of the metrics that tells versions apart.${place.revisionLabel === null ? ' No series has one yet: docs/adopting.md says how to get it.' : ''}
      revisionLabel: ${place.revisionLabel ?? REVISION_LABELS[0]}
`;

/** What stands in a declaration where no Prometheus was asked, or it has nothing that is known. */
export const exampleSlo = (service: string, label: string): ProposedSlo => {
  const own = `${label}=${JSON.stringify(service)}`;
  return {
    kind: 'availability',
    protocol: 'HTTP',
    from: 'an example',
    metric: 'http_requests_total',
    good: `http_requests_total{${own},code!~"5.."}`,
    total: `http_requests_total{${own}}`,
    target: 0.999,
    share: null,
    within: null,
  };
};
