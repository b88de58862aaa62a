/** The availability of a service as OpenSLO has it: what most tests need and none is about. */
export const availabilitySlo = (service: string, objective = 0.999): string => `apiVersion: openslo/v1
kind: SLO
metadata: { name: ${service}-availability }
spec:
  service: ${service}
  indicator:
    spec:
      ratioMetric:
        counter: true
        good: { metricSource: { type: Prometheus, spec: { query: 'http_requests_total{service="${service}",code!~"5.."}' } } }
        total: { metricSource: { type: Prometheus, spec: { query: 'http_requests_total{service="${service}"}' } } }
  timeWindow: [{ duration: 30d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: ${objective} }]
`;

/** Requests of a service within 300 ms, by its histogram. */
export const latencySlo = (service: string, objective = 0.95): string => `apiVersion: openslo/v1
kind: SLO
metadata: { name: ${service}-latency }
spec:
  service: ${service}
  indicator:
    spec:
      ratioMetric:
        counter: true
        good: { metricSource: { type: Prometheus, spec: { query: 'http_request_duration_seconds_bucket{service="${service}",le="0.3"}' } } }
        total: { metricSource: { type: Prometheus, spec: { query: 'http_request_duration_seconds_count{service="${service}"}' } } }
  timeWindow: [{ duration: 30d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: ${objective} }]
`;
