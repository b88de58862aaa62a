import { beforeAll, describe, expect, it } from 'vitest';
import { importPyrra } from '../../../src/declaration/import/pyrra.ts';
import {
  type Compared,
  differences,
  evaluated,
  expressionsOf,
  type Got,
  OBJECTIVE,
  ourRules,
} from '../sloth/compared.ts';

/**
 * Pyrra's recording rules as its documentation shows them, written anew: the burn rate of a window is the share of
 * errors of that window.
 */
interface Objective {
  readonly name: string;
  readonly indicator: string;
  readonly by?: readonly string[];
  /** What Pyrra records of a window. */
  burnRate(window: string): string;
  /** Where ours differs, and why it is right. */
  readonly differs?: { readonly why: string; readonly values: readonly string[] };
}

const by = (labels: readonly string[]) => (labels.length > 0 ? ` by (${labels.join(', ')})` : '');
const ratio =
  (errors: string, total: string, labels: readonly string[] = []) =>
  (window: string) =>
    `sum${by(labels)}(rate(${errors}[${window}])) / sum${by(labels)}(rate(${total}[${window}]))`;
const latency =
  (success: string, total: string, labels: readonly string[] = []) =>
  (window: string) =>
    `(sum${by(labels)}(rate(${total}[${window}])) - sum${by(labels)}(rate(${success}[${window}]))) / sum${by(labels)}(rate(${total}[${window}]))`;
const gauge =
  (metric: string, labels: readonly string[] = []) =>
  (window: string) =>
    `(sum${by(labels)}(count_over_time(${metric}[${window}])) - sum${by(labels)}(sum_over_time(${metric}[${window}]))) / sum${by(labels)}(count_over_time(${metric}[${window}]))`;

const FAILED = 'http_requests_total{job="api",code=~"5.."}';
const ALL = 'http_requests_total{job="api"}';
const FAST = 'http_request_duration_seconds_bucket{job="api",le="0.5"}';
const COUNT = 'http_request_duration_seconds_count{job="api"}';
const BAD_GRPC = 'grpc_server_handled_total{grpc_code!="OK"}';
const GRPC = 'grpc_server_handled_total{cluster=~".+"}';
const EDGE =
  'the sample at the left edge of a window is counted by the window before it: Prometheus 2 counts it in both';

const OBJECTIVES: readonly Objective[] = [
  {
    name: 'ratio',
    indicator: `ratio: { errors: { metric: '${FAILED}' }, total: { metric: '${ALL}' } }`,
    burnRate: ratio(FAILED, ALL),
  },
  {
    name: 'ratio-by-cluster',
    indicator: `ratio: { errors: { metric: '${BAD_GRPC}' }, total: { metric: '${GRPC}' }, grouping: [cluster] }`,
    by: ['cluster'],
    burnRate: ratio(BAD_GRPC, GRPC, ['cluster']),
  },
  {
    name: 'ratio-by-two',
    indicator: `ratio: { errors: { metric: '${BAD_GRPC}' }, total: { metric: '${GRPC}' }, grouping: [way, cluster] }`,
    by: ['cluster', 'way'],
    burnRate: ratio(BAD_GRPC, GRPC, ['way', 'cluster']),
  },
  {
    name: 'ratio-never-seen',
    indicator: `ratio: { errors: { metric: 'late_total{code="500"}' }, total: { metric: 'late_total' } }`,
    burnRate: ratio('late_total{code="500"}', 'late_total'),
    differs: {
      why: 'a counter that is not there yet is no error, and one that is made by its first errors begins at their number',
      values: [
        ...['healthy', 'an outage begins', 'outage', 'recovery', 'reset', 'after the reset'].flatMap(
          (moment) => ['5m', '1h'].map((window) => `${moment} ${window}: 0, theirs none`),
        ),
        'quiet 1h: 0, theirs none',
        'still quiet 1h: 0, theirs none',
        'after the quiet 5m: 0, theirs none',
        'after the quiet 1h: 0, theirs none',
        'a new pod 5m: 0.0099, theirs 0',
        'a new pod 1h: 0.00114, theirs 0',
        'an hour later 1h: 0.00114, theirs 0',
      ],
    },
  },
  {
    name: 'latency',
    indicator: `latency: { success: { metric: '${FAST}' }, total: { metric: '${COUNT}' } }`,
    burnRate: latency(FAST, COUNT),
  },
  {
    name: 'latency-by-pod',
    indicator: `latency: { success: { metric: '${FAST}' }, total: { metric: '${COUNT}' }, grouping: [pod] }`,
    by: ['pod'],
    burnRate: latency(FAST, COUNT, ['pod']),
  },
  {
    name: 'gauge',
    indicator: 'bool_gauge: { metric: probe_success }',
    burnRate: gauge('probe_success'),
    differs: { why: EDGE, values: ['an outage begins 5m: 0.4, theirs 0.381'] },
  },
  {
    name: 'gauge-by-target',
    indicator: 'bool_gauge: { metric: probe_success, grouping: [target] }',
    by: ['target'],
    burnRate: gauge('probe_success', ['target']),
    differs: { why: EDGE, values: ['an outage begins 5m x: 0.8, theirs 0.762'] },
  },
];

const document = ({ name, indicator }: Objective): string => `apiVersion: pyrra.dev/v1alpha1
kind: ServiceLevelObjective
metadata: { name: ${name} }
spec:
  target: "${OBJECTIVE}"
  window: 4w
  indicator: { ${indicator} }
`;

describe('beside Pyrra', () => {
  let compared: Compared[];
  let got: Got;

  beforeAll(async () => {
    const reading = importPyrra([{ file: 'slos.yaml', text: OBJECTIVES.map(document).join('---\n') }]);
    expect(reading.problems).toEqual([]);
    compared = OBJECTIVES.map(({ name, burnRate, by: labels = [] }) => ({
      our: name,
      theirs: { '5m': burnRate('5m'), '1h': burnRate('1h') },
      by: labels,
    }));
    got = await evaluated(ourRules(reading), expressionsOf(compared), 'promtool');
  });

  it.each(OBJECTIVES.map((o, i) => [o.name, i] as const))('FIELD-41: %s', (_, i) => {
    expect(differences(compared[i]!, got)).toEqual(OBJECTIVES[i]!.differs?.values ?? []);
  });
});
