/** A label that says how a request ended, and which of its values, as a regular expression, are failures of the server. */
interface StatusLabel {
  readonly label: string;
  readonly bad: string;
}

/** Metrics of requests as a client library, a framework or a proxy exposes them. */
export interface Family {
  readonly protocol: 'HTTP' | 'gRPC';
  /** Who exposes it, for people. */
  readonly from: string;
  /** The counter of requests; of a histogram its `_count`. */
  readonly requests: string;
  /** Best first: the first one that its series have is used. */
  readonly status: readonly StatusLabel[];
  /** The histogram of durations, without `_bucket`; null: it has none. */
  readonly durations: string | null;
  /** Of what its bounds are. */
  readonly unit: 's' | 'ms';
  /** Selects what is counted once, where a metric counts the same request twice. */
  readonly only?: string;
}

const http = (label: string): StatusLabel => ({ label, bad: '5..' });
const HTTP_LABELS = [
  'code',
  'status',
  'status_code',
  'http_status',
  'http_status_code',
  'http_response_status_code',
  'response_code',
].map(http);
/** Codes by which a server says that the failure is its own, as OpenTelemetry counts them. */
const GRPC_NAMES = 'Unknown|DeadlineExceeded|Unimplemented|Internal|Unavailable|DataLoss';
const GRPC_UPPER = 'UNKNOWN|DEADLINE_EXCEEDED|UNIMPLEMENTED|INTERNAL|UNAVAILABLE|DATA_LOSS';
const GRPC_NUMBERS = '2|4|12|13|14|15';

/** A histogram that also counts requests, by their status. */
const histogram = (
  durations: string,
  from: string,
  status: readonly StatusLabel[],
  more: Partial<Family> = {},
): Family => ({
  protocol: 'HTTP',
  from,
  requests: `${durations}_count`,
  status,
  durations,
  unit: durations.endsWith('_milliseconds') || durations.endsWith('_ms') ? 'ms' : 's',
  ...more,
});

/** A counter of requests, and the histogram beside it. */
const counter = (
  requests: string,
  durations: string | null,
  from: string,
  status: readonly StatusLabel[],
  more: Partial<Family> = {},
): Family => ({
  protocol: 'HTTP',
  from,
  requests,
  status,
  durations,
  unit: durations !== null && /_(ms|milliseconds)$/.test(durations) ? 'ms' : 's',
  ...more,
});

const GRPC = { protocol: 'gRPC' } as const;

/** What is known, best first: what a service says of itself goes before what a proxy says of it. */
export const FAMILIES: readonly Family[] = [
  counter(
    'http_requests_total',
    'http_request_duration_seconds',
    'Prometheus client libraries, promhttp, FastAPI instrumentator',
    HTTP_LABELS,
  ),
  counter('http_requests_received_total', 'http_request_duration_seconds', 'prometheus-net', [http('code')]),
  histogram('http_server_requests_seconds', 'Micrometer (Spring Boot, Micronaut, Quarkus)', [http('status')]),
  histogram('http_server_request_duration_seconds', 'OpenTelemetry', [http('http_response_status_code')]),
  histogram('http_server_duration_milliseconds', 'OpenTelemetry before 1.23 of its conventions', [
    http('http_status_code'),
  ]),
  histogram('http_server_duration_seconds', 'OpenTelemetry before 1.23 of its conventions', [
    http('http_status_code'),
  ]),
  histogram(
    'http_request_duration_seconds',
    'express-prom-bundle, promhttp, prometheus-net and others',
    HTTP_LABELS,
  ),
  counter('http_server_requests_total', 'http_server_request_duration_seconds', 'Ruby client (Rack)', [
    http('code'),
  ]),
  counter('flask_http_request_total', 'flask_http_request_duration_seconds', 'Flask exporter', [
    http('status'),
  ]),
  counter(
    'django_http_responses_total_by_status_total',
    'django_http_requests_latency_seconds_by_view_method',
    'django-prometheus',
    [http('status')],
  ),
  counter('gin_requests_total', 'gin_request_duration_seconds', 'Gin middleware', [http('code')]),
  counter('echo_requests_total', 'echo_request_duration_seconds', 'Echo middleware', [http('code')]),
  counter(
    'grpc_server_handled_total',
    'grpc_server_handling_seconds',
    'go-grpc-middleware, grpc-java interceptors',
    [{ label: 'grpc_code', bad: GRPC_NAMES }],
    GRPC,
  ),
  histogram(
    'rpc_server_call_duration_seconds',
    'OpenTelemetry',
    [{ label: 'rpc_response_status_code', bad: GRPC_UPPER }],
    GRPC,
  ),
  histogram(
    'rpc_server_duration_milliseconds',
    'OpenTelemetry before 1.23 of its conventions',
    [{ label: 'rpc_grpc_status_code', bad: GRPC_NUMBERS }],
    GRPC,
  ),
  histogram(
    'rpc_server_duration_seconds',
    'OpenTelemetry',
    [{ label: 'rpc_grpc_status_code', bad: GRPC_NUMBERS }],
    GRPC,
  ),
  histogram(
    'grpc_server_call_duration_seconds',
    'gRPC itself',
    [{ label: 'grpc_status', bad: GRPC_UPPER }],
    GRPC,
  ),
  counter('istio_requests_total', 'istio_request_duration_milliseconds', 'Istio', [http('response_code')], {
    only: 'reporter="destination"',
  }),
  counter('response_total', 'response_latency_ms', 'Linkerd', [{ label: 'classification', bad: 'failure' }], {
    only: 'direction="inbound"',
  }),
  counter(
    'nginx_ingress_controller_requests',
    'nginx_ingress_controller_request_duration_seconds',
    'ingress-nginx',
    [http('status')],
  ),
  counter('traefik_service_requests_total', 'traefik_service_request_duration_seconds', 'Traefik', [
    http('code'),
  ]),
  counter('kong_http_requests_total', 'kong_request_latency_ms', 'Kong', [http('code')]),
  histogram('caddy_http_request_duration_seconds', 'Caddy', [http('code')]),
];

/** Labels that name a service, best first: those of proxies name the one behind them. */
export const SERVICE_LABELS: readonly string[] = [
  'service',
  'service_name',
  'app',
  'app_kubernetes_io_name',
  'application',
  'job',
  'exported_service',
  'destination_canonical_service',
  'destination_service_name',
  'deployment',
  'container',
  'ingress',
];

/** Labels that tell versions of a service apart, best first. */
export const REVISION_LABELS: readonly string[] = [
  'rollouts_pod_template_hash',
  'revision',
  'pod_template_hash',
  'version',
];

/** Every metric that a proposal may be made from. */
export const KNOWN_METRICS: readonly string[] = [
  ...new Set(
    FAMILIES.flatMap((f) => [
      f.requests,
      ...(f.durations === null ? [] : [`${f.durations}_count`, `${f.durations}_bucket`]),
    ]),
  ),
];
