import { describe, expect, it } from 'vitest';
import {
  AT,
  BEFORE,
  COMMIT,
  history,
  kustomization,
  ofService,
  ready,
  reconciling,
  release,
  repository,
  stalled,
} from '../../../../test/flux/objects.ts';
import type { FluxKind } from '../../flux-kinds.ts';
import { fluxObject } from './objects.ts';
import { isSameCommit, revisionOf, shortRevision } from './revision.ts';
import { fluxStatus } from './status.ts';

/** The objects of one service; null: there is none. */
interface Objects {
  readonly source?: object | null;
  readonly environment?: object | null;
  readonly service?: object | null;
  readonly release?: object | null;
}

const read = (kind: FluxKind, object: object | null) => (object ? [fluxObject(kind, object)] : []);

function statusOf({
  source = repository(),
  environment = kustomization(),
  service = ofService(),
  release: released = release(),
}: Objects = {}) {
  return fluxStatus({
    source: read('GitRepository', source)[0] ?? null,
    sourceName: 'shop',
    kustomizations: [...read('Kustomization', environment), ...read('Kustomization', service)],
    releases: read('HelmRelease', released),
    branch: 'main',
  });
}

const notReady = (reason: string, message: string, more: object = {}) => ({
  status: { conditions: [ready('False', reason, message)], ...more },
});

describe('what Flux says of a service', () => {
  it.each<[string, Objects, string, string]>([
    ['healthy', {}, 'Synced', ''],
    [
      'healthy, with a commit alone as its revision',
      { source: repository({ status: { artifact: { revision: `sha1:${COMMIT}` } } }) },
      'Synced',
      '',
    ],
    [
      'healthy, with the full name of the branch',
      { source: repository({ status: { artifact: { revision: `refs/heads/main@sha1:${COMMIT}` } } }) },
      'Synced',
      '',
    ],
    ['healthy, and its source has no Kustomization', { environment: null, service: null }, 'Synced', ''],
    [
      'checked again every interval',
      {
        service: ofService({
          status: {
            conditions: [
              reconciling('Reconciliation in progress'),
              ready('Unknown', 'Progressing', 'Reconciliation in progress'),
            ],
          },
        }),
      },
      'Synced',
      '',
    ],
    [
      'fetched again every interval',
      {
        source: repository({
          status: { conditions: [reconciling('building artifact'), ready('Unknown', 'Progressing')] },
        }),
      },
      'Synced',
      '',
    ],
    [
      'progressing',
      {
        service: ofService({
          status: {
            lastAppliedRevision: BEFORE,
            conditions: [
              reconciling('Building manifests for revision'),
              ready('Unknown', 'Progressing', 'Reconciliation in progress'),
            ],
          },
        }),
      },
      'Progressing',
      'Kustomization checkout-prod is being reconciled: Progressing: Building manifests for revision',
    ],
    [
      'upgrading',
      {
        release: release({
          status: {
            conditions: [
              reconciling("Running 'upgrade' action with timeout of 5m0s"),
              ready('Unknown', 'Progressing'),
            ],
          },
        }),
      },
      'Progressing',
      "HelmRelease checkout-prod is being reconciled: Progressing: Running 'upgrade' action with timeout of 5m0s",
    ],
    [
      'never reconciled',
      { release: release({ status: { observedGeneration: 3, history: [], conditions: [] } }) },
      'Progressing',
      'HelmRelease checkout-prod is being reconciled',
    ],
    [
      'not yet applied',
      { service: ofService({ status: { lastAppliedRevision: BEFORE, lastAttemptedRevision: BEFORE } }) },
      'Progressing',
      'Kustomization checkout-prod: main@0a1b2c3d4e is applied, Git is at main@3f2a9c0b1d',
    ],
    [
      'waits for another',
      { service: ofService(notReady('DependencyNotReady', "dependency 'flux-system/crds' is not ready")) },
      'Progressing',
      "Kustomization checkout-prod is not ready: DependencyNotReady: dependency 'flux-system/crds' is not ready",
    ],
    [
      'nothing fetched yet',
      { source: repository({ status: { artifact: undefined } }) },
      'Progressing',
      'GitRepository shop has fetched nothing yet',
    ],
    [
      'failed build',
      {
        service: ofService(
          notReady('BuildFailed', 'kustomize build failed: values.yaml: no such file', {
            lastAppliedRevision: BEFORE,
            lastAttemptedRevision: AT,
          }),
        ),
      },
      'Unknown',
      'Kustomization checkout-prod is not ready: BuildFailed: kustomize build failed: values.yaml: no such file; main@3f2a9c0b1d was tried, main@0a1b2c3d4e is applied',
    ],
    [
      'failed fetch',
      { source: repository(notReady('GitOperationFailed', 'failed to checkout: authentication required')) },
      'Unknown',
      'GitRepository shop is not ready: GitOperationFailed: failed to checkout: authentication required',
    ],
    [
      'chart that cannot be had',
      { release: release(notReady('ArtifactFailed', "chart pull error: no such file './charts/service'")) },
      'Unknown',
      "HelmRelease checkout-prod is not ready: ArtifactFailed: chart pull error: no such file './charts/service'",
    ],
    [
      'failed dry run',
      {
        service: ofService(
          notReady('ReconciliationFailed', 'HelmRelease/checkout-prod dry-run failed: forbidden'),
        ),
      },
      'OutOfSync',
      'Kustomization checkout-prod is not ready: ReconciliationFailed: HelmRelease/checkout-prod dry-run failed: forbidden',
    ],
    [
      'failed upgrade',
      {
        release: release(
          notReady('UpgradeFailed', 'Helm upgrade failed: spec.replicas: expected an integer'),
        ),
      },
      'OutOfSync',
      'HelmRelease checkout-prod is not ready: UpgradeFailed: Helm upgrade failed: spec.replicas: expected an integer',
    ],
    [
      'ready, and its release in Helm is not deployed',
      { release: release({ status: { history: history('failed', 'superseded') } }) },
      'OutOfSync',
      'HelmRelease checkout-prod is failed in Helm (chart 0.1.0)',
    ],
    [
      'ready without a release',
      { release: release({ status: { history: [] } }) },
      'Unknown',
      'HelmRelease checkout-prod is ready, and has no release in its history',
    ],
    [
      'suspended',
      { release: release({ spec: { suspend: true } }) },
      'Unknown',
      'HelmRelease checkout-prod is suspended',
    ],
    [
      'suspended at an earlier commit',
      { service: ofService({ spec: { suspend: true }, status: { lastAppliedRevision: BEFORE } }) },
      'OutOfSync',
      'Kustomization checkout-prod is suspended: main@0a1b2c3d4e is applied, Git is at main@3f2a9c0b1d',
    ],
    [
      'suspended source',
      { source: repository({ spec: { suspend: true } }) },
      'Unknown',
      'GitRepository shop is suspended',
    ],
    [
      'stalled',
      {
        release: release({
          status: {
            conditions: [
              stalled('RetriesExceeded', 'Failed to upgrade after 3 attempts'),
              ready('False', 'UpgradeFailed', 'timed out'),
            ],
          },
        }),
      },
      'OutOfSync',
      'HelmRelease checkout-prod is stalled, and is not tried again: RetriesExceeded: Failed to upgrade after 3 attempts',
    ],
    [
      'old observedGeneration',
      { release: release({ generation: 4 }) },
      'Progressing',
      'HelmRelease checkout-prod was changed, and Flux has not seen it yet',
    ],
    [
      'artifact of another branch',
      { source: repository({ status: { artifact: { revision: `develop@sha1:${COMMIT}` } } }) },
      'OutOfSync',
      'GitRepository shop is at develop, and not at the branch main',
    ],
    [
      'artifact of a tag',
      { source: repository({ status: { artifact: { revision: `v1.2.0@sha1:${COMMIT}` } } }) },
      'OutOfSync',
      'GitRepository shop is at v1.2.0, and not at the branch main',
    ],
    [
      'revision of no known form',
      { source: repository({ status: { artifact: { revision: 'tuesday' } } }) },
      'Unknown',
      'GitRepository shop is at tuesday, a revision of no known form',
    ],
    [
      'applied revision of no known form',
      {
        source: null,
        service: ofService({ status: { lastAppliedRevision: 'tuesday' } }),
        environment: null,
        release: null,
      },
      'Unknown',
      'there is no GitRepository shop',
    ],
    ['no source', { source: null }, 'Unknown', 'there is no GitRepository shop'],
    [
      'no object of this service',
      { service: null, release: null },
      'Unknown',
      'no HelmRelease or Kustomization has the labels of this service and environment',
    ],
    [
      'the environment cannot be applied',
      { environment: kustomization(notReady('PruneFailed', 'cart-prod: forbidden')) },
      'OutOfSync',
      'Kustomization sluice-shop-prod is not ready: PruneFailed: cart-prod: forbidden',
    ],
    [
      'a failure counts more than what is unknown or on its way',
      {
        source: repository(notReady('GitOperationFailed', 'timeout')),
        service: ofService({ generation: 4 }),
        release: release(notReady('InstallFailed', 'quota exceeded')),
      },
      'OutOfSync',
      'HelmRelease checkout-prod is not ready: InstallFailed: quota exceeded',
    ],
  ])('FLUX-5: %s', (_, objects, sync, note) => expect(statusOf(objects)).toMatchObject({ sync, note }));

  it('FLUX-5: a failed health check is degraded, other failures are not', () => {
    const failed = (reason: string) =>
      statusOf({ service: ofService(notReady(reason, 'Deployment/prod/web: InProgress')) });
    expect(failed('HealthCheckFailed')).toMatchObject({ sync: 'OutOfSync', degraded: true });
    expect(failed('ReconciliationFailed').degraded).toBe(false);
  });
});

describe('revisions of Flux', () => {
  it.each([
    [AT, 'main', COMMIT],
    [`refs/heads/main@sha1:${COMMIT}`, 'main', COMMIT],
    [`refs/tags/v1@sha1:${COMMIT}`, 'v1', COMMIT],
    [`release/eu@sha1:${COMMIT}`, 'release/eu', COMMIT],
    [`sha1:${COMMIT}`, null, COMMIT],
    [`latest@sha256:${'b'.repeat(64)}`, 'latest', 'b'.repeat(64)],
    [`main/${COMMIT}`, 'main', COMMIT],
  ])('FLUX-6: %s', (text, name, hash) => expect(revisionOf(text)).toEqual({ name, hash }));

  it.each([
    '',
    'main',
    'main@',
    'main@sha1:',
    'main@sha1:xyz',
    'main@md5:0123456789',
    '@sha1:0123456',
    `main/${COMMIT}00`,
  ])('FLUX-6: %j has no known form', (text) => expect(revisionOf(text)).toBeNull());

  it('FLUX-6: two revisions are the same commit by their hashes, however they are written', () => {
    expect(isSameCommit(AT, `sha1:${COMMIT}`)).toBe(true);
    expect(isSameCommit(AT, `main/${COMMIT}`)).toBe(true);
    expect(isSameCommit(AT, BEFORE)).toBe(false);
    expect(isSameCommit('tuesday', 'tuesday')).toBe(true);
    expect(isSameCommit('tuesday', AT)).toBe(false);
    expect(shortRevision(AT)).toBe('main@3f2a9c0b1d');
    expect(shortRevision(`sha1:${COMMIT}`)).toBe('3f2a9c0b1d');
  });
});

describe('objects that cannot be read', () => {
  it.each<[FluxKind, unknown, string]>([
    ['HelmRelease', { ...release(), status: { history: 'none' } }, 'status.history'],
    [
      'HelmRelease',
      { ...release(), status: { conditions: [{ status: 'True' }] } },
      'status.conditions.0.type',
    ],
    ['Kustomization', { ...ofService(), status: { lastAppliedRevision: 7 } }, 'status.lastAppliedRevision'],
    ['GitRepository', { ...repository(), status: { artifact: {} } }, 'status.artifact.revision'],
    ['Kustomization', { ...ofService(), spec: { suspend: 'yes' } }, 'spec.suspend'],
    ['Kustomization', { metadata: { name: 'x', labels: 7 } }, 'metadata.labels'],
    ['HelmRelease', null, ''],
    ['HelmRelease', 'text', ''],
  ])('FLUX-7: a %s says what of it cannot be read, and nothing is thrown', (kind, object, path) =>
    expect(fluxObject(kind, object).malformed).toContain(path),
  );

  it('FLUX-7: its lane says so, by its name', () =>
    expect(statusOf({ release: { ...release(), status: { history: 'none' } } })).toMatchObject({
      sync: 'Unknown',
      note: expect.stringContaining('HelmRelease checkout-prod cannot be read: status.history'),
    }));

  it('FLUX-7: an object without a status is one that nobody has reconciled', () => {
    const { status: _, ...without } = release({ generation: 1 });
    expect(statusOf({ release: without })).toMatchObject({ sync: 'Progressing' });
  });
});
