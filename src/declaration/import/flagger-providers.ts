/**
 * Counters of meshes and ingresses as Flagger's own checks read them. Source: the queries that Flagger publishes for
 * each provider. It asks about the canary alone; an SLO is about a service, so both of its workloads are counted.
 */

/** What queries of Flagger are filled in with. */
export interface CanaryNames {
  readonly name: string;
  readonly namespace: string;
  readonly target: string;
  readonly service: string;
  readonly ingress: string;
  readonly route: string;
}

interface Histogram {
  /** Without `_bucket` and `_count`. */
  readonly metric: string;
  readonly unit: 'ms' | 's';
}

interface Provider {
  matchers(names: CanaryNames): string;
  readonly requests: string;
  /** A matcher of good or bad ones among the requests. */
  readonly good?: string;
  readonly bad?: string;
  /** Null: Flagger itself looks at a mean, which no requests can be counted by. */
  readonly latency: Histogram | null;
}

const POD = '-[0-9a-zA-Z]+(-[0-9a-zA-Z]+)';
const REST = '[0-9a-zA-Z-]+';
const ENVOY: Pick<Provider, 'requests' | 'good' | 'latency'> = {
  requests: 'envoy_cluster_upstream_rq',
  good: 'envoy_response_code!~"5.*"',
  latency: { metric: 'envoy_cluster_upstream_rq_time', unit: 'ms' },
};

const http: Provider = {
  matchers: (n) =>
    `kubernetes_namespace="${n.namespace}",kubernetes_pod_name=~"${n.target}(-primary)?${POD}"`,
  requests: 'http_request_duration_seconds_count',
  good: 'status!~"5.*"',
  latency: { metric: 'http_request_duration_seconds', unit: 's' },
};

const PROVIDERS: Readonly<Record<string, Provider>> = {
  istio: {
    matchers: (n) =>
      `reporter="destination",destination_workload_namespace="${n.namespace}",destination_workload=~"${n.target}(-primary)?"`,
    requests: 'istio_requests_total',
    good: 'response_code!~"5.*"',
    latency: { metric: 'istio_request_duration_milliseconds', unit: 'ms' },
  },
  linkerd: {
    matchers: (n) => `namespace="${n.namespace}",deployment=~"${n.target}(-primary)?",direction="inbound"`,
    requests: 'response_total',
    bad: 'classification="failure"',
    latency: { metric: 'response_latency_ms', unit: 'ms' },
  },
  nginx: {
    matchers: (n) => `namespace="${n.namespace}",ingress="${n.ingress}"`,
    requests: 'nginx_ingress_controller_requests',
    good: 'status!~"5.*"',
    latency: null,
  },
  kubernetes: http,
  appmesh: {
    ...ENVOY,
    matchers: (n) =>
      `kubernetes_namespace="${n.namespace}",kubernetes_pod_name=~"${n.target}(-primary)?${POD}"`,
  },
  contour: {
    ...ENVOY,
    matchers: (n) => `envoy_cluster_name=~"${n.namespace}_${n.service}-(canary|primary)_${REST}"`,
  },
  gloo: {
    ...ENVOY,
    matchers: (n) =>
      `envoy_cluster_name=~"${n.namespace}-${n.target}-(canary|primary)upstream-${REST}_${REST}"`,
  },
  kuma: {
    ...ENVOY,
    matchers: (n) => `service=~"${n.target}-(canary|primary)_${n.namespace}_svc_${REST}"`,
  },
  osm: {
    matchers: (n) =>
      `destination_namespace="${n.namespace}",destination_kind="Deployment",destination_name=~"${n.target}(-primary)?"`,
    requests: 'osm_request_total',
    good: 'response_code!~"5.*"',
    latency: { metric: 'osm_request_duration_ms', unit: 'ms' },
  },
  traefik: {
    matchers: (n) => `service=~"${n.namespace}-${n.target}-(canary|primary)-${REST}@kubernetescrd"`,
    requests: 'traefik_service_request_duration_seconds_count',
    good: 'code!~"5.."',
    latency: { metric: 'traefik_service_request_duration_seconds', unit: 's' },
  },
};

/** Providers whose counters are known here. */
export const FLAGGER_PROVIDERS: readonly string[] = [...Object.keys(PROVIDERS), 'gatewayapi:v1'];

function providerOf(name: string): Provider | undefined {
  if (name.startsWith('gatewayapi:')) return http;
  const plain = name.startsWith('appmesh') ? 'appmesh' : name.startsWith('gloo') ? 'gloo' : name;
  return Object.hasOwn(PROVIDERS, plain) ? PROVIDERS[plain] : undefined;
}

/** Whether the counters of a provider are known, by any of the names that Flagger gives it. */
export const isFlaggerProvider = (name: string): boolean => providerOf(name) !== undefined;

/** A part of the requests and all of them, as selectors of counters. */
export interface ProviderParts {
  readonly part: string;
  readonly partIs: 'good' | 'bad';
  readonly total: string;
}
type Found = ({ readonly ok: true } & ProviderParts) | { readonly ok: false; readonly why: string };

const unknown = (name: string): Found => ({
  ok: false,
  why: `the counters of provider "${name}" are unknown: declare the SLO yourself`,
});

/** What `request-success-rate` counts. */
export function flaggerRequests(provider: string, names: CanaryNames): Found {
  const known = providerOf(provider);
  if (!known) return unknown(provider);
  const shared = known.matchers(names);
  return {
    ok: true,
    part: `${known.requests}{${shared},${known.good ?? known.bad}}`,
    partIs: known.good ? 'good' : 'bad',
    total: `${known.requests}{${shared}}`,
  };
}

/** A bound as Prometheus stores it: 2 as it was exposed, 3 always with a fraction. */
function bucketOf(bound: number): string {
  const text = String(bound);
  return Number.isInteger(bound) ? `le=~"${text}|${text}\\\\.0"` : `le="${text}"`;
}

/** What `request-duration` counts: requests within so many milliseconds, by a bucket at exactly that bound. */
export function flaggerDuration(provider: string, names: CanaryNames, ms: number): Found {
  const known = providerOf(provider);
  if (!known) return unknown(provider);
  if (!known.latency)
    return {
      ok: false,
      why: 'Flagger uses a mean there: no histogram counts slow requests; declare the SLO yourself',
    };
  const { metric, unit } = known.latency;
  const shared = known.matchers(names);
  const bound = unit === 'ms' ? ms : Number((ms / 1_000).toPrecision(12));
  return {
    ok: true,
    part: `${metric}_bucket{${shared},${bucketOf(bound)}}`,
    partIs: 'good',
    total: `${metric}_count{${shared}}`,
  };
}
