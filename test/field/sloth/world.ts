/**
 * Services that live through everything that changes a ratio, scraped every 15 seconds: an outage, a process that
 * begins anew, a time without a request, a pod that is new. Everything is told by minutes.
 */
const SCRAPES_A_MINUTE = 4;

interface Phase {
  readonly minutes: number;
  /** Requests between two scrapes, and those of them that fail and are slow. */
  readonly all: number;
  readonly bad: number;
}
const HEALTHY = { all: 200, bad: 2 };
const PHASES: readonly Phase[] = [
  { minutes: 66, ...HEALTHY },
  { minutes: 11, all: 200, bad: 90 },
  { minutes: 19, ...HEALTHY },
  { minutes: 16, all: 0, bad: 0 },
  { minutes: 28, ...HEALTHY },
];
const RESTART = 87;
const NEW_POD = 122;

/** When it is looked at: minutes, on the grid of our tiles. */
export const MOMENTS = {
  healthy: 65,
  'an outage begins': 70,
  outage: 75,
  recovery: 85,
  reset: 90,
  'after the reset': 95,
  quiet: 105,
  'still quiet': 110,
  'after the quiet': 120,
  'a new pod': 125,
  'an hour later': 140,
} as const;
export type Moment = keyof typeof MOMENTS;

const STEPS = PHASES.flatMap((p) => Array.from({ length: p.minutes * SCRAPES_A_MINUTE }, () => p));

interface Life {
  readonly from?: number;
  /** Where it begins anew at 0. */
  readonly restart?: number;
  /** The value of the first sample: what a counter that is made by its first event shows. */
  readonly first?: number;
}

/** A counter as it is scraped, `_` where there is none yet. */
function counter(of: (p: Phase) => number, { from = 0, restart = Infinity, first = 0 }: Life = {}): string {
  let value = first;
  const values = [null, ...STEPS].map((phase, i) => {
    if (i < from * SCRAPES_A_MINUTE) return '_';
    if (i === restart * SCRAPES_A_MINUTE) value = 0;
    if (phase && i > from * SCRAPES_A_MINUTE) value += of(phase);
    return String(value);
  });
  return values.join(' ');
}
const gauge = (of: (p: Phase) => number | 'NaN'): string =>
  [STEPS[0]!, ...STEPS].map((p) => String(of(p))).join(' ');

const good = (p: Phase) => p.all - p.bad;
const bad = (p: Phase) => p.bad;
const all = (p: Phase) => p.all;
const some = (share: number, of: (p: Phase) => number) => (p: Phase) => Math.round(share * of(p));

/** Requests by code of one pod, with its histogram: what fails is slow, and everything ends within two seconds. */
function pod(labels: string, life: Life): Record<string, string> {
  const series = (name: string, more: string, of: (p: Phase) => number) => ({
    [`${name}{${[labels, more].filter(Boolean).join(',')}}`]: counter(of, life),
  });
  return {
    ...series('http_requests_total', 'code="200"', some(0.9, good)),
    ...series('http_requests_total', 'code="302"', (p) => good(p) - Math.round(0.9 * good(p))),
    ...series('http_requests_total', 'code="500"', (p) => p.bad - Math.floor(p.bad / 2)),
    ...series('http_requests_total', 'code="503"', (p) => Math.floor(p.bad / 2)),
    ...series('http_request_duration_seconds_bucket', 'le="0.1"', some(0.5, good)),
    ...series('http_request_duration_seconds_bucket', 'le="0.5"', good),
    ...series('http_request_duration_seconds_bucket', 'le="2.5"', all),
    ...series('http_request_duration_seconds_bucket', 'le="+Inf"', all),
    ...series('http_request_duration_seconds_count', '', all),
  };
}

const API = {
  ...pod('job="api",pod="a"', { restart: RESTART }),
  ...pod('job="api",pod="b"', { from: NEW_POD }),
};

/** Counters of one metric that are all of it or its failures, without pods. */
const pair = (name: string, ok: string, failed: string): Record<string, string> => ({
  [`${name}{${ok}}`]: counter(good, { restart: RESTART }),
  [`${name}{${failed}}`]: counter(bad, { restart: RESTART }),
});

/** Two clusters: the small one fails three times as often. */
const CLUSTERS = Object.fromEntries(
  (['big', 'small'] as const).flatMap((cluster) =>
    (['in', 'out'] as const).flatMap((way) => {
      const failing = cluster === 'small' ? (p: Phase) => Math.min(p.all / 2, 3 * p.bad) : bad;
      const labels = `cluster="${cluster}",way="${way}"`;
      return [
        [`grpc_server_handled_total{${labels},grpc_code="OK"}`, counter((p) => p.all - failing(p))],
        [`grpc_server_handled_total{${labels},grpc_code="Internal"}`, counter(failing)],
      ];
    }),
  ),
);

export const SERIES: Readonly<Record<string, string>> = {
  ...API,
  ...CLUSTERS,
  ...pair(
    'traefik_service_requests_total',
    'service="shop@docker",code="200"',
    'service="shop@docker",code="502"',
  ),
  ...pair(
    'istio_requests_total',
    'destination_service_name="shop",destination_service_namespace="prod",response_code="200"',
    'destination_service_name="shop",destination_service_namespace="prod",response_code="429"',
  ),
  ...pair('coredns_dns_responses_total', 'rcode="NOERROR"', 'rcode="SERVFAIL"'),
  // Each its own metric.
  'jobs_done_total{queue="mail"}': counter(good),
  'jobs_failed_total{queue="mail"}': counter(bad),
  'jobs_timed_out_total{queue="mail"}': counter(some(0.5, bad)),
  'health_checks_total{job="api"}': counter(some(0.1, all), { restart: RESTART }),
  // A code that nobody had seen before: its counter is made by its first events.
  'late_total{code="200"}': counter(all),
  'late_total{code="500"}': counter(() => 0, { from: NEW_POD, first: 40 }),
  // Numbers that are ready-made.
  'probe_success{target="x"}': gauge((p) => (p.bad > 10 ? 0 : 1)),
  'probe_success{target="y"}': gauge(() => 1),
  'unready_pods{deployment="api"}': gauge((p) => (p.bad > 10 ? 3 : 0)),
  'wanted_pods{deployment="api"}': gauge(() => 4),
  'job:errors:rate5m{job="api"}': gauge((p) => p.bad / 15),
  'job:requests:rate5m{job="api"}': gauge((p) => p.all / 15),
  'job:error_ratio{job="api"}': gauge((p) => (p.all === 0 ? 'NaN' : p.bad / p.all)),
};
