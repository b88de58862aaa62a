const routes = (kind: string) => ({
  target: { group: 'gateway.networking.k8s.io', kind },
  paths: ['/spec/rules'],
});

/**
 * What Argo Rollouts and autoscalers write is not drift. Flux names fields by JSON pointers, which know no "of every
 * entry": where a weight is in a list, the whole list is left alone.
 */
export const WRITTEN_BY_ROLLOUTS: readonly object[] = [
  ...['HTTPRoute', 'GRPCRoute', 'TCPRoute', 'TLSRoute'].map(routes),
  {
    target: { group: 'networking.istio.io', kind: 'VirtualService' },
    paths: ['/spec/http', '/spec/tls', '/spec/tcp'],
  },
  { target: { group: 'networking.istio.io', kind: 'DestinationRule' }, paths: ['/spec/subsets'] },
  ...['traefik.io', 'traefik.containo.us'].map((group) => ({
    target: { group, kind: 'TraefikService' },
    paths: ['/spec/weighted/services'],
  })),
  { target: { group: 'split.smi-spec.io', kind: 'TrafficSplit' }, paths: ['/spec/backends'] },
  { target: { version: 'v1', kind: 'Service' }, paths: ['/spec/selector/rollouts-pod-template-hash'] },
  { target: { group: 'argoproj.io', kind: 'Rollout' }, paths: ['/spec/replicas'] },
];
