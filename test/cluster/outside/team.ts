/**
 * Three Rollouts as another team wrote them, unlike each other and unlike our chart: none has a label of ours, none a
 * version in a label, and their metrics are told apart by what their own Prometheus copies from pods.
 */
export const OUTSIDE = 'outside';
export const TEAM = ['books', 'orders', 'search'] as const;
export type TeamService = (typeof TEAM)[number];
/** The key of the Secret from which their analyses take the header that their Prometheus wants. */
const TOKEN_SECRET = { name: 'monitoring-token', key: 'header' } as const;

const image = (version: string): string => `sluice.invalid/shop-checkout:${version}`;
/** Where users reach one of them. */
export const hostOfTeam = (service: TeamService): string => `${service}.${OUTSIDE}.internal`;
const metadata = (name: string, more: object = {}): object => ({ name, namespace: OUTSIDE, ...more });
/** Little: what is judged within seconds beside them comes first. */
const resources = { requests: { cpu: '4m', memory: '32Mi' }, limits: { memory: '192Mi' } };
const payment = '--edge=payment=http://$(PAYMENT_SERVICE_HOST):$(PAYMENT_SERVICE_PORT)';

/** Their program: the shop's checkout, under the name that they gave its container. */
const container = (name: string, version: string): object => ({
  name,
  image: image(version),
  imagePullPolicy: 'Never',
  args: [payment],
  ports: [{ name: 'http', containerPort: 8080 }],
  readinessProbe: {
    httpGet: { path: '/healthz', port: 8080 },
    periodSeconds: 1,
    timeoutSeconds: 5,
    failureThreshold: 10,
  },
  lifecycle: { preStop: { sleep: { seconds: 8 } } },
  resources,
});
/** Beside it, and before it in the list: what takes an image of its own and never is the artefact. */
const mesh = {
  name: 'mesh',
  image: 'sluice.invalid/shop-cart:1.0.0',
  imagePullPolicy: 'Never',
  command: ['/usr/bin/node', '-e', 'setInterval(() => {}, 1e9)'],
  resources,
};
const pods = (app: string, containers: readonly object[], labels: object = {}): object => ({
  metadata: { labels: { app, ...labels }, annotations: { 'prometheus.io/scrape': 'true' } },
  spec: { terminationGracePeriodSeconds: 16, containers },
});
const service = (name: string, app: string): object => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: metadata(name, { labels: { app } }),
  spec: { selector: { app }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
});
const ingress = (app: TeamService, backend: string): object => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: metadata(app),
  spec: {
    ingressClassName: 'nginx',
    rules: [
      {
        host: hostOfTeam(app),
        http: {
          paths: [
            {
              path: '/',
              pathType: 'Prefix',
              backend: { service: { name: backend, port: { number: 80 } } },
            },
          ],
        },
      },
    ],
  },
});
const rollout = (name: string, spec: object): object => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  metadata: metadata(name),
  spec: { revisionHistoryLimit: 3, selector: { matchLabels: { app: name } }, ...spec },
});
const template = (name: string, args: readonly object[], metric: object): object => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AnalysisTemplate',
  metadata: metadata(name),
  spec: { args: [...args, { name: 'token', valueFrom: { secretKeyRef: TOKEN_SECRET } }], metrics: [metric] },
});
const asks = (address: string, query: string): object => ({
  prometheus: { address, headers: [{ key: 'Authorization', value: '{{args.token}}' }], query },
});

/** Label `app` alone, a sidecar first, a route by nginx, pauses without an end, and an analysis beside all of them. */
const books = (prometheus: string): object[] => [
  service('books-stable', 'books'),
  service('books-canary', 'books'),
  ingress('books', 'books-stable'),
  template('books-success', [{ name: 'app' }], {
    name: 'success-rate',
    initialDelay: '60s',
    interval: '60s',
    // Their own limit is patient: what ours says comes first.
    failureLimit: 3,
    successCondition: 'result[0] >= 0.95',
    provider: asks(
      prometheus,
      `sum(rate(http_requests_total{app="{{args.app}}",code!~"5.."}[2m])) / sum(rate(http_requests_total{app="{{args.app}}"}[2m]))`,
    ),
  }),
  rollout('books', {
    replicas: 1,
    strategy: {
      canary: {
        stableService: 'books-stable',
        canaryService: 'books-canary',
        abortScaleDownDelaySeconds: 5,
        trafficRouting: { nginx: { stableIngress: 'books' } },
        analysis: {
          templates: [{ templateName: 'books-success' }],
          startingStep: 1,
          args: [{ name: 'app', value: 'books' }],
        },
        steps: [{ setWeight: 25 }, { pause: {} }, { setWeight: 60 }, { pause: {} }],
      },
    },
    template: pods('books', [mesh, container('books', '1.0.0')]),
  }),
];

/** The pod template is that of a Deployment, and an analysis of its own asks for the canary alone. */
const orders = (prometheus: string): object[] => [
  service('orders', 'orders'),
  ingress('orders', 'orders'),
  template('orders-errors', [{ name: 'hash' }], {
    name: 'error-rate',
    count: 1,
    interval: '15s',
    failureLimit: 0,
    failureCondition: 'len(result) > 0 && result[0] > 0.02',
    provider: asks(
      prometheus,
      `sum(rate(http_requests_total{app="orders",rollouts_pod_template_hash="{{args.hash}}",code=~"5.."}[1m])) / sum(rate(http_requests_total{app="orders",rollouts_pod_template_hash="{{args.hash}}"}[1m]))`,
    ),
  }),
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata('orders'),
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: 'orders' } },
      template: pods('orders', [container('app', '1.0.0')], { tier: 'backend' }),
    },
  },
  rollout('orders', {
    replicas: 2,
    workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'orders' },
    strategy: {
      canary: {
        maxSurge: 1,
        maxUnavailable: 0,
        steps: [
          { setWeight: 50 },
          // At least two scrapes after it was noticed: what ends sooner is judged by nothing.
          { pause: { duration: '45s' } },
          {
            analysis: {
              templates: [{ templateName: 'orders-errors' }],
              args: [{ name: 'hash', valueFrom: { podTemplateHashValue: 'Latest' } }],
            },
          },
        ],
      },
    },
  }),
];

/** No route, no analysis: weights and pauses alone, by the numbers of pods. */
const search = (): object[] => [
  service('search', 'search'),
  ingress('search', 'search'),
  rollout('search', {
    replicas: 3,
    strategy: {
      canary: {
        maxSurge: 1,
        maxUnavailable: 0,
        steps: [
          { setWeight: 33 },
          { pause: { duration: '20s' } },
          { setWeight: 66 },
          { pause: { duration: '20s' } },
        ],
      },
    },
    template: pods('search', [container('search', '1.0.0')]),
  }),
];

/** Everything of theirs; `prometheus`: where it answers, with `header` alone. */
export const teamObjects = (prometheus: string, header: string): object[] => [
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: metadata(TOKEN_SECRET.name),
    stringData: { [TOKEN_SECRET.key]: header },
  },
  // Before the pods that are told of it by their environment.
  service('payment', 'payment'),
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata('payment'),
    spec: {
      selector: { matchLabels: { app: 'payment' } },
      template: {
        metadata: { labels: { app: 'payment' } },
        spec: {
          containers: [
            {
              name: 'payment',
              image: 'sluice.invalid/shop-payment:1.0.0',
              imagePullPolicy: 'Never',
              readinessProbe: {
                httpGet: { path: '/healthz', port: 8080 },
                periodSeconds: 1,
                timeoutSeconds: 5,
              },
              resources: { ...resources, requests: { cpu: '12m', memory: '32Mi' } },
            },
          ],
        },
      },
    },
  },
  ...books(prometheus),
  ...orders(prometheus),
  ...search(),
];

/** Where the pod template of a service is kept, and which container of it is the service. */
const TEMPLATES: Readonly<Record<TeamService, { readonly kind: string; readonly container: number }>> = {
  books: { kind: 'rollout', container: 1 },
  orders: { kind: 'deployment', container: 0 },
  search: { kind: 'rollout', container: 0 },
};

/** What one of them does to change its pod template: arguments of kubectl. */
function change(service: TeamService, field: string, value: unknown): string[] {
  const { kind, container: index } = TEMPLATES[service];
  const path = `/spec/template/spec/containers/${index}/${field}`;
  return [
    'patch',
    kind,
    service,
    '-n',
    OUTSIDE,
    '--type=json',
    '-p',
    JSON.stringify([{ op: 'add', path, value }]),
  ];
}
export const toVersion = (service: TeamService, version: string): string[] =>
  change(service, 'image', image(version));
export const toConfiguration = (service: TeamService, level: string): string[] =>
  change(service, 'env', [{ name: 'LOG_LEVEL', value: level }]);
