/** A declaration in which every setting of a Platform and of an SLO stands, with a value that is not its default. */
export const EVERYTHING = {
  'slos.yaml': `apiVersion: openslo/v1
kind: SLO
metadata: { name: checkout-availability, labels: { team: shop }, annotations: { sluice.dev/group-by: route, sluice.dev/runbook: 'https://runbooks.example/a' } }
spec:
  description: orders go through
  service: checkout
  indicator:
    spec:
      ratioMetric:
        counter: true
        good: { metricSource: { type: Prometheus, spec: { query: 'http_requests_total{service="checkout",code!~"5.."}' } } }
        total: { metricSource: { type: Prometheus, spec: { query: 'http_requests_total{service="checkout"}' } } }
  timeWindow: [{ duration: 30d, isRolling: true }]
  budgetingMethod: Occurrences
  objectives: [{ target: 0.999 }]
  alertPolicies:
    - kind: AlertPolicy
      metadata: { name: fast }
      spec:
        conditions: [{ kind: AlertCondition, metadata: { name: c }, spec: { severity: page, condition: { kind: burnrate, op: gte, threshold: 3, lookbackWindow: 1h, alertAfter: 5m } } }]
        notificationTargets: [{ kind: AlertNotificationTarget, metadata: { name: t }, spec: { target: team } }]
---
apiVersion: openslo/v1
kind: SLO
metadata: { name: checkout-uptime }
spec:
  service: checkout
  indicator:
    spec:
      ratioMetric:
        counter: true
        bad: { metricSource: { spec: { query: 'http_requests_total{service="checkout",code=~"5.."}' } } }
        total: { metricSource: { spec: { query: 'http_requests_total{service="checkout"}' } } }
  timeWindow: [{ duration: 1M, isRolling: false, calendar: { startTime: '2026-01-01 00:00:00', timeZone: Europe/Berlin } }]
  budgetingMethod: Timeslices
  objectives: [{ target: 0.99, timeSliceTarget: 0.95, timeSliceWindow: 5m }]
`,
  'platform.yaml': `apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: everything, namespace: platform }
spec:
  environments:
    - name: stage
      validation: k6
      prometheus: { address: 'http://prometheus.stage:9090', basic: { username: u, secretRef: { env: P } } }
      load: { duration: 45s, address: 'http://{service}.{environment}', targets: [{ service: checkout, path: /, rps: 50 }] }
    - name: prod-eu
      mode: enforce
      validation: canary-multi-window
      prometheus:
        address: 'http://prometheus:9090'
        version: '2.53'
        scrapeInterval: 10s
        evaluationInterval: 30s
        budgetInterval: 5m
        timeout: 7s
        lateness: 20s
        bearer: { secretRef: { env: TOKEN } }
        mtls: { cert: { secretRef: { file: /c } }, key: { secretRef: { file: /k } }, ca: { secretRef: { file: /ca } } }
        tenant: { header: X-Tenant, value: shop }
        rolloutSecret: { name: metrics, key: header }
      after: [stage]
      stage: prod
      wave: 1
      branch: production
      strategy: { steps: [10, 100], warmUp: 40s, dwell: 90s, dwellAtFull: 15m, deadline: 20m, hold: 2h, lowTraffic: { longest: 2d, hours: { days: [mon, tue], from: '08:00', to: '16:00', timeZone: Europe/Berlin }, synthetic: { label: route, value: /probe } } }
      judgeInterval: 30s
      delivery: argo-rollouts
      sync: flux
      cluster: { server: 'https://cluster', namespace: shop, kubeconfig: { secretRef: { file: /kube } }, context: eu }
      promotion: { soak: 10m, autoMerge: true, autoRevert: true }
      burn: { fast: { window: 5m, threshold: 12 }, slow: { window: 1h, threshold: 4 } }
      budget: { window: 1m, holds: true }
    - { name: prod-us, prometheus: { address: 'http://us:9090' }, stage: prod, wave: 2, mode: observe }
  services:
    - name: checkout
      team: shop
      environments: [stage, prod-eu, prod-us]
      slos: [checkout-availability]
      burnSlos: [checkout-uptime]
      revisionLabel: rev
      versionLabel: ver
      rollout: checkout-web
      container: app
      namespace: checkout-{environment}
      strategy: { steps: [25, 50, 100], warmUp: 20s, dwell: 2m, dwellAtFull: 12m, deadline: 40m, hold: 3h, lowTraffic: { longest: 3d, hours: { days: [mon, tue], from: '08:00', to: '16:00', timeZone: Europe/Berlin }, synthetic: { label: route, value: /probe } } }
      guards: [{ name: memory, query: 'max(memory)', min: 1, max: 100, noData: fail, for: 30s }]
      run: { command: [node, service.js], health: /ok, metrics: /m }
  links: [{ name: Logs, url: 'https://logs.example/{service}/{environment}' }]
  strategy: { steps: [30, 100], warmUp: 10s, dwell: 30s, dwellAtFull: 40s, deadline: 10m, hold: 1h, lowTraffic: { longest: 4d, hours: { days: [mon, tue], from: '08:00', to: '16:00', timeZone: Europe/Berlin }, synthetic: { label: route, value: /probe } } }
  evidence: { edition: 2, tolerance: 3, detect: 12, rho: 1.5, alpha: 0.002, beta: 0.06, minBad: 6, witnesses: 3, compare: false }
  recovery: { looks: 3, burnBelow: 0.9, for: 6m }
  repository: { path: ./desired, branch: release, poll: 3s }
  ledger:
    postgres: { url: { secretRef: { env: DATABASE } } }
    signing: { key: { secretRef: { env: ANCHOR_KEY } } }
  kubernetes:
    serverSecret: { name: sluice, key: asking }
    server: http://sluice.tools:7117
    argoCd: { repository: 'https://git/desired', namespace: cd, kubeconfig: { secretRef: { file: /cd } }, context: c, webhookToken: { secretRef: { env: CD } }, chart: charts/one }
    flux: { repository: 'ssh://git/desired', secret: git, namespace: flux, serviceAccount: deployer, monitoring: true, chart: charts/two }
  alerts:
    webhook: http://hook
    runbook: http://runbooks/{alert}
    ladder: false
    minBad: 7
    labels: { tier: one }
    noData: { enabled: true, after: 20m, severity: page }
    receivers: [{ name: team, webhook: { url: 'http://team' }, sendResolved: false }]
    routes: [{ receiver: team, severity: page, environments: [stage], services: [checkout] }]
  maintenance: [{ from: '2026-03-01T00:00:00Z', to: '2026-03-01T02:00:00Z', reason: disks, services: [checkout], environments: [stage] }]
  notifications: [{ name: chat, on: [denied, freeze], environments: [stage], services: [checkout], slack: { channel: '#shop', token: { secretRef: { env: SLACK } }, address: 'http://slack' } }]
  policy:
    budget: { block: 0.05, warn: 0.2 }
    freeze: { budget: 0.01, recover: 0.1, for: 7m, onBurn: true }
    history: { maxFailed: 2, within: 2d }
    risk: { maxServices: 3 }
    exempt: { emergency: [sev1, sev2], security: [cve] }
    waiver: { max: 12h, secondPerson: true }
    validFor: 8m
    server: { address: 'http://opa', bearer: { secretRef: { env: OPA } } }
    bundle: { path: team.tar.gz, digest: 'sha256:${'a'.repeat(64)}' }
  freezes:
    - { name: weekend, reason: nobody is here, environments: [stage], services: [checkout], timeZone: Europe/Berlin, start: '2026-01-02T16:00', duration: 64h, rrule: 'FREQ=WEEKLY;BYDAY=FR' }
    - { name: year-end, reason: nobody is here, timeZone: Europe/Berlin, start: '2026-12-18T18:00', end: '2027-01-07T08:00' }
  forge:
    gitea: { address: 'http://gitea', repository: a/b, token: { secretRef: { env: G } }, webhookSecret: { secretRef: { env: W } } }
    branch: release
    check: sluice/other
    declaration: platform
  signIn:
    people: { issuer: 'https://id.example', clientId: sluice, clientSecret: { secretRef: { env: ID } }, groupsClaim: roles, groups: { sre: [operate, waive], dev: [read], checkout: { scopes: [operate, waive], teams: [shop], services: [checkout] } }, publicUrl: 'https://sluice.example' }
    machines: [{ issuer: 'https://ci.example', audience: sluice, claims: { repository: a/b }, scopes: [operate], teams: [shop], services: [checkout] }]
    verdict: { secretRef: { env: VERDICT } }
`,
} as const;
