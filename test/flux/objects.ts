/** Objects of Flux as its controllers write them, made for these tests: names, commits and messages are invented. */

export const COMMIT = '3f2a9c0b1d4e5f60718293a4b5c6d7e8f9012345';
export const EARLIER = '0a1b2c3d4e5f60718293a4b5c6d7e8f901234567';
export const AT = `main@sha1:${COMMIT}`;
export const BEFORE = `main@sha1:${EARLIER}`;

type Status = 'True' | 'False' | 'Unknown';
const condition = (type: string, status: Status, reason: string, message: string) => ({
  type,
  status,
  reason,
  message,
  lastTransitionTime: '2026-03-04T05:06:07Z',
  observedGeneration: 3,
});
export const ready = (status: Status, reason: string, message = '') =>
  condition('Ready', status, reason, message);
export const reconciling = (message: string, reason = 'Progressing') =>
  condition('Reconciling', 'True', reason, message);
export const stalled = (reason: string, message: string) => condition('Stalled', 'True', reason, message);

export interface Changed {
  readonly name?: string;
  readonly generation?: number;
  readonly spec?: object;
  readonly status?: object;
  readonly labels?: object | null;
}

const made = (name: string, labels: object, spec: object, status: object, changed: Changed) => ({
  metadata: {
    name: changed.name ?? name,
    namespace: 'flux-system',
    generation: changed.generation ?? 3,
    ...(changed.labels === null ? {} : { labels: changed.labels ?? labels }),
  },
  spec: { interval: '10m', ...spec, ...changed.spec },
  status: { observedGeneration: 3, ...status, ...changed.status },
});

const lane = { 'sluice.dev/service': 'checkout', 'sluice.dev/environment': 'prod' };

export const repository = (changed: Changed = {}) =>
  made(
    'shop',
    {},
    { url: 'https://git.invalid/acme/desired.git', ref: { branch: 'main' } },
    {
      artifact: { revision: AT, digest: 'sha256:00', path: 'gitrepository/flux-system/shop/a.tar.gz' },
      conditions: [ready('True', 'Succeeded', `stored artifact for revision '${AT}'`)],
    },
    changed,
  );

/** Of the environment; of a service with `ofService`. */
export const kustomization = (changed: Changed = {}) =>
  made(
    'sluice-shop-prod',
    { 'sluice.dev/environment': 'prod' },
    { path: './rendered/prod/flux', prune: true },
    {
      lastAppliedRevision: AT,
      lastAttemptedRevision: AT,
      conditions: [ready('True', 'ReconciliationSucceeded', `Applied revision: ${AT}`)],
    },
    changed,
  );
export const ofService = (changed: Changed = {}) =>
  kustomization({ name: 'checkout-prod', labels: lane, ...changed });

const snapshot = (version: number, status: string, chartVersion = '0.1.0') => ({
  version,
  status,
  chartVersion,
  chartName: 'service',
  name: 'checkout',
  namespace: 'prod',
  digest: 'sha256:00',
});

export const release = (changed: Changed = {}) =>
  made(
    'checkout-prod',
    lane,
    { releaseName: 'checkout', targetNamespace: 'prod' },
    {
      lastAttemptedRevision: '0.1.0',
      history: [snapshot(7, 'deployed'), snapshot(6, 'superseded')],
      conditions: [
        ready('True', 'UpgradeSucceeded', 'Helm upgrade succeeded for release prod/checkout.v7'),
        condition('Released', 'True', 'UpgradeSucceeded', 'Helm upgrade succeeded'),
      ],
    },
    changed,
  );
export const history = (...statuses: string[]): object[] =>
  statuses.map((status, i) => snapshot(statuses.length - i, status));
