/** What a specification of Sloth says of one SLI, in the shapes in which people write it. */
export interface Spec {
  readonly name: string;
  readonly sli: string;
  /** Where Sloth needs code of its own for it: the same written out. */
  readonly written?: string;
  /** As a Kubernetes resource. */
  readonly resource?: true;
  /** Labels by which it gives a ratio each. */
  readonly by?: readonly string[];
}

const W = '[{{.window}}]';
const events = (error: string, total: string) =>
  `events:\n  error_query: ${JSON.stringify(error)}\n  total_query: ${JSON.stringify(total)}`;
const raw = (query: string) => `raw:\n  error_ratio_query: ${JSON.stringify(query)}`;
const block = (text: string, indent = '    ') =>
  text
    .split('\n')
    .map((l) => indent + l)
    .join('\n');

const REQUESTS = 'http_requests_total{job="api"}';
const FAILED = 'http_requests_total{job="api",code=~"5.."}';
const OK = 'http_requests_total{job="api",code!~"5.."}';
const E = `sum(rate(${FAILED}${W}))`;
const A = `sum(rate(${REQUESTS}${W}))`;
const G = `sum(rate(${OK}${W}))`;
const SECONDS = 'http_request_duration_seconds';
const FAST = `sum(rate(${SECONDS}_bucket{job="api",le="0.5"}${W}))`;
const COUNT = `sum(rate(${SECONDS}_count{job="api"}${W}))`;
const GRPC = 'grpc_server_handled_total';
const BAD_GRPC = `${GRPC}{grpc_code!="OK"}`;

/** At least one of every shape that public files have. */
export const SPECS: readonly Spec[] = [
  { name: 'counters by code', sli: events(E, A) },
  { name: 'increase', sli: events(`sum(increase(${FAILED}${W}))`, `sum(increase(${REQUESTS}${W}))`) },
  { name: 'irate', sli: events(`sum(irate(${FAILED}${W}))`, `sum(irate(${REQUESTS}${W}))`) },
  {
    name: 'blanks in the window',
    sli: events(E.replaceAll(W, '[{{ .window }}]'), A.replaceAll(W, '[{{.window }}]')),
  },
  {
    name: 'a sum of metrics',
    sli: events(
      `sum(rate(jobs_failed_total${W})) + sum(rate(jobs_timed_out_total${W}))`,
      `sum(rate(jobs_done_total${W})) + sum(rate(jobs_failed_total${W})) + sum(rate(jobs_timed_out_total${W}))`,
    ),
  },
  { name: 'a difference', sli: events(`${A} - ${G}`, A) },
  { name: 'a difference in brackets', sli: events(`((${A}) - (${G}))`, `(${A})`) },
  { name: 'a difference turned round', sli: events(`-(${G} - ${A})`, A) },
  { name: 'a total that is above none', sli: events(E, `${A} > 0`) },
  { name: 'errors above none', sli: events(`sum(rate(${FAILED}${W}) > 0) or vector(0)`, A) },
  { name: 'or vector(0)', sli: events(`${E} or vector(0)`, A) },
  { name: 'errors of which there are none', sli: events(`sum(rate(never_total${W})) or vector(0)`, A) },
  { name: 'or on() vector(0)', sli: events(`(${E}) or on() vector(0)`, A) },
  { name: 'or nothing of the total', sli: events(`${E} or (0 * ${A})`, A) },
  { name: 'clamp_min of the total', sli: events(E, `clamp_min(${A}, 0.001)`) },
  { name: 'clamp_min of a difference', sli: events(`clamp_min(${A} - ${G}, 0)`, A) },
  { name: 'per cent on both sides', sli: events(`${E} * 100`, `100 * ${A}`) },
  { name: 'per minute', sli: events(`${E} * 60`, `60 * ${A}`) },
  {
    name: 'comments',
    sli: `events:\n  error_query: |\n    # What fails.\n${block(`sum(rate(\n  ${FAILED}${W} # by code\n))`)}\n  total_query: |\n${block(`${A} # all`)}`,
  },
  {
    name: 'folded lines',
    sli: `events:\n  error_query: >-\n    sum(\n      rate(${FAILED}${W})\n    )\n  total_query: >\n    ${A}`,
  },
  { name: 'single quotes', sli: events(`sum(rate(http_requests_total{job='api',code=~'5..|429'}${W}))`, A) },
  { name: 'an exact code', sli: events(`sum(rate(http_requests_total{job="api",code="503"}${W}))`, A) },
  {
    name: 'some codes left out',
    sli: events(E, `sum(rate(http_requests_total{job="api",code!="302"}${W}))`),
  },
  {
    name: 'a name as a label',
    sli: events(`sum(rate({__name__="http_requests_total",job="api",code=~"5.."}${W}))`, A),
  },
  {
    name: 'a sum of sums',
    sli: events(`sum(sum by (code) (rate(${FAILED}${W})))`, `sum(sum by (pod) (rate(${REQUESTS}${W})))`),
  },
  { name: 'series as they are', sli: events(`rate(jobs_failed_total${W})`, `rate(jobs_done_total${W})`) },
  {
    name: 'written labels',
    sli: events(`sum(label_replace(rate(${FAILED}${W}), "x", "$1", "code", "(.).."))`, A),
  },
  {
    name: 'something taken off both',
    sli: events(E, `${A} - sum(rate(health_checks_total{job="api"}${W}))`),
  },
  {
    name: 'by cluster',
    by: ['cluster'],
    sli: events(`sum by (cluster) (rate(${BAD_GRPC}${W}))`, `sum by (cluster) (rate(${GRPC}${W}))`),
  },
  {
    name: 'by cluster, behind',
    by: ['cluster'],
    sli: events(`sum(rate(${BAD_GRPC}${W})) by (cluster)`, `sum(rate(${GRPC}${W})) by (cluster)`),
  },
  {
    name: 'by cluster and way',
    by: ['cluster', 'way'],
    sli: events(
      `sum by (way, cluster) (increase(${BAD_GRPC}${W}))`,
      `sum by (cluster, way) (increase(${GRPC}${W}))`,
    ),
  },
  {
    name: 'by cluster, in one',
    by: ['cluster'],
    sli: raw(
      `1 - sum by (cluster) (rate(${GRPC}{grpc_code="OK"}${W})) / sum by (cluster) (rate(${GRPC}${W}))`,
    ),
  },
  {
    name: 'by cluster, a guard',
    by: ['cluster'],
    sli: events(
      `sum by (cluster) (rate(${BAD_GRPC}${W})) or 0 * sum by (cluster) (rate(${GRPC}${W}))`,
      `sum by (cluster) (rate(${GRPC}${W})) > 0`,
    ),
  },
  { name: 'a latency', sli: events(`${COUNT} - ${FAST}`, COUNT) },
  {
    name: 'a latency between two buckets',
    sli: events(`sum(rate(${SECONDS}_bucket{le="+Inf",job="api"}${W})) - ${FAST}`, COUNT),
  },
  { name: 'a latency in one', sli: raw(`1 - (${FAST} / ${COUNT})`) },
  { name: 'a ratio', sli: raw(`${E} / ${A}`) },
  { name: 'a ratio in brackets', sli: raw(`(((${E}))\n/\n((${A})))`) },
  { name: 'one less a ratio', sli: raw(`1 - ${G} / ${A}`) },
  { name: 'a difference over a total', sli: raw(`(${A} - ${G}) / ${A}`) },
  { name: 'a percentage as a share', sli: raw(`(100 - 100 * (${G} / ${A})) / 100`) },
  { name: 'a ratio or none', sli: raw(`(${E} / (${A} > 0)) or vector(0)`) },
  { name: 'a ratio that is kept in bounds', sli: raw(`clamp_max(clamp_min(1 - (${G} / ${A}), 0), 1)`) },
  { name: 'an average of a probe', sli: raw(`1 - avg(avg_over_time(probe_success${W}))`) },
  {
    name: 'a probe, counted',
    sli: events(
      `sum(count_over_time(probe_success${W})) - sum(sum_over_time(probe_success${W}))`,
      `sum(count_over_time(probe_success${W}))`,
    ),
  },
  {
    name: 'a probe, in one',
    sli: raw(`1 - (sum(sum_over_time(probe_success${W})) / sum(count_over_time(probe_success${W})))`),
  },
  { name: 'an average of a ratio', sli: raw(`avg_over_time(job:error_ratio${W})`) },
  {
    name: 'averages of rates',
    sli: events(`sum(avg_over_time(job:errors:rate5m${W}))`, `sum(avg_over_time(job:requests:rate5m${W}))`),
  },
  {
    name: 'sums of rates of a rule',
    sli: events(`sum(sum_over_time(job:errors:rate5m${W}))`, `sum(sum_over_time(job:requests:rate5m${W}))`),
  },
  { name: 'an average of averages', sli: raw(`max(avg_over_time(job:error_ratio{job="api"}${W}))`) },
  {
    name: 'a total or one',
    sli: events(`${E} or vector(0)`, `(${A} > 0) or vector(1)`),
  },
  {
    name: 'times with too little',
    sli: raw(`1 - avg_over_time((sum(probe_success) >= bool 2)[{{.window}}:30s])`),
  },
  {
    name: 'pods that are not ready',
    sli: events(`sum(sum_over_time(unready_pods${W}))`, `sum(sum_over_time(wanted_pods${W}))`),
  },
  {
    name: 'an offset',
    sli: events(`sum(rate(${FAILED}${W} offset 2m))`, `sum(rate(${REQUESTS}${W} offset 2m))`),
  },
  {
    name: 'a quantile above a bound',
    sli: raw(`histogram_quantile(0.9, sum by (le) (rate(${SECONDS}_bucket{job="api"}${W}))) > bool 0.5`),
  },
  {
    name: 'a code never seen before',
    sli: events(`sum(rate(late_total{code="500"}${W})) or vector(0)`, `sum(rate(late_total${W}))`),
  },
  { name: 'a resource', resource: true, sli: events(E, A) },
  { name: 'a resource in one', resource: true, sli: raw(`${E} / ${A}`) },
  {
    name: 'plugin of traefik',
    sli: 'plugin:\n  id: sloth-common/traefik/v2/availability\n  options: { service_name_regex: "shop@.*" }',
    written: events(
      `sum(rate(traefik_service_requests_total{service=~"shop@.*",code=~"5.."}${W}))`,
      `sum(rate(traefik_service_requests_total{service=~"shop@.*"}${W}))`,
    ),
  },
  {
    name: 'plugin of istio',
    sli: 'plugin:\n  id: sloth-common/istio/v1/availability\n  options: { service: shop, namespace: prod }',
    written: events(
      `sum(rate(istio_requests_total{destination_service_name="shop",destination_service_namespace="prod",response_code=~"(5..|429)"}${W}))`,
      `sum(rate(istio_requests_total{destination_service_name="shop",destination_service_namespace="prod"}${W}))`,
    ),
  },
  {
    name: 'plugin of coredns',
    sli: 'plugin:\n  id: sloth-common/coredns/availability',
    written: events(
      `sum(rate(coredns_dns_responses_total{rcode=~"SERVFAIL"}${W}))`,
      `sum(rate(coredns_dns_responses_total${W}))`,
    ),
  },
];
